"""The CSV export of Synthea, read by header name: what is taken from each file.

Two generations of headers are known: 2.7 (`START_YEAR`, `OWNERSHIP`, `OWNERNAME`) and 3 (`START_DATE`,
`PLAN_OWNERSHIP`, `OWNER_NAME`). Columns that are not needed are passed over. What the columns mean for a bill is said
in `docs/operate/import.md` and done in `caretill.intake`.
"""

from __future__ import annotations

from caretill.formats import values
from caretill.formats.tables import Column, Family, Table
from caretill.formats.values import Kind


def _dollars(cells: list[str]) -> list[str]:
    parts = [cell.partition(".") for cell in cells]
    return [whole + part[:2].ljust(2, "0") for whole, _, part in parts]


def _days(cells: list[str]) -> list[str]:
    return [cell[:10] for cell in cells]


def _zip5(cells: list[str]) -> list[str]:
    return [cell[:5] for cell in cells]


DOLLARS = Kind(
    "dollars",
    "dollars, at most two decimals that are not zero",
    r"[0-9]{1,8}(?:\.[0-9]{1,2}0*)?",
    "not_a_number",
    (
        ("negative", r"-[0-9].*"),
        ("too_many_decimals", r"[0-9]+\.[0-9]{3,}"),
        ("too_big", r"[0-9]{9,}(?:\.[0-9]*)?"),
    ),
    evens=_dollars,
)
MOMENT = Kind(
    "moment",
    "`YYYY-MM-DD`, perhaps with a time in UTC; the day is taken",
    values.DATE.pattern + r"(?:T[0-9:.]+Z)?",
    "not_a_date",
    evens=_days,
)
START = Kind(
    "start", "a year, a date or a date with a time", r"[0-9]{4}(?:-[0-9]{2}-[0-9]{2}(?:T[0-9:.]+Z)?)?", "not_a_date"
)
KEY = Kind("key", "the identity of a row", r"[A-Za-z0-9][A-Za-z0-9-]*", "not_a_code", longest=60)
WORD = Kind("word", "a short word", r"[A-Za-z0-9_]*", "not_a_code", longest=30)
PLAN = Kind("address part", "any text on one line", r"[^\n]*", "empty", longest=100, card_checked=True)
UNITS = Kind("units", "a quantity", r"[0-9]{1,6}(?:\.[0-9]+)?", "not_a_quantity")
POSTAL = Kind("ZIP", "5 or 9 digits", r"[0-9]{5}(?:-?[0-9]{4})?", "not_a_code", evens=_zip5)

PATIENTS = Table(
    "patients",
    "who was cared for",
    (
        Column("id", KEY),
        Column("birthdate", values.DATE),
        Column("first", values.NAME),
        Column("last", values.NAME),
        Column("address", PLAN, empty="none"),
        Column("city", PLAN, empty="none"),
        Column("state", PLAN, empty="none"),
        Column("zip", POSTAL, empty="made from the region"),
    ),
    key=("id",),
)
PAYER_TRANSITIONS = Table(
    "payer_transitions",
    "whose plan covered a patient: the latest names the guarantor",
    (
        Column("patient", KEY),
        Column("start_date", START, other_names=("start_year",)),
        Column("payer", KEY, empty="none"),
        Column("plan_ownership", WORD, empty="none", other_names=("ownership",)),
        Column("owner_name", values.NAME, empty="none", other_names=("ownername",)),
    ),
    key=(),
)
CLAIMS = Table(
    "claims",
    "a bill each",
    (
        Column("id", KEY),
        Column("patientid", KEY),
        Column("providerid", KEY, empty="none"),
        Column("appointmentid", KEY, empty="none"),
        Column("servicedate", MOMENT),
        Column("lastbilleddatep", MOMENT, empty="the service date"),
        Column("healthcareclaimtypeid1", WORD, empty="professional"),
    ),
    key=("id",),
    about=("id",),
)
TRANSACTIONS = Table(
    "claims_transactions",
    "charges, payments and transfers of the claims",
    (
        Column("claimid", KEY),
        Column("chargeid", values.VERSION),
        Column("type", WORD),
        Column("amount", DOLLARS, empty="0"),
        Column("method", WORD, empty="none"),
        Column("fromdate", MOMENT),
        Column("procedurecode", values.CODE, empty="no code"),
        Column("units", UNITS, empty="1"),
        Column("notes", values.TEXT, empty="the code"),
        Column("transfertype", WORD, empty="none"),
        Column("payments", DOLLARS, empty="0"),
        Column("adjustments", DOLLARS, empty="0"),
    ),
    key=("id",),
    about=("claimid",),
)
ENCOUNTERS = Table(
    "encounters",
    "days of care and who gave it",
    (
        Column("id", KEY),
        Column("start", MOMENT),
        Column("stop", MOMENT, empty="the first day"),
        Column("organization", KEY, empty="none"),
        Column("provider", KEY, empty="none"),
    ),
    key=("id",),
)
ORGANIZATIONS = Table("organizations", "names", (Column("id", KEY), Column("name", values.NAME)), key=("id",))
PROVIDERS = Table("providers", "names", (Column("id", KEY), Column("name", values.NAME)), key=("id",))
MEDICATIONS = Table("medications", "codes of medications", (Column("code", values.CODE),), key=())

FAMILY = {
    table.name: Family((table,), strict=False)
    for table in (
        PATIENTS,
        PAYER_TRANSITIONS,
        CLAIMS,
        TRANSACTIONS,
        ENCOUNTERS,
        ORGANIZATIONS,
        PROVIDERS,
        MEDICATIONS,
    )
}
NEEDED = ("patients", "claims", "claims_transactions", "encounters", "organizations", "providers", "medications")
