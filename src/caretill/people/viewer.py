"""Who is looking. A door makes a viewer; every read goes through an `access.py` that asks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

Level = Literal["see", "pay", "manage"]
LEVELS: tuple[Level, ...] = ("see", "pay", "manage")
NOBODY = UUID(int=0)  # stands for everybody on the account where a person is named


@dataclass(frozen=True)
class Reach:
    """What a member may do on one billing account: for everybody on it, and for some people more or alone.

    `selves` are the people who are this member: what is private of them stays open to them, and to nobody else.
    """

    account_id: UUID
    everybody: Level | None = None
    people: Mapping[UUID, Level] = field(default_factory=dict)
    selves: frozenset[UUID] = field(default_factory=frozenset)
    holder: bool = False

    def level(self, person_id: UUID | None) -> Level | None:
        """The most that is allowed for a person; for None, for everybody on the account."""
        held = [each for each in (self.everybody, self.people.get(person_id) if person_id else None) if each]
        return max(held, key=LEVELS.index, default=None)

    def opens(self, person_id: UUID, *, private: bool = False, grown: bool = False) -> bool:
        """Whether the care of a person is shown, not only what is owed for it.

        `private`: the feed marked the visit; it stays between it and the patient. `grown`: a child of 18 or more, whose
        care leaves the account unless they give it to somebody by name.
        """
        if person_id in self.selves:
            return True
        if private:
            return False
        return person_id in self.people or (self.everybody is not None and not grown)


@dataclass(frozen=True)
class Viewer:
    """`guest`: holds a bill's numbers, sees the least; with `lines` (after two facts of the person) what was done.
    `helper`: holds a link to help, sees what may be paid. `member`: signed in, sees what their `reaches` say.
    `system`: the house itself.

    `bills` is the whole scope of a guest or helper: nothing outside it exists for them.
    """

    kind: Literal["guest", "helper", "member", "system"]
    account_id: UUID
    bills: frozenset[UUID] = field(default_factory=frozenset)
    lines: bool = False
    login_id: UUID | None = None
    reaches: tuple[Reach, ...] = ()

    @property
    def name(self) -> str:
        """As it stands in the log of reads."""
        return f"member:{self.login_id}" if self.kind == "member" else self.kind

    @property
    def accounts(self) -> tuple[UUID, ...]:
        """The billing accounts of a member."""
        return tuple(reach.account_id for reach in self.reaches)

    def reach(self, account_id: UUID) -> Reach | None:
        """A member's reach on that account."""
        return next((reach for reach in self.reaches if reach.account_id == account_id), None)

    def allows(self, wish: Level, account_id: UUID, person_id: UUID | None) -> bool:
        """Whether a member may `wish` (see, pay, manage) for a person; for None, for everybody on the account."""
        reach = self.reach(account_id)
        held = reach.level(person_id) if reach else None
        return held is not None and LEVELS.index(held) >= LEVELS.index(wish)

    def may_pay(self, account_id: UUID, bill_id: UUID) -> bool:
        """Whether this guest may see that the bill exists, and pay it."""
        return self.account_id == account_id and (self.kind == "system" or bill_id in self.bills)

    def may_read_lines(self, account_id: UUID, bill_id: UUID) -> bool:
        """Whether this guest may see what was done."""
        return self.may_pay(account_id, bill_id) and (self.kind == "system" or self.lines)


class Hidden(Exception):
    """Missing or forbidden: the same answer for both."""


def mask(first_name: str, last_name: str) -> str:
    """`J*** S***`: always three stars, so that the length tells nothing."""
    return " ".join(f"{name[:1].upper()}***" for name in (first_name.strip(), last_name.strip()) if name)


def initial(first_name: str, last_name: str) -> str:
    """`J.`: the least that tells a helper whom they help."""
    name = first_name.strip() or last_name.strip()
    return f"{name[:1].upper()}." if name else ""
