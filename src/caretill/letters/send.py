"""What must be told leaves here: the outbox's topics, each with the verb that tells it.

Delivery is at least once; a mail is sent once all the same (letters.post).
"""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings

from caretill.billing.access import for_patient
from caretill.core import clock, sql, tokens
from caretill.letters import (
    autopay_mails,
    help_mails,
    household_mails,
    login_mails,
    member_told,
    method_mails,
    money_mails,
    profile_mails,
    receipt_mails,
    register_mails,
    statements,
    wants,
)
from caretill.letters.channels import code_mail, link_mail
from caretill.letters.letterhead import letterhead
from caretill.letters.links import Link, bill_link, receipt_link
from caretill.letters.post import once
from caretill.payments.access import payment_figures
from caretill.payments.kept_card import keep_card
from caretill.people.viewer import Hidden
from caretill.regions import catalog

log = structlog.get_logger("caretill.letters")

CODE_MINUTES = 15
Body = dict[str, Any]


class UnknownTopic(LookupError):
    """The outbox holds something that nobody here tells."""


def deliver(topic: str, account_id: UUID, row_id: UUID, body: Body) -> None:
    """Tell what an outbox row says. May be called again with the same row: the effect is the same.

    Raises OSError (smtplib's errors are some) where it should be tried again later, UnknownTopic for a new topic.
    """
    try:
        tell = TOPICS[topic]
    except KeyError:
        raise UnknownTopic(topic) from None
    tell(topic, account_id, row_id, body)


def _payment_link(topic: str, account_id: UUID, row_id: UUID, body: Body) -> None:
    """A link to the payment's receipt for the payer who gave an address; nobody else is told.

    Where the address is a member's of that account, their topics are asked, unless they just asked for this mail.
    """
    try:
        payment = payment_figures(account_id, UUID(body["payment_id"]))
    except Hidden:
        log.warning("nothing to tell", topic=topic, row=str(row_id))
        return
    if payment["helped"] and not body.get("email") and topic != "refund_made":
        help_mails.tell_maker(account_id, UUID(payment["help_id"]), row_id)
    members = [] if body.get("email") or payment["helped"] else wants.of_payer(account_id, payment["email"] or "")
    if members:
        wants.fan_out(members, topic, row_id, {"account_id": account_id, "payment_id": body["payment_id"]})
        return
    zone = catalog.region(payment["region"]).time_zone
    language = body.get("language") or payment["language"]  # that of the page that asked for it again
    link = receipt_link(account_id, UUID(body["payment_id"]), _language(language), zone)
    address = body.get("email") or payment["email"]
    _send_link(topic, account_id, row_id, address, payment["region"], language, link)


def _bill_link(topic: str, account_id: UUID, row_id: UUID, body: Body) -> None:
    """ "You have a bill to view" for an account's members as they want it; without a holder, the address on file.

    Where the care is for the patient's eyes (`billing.access.for_patient`) they are told, too, of it in their account.
    """
    row = sql.one(
        "SELECT b.region, b.version, b.private, b.person_id, p.relation, p.birth_date, a.email, a.language"
        " FROM billing_bill b JOIN people_account a ON a.account_id = b.account_id"
        " LEFT JOIN people_person p ON p.account_id = b.account_id AND p.id = b.person_id"
        " WHERE b.account_id = %s AND b.id = %s",
        (account_id, body["bill_id"]),
    )
    if row is None:
        log.warning("nothing to tell", topic=topic, row=str(row_id))
        return
    members = wants.of_account(account_id)
    about = {"account_id": account_id, "bill_id": body["bill_id"]}
    wants.fan_out(members, topic, row_id, about)
    today = clock.today(catalog.region(row["region"]).time_zone)
    if for_patient(row["private"], row["relation"], row["birth_date"], today):
        own = [each for each in wants.of_patient(account_id, row["person_id"]) if each not in members]
        wants.fan_out(own, "private_ready", row_id, about)
    if any(each.holder for each in members):
        return
    zone = catalog.region(row["region"]).time_zone
    link = bill_link(account_id, UUID(body["bill_id"]), row["version"], _language(row["language"]), zone)
    _send_link(topic, account_id, row_id, row["email"], row["region"], row["language"], link)


def _code(topic: str, account_id: UUID, row_id: UUID, body: Body) -> None:
    """The one-time code of a lookup, to the address on file. One that is too old to be used is not sent."""
    try:
        code = tokens.unseal("lookup_code", body["sealed"])["code"]
    except tokens.TokenError:
        log.info("a code came too late", row=str(row_id))
        return
    row = sql.one("SELECT email FROM people_account WHERE account_id = %s", (account_id,))
    head = letterhead(body["region"], _language(body["language"]))

    def made(to: str) -> EmailMessage:
        return code_mail(str(row_id), to, code, CODE_MINUTES, head, settings.CARETILL_MAIL_FROM, clock.now())

    once(topic, account_id, row_id, (row or {}).get("email") or "", made)


def _statement(_: str, account_id: UUID, __: UUID, body: Body) -> None:
    """A newer version of a bill came in: make its statement."""
    statements.issue(account_id, UUID(body["bill_id"]))


def _card_to_keep(_: str, account_id: UUID, row_id: UUID, body: Body) -> None:
    """A member had a card kept while paying. Asks the processor, so it is tried again where that cannot say."""
    keep_card(account_id, UUID(body["payment_id"]), row_id)


def _nobody(_: str, __: UUID, ___: UUID, ____: Body) -> None:
    """A row written only so that a miss does the same work as a hit (rules.md GST-1)."""


TOPICS: dict[str, Callable[[str, UUID, UUID, Body], None]] = {
    "receipt_ready": _payment_link,
    "late_payment": _payment_link,
    "refund_made": _payment_link,
    "statement_ready": _bill_link,
    "bill_changed": _statement,
    "lookup_code": _code,
    "card_to_keep": _card_to_keep,
    "lookup_nothing": _nobody,
    **help_mails.TOPICS,
    **household_mails.TOPICS,
    **login_mails.TOPICS,
    **register_mails.TOPICS,
    **profile_mails.TOPICS,
    **receipt_mails.TOPICS,
    **member_told.TOPICS,
    **autopay_mails.TOPICS,
    **money_mails.TOPICS,
    **method_mails.TOPICS,
}


def _language(wish: str) -> str:
    known = catalog.organisation().languages
    return wish if wish in known else known[0]


def _send_link(
    topic: str, account_id: UUID, row_id: UUID, address: str, region: str, language: str, link: Link
) -> None:
    head = letterhead(region, _language(language))

    def made(to: str) -> EmailMessage:
        return link_mail(topic, str(row_id), to, link, head, settings.CARETILL_MAIL_FROM, clock.now())

    once(topic, account_id, row_id, address, made)
