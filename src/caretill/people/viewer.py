"""Who is looking. A door makes a viewer; every read goes through an `access.py` that asks it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID


@dataclass(frozen=True)
class Viewer:
    """`guest`: holds a bill's numbers, sees the least; with `lines` (after two facts of the person) what was done.

    `bills` is the guest's whole scope: nothing outside it exists for them.
    """

    kind: Literal["guest", "system"]
    account_id: UUID
    bills: frozenset[UUID] = field(default_factory=frozenset)
    lines: bool = False

    def may_pay(self, account_id: UUID, bill_id: UUID) -> bool:
        """Whether this viewer may see that the bill exists, and pay it."""
        return self.account_id == account_id and (self.kind == "system" or bill_id in self.bills)

    def may_read_lines(self, account_id: UUID, bill_id: UUID) -> bool:
        """Whether this viewer may see what was done."""
        return self.may_pay(account_id, bill_id) and (self.kind == "system" or self.lines)


class Hidden(Exception):
    """Missing or forbidden: the same answer for both."""


def mask(first_name: str, last_name: str) -> str:
    """`J*** S***`: always three stars, so that the length tells nothing."""
    return " ".join(f"{name[:1].upper()}***" for name in (first_name.strip(), last_name.strip()) if name)
