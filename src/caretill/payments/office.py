"""Payments as the office names them: by the number on the receipt, by its check code, or by their id."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from caretill.core import sql
from caretill.core.ids import clean_check_code

_FOUND = (
    "SELECT p.account_id, p.id, p.reference, p.state, p.captured_cents, p.refunded_cents, p.returned_cents,"
    " p.lost_cents, a.gateway FROM payments_payment p JOIN payments_attempt a ON a.account_id = p.account_id"
    " AND a.payment_id = p.id WHERE "
)


def find(named: str) -> list[dict[str, Any]]:
    """The payments with that id, check code or receipt number: account_id, id, reference, state and amounts in cents.

    A check code leads to its account by an index; the other two are looked for in every account.
    """
    code = clean_check_code(named)
    if code is not None:
        row = sql.one(
            "SELECT account_id, payment_id FROM payments_object WHERE provider = 'check' AND object_ref = %s", (code,)
        )
        if row is not None:
            return sql.query(f"{_FOUND} p.account_id = %s AND p.id = %s", (row["account_id"], row["payment_id"]))
    try:
        return sql.query(f"{_FOUND} p.id = %s", (UUID(named),))
    except ValueError:
        return sql.query(f"{_FOUND} p.reference = %s", ("".join(named.upper().split()).replace("-", ""),))
