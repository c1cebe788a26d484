"""Presenting a debit again that came back for want of money: the same amount, payee and account, so named (ACH-5).

It is a payment of its own on the same bills. What was paid meanwhile is not taken again: then nothing is presented,
since the rules know only the identical amount.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from caretill.core import clock, sql
from caretill.payments import charge
from caretill.payments.saved_ask import SavedAsk
from caretill.regions import bankdays

_WAITS = ("being_paid", "too_many")
_DUE = """
    SELECT n.account_id, n.id, n.key, n.amount_cents, n.not_after, p.region, p.payer_name, p.email, p.language,
        p.processor_account, p.channel, p.method_id, p.mandate_id, p.origin, p.origin_id, p.login_id, p.deposit_cents,
        p.deposit_payee, p.id AS payment_id, a.request
    FROM ach_again n JOIN payments_payment p ON p.account_id = n.account_id AND p.id = n.from_payment_id
    JOIN payments_attempt a ON a.account_id = p.account_id AND a.payment_id = p.id
    WHERE n.state = 'waiting' AND n.not_before <= %s AND (n.account_id, n.id) > (%s, %s)
    ORDER BY n.account_id, n.id LIMIT %s
"""
NOTHING = UUID(int=0)


def present(most: int = 200) -> dict[str, int]:
    """Begin the payments that are due to be presented again: {begun, dropped, waiting}. A turn of the worker."""
    counts = {"begun": 0, "dropped": 0, "waiting": 0}
    after = (NOTHING, NOTHING)
    today = bankdays.eastern_day(clock.now())
    while rows := sql.query(_DUE, (today, *after, most)):
        for row in rows:
            counts[_one(row)] += 1
        after = (rows[-1]["account_id"], rows[-1]["id"])
    return counts


def _one(row: dict[str, Any]) -> str:
    if bankdays.posts_on(clock.now()) > row["not_after"]:
        return _end(row, "dropped", "too_late")
    answer = charge.charge(_ask(row))
    if answer.code in _WAITS:
        return "waiting"
    if answer.code != "queued" or answer.payment_id is None:
        return _end(row, "dropped", answer.state or answer.code)
    begun = sql.one(
        "SELECT amount_cents FROM payments_payment WHERE account_id = %s AND id = %s",
        (row["account_id"], answer.payment_id),
    )
    if begun is None or begun["amount_cents"] != row["amount_cents"]:
        charge.withdraw(row["account_id"], answer.payment_id)
        return _end(row, "dropped", "paid_meanwhile")
    return _end(row, "begun", "", answer.payment_id)


def _ask(row: dict[str, Any]) -> SavedAsk:
    request = sql.answer(row["request"])
    account_id, payment_id = row["account_id"], row["payment_id"]
    parts = sql.query(
        "SELECT bill_id, amount_cents FROM payments_part WHERE account_id = %s AND payment_id = %s ORDER BY bill_id",
        (account_id, payment_id),
    )
    others = sql.query(
        "SELECT to_account_id, bill_id, amount_cents FROM payments_forward WHERE account_id = %s AND payment_id = %s"
        " ORDER BY bill_id",
        (account_id, payment_id),
    )
    return SavedAsk(
        key=row["key"],
        account_id=account_id,
        region=row["region"],
        parts=tuple((part["bill_id"], part["amount_cents"]) for part in parts),
        others=tuple((other["to_account_id"], other["bill_id"], other["amount_cents"]) for other in others),
        payer_name=row["payer_name"],
        email=row["email"],
        language=row["language"],
        statement_name=request.get("statement_name", ""),
        processor_account=row["processor_account"],
        channel=row["channel"],
        method_id=row["method_id"],
        mandate_id=row["mandate_id"],
        origin=row["origin"],
        origin_id=row["origin_id"],
        login_id=row["login_id"],
        deposit_cents=row["deposit_cents"],
        deposit_payee=row["deposit_payee"],
        initiator="merchant",
        reason="unscheduled",
    )


def _end(row: dict[str, Any], state: str, why: str, payment_id: UUID | None = None) -> str:
    sql.execute(
        "UPDATE ach_again SET state = %s, why = %s, payment_id = %s, changed_at = %s"
        " WHERE account_id = %s AND id = %s AND state = 'waiting'",
        (state, why, payment_id, clock.now(), row["account_id"], row["id"]),
    )
    return state
