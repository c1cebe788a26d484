"""Money on an account: put there by a payment, put onto bills by choice or by itself, given back where it came from.

Every cent of it belongs to the payment that brought it. What goes onto a bill comes from the oldest, what is given back
goes to the newest first, each at most what it still has there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction

from caretill.core import clock, outbox, sql
from caretill.core.ids import uuid7
from caretill.payments import refund
from caretill.regions import catalog

MOST_BILLS = 200  # of an account in one turn
WENT = ("refunded", "pending", "unknown", "queued", "repeat")


@dataclass(frozen=True)
class Wish:
    """What a member wants done with it. Below `floor_cents` they are reminded, once until it is above again."""

    by_itself: bool = False
    floor_cents: int | None = None


def balance(account_id: UUID) -> int:
    """Cents that stand on the account and nobody used."""
    row = sql.one(
        "SELECT credits_posted - debits_posted - debits_pending AS cents FROM ledger_balance"
        " WHERE account_id = %s AND kind = 'deposit' AND ref = %s AND currency = 'USD'",
        (account_id, account_id),
    )
    return int(row["cents"]) if row else 0


def parts(account_id: UUID) -> list[dict[str, Any]]:
    """What each payment still has there, the newest first: id, cents, processor_account."""
    return sql.query("SELECT * FROM payments_deposits(%s, 'USD', NULL) ORDER BY id DESC", (account_id,))


def apply(account_id: UUID, bill_id: UUID, key: UUID, amount_cents: int | None = None) -> dict[str, Any]:
    """Put some of it onto a bill, or as much as goes. The key makes two presses one.

    Returns {code: applied | repeat | nothing | being_paid | missing, applied_cents}: at most what is owed and not being
    paid by somebody. Only money that reached the bill's payee can be used for it (`nothing` otherwise).
    """
    row = sql.one(
        "SELECT payee, region FROM billing_bill WHERE account_id = %s AND id = %s",
        (account_id, bill_id),
    )
    if row is None:
        return {"code": "missing", "applied_cents": 0}
    region = catalog.region(row["region"])
    return sql.call(
        "payments_deposit_apply",
        account_id,
        {
            "bill_id": bill_id,
            "amount_cents": amount_cents,
            "processor_account": region.processor_accounts[row["payee"]],
            "key": key,
            "now": clock.now(),
            "business_date": clock.today(region.time_zone),
        },
    )


def apply_all(account_id: UUID) -> int:
    """Put it onto the open bills, the oldest due first, never onto one that is being paid; cents that went."""
    bills = sql.query(
        "SELECT b.id FROM billing_bill b JOIN ledger_balance r ON r.account_id = b.account_id AND r.kind = 'receivable'"
        " AND r.ref = b.id AND r.currency = b.currency WHERE b.account_id = %s"
        " AND r.debits_posted - r.credits_posted - r.credits_pending > 0 ORDER BY b.due_date, b.id LIMIT %s",
        (account_id, MOST_BILLS),
    )
    went = 0
    for bill in bills:
        if balance(account_id) <= 0:
            break
        went += apply(account_id, bill["id"], uuid7())["applied_cents"]
    return went


def refund_rest(account_id: UUID, key: UUID, amount_cents: int | None = None) -> dict[str, Any]:
    """Give back what is left, or an amount of it, to the payments it came from: the newest first, each its own rest.

    Returns {code: asked | nothing, refunds: [{payment_id, amount_cents, code}], kept_cents}. The key makes two presses
    one: each payment's refund has a key of its own made of it. A payment that is disputed keeps its part.
    """
    left = balance(account_id) if amount_cents is None else min(amount_cents, balance(account_id))
    refunds = []
    for part in parts(account_id):
        cents = min(left, part["cents"])
        if cents <= 0:
            break
        made = refund.refund_of(account_id, part["id"], cents, uuid5(key, str(part["id"])), "deposit", only="deposit")
        refunds.append({"payment_id": part["id"], "amount_cents": cents, "code": made["code"]})
        left -= cents if made["code"] in WENT else 0
    return {"code": "asked" if refunds else "nothing", "refunds": refunds, "kept_cents": balance(account_id)}


def wish(account_id: UUID) -> Wish:
    """What was chosen for it; by itself never, unless somebody said so."""
    row = sql.one(
        "SELECT by_itself, floor_cents FROM payments_deposit_wish WHERE account_id = %s",
        (account_id,),
    )
    return Wish(**row) if row else Wish()


def choose(account_id: UUID, login_id: UUID, chosen: Wish) -> None:
    """Keep what a member wants; they are the one who is reminded."""
    sql.execute(
        "INSERT INTO payments_deposit_wish (account_id, by_itself, floor_cents, login_id, changed_at)"
        " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (account_id) DO UPDATE SET by_itself = excluded.by_itself,"
        " floor_cents = excluded.floor_cents, login_id = excluded.login_id, changed_at = excluded.changed_at,"
        " reminded_at = NULL",
        (account_id, chosen.by_itself, chosen.floor_cents, login_id, clock.now()),
    )


def work(most: int = 100) -> dict[str, int]:
    """One turn: put onto bills what is to go by itself, and remind where it runs low. Counts of both."""
    rows = sql.query(
        "SELECT w.account_id FROM payments_deposit_wish w JOIN ledger_balance d ON d.account_id = w.account_id"
        " AND d.kind = 'deposit' AND d.credits_posted - d.debits_posted - d.debits_pending > 0 WHERE w.by_itself"
        " AND EXISTS (SELECT 1 FROM ledger_balance r LEFT JOIN payments_claim c ON c.account_id = r.account_id"
        " AND c.bill_id = r.ref WHERE r.account_id = w.account_id AND r.kind = 'receivable' AND c.bill_id IS NULL"
        " AND r.debits_posted - r.credits_posted - r.credits_pending > 0) LIMIT %s",
        (most,),
    )
    applied = sum(apply_all(row["account_id"]) > 0 for row in rows)
    return {"applied": applied, "reminded": _remind(most)}


def _remind(most: int) -> int:
    """Once when it falls below what was set; again only after it was above."""
    held = (
        "coalesce((SELECT d.credits_posted - d.debits_posted - d.debits_pending FROM ledger_balance d"
        " WHERE d.account_id = w.account_id AND d.kind = 'deposit' AND d.currency = 'USD'), 0)"
    )
    with transaction.atomic():
        sql.execute(
            "UPDATE payments_deposit_wish w SET reminded_at = NULL"
            f" WHERE w.reminded_at IS NOT NULL AND {held} >= coalesce(w.floor_cents, 0)"
        )
        rows = sql.query(
            "UPDATE payments_deposit_wish w SET reminded_at = %s WHERE w.account_id IN (SELECT w.account_id"
            " FROM payments_deposit_wish w WHERE w.floor_cents > 0 AND w.reminded_at IS NULL AND w.login_id IS NOT NULL"
            f" AND {held} < w.floor_cents LIMIT %s FOR UPDATE SKIP LOCKED) RETURNING w.account_id, w.login_id",
            (clock.now(), most),
        )
        for row in rows:
            outbox.put(row["login_id"], "deposit_low", {"account_id": row["account_id"]})
    return len(rows)
