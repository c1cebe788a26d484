"""A child is grown on the day of the eighteenth birthday, and nobody else ever is."""

from __future__ import annotations

from datetime import date

import pytest

from caretill.people.age import grown


@pytest.mark.parametrize(
    ("birth", "relation", "today", "answer"),
    [
        (date(2008, 11, 22), "child", date(2026, 11, 21), False),
        (date(2008, 11, 22), "child", date(2026, 11, 22), True),
        (date(2008, 2, 29), "child", date(2026, 2, 28), False),
        (date(2008, 2, 29), "child", date(2026, 3, 1), True),
        (date(1970, 1, 1), "spouse", date(2026, 11, 22), False),
        (None, "child", date(2026, 11, 22), False),
    ],
)
def test_grown(birth: date | None, relation: str, today: date, answer: bool) -> None:
    assert grown(birth, relation, today) is answer
