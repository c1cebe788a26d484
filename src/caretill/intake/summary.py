"""What became of a delivery: rows by table and outcome, and totals in cents."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from uuid import UUID

from caretill.core import sql

OUTCOMES = ("read", "applied", "unchanged", "older", "rejected")


class Planned(Protocol):
    """What was read, and which rows stood twice."""

    read: dict[str, int]
    repeated: dict[str, int]


@dataclass(frozen=True)
class Summary:
    """Counts are of rows, all tables together; `tables` has them one by one. read = applied + unchanged + older +
    rejected. Figures are of the bills that stand as this delivery has them, whether it or an earlier one brought them.
    """

    delivery: str
    files: list[dict[str, Any]]
    read: int
    applied: int
    unchanged: int
    older: int
    rejected: int
    tables: dict[str, dict[str, int]]
    reasons: dict[str, int]
    figures: dict[str, int] = field(default_factory=dict)
    known: bool = False

    def again(self) -> Summary:
        """What the same delivery does when it comes once more: nothing."""
        tables = {
            name: counts | {"applied": 0, "unchanged": counts["applied"] + counts["unchanged"]}
            for name, counts in self.tables.items()
        }
        unchanged = self.applied + self.unchanged
        return replace(self, applied=0, unchanged=unchanged, tables=tables, known=True)

    def answer(self) -> dict[str, Any]:
        """The object of `--json`."""
        return {
            "delivery": self.delivery,
            "files": self.files,
            "read": self.read,
            "applied": self.applied,
            "unchanged": self.unchanged,
            "older": self.older,
            "rejected": self.rejected,
            **self.figures,
            "tables": self.tables,
            "reasons": self.reasons,
        }


def summarise(delivery_id: UUID, files: list[dict[str, Any]], plan: Planned) -> Summary:
    """Add up the sets of a delivery and what was refused."""
    tables = {name: dict.fromkeys(OUTCOMES, 0) | {"read": count} for name, count in plan.read.items()}
    figures: dict[str, int] = {}
    for row in sql.query("SELECT counts FROM intake_set WHERE delivery_id = %s", (delivery_id,)):
        counts = sql.answer(row["counts"])
        for name, outcomes in counts["tables"].items():
            for outcome, count in outcomes.items():
                tables[name][outcome] += count
        for name, amount in counts["figures"].items():
            figures[name] = figures.get(name, 0) + amount
    for name, count in plan.repeated.items():
        tables[name]["unchanged"] += count
    refused = sql.query(
        "SELECT table_name, count(DISTINCT (file, row)) AS n FROM intake_refused WHERE delivery_id = %s GROUP BY 1",
        (delivery_id,),
    )
    for row in refused:
        tables.setdefault(row["table_name"], dict.fromkeys(OUTCOMES, 0))["rejected"] = row["n"]
    reasons = sql.query(
        "SELECT reason, count(DISTINCT (file, row)) AS n FROM intake_refused WHERE delivery_id = %s GROUP BY 1"
        " ORDER BY 2 DESC, 1",
        (delivery_id,),
    )
    read, applied, unchanged, older, rejected = (sum(each[outcome] for each in tables.values()) for outcome in OUTCOMES)
    return Summary(
        delivery=str(delivery_id),
        files=files,
        tables=tables,
        reasons={row["reason"]: row["n"] for row in reasons},
        figures=figures,
        read=read,
        applied=applied,
        unchanged=unchanged,
        older=older,
        rejected=rejected,
    )


def refused(delivery_id: UUID, limit: int) -> list[dict[str, Any]]:
    """The first refused rows, in the order of the files."""
    return sql.query(
        "SELECT file, row, field, reason, table_name, value FROM intake_refused WHERE delivery_id = %s"
        " ORDER BY file, row, field LIMIT %s",
        (delivery_id, limit),
    )
