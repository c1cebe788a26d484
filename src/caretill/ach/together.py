"""Many returned lines at once: the plain ones of a set are marked, booked and written down in a few statements.

Plain is a first return, in a known code, of a debit of one account, with the amount that was filed. Everything else is
decided line by line (`decide.line`), and so is a set that raced with somebody: the steps and their order are the same.
"""

from __future__ import annotations

from typing import Any

from django.db import OperationalError, transaction

from caretill.ach import decide, handling
from caretill.core import clock, sql
from caretill.formats import nacha_codes
from caretill.formats.nacha_codes import ReturnCode, UnknownCode
from caretill.payments import returns as payment_returns
from caretill.regions import bankdays

Row = dict[str, Any]
Plain = tuple[Row, Row, ReturnCode]
_IN_THE_SET = ("re_present", "correct", "office")  # nothing but our own tables follows from them
_ENTRIES = """
    SELECT e.*, p.region, p.family, f.sent_at FROM unnest(%s::text[]) AS x (trace)
    JOIN ach_trace t ON t.trace = x.trace
    JOIN ach_entry e ON e.account_id = t.account_id AND e.id = t.entry_id
    JOIN ach_file f ON f.id = e.file_id
    JOIN payments_payment p ON p.account_id = e.account_id AND p.id = e.payment_id
    ORDER BY e.filed_at
"""
_MARK = """
    UPDATE ach_entry e SET state = 'returned', return_code = x.code, returned_on = x.day, returned_by = x.by
    FROM jsonb_to_recordset(%s::jsonb) AS x (account_id uuid, id uuid, code text, day date, by text)
    WHERE e.account_id = x.account_id AND e.id = x.id AND e.returned_by = '' AND e.state IN ('filed', 'settled')
    RETURNING e.id
"""
_WRITE = """
    UPDATE ach_returned_line l SET disposition = 'applied', reason = x.reason, note = x.note,
        reopened_cents = x.reopened, account_id = x.account_id, entry_id = x.entry_id, decided_at = %s
    FROM jsonb_to_recordset(%s::jsonb) AS x (sha256 text, line int, reason text, note text, reopened bigint,
        account_id uuid, entry_id uuid)
    WHERE l.sha256 = decode(x.sha256, 'hex') AND l.line = x.line AND l.disposition = ''
"""


class _Raced(Exception):
    """Somebody changed one of them meanwhile: nothing of the set is kept."""


def lines(rows: list[Row]) -> int:
    """Decide these lines; how many. Lines of one entry keep their order: its first is the plain one."""
    plain = _plain(rows)
    done: set[tuple[bytes, int]] = set()
    if len(plain) > 1:
        try:
            with transaction.atomic():
                booked = _all(plain)
        except (_Raced, OperationalError):
            booked = []
        # Accounts and mandates come after the money. Killed here, the lines are decided again, one by one.
        _write(
            [
                _written(row, entry, code, handling.handle(entry, code, row["received_at"]), reopened)
                for (row, entry, code), reopened in booked
                if code.handling not in _IN_THE_SET
            ]
        )
        done = {(bytes(row["sha256"]), row["line"]) for (row, _, _), _ in booked}
    for row in rows:
        if (bytes(row["sha256"]), row["line"]) not in done:
            decide.line(row)
    return len(rows)


def _plain(rows: list[Row]) -> list[Plain]:
    """The first line of each entry, where it is plain."""
    newest: dict[tuple[str, int], Row] = {}
    for kept in sql.query(_ENTRIES, ([row["trace"] for row in rows if row["kind"] == "return"],)):
        newest[kept["trace"], kept["amount_cents"]] = kept
    found: list[Plain] = []
    seen: set[str] = set()
    for row in rows:
        if row["trace"] in seen:
            continue
        seen.add(row["trace"])
        entry = newest.get((row["trace"], row["amount_cents"]))
        if row["kind"] != "return" or entry is None or entry["family"] or entry["sent_at"] is None:
            continue
        if entry["returned_by"] or entry["state"] not in ("filed", "settled") or entry["kind"] != "debit":
            continue
        try:
            found.append((row, entry, nacha_codes.returned(row["code"], bankdays.eastern_day(row["received_at"]))))
        except UnknownCode:
            continue
    return found


def _all(plain: list[Plain]) -> list[tuple[Plain, int]]:
    """Mark, book, and write down what needs no more than money; each with what it reopened."""
    marks = [
        {
            "account_id": entry["account_id"],
            "id": entry["id"],
            "code": code.code,
            "day": bankdays.eastern_day(row["received_at"]),
            "by": decide.named(row),
        }
        for row, entry, code in sorted(plain, key=lambda each: (each[1]["account_id"], each[1]["id"]))
    ]
    if len(sql.query(_MARK, (sql.dumps(marks),))) != len(marks):
        raise _Raced
    found = payment_returns.apply_set(
        [
            payment_returns.Line(
                entry["account_id"], entry["payment_id"], entry["region"], entry["family"], row["amount_cents"],
                code.code, f"{entry['id']}:return",
            )
            for row, entry, code in plain
        ]
    )  # fmt: skip
    answers = {entry["id"]: answer for (_, entry, _), answer in zip(plain, found, strict=True)}
    if any(answer["code"] != "returned" or answer.get("family") for answer in answers.values()):
        raise _Raced
    booked = [(each, answers[each[1]["id"]].get("reopened_cents", 0)) for each in plain]
    _write(
        [
            _written(row, entry, code, handling.handle(entry, code, row["received_at"]), reopened)
            for (row, entry, code), reopened in booked
            if code.handling in _IN_THE_SET
        ]
    )
    return booked


def _written(row: Row, entry: Row, code: ReturnCode, note: str, reopened: int) -> Row:
    return {
        "sha256": bytes(row["sha256"]).hex(),
        "line": row["line"],
        "reason": code.handling,
        "note": note or decide.odd(row, entry, code),
        "reopened": reopened,
        "account_id": entry["account_id"],
        "entry_id": entry["id"],
    }


def _write(written: list[Row]) -> None:
    if written:
        sql.execute(_WRITE, (clock.now(), sql.dumps(written)))
