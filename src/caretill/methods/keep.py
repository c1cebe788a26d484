"""Keeping a card or a bank account: what is stored of it, and what is not.

Of a card we get the processor's token and four digits. Of a bank account we get the number once; it is sealed at once,
and from then on only its last digits are shown (at most half of a short one).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol
from uuid import UUID

from django.db import transaction

from caretill.core import clock, outbox, sealed, sql
from caretill.core.blind import blind_index
from caretill.core.ids import uuid7
from caretill.formats import nacha
from caretill.methods import pause
from caretill.methods.access import number_row

AddedCode = Literal[
    "added",
    "known",
    "routing_wrong",
    "number_empty",
    "number_not_digits",
    "number_too_long",
    "number_too_short",
    "name_empty",
    "paused",
]
LONGEST_NICKNAME = 40
LONGEST_NAME = 80
_EMPTY: dict[str, object] = {
    "why": "", "token_ref": "", "network_ref": "", "brand": "", "funding": "", "holder_name": "", "routing": "",
    "account_type": "", "corporate": False, "validation": "none", "guesses": 0, "is_default": False,
}  # fmt: skip


class SavedCard(Protocol):
    """What the processor says of a checkout in which a card was kept."""

    @property
    def method_ref(self) -> str | None: ...
    @property
    def network_ref(self) -> str | None: ...
    @property
    def card_brand(self) -> str | None: ...
    @property
    def card_last4(self) -> str | None: ...
    @property
    def expiry_month(self) -> int | None: ...
    @property
    def expiry_year(self) -> int | None: ...
    @property
    def funding(self) -> str | None: ...


@dataclass(frozen=True)
class BankAsk:
    """A bank account as it was typed. `login_id` None: a guest's, for one payment. `corporate`: a business has it."""

    account_id: UUID
    login_id: UUID | None
    holder_name: str
    routing: str
    number: str
    account_type: Literal["checking", "savings"]
    corporate: bool = False
    nickname: str = ""

    def __repr__(self) -> str:
        """Without the number: whatever fails may print its arguments."""
        return f"BankAsk(account_id={self.account_id}, number=…{shown_digits(nacha.bare_number(self.number))})"


@dataclass(frozen=True)
class Added:
    """What became of it; `method_id` also where the same account was known already."""

    code: AddedCode
    method_id: UUID | None = None


