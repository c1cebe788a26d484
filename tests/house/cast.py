"""People and bills for tests: they come in the way every bill does, through the feed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from caretill.billing import access, issue
from caretill.core import sql
from caretill.payments.take import Ask
from caretill.regions.names import normal_name

TODAY = date(2026, 11, 22)


@dataclass(frozen=True)
class Bill:
    """A bill that stands in the database, with all that is printed on its paper."""

    account_id: UUID
    bill_id: UUID
    region: str
    number: str
    pay_code: str
    account_number: str
    health_record_number: str
    last_name: str
    zip: str

    def figures(self) -> dict[str, Any]:
        return access.bill_figures(self.account_id, self.bill_id)

    def ask(self, amount_cents: int, **changes: Any) -> Ask:
        """What a guest's browser would ask."""
        given: dict[str, Any] = {
            "key": uuid4(),
            "account_id": self.account_id,
            "region": self.region,
            "parts": ((self.bill_id, amount_cents),),
            "payer_name": "Pat Payer",
            "email": "pat@example.org",
            "language": "en",
            "visit": b"one browser",
            "statement_name": "Larkspur Health",
            "processor_account": "main",
        }
        return Ask(**given | changes)


def _put(table: str, row: dict[str, Any]) -> None:
    names, marks = ", ".join(row), ", ".join(["%s"] * len(row))
    sql.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))


def _household(keys: dict[str, str], last_name: str) -> None:
    name = {"row": 1, "region": keys["region"], "last_name": last_name, "last_norm": normal_name(last_name)}
    account = {
        "number": keys["account_number"], "first_name": "Juana", "street": "1 Example Street",
        "city": "Sampleton", "state": "OR", "zip": "97201", "email": "juana@example.org", "phone": "",
        "language": "es", "group_number": "123456", "subgroup": "001", "bill_group": "AA",
    }  # fmt: skip
    person = {
        "account_number": keys["account_number"], "health_record_number": keys["health_record_number"],
        "first_name": "Iker", "birth_date": date(2014, 5, 6), "relation": "child",
    }  # fmt: skip
    _put("feed_account", name | account)
    _put("feed_person", name | person)


def _bill_and_line(keys: dict[str, str], bill: dict[str, Any], line: dict[str, Any]) -> None:
    care = date(2026, 10, 1)
    _put(
        "feed_bill",
        bill
        | {
            "row": 1, "region": keys["region"], "account_number": keys["account_number"],
            "number": keys["bill_number"], "health_record_number": keys["health_record_number"],
            "provider_name": "Dr. Rosa Prueba", "service_from": care, "service_to": care,
            "issue_date": date(2026, 11, 1), "currency": "USD",
        },
    )  # fmt: skip
    _put(
        "feed_line",
        line
        | {
            "row": 1, "region": keys["region"], "bill_number": keys["bill_number"], "line_no": 1,
            "service_date": care, "code_system": "local", "code": "100", "text": "Office visit", "units": 1,
            "written_off_cents": 0, "copay_cents": 0, "deductible_cents": 0, "coinsurance_cents": 0,
            "not_covered_cents": 0,
        },
    )  # fmt: skip


def a_bill(
    charge_cents: int = 20_000,
    *,
    region: str = "oregon",
    family: str = "1",
    number: str = "",
    version: int = 1,
    kind: str = "professional",
    payee: str = "medical_group",
    discount_cents: int = 0,
    plan_paid_cents: int = 0,
    desk_cents: int = 0,
    desk_version: int = 1,
    due: date = date(2026, 12, 15),
    last_name: str = "Solano",
) -> Bill:
    """Bring one bill in (again, with a higher version). Families and bills are told apart by their words."""
    digits = int(hashlib.sha256(f"{region}{family}".encode()).hexdigest()[:12], 16)
    account_number, hrn = f"F{digits % 10**8:08d}", f"{digits % 10**9:09d}"
    number = number or f"P{int(hashlib.sha256((account_number + family).encode()).hexdigest()[:12], 16) % 10**10:010d}"
    keys = {"region": region, "account_number": account_number, "health_record_number": hrn, "bill_number": number}
    with transaction.atomic():
        issue.open_feed()
        _household(keys, last_name)
        _bill_and_line(
            keys,
            {"kind": kind, "payee": payee, "due_date": due, "version": version},
            {"charge_cents": charge_cents, "discount_cents": discount_cents, "plan_paid_cents": plan_paid_cents},
        )
        if desk_cents or desk_version > 1:
            paid = {"row": 1, "region": region, "bill_number": number, "number": "D1", "version": desk_version}
            _put("feed_payment", paid | {"paid_on": date(2026, 10, 1), "amount_cents": desk_cents, "method": "desk"})
        answer = issue.apply_feed("test", {region: TODAY})
        problems = sql.query("SELECT problem FROM feed_bill WHERE problem IS NOT NULL")
    assert not problems and not answer["problems"], problems
    found = "SELECT account_id, id, pay_code FROM billing_bill WHERE number = %s AND region = %s"
    row = sql.one(found, (number, region))
    assert row is not None
    return Bill(row["account_id"], row["id"], region, number, row["pay_code"], account_number, hrn, last_name, "97201")
