"""What a return says beyond the money (money.md, ACH returns): the account, what was agreed, the next presentment."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from caretill.core import clock, sql
from caretill.core.ids import deterministic_uuid
from caretill.formats import nacha_codes
from caretill.formats.nacha_codes import ReturnCode
from caretill.methods import change, mandates
from caretill.payments import charge
from caretill.regions import bankdays

log = structlog.get_logger("caretill.ach")
Row = dict[str, Any]
AGAIN_AFTER = 4  # banking days: wages come, and whoever looks at the mail has time to pay in another way
# The note for the office by the kind of handling; "" where nobody must look.
_NOTES = {
    "re_present": "", "disable": "", "revoke": "", "correct": "correct", "hold": "ask_first", "bereaved": "bereaved",
    "alarm": "duplicate_alarm", "office": "office",
}  # fmt: skip


def handle(entry: Row, code: ReturnCode, received_at: datetime) -> str:
    """Do what the code asks for; the note for the office. Repeating it changes nothing."""
    account_id, method_id, mandate_id = entry["account_id"], entry["method_id"], entry["mandate_id"]
    match code.handling:
        case "re_present":
            return again(entry, bankdays.eastern_day(received_at))
        case "disable" | "hold":
            change.disable(account_id, method_id, code.code)
            withdraw(account_id, method_id=method_id, why=code.code)
        case "revoke":
            _revoke(account_id, mandate_id, code.code)
        case "bereaved":
            change.disable(account_id, method_id, code.code)
            _revoke(account_id, mandate_id, code.code)
            withdraw(account_id, method_id=method_id, why=code.code)
        case "alarm":
            log.error("a bank says that a debit came twice", entry=str(entry["id"]), code=code.code)
    return _NOTES[code.handling]


def _revoke(account_id: UUID, mandate_id: UUID | None, code: str) -> None:
    """What was agreed ends; what depends on it finds that it did, and debits that wait under it are let go."""
    if mandate_id is not None:
        mandates.end(account_id, mandate_id, code)
        withdraw(account_id, mandate_id=mandate_id, why=code)


def withdraw(account_id: UUID, method_id: UUID | None = None, mandate_id: UUID | None = None, why: str = "") -> int:
    """Debits that wait for a file from this account, or under this mandate, are let go; how many.

    `why` is the code by which the bank said so: then their payers are told.
    """
    rows = sql.query(
        "SELECT p.id FROM payments_attempt a JOIN payments_payment p"
        " ON p.account_id = a.account_id AND p.id = a.payment_id WHERE a.account_id = %s AND a.gateway = 'ach'"
        " AND a.state = 'queued' AND p.state = 'submitting' AND (p.method_id = %s OR p.mandate_id = %s)",
        (account_id, method_id, mandate_id),
    )
    return sum(charge.withdraw(account_id, row["id"], why) == "withdrawn" for row in rows)


def again(entry: Row, day: date) -> str:
    """Note that the same debit may be presented again, where it may: at most twice more, within 180 days (ACH-5)."""
    limits = nacha_codes.windows()
    if entry["payment_id"] is None or entry["presentment"] > limits.again_most:
        return ""
    first = sql.one(
        "SELECT effective_on FROM ach_entry WHERE account_id = %s AND id = %s", (entry["account_id"], entry["first_id"])
    )
    assert first is not None
    not_after = first["effective_on"] + timedelta(days=limits.again_days)
    not_before = bankdays.add(day, AGAIN_AFTER)
    if not_before > not_after:
        return ""
    now = clock.now()
    sql.execute(
        "INSERT INTO ach_again (account_id, id, first_id, key, amount_cents, from_payment_id, presentment, not_before,"
        " not_after, state, why, recorded_at, changed_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'waiting', '',"
        " %s, %s) ON CONFLICT DO NOTHING",
        (entry["account_id"], entry["id"], entry["first_id"], deterministic_uuid("ach again", str(entry["id"])),
         entry["amount_cents"], entry["payment_id"], entry["presentment"] + 1, not_before, not_after, now, now),
    )  # fmt: skip
    return ""


def not_again(account_id: UUID, entry_id: UUID) -> None:
    """The return was refused, so its money is ours: what was to be presented again is not, where it can be stopped."""
    rows = sql.query(
        "UPDATE ach_again SET state = 'dropped', why = 'dishonoured', changed_at = %s WHERE account_id = %s AND id = %s"
        " AND state <> 'dropped' RETURNING payment_id",
        (clock.now(), account_id, entry_id),
    )
    for row in rows:
        if row["payment_id"]:
            charge.withdraw(account_id, row["payment_id"])
