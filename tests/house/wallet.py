"""Saved ways to pay for tests: a card, a bank account with or without proof, an agreement about one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID, uuid4

from caretill.core import sql
from caretill.methods import access, keep, mandates, pause, validate
from caretill.methods.mandate_text import MandateKind, MandateText
from caretill.payments import saving as cards

ROUTING = "021099993"
NUMBER = "4417123456789"
TOO_MANY = pause.Held("medical_group", "overall", 30, 200)


@dataclass(frozen=True)
class KeptCard:
    """A checkout of the processor in which a card was kept."""

    method_ref: str | None
    card_brand: str = "visa"
    card_last4: str = "4242"
    expiry_month: int = 12
    expiry_year: int = 2031
    funding: str = "credit"
    network_ref: str = "net_1"


def a_card(account_id: UUID, login_id: UUID | None, *, last4: str = "4242", month: int = 12, year: int = 2031) -> UUID:
    """A saved card, ready."""
    card = KeptCard(f"card_{uuid4().hex}", card_last4=last4, expiry_month=month, expiry_year=year)
    return keep.save_card(account_id, login_id, card)


def a_bank(
    account_id: UUID,
    login_id: UUID | None,
    *,
    number: str = NUMBER,
    account_type: Literal["checking", "savings"] = "checking",
    corporate: bool = False,
    proved: bool = True,
) -> UUID:
    """A saved bank account; `proved`, it is ready."""
    ask = keep.BankAsk(account_id, login_id, "Juana Solano", ROUTING, number, account_type, corporate)
    added = keep.add_bank(ask)
    assert added.code == "added" and added.method_id
    if proved:
        assert validate.begin(account_id, added.method_id) == "begun"
        assert validate.mark(account_id, added.method_id, "valid") == "marked"
    return added.method_id


def the_amounts(account_id: UUID, method_id: UUID) -> tuple[int, ...]:
    """The two small amounts that were put into an account."""
    row = sql.one("SELECT validation_sealed FROM methods_method WHERE id = %s", (method_id,))
    assert row
    return validate.amounts(account_id, method_id, row["validation_sealed"])


def arrived(account_id: UUID, method_id: UUID, on: date) -> None:
    """A file of that day put the two amounts in."""
    assert validate.filed([(account_id, method_id, on)]) == 1


def a_text(kind: MandateKind, account_id: UUID, method_id: UUID, language: str = "en") -> MandateText:
    """What is agreed to about a method, of any kind."""
    method = access.by_id(account_id, method_id)
    assert method
    common: dict[str, object] = {
        "region": "oregon",
        "account": method.kind,
        "last4": method.last4,
        "brand": method.brand,
    }
    common |= {"account_type": method.account_type, "corporate": method.corporate}
    more: dict[MandateKind, dict[str, object]] = {
        "once": {"amount_cents": 12_500, "on": [date(2026, 12, 1)]},
        "schedule": {"amount_cents": 12_500, "on": [date(2026, 12, 1), date(2027, 1, 4)]},
        "recurring": {"at_most_cents": 30_000, "day": 5},
        "plan": {"amount_cents": 10_000, "on": [date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1)]},
        "save": {},
    }
    return mandates.words(kind, language, **common, **more[kind])  # type: ignore[arg-type]


def a_mandate(
    account_id: UUID, method_id: UUID, login_id: UUID | None, kind: MandateKind = "recurring", email: str = ""
) -> UUID:
    """An agreement about a method, made on the web."""
    return mandates.agree(
        account_id,
        method_id,
        login_id,
        kind,
        "member" if login_id else "guest",
        a_text(kind, account_id, method_id),
        "203.0.113.9",
        varies=kind == "recurring",
        email=email,
    )


def a_saving(account_id: UUID, login_id: UUID, text: MandateText) -> UUID:
    """A card on its way to being saved: its owner is on the processor's page."""
    wish = cards.SaveAsk(account_id, uuid4(), login_id, "oregon", text, "203.0.113.9")
    assert cards.begin(wish).code == "open"
    return wish.saving_id
