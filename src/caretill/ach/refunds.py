"""Bank debits given back: each refund that waits leaves as a credit of a file, under its own id, once.

A credit that its bank does not send back for RETURN_DAYS banking days after it settled has arrived. One that comes
back, or whose account number is gone, becomes the payer's credit (payments.refund).
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from caretill.core import clock, sql
from caretill.formats import nacha
from caretill.formats.nacha_codes import ReturnCode
from caretill.payments import refund
from caretill.regions import bankdays
from caretill.regions.models import DebitBank

SET_ROWS = 500
RETURN_DAYS = 3  # banks send a credit back within two banking days; it is with us a day later
DESCRIPTION = "REFUND"
_WAITING = """
    SELECT r.account_id, r.id, r.amount_cents, p.reference, p.method_id, payments_payee_of(p.account_id, p.id) AS payee,
        m.account_type, m.corporate, m.validation, m.account_sealed IS NOT NULL AS known
    FROM payments_refund r
    JOIN payments_payment p ON p.account_id = r.account_id AND p.id = r.payment_id
    JOIN payments_attempt a ON a.account_id = p.account_id AND a.payment_id = p.id AND a.gateway = 'ach'
    LEFT JOIN methods_method m ON m.account_id = p.account_id AND m.id = p.method_id
    WHERE r.state = 'submitting' AND r.not_before <= %s
    ORDER BY r.account_id, r.id LIMIT %s FOR UPDATE OF r SKIP LOCKED
"""
_COLUMNS = (
    "account_id, id, file_id, sequence, trace, kind, place, method_id, payee, reference, sec_code, description,"
    " transaction_code, mark, amount_cents, effective_on, presentment, first_id, validation, state, filed_at, filed_on,"
    " return_code"
)


def take(file: dict[str, Any], bank: DebitBank) -> int:
    """Put the refunds whose day is there into the file; how many. A transaction a set: who dies takes none twice."""
    done = 0
    while True:
        with transaction.atomic():
            rows = sql.query(_WAITING, (bankdays.eastern_day(clock.now()), SET_ROWS))
            for row in rows:
                if row["known"]:
                    trace = _put(file, bank, row)
                    refund.record(row["account_id"], row["id"], "pending", refund_ref=trace, provider="ach")
                    done += 1
                else:
                    _lost(row, "account_gone")
        if len(rows) < SET_ROWS:
            return done


def finish() -> int:
    """Refunds that have arrived by now, and those whose entry never left: its account was taken away; how many."""
    today = bankdays.eastern_day(clock.now())
    rows = sql.query(
        "SELECT e.account_id, e.id, e.state, e.trace, e.settled_on FROM ach_entry e JOIN payments_refund r"
        " ON r.account_id = e.account_id AND r.id = e.id AND r.state = 'pending'"
        " WHERE e.kind = 'credit' AND (e.state = 'dropped' OR e.state = 'settled' AND e.settled_on < %s)",
        (today,),
    )
    ended = 0
    for row in rows:
        if row["state"] == "dropped":
            ended += _lost(row, "account_gone")
        elif bankdays.add(row["settled_on"], RETURN_DAYS) <= today:
            told = {"refund_ref": row["trace"], "provider": "ach"}
            ended += refund.record(row["account_id"], row["id"], "succeeded", **told)["code"] == "applied"
    return ended


def came_back(entry: dict[str, Any], code: ReturnCode) -> str:
    """A credit that its bank sent back: applied, or `refund_arrived` where it was taken for arrived before."""
    answer = refund.record(entry["account_id"], entry["id"], "failed", failure_code=code.code, provider="ach")
    return "applied" if answer["state"] == "failed" else "refund_arrived"


def _lost(row: dict[str, Any], why: str) -> bool:
    answer = refund.record(row["account_id"], row["id"], "failed", failure_code=why, provider="ach")
    return bool(answer["code"] == "applied")


def _put(file: dict[str, Any], bank: DebitBank, row: dict[str, Any]) -> str:
    counted = sql.one("SELECT nextval('ach_trace_sequence') AS sequence")
    assert counted is not None
    trace, now = nacha.trace_number(bank.routing, counted["sequence"]), clock.now()
    values = (
        row["account_id"], row["id"], file["id"], counted["sequence"], trace, "credit", 0, row["method_id"],
        row["payee"], row["reference"], "CCD" if row["corporate"] else "PPD", DESCRIPTION,
        nacha.CREDIT_TO[row["account_type"]], "", row["amount_cents"], file["standard_on"], 1, row["id"],
        row["validation"], "filed", now, bankdays.eastern_day(now), "",
    )  # fmt: skip
    sql.execute(f"INSERT INTO ach_entry ({_COLUMNS}) VALUES ({', '.join(['%s'] * len(values))})", values)
    sql.execute(
        "INSERT INTO ach_trace (trace, file_id, account_id, entry_id) VALUES (%s, %s, %s, %s)",
        (trace, file["id"], row["account_id"], row["id"]),
    )
    return trace
