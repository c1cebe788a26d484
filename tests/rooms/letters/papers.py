"""Figures for papers, shaped as `billing.access.bill_figures` and `payments.access.receipt_figures` give them."""

from __future__ import annotations

from typing import Any

from caretill.letters.statements import statement_pdf

BILL: dict[str, Any] = {
    "account_id": "01938a00-0000-7000-8000-000000000001",
    "bill_id": "01938a00-0000-7000-8000-000000000002",
    "region": "california",
    "number": "H0012345678",
    "pay_code": "ETVPYSB5QDQWV",
    "kind": "hospital",
    "payee": "hospital",
    "provider_name": "Larkspur Sacramento Hospital",
    "service_from": "2026-09-28",
    "service_to": "2026-09-30",
    "issue_date": "2026-10-20",
    "due_date": "2026-12-04",
    "version": 2,
    "currency": "USD",
    "language": "en",
    "guarantor_first": "Maria T.",
    "guarantor_last": "Santos Rivera",
    "guarantor_name": "Maria T. Santos Rivera",
    "masked_name": "M*** S***",
    "patient_name": "Daniel Rivera",
    "account_number": "F00123456",
    "health_record_number": "001234567",
    "group_number": "770123",
    "subgroup": "001",
    "bill_group": "A1",
    "zip": "95801",
    "mail_to": {"name": "Maria T. Santos Rivera", "lines": ["1200 Sample Street, Apt 4", "Sacramento, CA 95801"]},
    "charged_cents": 940_000,
    "discount_cents": 516_550,
    "plan_paid_cents": 290_000,
    "written_off_cents": 0,
    "desk_paid_cents": 2_000,
    "elsewhere_paid_cents": 0,
    "paid_here_cents": 10_000,
    "your_part_cents": 133_450,
    "open_cents": 121_450,
    "pending_cents": 0,
    "payable_cents": 121_450,
    "credit_cents": 0,
    "status": "partly_paid",
    "lines": [
        {
            "line_no": 1,
            "service_date": "2026-09-28",
            "code_system": "SNOMED",
            "code": "305351004",
            "text": "Admission to intensive care unit (procedure)",
            "units": "2",
            "charge_cents": 620_000,
            "discount_cents": 400_000,
            "plan_paid_cents": 150_000,
            "written_off_cents": 0,
            "copay_cents": 2_000,
            "deductible_cents": 50_000,
            "coinsurance_cents": 18_000,
            "not_covered_cents": 0,
        },
        {
            "line_no": 2,
            "service_date": "2026-09-28",
            "code_system": "SNOMED",
            "code": "168594001",
            "text": "Plain X-ray of clavicle (procedure)",
            "units": "1",
            "charge_cents": 120_000,
            "discount_cents": 60_000,
            "plan_paid_cents": 40_000,
            "written_off_cents": 0,
            "copay_cents": 0,
            "deductible_cents": 0,
            "coinsurance_cents": 20_000,
            "not_covered_cents": 0,
        },
        {
            "line_no": 3,
            "service_date": "2026-09-29",
            "code_system": "SNOMED",
            "code": "430193006",
            "text": "Medication reconciliation (procedure)",
            "units": "1",
            "charge_cents": 200_000,
            "discount_cents": 56_550,
            "plan_paid_cents": 100_000,
            "written_off_cents": 0,
            "copay_cents": 0,
            "deductible_cents": 0,
            "coinsurance_cents": 0,
            "not_covered_cents": 43_450,
        },
    ],
    "changes": [
        {
            "from_version": 1,
            "to_version": 2,
            "at": "2026-10-28T17:00:00+00:00",
            "deltas": {"plan_paid": -20_000},
        }
    ],
    "payments": [
        {"date": "2026-09-28", "kind": "desk", "method": "desk", "amount_cents": 2_000},
        {"date": "2026-10-30", "kind": "here", "method": "payment", "amount_cents": 10_000},
    ],
}


def bill(**changed: Any) -> dict[str, Any]:
    """The sample bill with some figures changed."""
    return {**BILL, **changed}


PAID = bill(open_cents=0, payable_cents=0, paid_here_cents=131_450, status="paid")
IN_CREDIT = bill(
    region="hawaii",
    number="R0000000042",
    kind="pharmacy",
    charged_cents=2,
    discount_cents=0,
    plan_paid_cents=0,
    desk_paid_cents=7_500,
    paid_here_cents=0,
    your_part_cents=2,
    open_cents=0,
    payable_cents=0,
    credit_cents=7_498,
    status="credit",
    changes=[],
    payments=[{"date": "2026-09-28", "kind": "desk", "method": "desk", "amount_cents": 7_500}],
    lines=[
        {
            "line_no": 1,
            "service_date": "2026-09-28",
            "code_system": "RXNORM",
            "code": "314076",
            "text": "lisinopril 10 MG Oral Tablet",
            "units": "1",
            "charge_cents": 2,
            "discount_cents": 0,
            "plan_paid_cents": 0,
        }
    ],
)
LONG = bill(
    region="maryland",
    kind="professional",
    payee="medical_group",
    number="P0012345678",
    status="overdue",
    elsewhere_paid_cents=1_000,
    written_off_cents=500,
    paid_here_cents=8_500,
    lines=[{**BILL["lines"][number % 3], "line_no": number + 1} for number in range(40)],
    charged_cents=sum(BILL["lines"][number % 3]["charge_cents"] for number in range(40)),
)

RECEIPT: dict[str, Any] = {
    "reference": "LK-7Q4M-22PX",
    "check_code": "ABCDE12345F",
    "state": "succeeded",
    "paid_at": "2026-11-22T17:31:00+00:00",
    "business_date": "2026-11-22",
    "amount_cents": 26_450,
    "currency": "USD",
    "payee_names": ["Larkspur Hospitals", "Larkspur Medical Group"],
    "payer_name": "Maria Santos",
    "method_label": "Visa ending 4242",
    "parts": [
        {
            "bill_number": "H0012345678",
            "kind": "hospital",
            "payee": "hospital",
            "payee_name": "Larkspur Hospitals",
            "amount_cents": 21_450,
            "left_cents": 100_000,
        },
        {
            "bill_number": "P0012345678",
            "kind": "professional",
            "payee": "medical_group",
            "payee_name": "Larkspur Medical Group",
            "amount_cents": 5_000,
            "left_cents": 0,
        },
    ],
    "refunded_cents": 0,
    "region": "california",
    "language": "en",
    "masked_name": "M*** S***",
}


def statement(figures: dict[str, Any], language: str = "en") -> bytes:
    """The statement of these figures by the demo organisation."""
    return statement_pdf(figures, language)