def shown_digits(number: str) -> str:
    """The last four digits; of a number shorter than eight, at most half: four of four would be the number."""
    return number[-min(4, len(number) // 2) :] if len(number) > 1 else ""


def bank_faults(ask: BankAsk) -> list[AddedCode]:
    """Everything that is wrong with what was typed, in the order of the form."""
    found: list[AddedCode] = []
    if not nacha.fold_name(ask.holder_name):
        found.append("name_empty")
    if nacha.routing_fault(nacha.bare_number(ask.routing)):
        found.append("routing_wrong")
    match nacha.account_fault(nacha.bare_number(ask.number)):
        case "empty":
            found.append("number_empty")
        case "not_digits":
            found.append("number_not_digits")
        case "too_long":
            found.append("number_too_long")
        case "too_short":
            found.append("number_too_short")
    return found


def add_bank(ask: BankAsk) -> Added:
    """Keep a bank account, not proved yet. The same account of the same login, once more, is `known`.

    `paused`: too many debits came back, and nobody's new account is taken (`methods.pause`).
    One that was disabled or deleted may be added again: it begins anew and is proved anew (rules.md ACH-3).
    """
    if faults := bank_faults(ask):
        return Added(faults[0])
    if pause.paused():
        return Added("paused")
    routing, number = nacha.bare_number(ask.routing), nacha.bare_number(ask.number)
    method_id = uuid7()
    with transaction.atomic():
        made = _insert(
            ask.account_id, method_id, ask.login_id, ask.nickname, kind="bank", state="checking", gateway="ach",
            last4=shown_digits(number), holder_name=ask.holder_name.strip()[:LONGEST_NAME], routing=routing,
            account_sealed=sealed.seal(number, number_row(ask.account_id, method_id)),
            number_blind=digest(routing, number), account_type=ask.account_type, corporate=ask.corporate,
        )  # fmt: skip
        if made:
            told(ask.account_id, method_id, ask.login_id, "method_added")
            return Added("added", method_id)
    known = sql.one(
        "SELECT id FROM methods_method WHERE account_id = %s AND login_id = %s AND number_blind = %s"
        " AND state IN ('checking', 'ready')",
        (ask.account_id, ask.login_id, digest(routing, number)),
    )
    return Added("known", known["id"] if known else None)


def save_card(
    account_id: UUID, login_id: UUID | None, session: SavedCard, nickname: str = "", gateway: str = "sandbox"
) -> UUID:
    """Keep the card that a checkout of the processor kept for us; the same token again is the same method.

    Raises ValueError where the checkout kept none.
    """
    if not session.method_ref:
        raise ValueError("this checkout kept no card")
    method_id = uuid7()
    with transaction.atomic():
        made = _insert(
            account_id, method_id, login_id, nickname, kind="card", state="ready", gateway=gateway,
            token_ref=session.method_ref, network_ref=session.network_ref or "", brand=session.card_brand or "",
            last4=session.card_last4 or "", expiry_month=session.expiry_month, expiry_year=session.expiry_year,
            funding=session.funding or "",
        )  # fmt: skip
        if made:
            first_choice(account_id, login_id)
            told(account_id, method_id, login_id, "method_added")
            return method_id
    known = sql.one(
        "SELECT id FROM methods_method WHERE account_id = %s AND gateway = %s AND token_ref = %s",
        (account_id, gateway, session.method_ref),
    )
    if known is None:
        raise ValueError("the card was neither kept nor known")
    found: UUID = known["id"]
    return found


def _insert(account_id: UUID, method_id: UUID, login_id: UUID | None, nickname: str, **columns: object) -> bool:
    """A new row; False where the database knows it already (the same token, the same number of the same login)."""
    now = clock.now()
    row = {
        "account_id": account_id, "id": method_id, "login_id": login_id, "created_at": now, "changed_at": now,
        "nickname": nickname.strip()[:LONGEST_NICKNAME], **_EMPTY, **columns,
    }  # fmt: skip
    return bool(
        sql.execute(
            f"INSERT INTO methods_method ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})"
            " ON CONFLICT DO NOTHING",
            list(row.values()),
        )
    )


def digest(routing: str, number: str) -> bytes:
    """To know an account again without keeping its number in the open."""
    return blind_index("", "bank", f"{routing} {number}")


def first_choice(account_id: UUID, login_id: UUID | None) -> None:
    """Where a login has no default, the oldest way to pay that is ready becomes it. In the caller's transaction."""
    if login_id is None:
        return
    lock(login_id)
    sql.execute(
        "UPDATE methods_method m SET is_default = true, changed_at = %s FROM ("
        " SELECT account_id, id FROM methods_method WHERE account_id = %s AND login_id = %s AND state = 'ready'"
        " ORDER BY created_at, id LIMIT 1) AS f WHERE m.account_id = f.account_id AND m.id = f.id"
        " AND NOT EXISTS (SELECT 1 FROM methods_method d WHERE d.login_id = %s AND d.is_default)",
        (clock.now(), account_id, login_id, login_id),
    )


def lock(login_id: UUID) -> None:
    """Changes to the ways to pay of one login wait for each other, until the transaction ends."""
    sql.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"methods {login_id}",))


def locked(account_id: UUID, method_id: UUID) -> dict[str, Any] | None:
    """The row, for this transaction alone, after its owner's lock (always in this order)."""
    owner = sql.one("SELECT login_id FROM methods_method WHERE account_id = %s AND id = %s", (account_id, method_id))
    if owner is None:
        return None
    if owner["login_id"] is not None:
        lock(owner["login_id"])
    return sql.one("SELECT * FROM methods_method WHERE account_id = %s AND id = %s FOR UPDATE", (account_id, method_id))


def told(account_id: UUID, method_id: UUID, login_id: UUID | None, topic: str, **more: object) -> None:
    """A change is told to its owner by mail; a guest's way to pay is told of with the payment. Caller's transaction."""
    if login_id is not None:
        outbox.put(account_id, topic, {"method_id": method_id, "login_id": login_id, **more})
