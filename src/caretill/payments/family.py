"""One payment for bills of several accounts: held account by account, forwarded once, booked account by account.

The payment stands in the payer's account. Every bill of it, the payer's own too, is moved by commands that are keyed
by (account, payment) and touch one account each, in the order of the accounts: two such payments never wait for each
other, and of two that want the same bill one gets it. Nothing is asked of the processor before all of them are held.
What was paid goes `clearing -> forwarded` there and `forwarded -> bill` here (money.md, Sharding and law 23). Until the
last command is through, the attempt keeps a lease: whoever is killed in between is finished by the sweeper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from caretill.core import clock, sql
from caretill.core.ids import uuid7
from caretill.payments.states import HOLDING
from caretill.regions import catalog

Bill = tuple[UUID, UUID, int]  # billing account, bill, cents


class FamilyBroken(Exception):
    """Money was forwarded to an account in which nothing had been held for it."""


@dataclass(frozen=True)
class Verdict:
    """`code`: free or reserved; else not_found, being_paid (with the payment that holds it), above_owed, released."""

    code: str
    holder_account_id: UUID | None = None
    holder_id: UUID | None = None
    until: datetime | None = None


def look(region: str, bills: Sequence[Bill]) -> tuple[Verdict, dict[UUID, str]]:
    """Whether all of these could be held now, and the payee of each bill. Reads only: a refusal leaves nothing."""
    payees: dict[UUID, str] = {}
    for account_id, chosen in _by_account(bills):
        rows = sql.query(
            sql.load(__file__, "family_look.sql"),
            {"account_id": account_id, "region": region, "bills": list(chosen)},
        )
        found = {row["bill_id"]: row for row in rows}
        for bill_id, cents in chosen.items():
            row = found.get(bill_id)
            if row is None:
                return Verdict("not_found"), {}
            if row["payment_id"] is not None:
                holder = payer_of(account_id, row["payment_id"])
                return Verdict("being_paid", holder, row["payment_id"], row["until"]), {}
            if row["payable_cents"] < cents:
                return Verdict("above_owed"), {}
            payees[bill_id] = row["payee"]
    return Verdict("free"), payees


def reserve(account_id: UUID, payment_id: UUID) -> Verdict:
    """Hold every bill of the payment, a transaction for each account in their order. Repeating it changes nothing.

    Where one cannot be held the answer says why; those before it stay held until the payment is voided.
    """
    due = _due(account_id, payment_id)
    if due["state"] not in HOLDING:
        return Verdict("released")
    now = clock.now()
    for share in due["shares"]:
        to_account = UUID(share["account_id"])
        answer = sql.call(
            "payments_share_reserve",
            to_account,
            {
                "payment_id": payment_id,
                "from_account_id": account_id,
                "reference": due["reference"],
                "region": due["region"],
                "currency": due["currency"],
                "until": due["until"],
                "now": now,
                "business_date": _today(due),
                "parts": share["parts"],
            },
        )
        if answer["code"] == "being_paid":
            return held_by(to_account, answer)
        if answer["code"] not in ("reserved", "booked"):
            return Verdict(answer["code"])
    return Verdict("reserved")


def finish(account_id: UUID, payment_id: UUID) -> str:
    """Bring a payment that ended to its bills: book or release every share, then every refund. The payment's state.

    Each account by itself, under keys: twice, at once or after a kill it ends the same. Raises FamilyBroken.
    """
    due = _due(account_id, payment_id)
    if due["state"] in HOLDING:
        return str(due["state"])
    ended = "booked" if due["booked"] else "released"
    for share in due["shares"]:
        told = {"from_account_id": account_id, "reference": due["reference"], "to": ended, "journal_id": uuid7()}
        code = _tell("payments_share_end", share["account_id"], payment_id, due, told)
        if code != ended:
            raise FamilyBroken(f"payment {payment_id} is {ended}, its share in account {share['account_id']} {code}")
    for back in due["refunds"]:
        told = {"refund_id": back["refund_id"], "code": back["code"], "parts": back["parts"]}
        code = _tell("payments_share_refund", back["account_id"], payment_id, due, told)
        if code not in ("refunded", "repeat"):
            raise FamilyBroken(f"refund {back['refund_id']} has no share in account {back['account_id']}")
    sql.call(
        "payments_family_done",
        account_id,
        {
            "payment_id": payment_id,
            "ended": ended,
            "accounts": [share["account_id"] for share in due["shares"]],
            "refunds": sorted({back["refund_id"] for back in due["refunds"]}),
        },
    )
    return str(due["state"])


def payer_of(account_id: UUID, payment_id: UUID) -> UUID:
    """The account in which a payment stands that holds a bill of this one."""
    row = sql.one(
        "SELECT from_account_id FROM payments_share WHERE account_id = %s AND payment_id = %s", (account_id, payment_id)
    )
    return UUID(str(row["from_account_id"])) if row else account_id


def held_by(account_id: UUID, answer: dict[str, Any]) -> Verdict:
    """The verdict of a function that answered `being_paid`: the payment may stand in another account.

    It is not known where the claim fell between the refusal and the look at whose it is.
    """
    if not answer["payment_id"]:
        return Verdict("being_paid")
    holder_id = UUID(answer["payment_id"])
    return Verdict("being_paid", payer_of(account_id, holder_id), holder_id, datetime.fromisoformat(answer["until"]))


def parts(account_id: UUID, payment_id: UUID) -> list[dict[str, Any]]:
    """Every bill of the payment with payee, amount and what is left to pay, oldest due first; a query an account."""
    rows = sql.query(
        "SELECT to_account_id, bill_id, amount_cents FROM payments_forward WHERE account_id = %s AND payment_id = %s",
        (account_id, payment_id),
    )
    cents = {row["bill_id"]: row["amount_cents"] for row in rows}
    found: list[dict[str, Any]] = []
    for to_account in sorted({row["to_account_id"] for row in rows}):
        bills = [row["bill_id"] for row in rows if row["to_account_id"] == to_account]
        found += sql.query(sql.load(__file__, "family_parts.sql"), {"account_id": to_account, "bills": bills})
    found.sort(key=lambda row: (row["due_date"], row["bill_id"]))
    return [
        {name: value for name, value in row.items() if name != "due_date"}
        | {
            "account_id": str(row["account_id"]),
            "bill_id": str(row["bill_id"]),
            "amount_cents": cents[row["bill_id"]],
        }
        for row in found
    ]


def spare(account_id: UUID, payment_id: UUID) -> list[dict[str, Any]]:
    """What bills of the payment were credited beyond their need: a refund takes it first. {bill_id, amount_cents}."""
    rows = sql.query(
        "SELECT to_account_id, bill_id FROM payments_forward WHERE account_id = %s AND payment_id = %s",
        (account_id, payment_id),
    )
    found: list[dict[str, Any]] = []
    for to_account in sorted({row["to_account_id"] for row in rows}):
        found += sql.query(
            "SELECT ref AS bill_id, credits_posted - debits_posted - debits_pending AS amount_cents"
            " FROM ledger_balance WHERE account_id = %s AND kind = 'credit' AND ref = ANY(%s)"
            " AND credits_posted - debits_posted - debits_pending > 0 ORDER BY ref",
            (to_account, [row["bill_id"] for row in rows if row["to_account_id"] == to_account]),
        )
    return found


def _by_account(bills: Sequence[Bill]) -> list[tuple[UUID, Mapping[UUID, int]]]:
    found: dict[UUID, dict[UUID, int]] = {}
    for account_id, bill_id, cents in bills:
        found.setdefault(account_id, {})[bill_id] = cents
    return sorted(found.items())


def _tell(function: str, to_account: str, payment_id: UUID, due: dict[str, Any], told: dict[str, Any]) -> str:
    """The day is that of the booking itself: a day's file that has left does not change (law 19)."""
    whole = told | {"payment_id": payment_id, "now": clock.now(), "business_date": _today(due)}
    return str(sql.call(function, UUID(to_account), whole)["code"])


def _today(due: dict[str, Any]) -> Any:
    return clock.today(catalog.region(due["region"]).time_zone)


def _due(account_id: UUID, payment_id: UUID) -> dict[str, Any]:
    row = sql.one(sql.load(__file__, "family_due.sql"), {"account_id": account_id, "payment_id": payment_id})
    if row is None:
        return {"state": "", "booked": False, "shares": [], "refunds": []}
    return sql.answer(row["due"])
