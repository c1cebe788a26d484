"""The payer's credit: what was paid beyond its need. It is seen at once, goes onto a bill, or back where it came from.

Nobody's credit is kept silently: a report names what nobody moved for years, by state (rules.md BIL-6).
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid5

from caretill.core import clock, sql
from caretill.payments import refund
from caretill.payments.deposits import WENT
from caretill.regions import catalog

_HELD = """
SELECT b.ref, b.credits_posted - b.debits_posted - b.debits_pending AS cents, coalesce(p.region, l.region) AS region,
    p.id AS payment_id, p.processor_account, p.reference, l.id AS bill_id, l.payee, l.number AS bill_number
FROM ledger_balance b
LEFT JOIN payments_payment p ON p.account_id = b.account_id AND p.id = b.ref
LEFT JOIN billing_bill l ON l.account_id = b.account_id AND l.id = b.ref
WHERE b.account_id = %s AND b.kind = 'credit' AND b.currency = 'USD'
    AND b.credits_posted - b.debits_posted - b.debits_pending > 0
ORDER BY b.ref
"""
# The last time anybody moved money of the account: what a state counts dormancy from.
_DORMANT = """
WITH held AS (
    SELECT account_id, sum(credits_posted - debits_posted) FILTER (WHERE kind = 'credit') AS credit_cents,
        sum(credits_posted - debits_posted) FILTER (WHERE kind = 'deposit') AS deposit_cents
    FROM ledger_balance WHERE kind IN ('credit', 'deposit') GROUP BY account_id
    HAVING sum(credits_posted - debits_posted) > 0
)
SELECT a.state, a.region, a.number AS account_number, a.first_name, a.last_name, a.street, a.city, a.zip,
    coalesce(h.credit_cents, 0)::bigint AS credit_cents, coalesce(h.deposit_cents, 0)::bigint AS deposit_cents,
    m.last_activity
FROM held h
JOIN people_account a ON a.account_id = h.account_id
CROSS JOIN LATERAL (
    SELECT max(t.business_date) AS last_activity FROM ledger_transfer t
    WHERE t.account_id = h.account_id AND t.phase IN ('posted', 'post') AND (t.payment_id IS NOT NULL
        OR t.debit_kind IN ('credit', 'deposit') OR t.credit_kind IN ('credit', 'deposit'))
) AS m
WHERE m.last_activity <= %s
ORDER BY a.state, m.last_activity, a.number
"""


def held(account_id: UUID) -> list[dict[str, Any]]:
    """Every credit of an account: cents, and the payment or the bill it belongs to, with its processor account."""
    return [
        row | {"processor_account": row["processor_account"] or _goes_to(row["region"], row["payee"])}
        for row in sql.query(_HELD, (account_id,))
        if row["processor_account"] or row["payee"]
    ]


def balance(account_id: UUID) -> int:
    """All of it, in cents."""
    return sum(row["cents"] for row in held(account_id))


def apply(account_id: UUID, bill_id: UUID, key: UUID, amount_cents: int | None = None) -> dict[str, Any]:
    """Put credit onto a bill, as much as goes or an amount of it. The key makes two presses one.

    Returns {code: applied | repeat | nothing | missing, applied_cents}. Only credit that reached the bill's payee is
    used; a bill takes at most what is owed and not being paid by somebody.
    """
    bill = sql.one(
        "SELECT b.payee, b.region, r.debits_posted - r.credits_posted - r.credits_pending AS owed_cents"
        " FROM billing_bill b LEFT JOIN ledger_balance r ON r.account_id = b.account_id AND r.kind = 'receivable'"
        " AND r.ref = b.id AND r.currency = b.currency WHERE b.account_id = %s AND b.id = %s",
        (account_id, bill_id),
    )
    if bill is None:
        return {"code": "missing", "applied_cents": 0}
    before = sql.one(
        "SELECT sum(amount_cents)::bigint AS cents FROM ledger_transfer WHERE account_id = %s AND subject_id = %s"
        " AND code = 'allocation' AND journal_id = %s",
        (account_id, bill_id, key),
    )
    if before and before["cents"]:
        return {"code": "repeat", "applied_cents": before["cents"]}
    goes_to = _goes_to(bill["region"], bill["payee"])
    ours = [row for row in held(account_id) if row["processor_account"] == goes_to]
    rest = min(bill["owed_cents"] or 0, sum(row["cents"] for row in ours))
    rest = rest if amount_cents is None else min(rest, amount_cents)
    sources = []
    for row in ours:
        cents = min(rest, row["cents"])
        if cents > 0:
            sources.append({"ref": row["ref"], "amount_cents": cents})
            rest -= cents
    if not sources:
        return {"code": "nothing", "applied_cents": 0}
    return sql.call(
        "payments_credit_apply",
        account_id,
        {
            "bill_id": bill_id,
            "key": key,
            "sources": sources,
            "now": clock.now(),
            "business_date": clock.today(catalog.region(bill["region"]).time_zone),
        },
    )


def give_back(account_id: UUID, key: UUID) -> dict[str, Any]:
    """Send all credit back to the payments it came from, the newest first, each at most what is left of it.

    Returns {code: asked | nothing, refunds: [{payment_id, amount_cents, code}], kept_cents}: `kept` is credit that no
    payment of this account brought (paid at a desk, or for a family), or whose payment is disputed.
    """
    refunds = []
    for row in held(account_id):
        left = row["cents"]
        payments = [row["payment_id"]] if row["payment_id"] else _payments_of(account_id, row["bill_id"])
        for payment_id in payments:
            cents = min(left, refund.left(account_id, payment_id))
            if cents <= 0:
                continue
            own = uuid5(key, f"{payment_id} {row['ref']}")
            made = refund.refund_of(account_id, payment_id, cents, own, "credit", only="credit")
            refunds.append({"payment_id": payment_id, "amount_cents": cents, "code": made["code"]})
            left -= cents if made["code"] in WENT else 0
    return {"code": "asked" if refunds else "nothing", "refunds": refunds, "kept_cents": balance(account_id)}


def dormant(today: date, years: int) -> list[dict[str, Any]]:
    """Accounts with credit or a deposit that nobody moved for that many years: by state, the longest first."""
    day = 28 if (today.month, today.day) == (2, 29) else today.day
    return sql.query(_DORMANT, (date(today.year - years, today.month, day),))


def _goes_to(region: str, payee: str) -> str:
    return catalog.region(region).processor_accounts[payee]


def _payments_of(account_id: UUID, bill_id: UUID) -> list[UUID]:
    rows = sql.query(
        "SELECT p.id FROM payments_part t"
        " JOIN payments_payment p ON p.account_id = t.account_id AND p.id = t.payment_id"
        " WHERE t.account_id = %s AND t.bill_id = %s AND p.state = 'succeeded' ORDER BY p.id DESC",
        (account_id, bill_id),
    )
    return [row["id"] for row in rows]
