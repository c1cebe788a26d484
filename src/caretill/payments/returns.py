"""A bank debit that came back: the bills it paid are owed again, the last first (money.md, ACH returns).

Whoever reads the bank's files says which payment, how much and by which line; each line counts once. What a return says
about the account it was taken from (disable it, end what was agreed) is the business of the rooms that call this.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from caretill.core import clock, sql
from caretill.core.ids import uuid7
from caretill.payments import family
from caretill.regions import catalog


@dataclass(frozen=True)
class Line:
    """One line of a return file, and the payment it is about."""

    account_id: UUID
    payment_id: UUID
    region: str
    family: bool
    amount_cents: int
    code: str
    source_ref: str


def apply_return(account_id: UUID, payment_id: UUID, amount_cents: int, code: str, source_ref: str) -> dict[str, Any]:
    """Book one line of a return file. `code` is R01 to R85; `source_ref` names the line, once an account.

    Returns {code: returned | repeat | missing | above_captured, reopened_cents, owed_back_cents}. Before the debit had
    settled its payment fails and the bills are let go; `above_captured` then also says that the amount is another.
    Afterwards the payment stays succeeded: its money is taken back from credit, then from bills, the last first; what
    had been refunded is owed back. Bills of other accounts follow, a transaction each; the sweeper finishes a kill.
    """
    row = _payment(account_id, payment_id)
    if row is None:
        return {"code": "missing"}
    answer = sql.call(
        "payments_return_apply",
        account_id,
        _told(row["region"])
        | {
            "payment_id": payment_id,
            "return_id": uuid7(),
            "amount_cents": amount_cents,
            "code": code,
            "source_ref": source_ref,
            "first": family.spare(account_id, payment_id) if row["family"] else [],
        },
    )
    return _finished(account_id, payment_id, answer)


def apply_set(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """As `apply_return` for many, in the caller's transaction; the answers in their order, with `family`.

    Plain ones (settled, whole, on bills of one account, nothing given back) are booked a statement a table; the others
    one by one. Of a family's payment the caller brings the rest to its bills afterwards (payments.family.finish).
    """
    now, days = clock.now(), {line.region: clock.today(catalog.region(line.region).time_zone) for line in lines}
    rows = [
        {
            "account_id": line.account_id,
            "payment_id": line.payment_id,
            "return_id": uuid7(),
            "amount_cents": line.amount_cents,
            "code": line.code,
            "source_ref": line.source_ref,
            "business_date": days[line.region],
        }
        for line in lines
    ]
    counts = Counter((line.account_id, line.payment_id) for line in lines)
    once = [row for line, row in zip(lines, rows, strict=True) if counts[line.account_id, line.payment_id] == 1]
    sql.execute(sql.load(__file__, "return_tables.sql"))
    answer = sql.one("SELECT payments_return_set(%s::jsonb) AS answer", (sql.dumps({"now": now, "rows": once}),))
    assert answer is not None
    plain = set(sql.answer(answer["answer"])["plain"])
    found = []
    for line, row in zip(lines, rows, strict=True):
        if str(row["return_id"]) in plain:
            done = {"code": "returned", "reopened_cents": line.amount_cents, "owed_back_cents": 0, "family": False}
        else:
            spare = family.spare(line.account_id, line.payment_id) if line.family else []
            told = _told(line.region) | row | {"first": spare}
            done = sql.call("payments_return_apply", line.account_id, told)
        found.append(done)
    return found


def undo(account_id: UUID, source_ref: str) -> dict[str, Any]:
    """The bank took a return back: {code: undone | repeat | missing}. The money goes where it was, or is credit."""
    row = sql.one(
        "SELECT p.id, p.region, p.family FROM payments_return r JOIN payments_payment p"
        " ON p.account_id = r.account_id AND p.id = r.payment_id WHERE r.account_id = %s AND r.source_ref = %s",
        (account_id, source_ref),
    )
    if row is None:
        return {"code": "missing"}
    answer = sql.call("payments_return_undo", account_id, _told(row["region"]) | {"source_ref": source_ref})
    return _finished(account_id, row["id"], answer)


def _told(region: str) -> dict[str, Any]:
    return {
        "event_id": uuid7(),
        "journal_id": uuid7(),
        "outbox_id": uuid7(),
        "now": clock.now(),
        "business_date": clock.today(catalog.region(region).time_zone),
    }


def _finished(account_id: UUID, payment_id: UUID, answer: dict[str, Any]) -> dict[str, Any]:
    if answer.pop("family", False):
        family.finish(account_id, payment_id)
    return answer


def _payment(account_id: UUID, payment_id: UUID) -> dict[str, Any] | None:
    return sql.one(
        "SELECT region, family FROM payments_payment WHERE account_id = %s AND id = %s", (account_id, payment_id)
    )
