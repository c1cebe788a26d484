"""One line of a return file: which entry it is about, what becomes of the money, the account and what was agreed.

The order is what makes it safe to die anywhere: first the entry is marked with the line, so it can no longer settle;
then the money (payments.returns, once for each entry); then the account and the agreement; last the line's own end.
Every step done twice is done once.
"""

from __future__ import annotations

from typing import Any

import structlog
from django.db import transaction

from caretill.ach import changes, handling, refunds, settle
from caretill.ach.decided import Decision
from caretill.core import clock, sql
from caretill.formats import nacha_codes
from caretill.formats.nacha_codes import ReturnCode, UnknownCode
from caretill.methods import validate
from caretill.payments import returns as payment_returns
from caretill.regions import bankdays

log = structlog.get_logger("caretill.ach")
Row = dict[str, Any]
_TRIES = 5


def line(row: Row) -> Decision:
    """Decide one line and write it down. Never raises for what a bank may say."""
    entry = _entry(row)
    if row["kind"] == "change":
        decision = changes.apply(row, entry)
    else:
        decision = _return(row, entry)
    if decision.disposition == "quarantined" or decision.note == "duplicate_alarm":
        log.warning("a returned line needs a person", code=row["code"], reason=decision.reason, note=decision.note)
    sql.execute(
        "UPDATE ach_returned_line SET disposition = %s, reason = %s, note = %s, reopened_cents = %s, account_id = %s,"
        " entry_id = %s, corrected = CASE WHEN %s = 'quarantined' THEN corrected END, decided_at = %s"
        " WHERE sha256 = %s AND line = %s AND disposition = ''",
        (decision.disposition, decision.reason, decision.note, decision.reopened_cents,
         entry["account_id"] if entry else None, entry["id"] if entry else None, decision.disposition, clock.now(),
         row["sha256"], row["line"]),
    )  # fmt: skip
    return decision


def _entry(row: Row) -> Row | None:
    """The newest entry with that trace number and, of a return, that amount: numbers come round again."""
    rows = sql.query(
        "SELECT e.*, p.region, p.email, f.sent_at FROM ach_trace t"
        " JOIN ach_entry e ON e.account_id = t.account_id AND e.id = t.entry_id JOIN ach_file f ON f.id = e.file_id"
        " LEFT JOIN payments_payment p ON p.account_id = e.account_id AND p.id = e.payment_id"
        " WHERE t.trace = %s ORDER BY e.filed_at DESC",
        (row["trace"],),
    )
    same = [each for each in rows if row["kind"] == "change" or each["amount_cents"] == row["amount_cents"]]
    return next(iter(same or rows), None)


def _return(row: Row, entry: Row | None) -> Decision:
    day = bankdays.eastern_day(row["received_at"])
    try:
        code = nacha_codes.returned(row["code"], day)
    except UnknownCode:
        return Decision("quarantined", "unknown_code")
    if entry is None:
        return Decision("quarantined", "unknown_trace")
    if entry["amount_cents"] != row["amount_cents"]:
        return Decision("quarantined", "other_amount")
    if entry["sent_at"] is None or entry["state"] == "dropped":
        return Decision("quarantined", "never_sent")
    if row["kind"] == "dishonoured":
        return _dishonoured(row, entry)
    if row["kind"] == "contested":
        return _contested(row, entry, code)
    return _first(row, entry, code)


def _first(row: Row, entry: Row, code: ReturnCode) -> Decision:
    """A return of an entry: the first one counts, a later one is the same again or a second return (R67)."""
    by = named(row)
    if entry["returned_by"] and entry["returned_by"] != by:
        if entry["return_code"] == code.code:
            return Decision("repeat", "returned_before")
        return Decision("quarantined", "returned_with_another_code")
    # Whoever settles it just now is finished for: then it has settled, and comes back as one that had.
    for _ in range(_TRIES):
        settle.finish(entry["account_id"], entry["id"])
        if _mark(row, entry, code):
            return _apply(row, entry, code, f"{entry['id']}:return")
    return Decision("quarantined", "returned_with_another_code")


