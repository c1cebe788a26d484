"""What an organisation offers as payment plans, and what the states say of them, as dated rows (rules.md BIL-4, CRE-1).

The rows stand in `plan_rules.toml` with their source. A state without a row gets the strictest of each.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from caretill.regions.reading import Table

FREE_PAYMENTS = 4  # more than so many, or any charge, can make who offers it a creditor (12 CFR 1026.2(a)(17))
MOST_PAYMENTS = 36
LEAST_CENTS = 2_500


@dataclass(frozen=True, eq=False)
class PlanTerms:
    """`[plans]` of organisation.toml. Beyond four payments only with `disclosure`, the organisation's own text."""

    most_payments: int = FREE_PAYMENTS
    least_cents: int = LEAST_CENTS
    disclosure: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StateRule:
    """One dated row. None: this state says nothing of it.

    `forgiven_after`: what is left after so many payments is no longer owed. `interest_most_percent`: a year.
    `income_percent_*`: of a household's monthly income, the most that a month's payments may be.
    """

    name: str
    forgiven_after: int | None
    interest_most_percent: float | None
    income_percent_hospital: int | None
    income_percent_professional: int | None
    card_may_be_asked: bool
    source: str


def read_plan_terms(table: Table, languages: tuple[str, ...]) -> PlanTerms:
    """The table as it stands in the file; a fault where more than four payments have no disclosure."""
    most = table.whole("most_payments", 2, MOST_PAYMENTS, needed=False) or FREE_PAYMENTS
    least = table.whole("least_cents", 100, 1_000_000, needed=False) or LEAST_CENTS
    disclosure = table.words("disclosure", languages, longest=4000, needed=False)
    if most > FREE_PAYMENTS and not disclosure:
        table.fault(
            "most_payments",
            f'"most_payments" in {table.title}: more than {FREE_PAYMENTS} payments need a "disclosure"'
            " (Regulation Z, 12 CFR 1026): its text comes from your counsel",
        )
    table.close()
    return PlanTerms(most, least, disclosure)


def rule(state: str, day: date) -> StateRule:
    """What a state (two letters) says that day; where nothing is known of it, the strictest of all rows of that day."""
    live = [row for row in _rows() if row.since <= day <= row.until]
    found = next((row.rule for row in live if row.state == state.upper()), None)
    return found or _strictest([row.rule for row in live])


@dataclass(frozen=True)
class _Row:
    state: str
    since: date
    until: date
    rule: StateRule


@functools.cache
def _rows() -> list[_Row]:
    path = Path(__file__).with_name("plan_rules.toml")
    found = []
    for row in tomllib.loads(path.read_text(encoding="utf-8"))["rules"]:
        each = StateRule(
            name=f"{row['state']} {row['since'].isoformat()}",
            forgiven_after=row.get("forgiven_after"),
            interest_most_percent=row.get("interest_most_percent"),
            income_percent_hospital=row.get("income_percent_hospital"),
            income_percent_professional=row.get("income_percent_professional"),
            card_may_be_asked=row.get("card_may_be_asked", True),
            source=row["source"],
        )
        found.append(_Row(row["state"], row["since"], row.get("until", date.max), each))
    return found


def _strictest(rows: list[StateRule]) -> StateRule:
    def least(name: str) -> float | None:
        return min((value for row in rows if (value := getattr(row, name)) is not None), default=None)

    def whole(name: str) -> int | None:
        value = least(name)
        return None if value is None else int(value)

    return StateRule(
        name="strictest",
        forgiven_after=whole("forgiven_after"),
        interest_most_percent=least("interest_most_percent"),
        income_percent_hospital=whole("income_percent_hospital"),
        income_percent_professional=whole("income_percent_professional"),
        card_may_be_asked=all(row.card_may_be_asked for row in rows),
        source="the strictest of every row: nothing is known of this state",
    )
