"""A guarantor with several people on the account, each with a bill: Juana (self), Olmo (spouse), Iker, Ane (children).

Ane turns 18 on the day given, by default two months after `cast.TODAY`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction

from caretill.billing import issue
from caretill.core import sql
from caretill.regions.names import normal_name
from house.cast import TODAY, _put

GROWS_UP = date(2027, 1, 22)
PROVIDERS = ("Dr. Rosa Prueba", "Dr. Sol Ensayo", "Dr. Luz Modelo", "Dr. Mar Ejemplo")  # told apart on pages
SERVICES = ("Blood test", "Ear check", "Knee picture", "Flu shot")
PEOPLE = {
    "Juana": ("self", date(1980, 2, 3)),
    "Olmo": ("spouse", date(1979, 8, 9)),
    "Ane": ("child", date(GROWS_UP.year - 18, GROWS_UP.month, GROWS_UP.day)),
    "Iker": ("child", date(2014, 5, 6)),
}


@dataclass(frozen=True)
class Family:
    """People and bills by first name."""

    account_id: UUID
    region: str
    people: dict[str, UUID]
    bills: dict[str, UUID]


def a_family(
    name: str = "1", *, region: str = "oregon", private: tuple[str, ...] = (), grows_up: date = GROWS_UP
) -> Family:
    """Bring them in through the feed, 100.00 a bill; `private` names whose visit is marked."""
    digits = int(hashlib.sha256(f"family{region}{name}".encode()).hexdigest()[:12], 16)
    account = f"K{digits % 10**8:08d}"
    name_of = {"last_name": "Solano", "last_norm": normal_name("Solano")}
    with transaction.atomic():
        issue.open_feed()
        _put("feed_account", {
            "row": 1, "region": region, "number": account, "first_name": "Juana", "street": "1 Example Street",
            "city": "Sampleton", "state": "OR", "zip": "97201", "email": "juana@example.org", "phone": "",
            "language": "en", "group_number": "123456", "subgroup": "001", "bill_group": "AA", **name_of,
        })  # fmt: skip
        for place, (first, (relation, born)) in enumerate(PEOPLE.items(), 1):
            record = f"{(digits + place) % 10**9:09d}"
            birth = born if first != "Ane" else grows_up.replace(year=grows_up.year - 18)
            _put("feed_person", {
                "row": place, "region": region, "account_number": account, "health_record_number": record,
                "first_name": first, "birth_date": birth, "relation": relation, **name_of,
            })  # fmt: skip
            _bill(place, region, account, record, first in private)
        answer = issue.apply_feed("test", {region: TODAY})
        assert not answer["problems"]
    rows = sql.query(
        "SELECT p.account_id, p.first_name, p.id AS person_id, b.id AS bill_id FROM people_person p JOIN billing_bill b"
        " ON b.account_id = p.account_id AND b.person_id = p.id JOIN people_account a ON a.account_id = p.account_id"
        " WHERE a.number = %s AND a.region = %s",
        (account, region),
    )
    people = {row["first_name"]: row["person_id"] for row in rows}
    return Family(rows[0]["account_id"], region, people, {row["first_name"]: row["bill_id"] for row in rows})


def _bill(place: int, region: str, account: str, record: str, private: bool) -> None:
    care, number = date(2026, 10, 1), f"{account}{place}"
    _put("feed_bill", {
        "row": place, "region": region, "account_number": account, "number": number, "health_record_number": record,
        "kind": "professional", "payee": "medical_group", "provider_name": PROVIDERS[place - 1], "service_from": care,
        "service_to": care, "issue_date": date(2026, 11, 1), "due_date": date(2026, 12, 15), "currency": "USD",
        "version": 1, "private": private,
    })  # fmt: skip
    line: dict[str, Any] = dict.fromkeys(
        ("discount_cents", "plan_paid_cents", "written_off_cents", "copay_cents", "deductible_cents",
         "coinsurance_cents", "not_covered_cents"), 0,
    )  # fmt: skip
    text = SERVICES[place - 1]
    _put("feed_line", line | {
        "row": place, "region": region, "bill_number": number, "line_no": 1, "service_date": care,
        "code_system": "local", "code": "100", "text": text, "units": 1, "charge_cents": 10_000,
    })  # fmt: skip
