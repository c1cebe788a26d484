"""While too many debits come back, nobody agrees to a new one (rules.md ACH-6); what was agreed before goes on.

The room of bank debits reckons the rates and says here which payees wait; doors ask before they offer a bank account.
One payee that waits stops all new agreements: a saved account pays every payee.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from caretill.core import clock, sql
from caretill.regions import catalog


@dataclass(frozen=True)
class Held:
    """A payee of which too many debits came back: `returned` of `debits`, by `kind` of return."""

    payee: str
    kind: str
    returned: int
    debits: int


def keep(held: Iterable[Held]) -> int:
    """These payees wait, and no others; how many newly do. One that a person let go on stays so until it is fine."""
    rows = {each.payee: each for each in held}
    with transaction.atomic():
        sql.execute("DELETE FROM methods_pause WHERE NOT payee = ANY(%s)", (sorted(rows),))
        new = 0
        for each in rows.values():
            new += sql.execute(
                "INSERT INTO methods_pause (payee, kind, returned, debits, since_at, allowed_by)"
                " VALUES (%s, %s, %s, %s, %s, '') ON CONFLICT (payee) DO NOTHING",
                (each.payee, each.kind, each.returned, each.debits, clock.now()),
            )
    return new


def allow(payee: str, who: str) -> str:
    """A person answers for new agreements of that payee although its rate is high: allowed | repeat | missing."""
    row = sql.one("SELECT allowed_by FROM methods_pause WHERE payee = %s", (payee,))
    if row is None or row["allowed_by"]:
        return "repeat" if row else "missing"
    sql.execute("UPDATE methods_pause SET allowed_by = %s WHERE payee = %s AND allowed_by = ''", (who, payee))
    return "allowed"


def listed() -> list[dict[str, Any]]:
    """Every payee that waits, or would: payee, kind, returned, debits, since_at, allowed_by."""
    return sql.query("SELECT payee, kind, returned, debits, since_at, allowed_by FROM methods_pause ORDER BY payee")


def paused() -> bool:
    """Whether new agreements to bank debits wait."""
    return sql.one("SELECT 1 AS yes FROM methods_pause WHERE allowed_by = '' LIMIT 1") is not None


def bank_door() -> str:
    """Whether people may pay from a bank account: open | paused | none, where the organisation collects none."""
    if catalog.organisation().debit_bank is None:
        return "none"
    return "paused" if paused() else "open"
