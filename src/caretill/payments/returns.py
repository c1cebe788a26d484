"""A bank debit that came back: the bills it paid are owed again, the last first (money.md, ACH returns).

Whoever reads the bank's files says which payment, how much and by which line; each line counts once. What a return says
about the account it was taken from (disable it, end what was agreed) is the business of the rooms that call this.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from caretill.core import clock, sql
from caretill.core.ids import uuid7
from caretill.payments import family
from caretill.regions import catalog


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
