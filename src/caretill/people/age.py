"""When a child is grown: from their eighteenth birthday, in the region's time zone, their care is their own."""

from __future__ import annotations

from datetime import date

GROWN = 18


def grown_on(birth_date: date) -> date:
    """The eighteenth birthday; who was born on February 29 has it on March 1 of other years."""
    try:
        return birth_date.replace(year=birth_date.year + GROWN)
    except ValueError:
        return date(birth_date.year + GROWN, 3, 1)


def grown(birth_date: date | None, relation: str, today: date) -> bool:
    """Whether a person on an account is a child of 18 or more. `today` is the day in the region's time zone."""
    return relation == "child" and birth_date is not None and today >= grown_on(birth_date)
