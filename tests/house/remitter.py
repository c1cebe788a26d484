"""A processor that only pays out, by a script: for what the sandbox never does wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from caretill.core import clock, sql
from caretill.formats.payout_csv import HEAD
from caretill.payments.gateways.base import GatewayRefused, GatewayUnknown, Payout
from house.cast import a_bill
from house.desk import Desk
from house.ledgerbook import pay

Move = tuple[str, str, str, int, int]  # kind, operation, charge, gross, fee


@dataclass
class Remitter:
    """`pay_out` makes a payout with its file; `files` may then be broken, and `dark` answers nothing."""

    payouts: list[Payout] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    dark: bool = False
    asked: list[str] = field(default_factory=list)

    def pay_out(self, moves: Iterable[Move], *, arrives: date | None = None, status: Any = "paid") -> Payout:
        created = clock.now()
        ref = f"po_{len(self.payouts) + 1:06d}"
        lines, gross, fees, count = [",".join(HEAD)], 0, 0, 0
        at = created.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        for kind, operation, charge, cents, fee in moves:
            lines.append(f"{kind},{operation},{charge},ref,{cents},{fee},{cents - fee},USD,{at}")
            gross, fees, count = gross + cents, fees + fee, count + 1
        lines.append(f"total,{ref},,{count},{gross},{fees},{gross - fees},USD,{at}")
        self.files[ref] = ("\n".join(lines) + "\n").encode()
        arrives = arrives or created.date() + timedelta(days=2)
        made = Payout(ref, "acct", gross - fees, "USD", status, count, created, arrives, f"REMIT{ref[3:]}")
        self.payouts.append(made)
        return made

    def change(self, payout: Payout, **to: Any) -> None:
        self.payouts[self.payouts.index(payout)] = replace(payout, **to)

    def list_payouts(self, after: str | None = None, limit: int = 100) -> list[Payout]:
        self.asked.append(f"list {after}")
        if self.dark:
            raise GatewayUnknown("silence")
        refs = [each.id for each in self.payouts]
        start = refs.index(after) + 1 if after else 0
        return self.payouts[start : start + limit]

    def payout_file(self, payout_id: str) -> bytes:
        self.asked.append(f"file {payout_id}")
        if payout_id not in self.files:
            raise GatewayRefused("no_such_payout", 404)
        return self.files[payout_id]


def a_charge(processor: Desk, cents: int = 10_000, family: str = "1") -> tuple[UUID, str]:
    """A payment that went through, and its charge's name at the processor."""
    bill = a_bill(family=family)
    payment_id = pay(processor, (bill, cents))
    row = sql.one("SELECT charge_ref FROM payments_payment WHERE id = %s", (payment_id,))
    assert row is not None
    return payment_id, row["charge_ref"]
