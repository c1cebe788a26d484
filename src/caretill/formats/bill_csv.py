"""The documented CSV: five tables as data, read and written.

`docs/bill-csv.md` is written from here (`bill_docs`), and a test compares.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from caretill.formats import values
from caretill.formats.tables import Column, Family, Table

_REGION = Column("region", values.REGION, "where the account is kept")
_BILL = Column("bill_number", values.NUMBER, "number printed on the bill, unique in its region")

ACCOUNTS = Table(
    "accounts",
    "Who pays: one row for each billing account, with its guarantor and address. The latest delivery counts.",
    (
        _REGION,
        Column("account_number", values.NUMBER, "number of the billing account, unique in its region"),
        Column("guarantor_first_name", values.NAME, "first name of who answers for the bills", empty="none"),
        Column("guarantor_last_name", values.NAME, "last name; a payer may be asked for it"),
        Column("street", values.NAME, "street and number", empty="none"),
        Column("city", values.NAME, "city", empty="none"),
        Column("state", values.STATE, "state", empty="none"),
        Column("zip", values.ZIP, "ZIP; a payer may be asked for its first five digits"),
        Column("email", values.EMAIL, "email address", empty="none"),
        Column("phone", values.PHONE, "telephone number", empty="none"),
        Column("language", values.LANGUAGE, "language of letters", empty="`en`"),
        Column("group_number", values.GROUP, "group the plan belongs to", empty="none"),
        Column("subgroup", values.GROUP, "part of the group", empty="none"),
        Column("bill_group", values.BILL_GROUP, "billing unit of the group", empty="none"),
    ),
    key=("region", "account_number"),
)
PEOPLE = Table(
    "people",
    "Who was cared for: one row for each person on an account. The latest delivery counts.",
    (
        _REGION,
        Column("account_number", values.NUMBER, "account that answers for this person"),
        Column("health_record_number", values.HEALTH_RECORD, "number of the health record, unique in its region"),
        Column("first_name", values.NAME, "first name"),
        Column("last_name", values.NAME, "last name; a payer may be asked for it"),
        Column("birth_date", values.DATE, "birth date", empty="not known"),
        Column("relation", values.RELATION, "to the guarantor"),
    ),
    key=("region", "health_record_number"),
)
BILLS = Table(
    "bills",
    "One row for each bill. All its lines come in the same delivery, whatever changed.",
    (
        _REGION,
        Column("account_number", values.NUMBER, "account that owes it"),
        _BILL,
        Column("version", values.VERSION, "a higher one replaces the bill, a lower one is ignored"),
        Column("kind", values.BILL_KIND, "what sort of bill"),
        Column("payee", values.PAYEE, "who gets the money", empty="as the region has it for the kind"),
        Column("health_record_number", values.HEALTH_RECORD, "who was cared for"),
        Column("provider_name", values.NAME, "who gave the care"),
        Column("service_from", values.DATE, "first day of care"),
        Column("service_to", values.DATE, "last day of care"),
        Column("issue_date", values.DATE, "date of the bill"),
        Column("due_date", values.DATE, "date to pay by", empty="by the rule of the region"),
        Column("pay_code", values.PAY_CODE, "code printed for paying", empty="made at the first import", optional=True),
        Column("currency", values.CURRENCY, "currency of all its amounts"),
        Column("line_count", values.COUNT, "how many lines it has, to be checked", empty="not checked", optional=True),
        Column(
            "private", values.YES_NO, "whether the visit is shown to the patient alone", empty="`no`", optional=True
        ),
    ),
    key=("region", "bill_number"),
    about=("region", "bill_number"),
)
LINES = Table(
    "lines",
    "What each bill is made of. Amounts are never negative.",
    (
        _REGION,
        _BILL,
        Column("line_number", values.COUNT, "unique in its bill; lines are shown in its order"),
        Column("service_date", values.DATE, "day of care"),
        Column("code_system", values.CODE_SYSTEM, "what the code is taken from", empty="no code"),
        Column("code", values.CODE, "code of the service", empty="no code"),
        Column("description", values.TEXT, "the service in words"),
        Column("units", values.QUANTITY, "how many"),
        Column("charge", values.AMOUNT, "full price of the line"),
        Column("discount", values.AMOUNT, "taken off by agreement"),
        Column("plan_paid", values.AMOUNT, "paid by the plan or another insurer"),
        Column("copay", values.AMOUNT, "of the patient's part: co-pay"),
        Column("deductible", values.AMOUNT, "of the patient's part: deductible"),
        Column("coinsurance", values.AMOUNT, "of the patient's part: coinsurance"),
        Column("not_covered", values.AMOUNT, "of the patient's part: what the plan does not cover"),
        Column("written_off", values.AMOUNT, "given up by the payee"),
    ),
    key=("region", "bill_number", "line_number"),
    about=("region", "bill_number"),
)
PAYMENTS = Table(
    "payments",
    "What was paid outside Caretill: at the desk, by mail, in the billing system. Its bill is in the same delivery or "
    "known from an earlier one.",
    (
        _REGION,
        _BILL,
        Column("payment_number", values.SHORT_NUMBER, "unique in its bill"),
        Column("version", values.VERSION, "a higher one replaces the payment, a lower one is ignored"),
        Column("date", values.DATE, "day it was paid"),
        Column("amount", values.AMOUNT, "amount; `0` in a newer version takes the payment back"),
        Column("method", values.METHOD, "how it was paid; `desk` is a payment at the time of care"),
    ),
    key=("region", "bill_number", "payment_number"),
)
FAMILY = Family((ACCOUNTS, PEOPLE, BILLS, LINES, PAYMENTS), telling=frozenset({"account_number", "bill_number"}))


def write(rows: Iterable[Sequence[str]]) -> str:
    """Rows as text of the documented CSV; the first may be a header."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
