"""A family with all that an address can name, and everybody who may come to it: for the matrix of who sees what.

Of the family, Olmo's visit is private and Ane is grown. Iker's and Olmo's bills were paid in part by a guest.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import pypdf
from django.test import Client

from caretill.core import sql, tokens
from caretill.core.ids import uuid7
from caretill.letters import links, statements
from caretill.methods import mandates
from caretill.payments import helping
from caretill.payments import saving as cards
from caretill.people import household
from caretill.people.viewer import NOBODY
from caretill.web.flow import Made, help_token
from house import later, wallet
from house.cast import Bill
from house.desk import Desk
from house.family import PROVIDERS, SERVICES, Family, a_family
from house.later import orders_of
from house.member import MemberOf, a_member
from house.payer import Payer

GROWN = date(2026, 9, 1)
PEOPLE = ("Juana", "Olmo", "Ane", "Iker")
# What of whose care may stand on any page or paper, whatever its address. Nobody else's ever.
CARE: dict[str, frozenset[str]] = {
    "holder": frozenset({"Juana", "Iker"}),
    "see": frozenset({"Iker"}),
    "pay": frozenset({"Iker"}),
    "manage": frozenset({"Iker"}),
    "own": frozenset({"Olmo"}),
    "child": frozenset({"Ane"}),
    "stranger": frozenset(),
    "guest": frozenset({"Juana"}),
    "out": frozenset(),
}
# Whose first name may stand there. The guarantor's heads the account for all who may see something of it.
NAMES: dict[str, frozenset[str]] = {
    "holder": frozenset(PEOPLE),
    **{each: frozenset({"Iker", "Juana"}) for each in ("see", "pay", "manage")},
    "own": frozenset({"Olmo", "Juana"}),
    "child": frozenset({"Ane", "Juana"}),
    "guest": frozenset({"Juana"}),
    **{each: frozenset() for each in ("stranger", "out")},
}


@dataclass
class World:
    """The family, the visitors' browsers, and the parts of addresses by URL name and object."""

    family: Family
    browsers: dict[str, Client]
    parts: dict[tuple[str, str], tuple[object, ...]]

    def chosen(self, name: str) -> dict[str, str]:
        """What names a bill on the page for paying, and all of it."""
        return {"of": str(self.family.bills[name]), "amount": "all"}


def world(processor: Desk) -> World:
    """Make it; statements of all bills stand, and one invitation waits."""
    family = a_family("matrix", private=("Olmo",), grows_up=GROWN)
    members = _members(family)
    browsers = {name: each.client() for name, each in members.items()}
    bills = {name: _bill(family, name) for name in PEOPLE}
    payers = {name: Payer(bills[name]) for name in ("Iker", "Olmo")}
    paid = {name: _pay(payers[name], processor) for name in payers}
    guest = Payer(_bill(family, "Juana"))
    guest.flow.lines_open, guest.flow.lines_version = True, 1
    guest.keep(guest.flow)
    browsers |= {"guest": guest.client, "out": Client(SERVER_NAME="127.0.0.1")}
    parts: dict[tuple[str, str], tuple[object, ...]] = {}
    for name in PEOPLE:
        for url in ("member_bill", "member_bill_pdf", "member_bill_help", "member_cheque"):
            parts[url, name] = (family.bills[name],)
        parts["statement_pdf", name] = (statements.issue(family.account_id, family.bills[name]).id,)
    for name, (payment_id, token) in paid.items():
        parts["member_receipt", name] = parts["member_receipt_pdf", name] = (payment_id,)
        for url in ("wait", "state", "done", "return", "cancel", "receipt", "receipt_pdf", "take_back"):
            parts[url, name] = (token,)
        mailed = links.receipt_link(family.account_id, payment_id, "en", "UTC").url.rpartition("/")[2]
        parts["mailed_receipt", name] = (mailed,)
    told = links.bill_link(family.account_id, family.bills["Iker"], 1, "en", "UTC")
    parts["bill_link", "Iker"] = (told.url.rpartition("/")[2],)
    help_link = helping.make(family.account_id, family.region, [(family.bills["Iker"], 1_000)])
    assert help_link is not None
    parts["helping", "Iker"] = (help_token(family.account_id, help_link.id),)
    for url in (
        "bill",
        "bill_pdf",
        "bill_help",
        "bill_receipt",
        "amount",
        "details",
        "check",
        "ask_help",
        "how",
        "pay_bank",
    ):
        parts[url, "Juana"] = (guest.flow.id,)
    parts["cheque", "Juana"] = (guest.flow.id, 0)
    parts["paycode", "Iker"] = (bills["Iker"].pay_code,)
    parts["apart", "Juana"] = (guest.flow.id, "oregon")
    parts |= _household(family, members)
    parts |= _methods(family, members["holder"])
    parts |= orders_of(bills["Iker"], members["holder"])
    juana = later.Payer(bills["Juana"], members["holder"], UUID(int=0), members["holder"].session().viewer)
    parts["plan", "holder"] = (later.a_plan(juana, by_hand=True),)
    return World(family, browsers, parts)


