"""Who lives in a seed: a few families with bills of every kind, brought in through the feed as every bill is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from django.db import transaction

from caretill.billing import issue
from caretill.core import clock, sql
from caretill.regions import catalog
from caretill.regions.names import normal_name

PAYEES = (("professional", "medical_group"), ("hospital", "hospital"), ("pharmacy", "hospital"))


@dataclass
class Owed:
    """A bill as its paper says: `charge_cents` is what the patient is to pay, before anything was paid here."""

    account_id: UUID
    bill_id: UUID
    region: str
    number: str
    payee: str
    kind: str
    charge_cents: int
    version: int


@dataclass
class Family:
    """One billing account and who pays it."""

    name: str
    region: str
    number: str
    health_record_number: str
    account_id: UUID | None = None
    bills: dict[UUID, Owed] = field(default_factory=dict)


class Town:
    """Families of one seed. What was delivered is remembered here, and nowhere else."""

    def __init__(self, chance: Random, families: int) -> None:
        self.chance = chance
        # Neighbours: one of them pays for the other now and then.
        every = [region.slug for region in catalog.regions()]
        regions = chance.sample(every, min(2, len(every)))
        self.families = [
            Family(
                f"Family{place}",
                chance.choice(regions),
                f"S{chance.randrange(10**8):08d}",
                f"{chance.randrange(10**9):09d}",
            )
            for place in range(families)
        ]
        self._numbers = 0

    def settle_in(self, bills: int) -> None:
        """The first delivery: every family and its bills."""
        self.deliver([(family, None) for family in self.families for _ in range(self.chance.randint(1, bills))])

    def deliver(self, wanted: list[tuple[Family, Owed | None]]) -> None:
        """One delivery: new bills, or a higher version of one with another amount."""
        today = clock.now().date()
        self._apply([self._bill(family, owed, today) for family, owed in wanted], [family for family, _ in wanted])

    def deliver_large(self, cents: int) -> list[Owed]:
        """A bill of so much for each payee, for the first family."""
        family, today, before = self.families[0], clock.now().date(), {*self.families[0].bills}
        rows = [self._bill(family, None, today) for _ in PAYEES]
        for (bill, line), (kind, payee) in zip(rows, PAYEES, strict=True):
            bill |= {"kind": kind, "payee": payee}
            line |= {"charge_cents": cents}
        self._apply(rows, [family])
        return [each for bill_id, each in family.bills.items() if bill_id not in before]

    def _apply(self, rows: list[tuple[dict[str, Any], dict[str, Any]]], families: list[Family]) -> None:
        today = clock.now().date()
        with transaction.atomic():
            issue.open_feed()
            for place, family in enumerate({family.number: family for family in families}.values(), 1):
                _put("feed_account", _account(family, place))
                _put("feed_person", _person(family, place))
            for place, (bill, line) in enumerate(rows, 1):
                _put("feed_bill", bill | {"row": place})
                _put("feed_line", line | {"row": place})
            answer = issue.apply_feed("life", {family.region: today for family in families})
        assert not answer["problems"], answer
        # In life another program reads the feed; here each later commit would empty its tables once more.
        sql.execute("DISCARD TEMP")
        self._remember(rows)

    def owed(self) -> list[Owed]:
        """Every bill of the town, in the order of their numbers."""
        found = [bill for family in self.families for bill in family.bills.values()]
        return sorted(found, key=lambda bill: bill.number)

    def _bill(self, family: Family, owed: Owed | None, today: date) -> tuple[dict[str, Any], dict[str, Any]]:
        if owed is None:
            self._numbers += 1
            number = f"{family.number}{self._numbers:03d}"
            kind, payee = self.chance.choice(PAYEES)
            version = 1
        else:
            number, kind, payee, version = owed.number, owed.kind, owed.payee, owed.version + 1
        care = today - timedelta(days=self.chance.randint(5, 60))
        cents = self.chance.choice((1, 99, 4_000, 12_345, 20_000, 50_001, 120_000, self.chance.randint(2, 90_000)))
        bill = {
            "region": family.region, "account_number": family.number, "number": number,
            "health_record_number": family.health_record_number, "provider_name": "Dr. Rosa Prueba", "kind": kind,
            "payee": payee, "service_from": care, "service_to": care, "issue_date": today,
            "due_date": today + timedelta(days=30), "currency": "USD", "version": version,
        }  # fmt: skip
        line = {
            "region": family.region, "bill_number": number, "line_no": 1, "service_date": care,
            "code_system": "local", "code": "100", "text": "Visit", "units": 1, "charge_cents": cents,
            "discount_cents": 0, "plan_paid_cents": 0, "written_off_cents": 0, "copay_cents": 0,
            "deductible_cents": 0, "coinsurance_cents": 0, "not_covered_cents": 0,
        }  # fmt: skip
        return bill, line

    def _remember(self, rows: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
        by_number = {family.number: family for family in self.families}
        for bill, line in rows:
            family = by_number[bill["account_number"]]
            found = sql.one(
                "SELECT account_id, id FROM billing_bill WHERE region = %s AND number = %s",
                (family.region, bill["number"]),
            )
            assert found is not None
            family.account_id = found["account_id"]
            family.bills[found["id"]] = Owed(
                found["account_id"],
                found["id"],
                family.region,
                bill["number"],
                bill["payee"],
                bill["kind"],
                line["charge_cents"],
                bill["version"],
            )


def _account(family: Family, place: int) -> dict[str, Any]:
    return {
        "row": place, "region": family.region, "number": family.number, "first_name": "Pat",
        "last_name": family.name, "last_norm": normal_name(family.name), "street": "1 Example Street",
        "city": "Sampleton", "state": "OR", "zip": "97201", "email": "", "phone": "", "language": "en",
        "group_number": "123456", "subgroup": "001", "bill_group": "AA",
    }  # fmt: skip


def _person(family: Family, place: int) -> dict[str, Any]:
    return {
        "row": place, "region": family.region, "account_number": family.number,
        "health_record_number": family.health_record_number, "first_name": "Pat", "last_name": family.name,
        "last_norm": normal_name(family.name), "birth_date": date(1980, 5, 6), "relation": "self",
    }  # fmt: skip


def _put(table: str, row: dict[str, Any]) -> None:
    names, marks = ", ".join(row), ", ".join(["%s"] * len(row))
    sql.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))
