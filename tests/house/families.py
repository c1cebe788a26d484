"""A family of several accounts that pays its bills in one payment, and a way to be killed between two steps of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest

from caretill.core import sql
from caretill.payments.take import Ask
from house.cast import Bill, a_bill


@dataclass(frozen=True)
class Family:
    """Bills of several accounts; the first is the payer's."""

    bills: tuple[Bill, ...]

    def ask(self, *cents: int, **changes: Any) -> Ask:
        """One payment for all of them: what is given, or all that may be paid."""
        amounts = cents or tuple(bill.figures()["payable_cents"] for bill in self.bills)
        payer = self.bills[0].account_id
        chosen = [(bill, amount) for bill, amount in zip(self.bills, amounts, strict=True) if amount]
        parts = tuple((bill.bill_id, amount) for bill, amount in chosen if bill.account_id == payer)
        others = tuple((bill.account_id, bill.bill_id, amount) for bill, amount in chosen if bill.account_id != payer)
        return self.bills[0].ask(0, **{"parts": parts, "others": others} | changes)

    def paid(self) -> list[int]:
        """What each bill shows as paid here."""
        return [bill.figures()["paid_here_cents"] for bill in self.bills]

    def payable(self) -> list[int]:
        """What of each bill may be paid now."""
        return [bill.figures()["payable_cents"] for bill in self.bills]


def a_family(name: str = "", accounts: int = 4) -> Family:
    """Each account has a bill of its own amount, and the first a second bill: five bills of four accounts."""
    name = name or uuid4().hex[:6]
    bills = [a_bill(10_000 + 1_000 * number, family=f"{name}{number}") for number in range(accounts)]
    again = a_bill(20_000, family=f"{name}0", number=f"P{int(uuid4()) % 10**10:010d}", payee="hospital")
    return Family((bills[0], again, *bills[1:]))


def forwarded(payment_id: UUID | None = None) -> int:
    """What was forwarded and has not reached a bill, of one payment or of all."""
    row = sql.one(
        "SELECT coalesce(sum(CASE WHEN credit_kind = 'forwarded' THEN amount_cents ELSE -amount_cents END), 0)::bigint"
        " AS held FROM ledger_transfer WHERE 'forwarded' IN (credit_kind, debit_kind) AND phase IN ('posted', 'post')"
        " AND (%s::uuid IS NULL OR payment_id = %s)",
        (payment_id, payment_id),
    )
    assert row is not None
    return int(row["held"])


class Killed(BaseException):
    """The process is gone: no handler of ours catches it, and what was committed stays."""


@contextmanager
def killed_after(steps: int) -> Iterator[list[str]]:
    """The process dies once so many steps (calls that change the database) are committed. Yields their names."""
    real = sql.call
    made: list[str] = []

    def call(function: str, account_id: UUID, payload: dict[str, Any]) -> dict[str, Any]:
        if len(made) >= steps:
            raise Killed(function)
        answer = real(function, account_id, payload)
        made.append(function)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sql, "call", call)
        yield made
