"""Mails about money that went back: a bank debit that was returned, a refund that did not arrive, a dispute, a deposit.

Like every mail they name no amount and no bill: what happened stands behind the link, which ends.
"""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings

from caretill.core import clock
from caretill.letters import wants
from caretill.letters.channels import link_mail, notice_mail
from caretill.letters.letterhead import letterhead
from caretill.letters.links import account_address, front_link, receipt_link
from caretill.letters.post import once
from caretill.payments.access import payment_figures
from caretill.people.viewer import Hidden
from caretill.regions import catalog

log = structlog.get_logger("caretill.letters")
Body = dict[str, Any]


def _payment(topic: str, account_id: UUID, row_id: UUID, body: Body) -> None:
    """To whoever paid: the member with that address as they want it, or the address that was given."""
    try:
        payment = payment_figures(account_id, UUID(body["payment_id"]))
    except Hidden:
        log.warning("nothing to tell", topic=topic, row=str(row_id))
        return
    # A debit that came back before it was settled has no receipt: its payment failed.
    told = "debit_failed" if payment["state"] != "succeeded" else topic
    members = [] if payment["helped"] else wants.of_payer(account_id, payment["email"] or "")
    if members:
        wants.fan_out(members, told, row_id, {"account_id": account_id, "payment_id": body["payment_id"]})
        return
    known = catalog.organisation().languages
    language = payment["language"] if payment["language"] in known else known[0]
    zone = catalog.region(payment["region"]).time_zone
    made = receipt_link(account_id, UUID(body["payment_id"]), language, zone)
    link = front_link(language, zone) if told == "debit_failed" else made
    head = letterhead(payment["region"], language)

    def mail(to: str) -> EmailMessage:
        return link_mail(told, str(row_id), to, link, head, settings.CARETILL_MAIL_FROM, clock.now())

    once(topic, account_id, row_id, payment["email"], mail)


def _low(topic: str, login_id: UUID, row_id: UUID, body: Body) -> None:
    """The money on an account fell below what its member set."""
    stop = wants.mail_now(login_id, "payment_trouble", topic, row_id, body)
    found = wants.ear(login_id)
    if not stop or found is None:
        return
    known = catalog.organisation().languages
    language = found.language if found.language in known else known[0]
    head = letterhead(found.region, language)

    def mail(to: str) -> EmailMessage:
        return notice_mail(
            "deposit.mail", str(row_id), to, head, settings.CARETILL_MAIL_FROM, clock.now(),
            url=account_address(language), stop=stop,
        )  # fmt: skip

    once(topic, login_id, row_id, found.email, mail)


TOPICS: dict[str, Callable[[str, UUID, UUID, Body], None]] = {
    "payment_returned": _payment,
    "refund_failed": _payment,
    "dispute_opened": _payment,
    "dispute_won": _payment,
    "dispute_lost": _payment,
    "deposit_low": _low,
}