def _apply(row: Row, entry: Row, code: ReturnCode, source_ref: str) -> Decision:
    reopened = 0
    if entry["kind"] == "credit":
        if refunds.came_back(entry, code) != "applied":
            return Decision("quarantined", "refund_arrived")
    elif entry["payment_id"] is None:
        validate.mark(entry["account_id"], entry["method_id"], "failed", code.code)
    else:
        answer = payment_returns.apply_return(
            entry["account_id"], entry["payment_id"], row["amount_cents"], code.code, source_ref
        )
        if answer["code"] not in ("returned", "repeat"):
            _unmark(entry)
            return Decision("quarantined", answer["code"])
        reopened = answer.get("reopened_cents", 0)
    note = handling.handle(entry, code, row["received_at"])
    return Decision("applied", code.handling, note or odd(row, entry, code), reopened)


def odd(row: Row, entry: Row, code: ReturnCode) -> str:
    """What the office may want to refuse: a return that came too late, or one that cannot come for such an entry."""
    day = bankdays.eastern_day(row["received_at"])
    if entry["sec_code"] not in code.fits:
        return "does_not_fit"
    if code.window_days is not None:
        last = bankdays.return_by(entry["effective_on"], code.window_days, code.calendar)
        # It is with our bank by then, and with us a banking day later.
        if day > bankdays.next_banking_day(last):
            return "late"
    return ""


def _mark(row: Row, entry: Row, code: ReturnCode) -> bool:
    """From here on it cannot settle. False where another line was first."""
    with transaction.atomic():
        done = sql.execute(
            "UPDATE ach_entry SET state = 'returned', return_code = %s, returned_on = %s, returned_by = %s"
            " WHERE account_id = %s AND id = %s AND (returned_by = %s OR returned_by = '' AND state IN ('filed',"
            " 'settled'))",
            (code.code, bankdays.eastern_day(row["received_at"]), named(row), entry["account_id"], entry["id"],
             named(row)),
        )  # fmt: skip
    return bool(done)


def _unmark(entry: Row) -> None:
    """The money did not follow (somebody booked the return by hand): the entry stands as its payment does."""
    sql.execute(
        "UPDATE ach_entry SET state = CASE WHEN settled_on IS NULL THEN 'filed' ELSE 'settled' END, return_code = '',"
        " returned_on = NULL, returned_by = '' WHERE account_id = %s AND id = %s AND state = 'returned'",
        (entry["account_id"], entry["id"]),
    )


def _dishonoured(row: Row, entry: Row) -> Decision:
    """Our bank refused the return: the money is ours again, unless the payer's bank contests it."""
    if not entry["returned_by"]:
        return Decision("quarantined", "not_returned")
    if entry["payment_id"] is None:
        return Decision("noted", "proof", "office")
    answer = payment_returns.undo(entry["account_id"], _last_ref(entry))
    if answer["code"] == "missing":
        return Decision("quarantined", "not_returned")
    _chain(entry, "dishonoured")
    handling.not_again(entry["account_id"], entry["id"])
    return Decision("applied" if answer["code"] == "undone" else "repeat", "dishonoured", "office")


def _contested(row: Row, entry: Row, code: ReturnCode) -> Decision:
    """The payer's bank insists: the return stands after all, as another one of the same entry."""
    if not entry["returned_by"]:
        return Decision("quarantined", "not_returned")
    if entry["payment_id"] is None:
        return Decision("noted", "proof", "office")
    standing = sql.one(
        "SELECT 1 AS yes FROM payments_return WHERE account_id = %s AND source_ref = %s AND state <> 'undone'",
        (entry["account_id"], _last_ref(entry)),
    )
    if standing:
        return Decision("noted", "return_stands", "office")
    answer = payment_returns.apply_return(
        entry["account_id"], entry["payment_id"], row["amount_cents"], code.code, f"{entry['id']}:contested"
    )
    if answer["code"] not in ("returned", "repeat"):
        return Decision("quarantined", answer["code"])
    _chain(entry, "contested")
    done = "applied" if answer["code"] == "returned" else "repeat"
    return Decision(done, "contested", "office", answer.get("reopened_cents", 0))


def _last_ref(entry: Row) -> str:
    """Which return of the entry is the newest: the first one, or the one that was contested."""
    return f"{entry['id']}:{'contested' if entry['chain'] == 'contested' else 'return'}"


def _chain(entry: Row, chain: str) -> None:
    sql.execute(
        "UPDATE ach_entry SET chain = %s WHERE account_id = %s AND id = %s", (chain, entry["account_id"], entry["id"])
    )


def named(row: Row) -> str:
    """How an entry names the line that brought it back."""
    return f"{bytes(row['sha256']).hex()}:{row['line']}"