def _members(family: Family) -> dict[str, MemberOf]:
    iker, olmo, ane = (family.people[name] for name in ("Iker", "Olmo", "Ane"))
    given = {
        "holder": ("holder", NOBODY), "see": ("see", iker), "pay": ("pay", iker), "manage": ("manage", iker),
        "own": ("own", olmo), "child": ("own", ane),
    }  # fmt: skip
    made = {
        name: a_member(family.account_id, level, person, email=f"{name}@example.org")
        for name, (level, person) in given.items()
    }
    made["stranger"] = a_member(a_family("elsewhere").account_id, "holder", email="stranger@example.org")
    # A login's own name stands on its pages: it must not read like a patient's.
    sql.execute("UPDATE people_login SET first_name = 'Member', last_name = 'Visitor'")
    for of in ("people_person SET first_name", "people_account SET first_name", "billing_bill SET provider_name",
               "billing_line SET text"):  # fmt: skip
        sql.execute(f"UPDATE {of} = 'Elsewhere' WHERE account_id <> %s", (family.account_id,))
    return made


def _household(family: Family, members: dict[str, MemberOf]) -> dict[tuple[str, str], tuple[object, ...]]:
    holder = household.viewer_of(members["holder"].login_id)
    household.invite(holder, family.account_id, "somebody@example.org", {family.people["Iker"]: "see"})
    row = sql.one("SELECT id, body FROM core_outbox WHERE topic = 'invite'")
    assert row is not None
    body = sql.answer(row["body"])
    token = tokens.unseal("invite", body["sealed"])["token"]
    return {
        ("invite", "account"): (family.account_id,),
        ("invite_end", "Iker"): (family.account_id, UUID(body["invite_id"])),
        ("household_access", "see"): (family.account_id, members["see"].login_id),
        ("household_access", "holder"): (family.account_id, members["holder"].login_id),
        ("household_access", "child"): (family.account_id, members["child"].login_id),
        ("household_leave", "account"): (family.account_id,),
        ("invite_open", "Iker"): (token,),
    }


def _methods(family: Family, holder: MemberOf) -> dict[tuple[str, str], tuple[object, ...]]:
    """A bank account of the guarantor that is not proved yet, and a card on its way to being saved."""
    bank = wallet.a_bank(family.account_id, holder.login_id, proved=False)
    text = mandates.words("save", "en", region=family.region, account="card")
    card = cards.SaveAsk(family.account_id, uuid7(), holder.login_id, family.region, text, "")
    cards.begin(card)
    pages = ("method", "method_delete", "method_replace", "method_micro")
    return {("method_saved_card", "holder"): (card.saving_id,), **{(page, "holder"): (bank,) for page in pages}}


def _bill(family: Family, name: str) -> Bill:
    row = sql.one(
        "SELECT b.number, b.pay_code, a.number AS account, p.health_record_number AS record FROM billing_bill b"
        " JOIN people_account a ON a.account_id = b.account_id JOIN people_person p"
        " ON p.account_id = b.account_id AND p.id = b.person_id WHERE b.account_id = %s AND b.id = %s",
        (family.account_id, family.bills[name]),
    )
    assert row is not None
    return Bill(
        family.account_id, family.bills[name], family.region, row["number"], row["pay_code"], row["account"],
        row["record"], "Solano", "97201",
    )  # fmt: skip


def _pay(payer: Payer, processor: Desk) -> tuple[UUID, str]:
    """A payment of a part that went through: its id and its token."""
    done = payer.get(processor.card(payer.to_card(amount="other", other="40.00")))["Location"]
    token = done.removeprefix("/pay/done/")
    return Made.opened(token).payment_id, token


def said(answer: Any) -> str:
    """All that an answer says, of a page, a table or a paper."""
    body = answer.getvalue()
    if answer["Content-Type"] == "application/pdf":
        found = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(body)).pages)
        return " ".join(found.replace("\u00ad", "").split())
    return re.sub(r"\s+", " ", body.decode("utf-8", "replace"))


def care_in(text: str) -> frozenset[str]:
    """Whose care an answer speaks of: each has a provider and a service of their own."""
    marks = zip(PEOPLE, PROVIDERS, SERVICES, strict=True)
    return frozenset(name for name, provider, service in marks if provider in text or service in text)


def names_in(text: str) -> frozenset[str]:
    """Whose first name stands in it."""
    return frozenset(name for name in PEOPLE if re.search(rf"\b{name}\b", text))
