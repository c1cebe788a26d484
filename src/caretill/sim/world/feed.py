"""The world's deliveries as files of the documented CSV: what `caretill import csv` reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from caretill.core import money
from caretill.formats import bill_csv
from caretill.formats.tables import Table
from caretill.sim.world.books import Delivery
from caretill.sim.world.services import CODE_SYSTEM

Rows = Iterator[dict[str, str]]


def write(folder: Path, deliveries: Iterable[tuple[str, Delivery]]) -> Path:
    """Write one file per table into `folder`, all regions together; `deliveries` are (region slug, delivery)."""
    folder.mkdir(parents=True, exist_ok=True)
    told = list(deliveries)
    tables = (
        (bill_csv.ACCOUNTS, _accounts),
        (bill_csv.PEOPLE, _people),
        (bill_csv.BILLS, _bills),
        (bill_csv.LINES, _lines),
        (bill_csv.PAYMENTS, _payments),
    )
    for table, rows_of in tables:
        rows = [row for slug, delivery in told for row in rows_of(slug, delivery)]
        path = folder / f"{table.name}.csv"
        if rows:
            path.write_text(text(table, rows), encoding="utf-8")
        else:
            path.unlink(missing_ok=True)
    return folder


def text(table: Table, rows: Iterable[dict[str, str]]) -> str:
    """Rows of a table with its header, columns in the table's order."""
    return bill_csv.write([table.names, *([row.get(name, "") for name in table.names] for row in rows)])


def _accounts(slug: str, delivery: Delivery) -> Rows:
    for family in delivery.families:
        yield {
            "region": slug,
            "account_number": family.account_number,
            "guarantor_first_name": family.payer.first_name,
            "guarantor_last_name": family.payer.last_name,
            "street": family.street,
            "city": family.city,
            "state": family.state,
            "zip": family.zip,
            "email": family.email,
            "phone": family.phone,
            "language": family.language,
            "group_number": family.group_number,
            "subgroup": family.subgroup,
            "bill_group": family.bill_group,
        }


def _people(slug: str, delivery: Delivery) -> Rows:
    for family in delivery.families:
        for person in family.people:
            yield {
                "region": slug,
                "account_number": family.account_number,
                "health_record_number": person.health_record_number,
                "first_name": person.first_name,
                "last_name": person.last_name,
                "birth_date": person.birth_date.isoformat(),
                "relation": person.relation,
            }


def _bills(slug: str, delivery: Delivery) -> Rows:
    for family, bill in delivery.bills:
        yield {
            "region": slug,
            "account_number": family.account_number,
            "bill_number": bill.number,
            "version": str(bill.version),
            "kind": bill.kind,
            "health_record_number": bill.patient.health_record_number,
            "provider_name": bill.provider,
            "service_from": bill.service_from.isoformat(),
            "service_to": bill.service_to.isoformat(),
            "issue_date": bill.issued.isoformat(),
            "pay_code": bill.pay_code,
            "currency": "USD",
            "line_count": str(len(bill.lines)),
        }


def _lines(slug: str, delivery: Delivery) -> Rows:
    for family, bill in delivery.bills:
        for line in bill.lines:
            yield {
                "region": slug,
                "bill_number": bill.number,
                "line_number": str(line.number),
                "service_date": line.day.isoformat(),
                "code_system": CODE_SYSTEM,
                "code": line.service.code,
                "description": line.service.words[family.language],
                "units": str(line.units),
                "charge": money.plain(line.charge_cents),
                "discount": money.plain(line.discount_cents),
                "plan_paid": money.plain(line.plan_paid_cents),
                "copay": money.plain(line.copay_cents),
                "deductible": money.plain(line.deductible_cents),
                "coinsurance": money.plain(line.coinsurance_cents),
                "not_covered": money.plain(line.not_covered_cents),
                "written_off": money.plain(line.written_off_cents),
            }


def _payments(slug: str, delivery: Delivery) -> Rows:
    for payment in delivery.payments:
        yield {
            "region": slug,
            "bill_number": payment.bill_number,
            "payment_number": payment.number,
            "version": "1",
            "date": payment.day.isoformat(),
            "amount": money.plain(payment.amount_cents),
            "method": payment.method,
        }
