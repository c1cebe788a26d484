"""Bills that can be tried: what to type in each lookup of each region, and what it must show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from caretill.billing import access
from caretill.core import sql
from caretill.regions import catalog
from caretill.regions.models import Lookup, Region

EACH = 3

# Open bills that nobody is paying, with how many others the same person and account have open. A lookup of a person or
# an account shows them all, so only a bill that stands alone there is a plain example.
_OPEN = """
    SELECT b.account_id, b.id, b.kind, o.of_account, o.of_person
    FROM (
        SELECT b.account_id, b.id, count(*) OVER (PARTITION BY b.account_id) AS of_account,
            count(*) OVER (PARTITION BY b.account_id, b.person_id) AS of_person,
            r.debits_posted - r.credits_posted - r.credits_pending AS payable
        FROM billing_bill b JOIN ledger_balance r ON r.account_id = b.account_id AND r.kind = 'receivable'
            AND r.ref = b.id AND r.currency = b.currency
        WHERE b.region = %s AND r.debits_posted > r.credits_posted
    ) AS o JOIN billing_bill b ON b.account_id = o.account_id AND b.id = o.id
    WHERE o.payable > 0 AND NOT EXISTS (
        SELECT 1 FROM payments_claim c WHERE c.account_id = b.account_id AND c.bill_id = b.id)
    ORDER BY substr(b.number, 2), b.number LIMIT 200
"""


@dataclass(frozen=True)
class Ready:
    """One open bill and a lookup that finds it and no other."""

    region: Region
    lookup: Lookup
    typed: dict[str, str]
    amount_due_cents: int
    kind: str
    due_date: date
    last_name: str

    def answer(self) -> dict[str, Any]:
        """As `demo --json` lists it."""
        return {
            "region": self.region.slug,
            "lookup": self.typed,
            "amount_due_cents": self.amount_due_cents,
            "kind": self.kind,
        }


def ready_bills(each: int = EACH) -> list[Ready]:
    """Up to `each` open bills for every lookup of every region; amounts are what may be paid at this moment.

    One bill stands in one place of the list only, as far as there are enough: paying it spoils no other example.
    """
    return [found for region in catalog.regions() for found in _of_region(region, each)]


def households(most: int = 2) -> list[Ready]:
    """Families that a lookup finds with several open bills; the amount is of all of them, the kind of the first due."""
    found: list[Ready] = []
    for region in catalog.regions():
        for lookup in region.lookups:
            if lookup.scope == "account" and len(found) < most:
                found += _household(region, lookup)
    return found


def _household(region: Region, lookup: Lookup) -> list[Ready]:
    rows = sorted(sql.query(_OPEN, (region.slug,)), key=lambda row: -int(row["of_account"]))
    together = [row for row in rows if row["account_id"] == rows[0]["account_id"]]
    if len(together) < 2:
        return []
    bills = sorted((_ready(region, lookup, row) for row in together), key=lambda bill: bill.due_date)
    return [replace(bills[0], amount_due_cents=sum(bill.amount_due_cents for bill in bills))]


def _of_region(region: Region, each: int) -> Iterator[Ready]:
    rows = sql.query(_OPEN, (region.slug,))
    spent: set[Any] = set()
    # The pickiest first: any open bill will do for a pay code.
    for lookup in sorted(region.lookups, key=lambda one: {"account": 0, "person": 1}.get(one.scope, 2)):
        fitting = [row for row in rows if _alone(lookup, row)]
        fresh = [row for row in fitting if row["id"] not in spent]
        for row in _varied(fresh or fitting)[:each]:
            spent.add(row["id"])
            yield _ready(region, lookup, row)


def _alone(lookup: Lookup, row: dict[str, Any]) -> bool:
    return {"account": row["of_account"], "person": row["of_person"]}.get(lookup.scope, 1) == 1


def _varied(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One of each kind first, then the rest."""
    of_kind: dict[str, dict[str, Any]] = {}
    for row in rows:
        of_kind.setdefault(row["kind"], row)
    return [*of_kind.values(), *(row for row in rows if row is not of_kind[row["kind"]])]


def _ready(region: Region, lookup: Lookup, row: dict[str, Any]) -> Ready:
    figures = access.bill_figures(row["account_id"], row["id"])
    facts = {**figures, "bill_number": figures["number"], "last_name": figures["guarantor_last"]}
    return Ready(
        region=region,
        lookup=lookup,
        typed={name: str(facts[name])[:5] if name == "zip" else str(facts[name]) for name in lookup.fields},
        amount_due_cents=figures["payable_cents"],
        kind=figures["kind"],
        due_date=date.fromisoformat(figures["due_date"]),
        last_name=figures["guarantor_last"],
    )
