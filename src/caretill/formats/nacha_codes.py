"""What return codes and notifications of change mean: dated settings, kept in `nacha_codes.toml` beside this file.

Sources: the Nacha rules as rules.md sums them up (ACH-4 to ACH-6) and the public tables of codes. The words are ours.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from caretill.formats import nacha

_FILE = Path(__file__).with_name("nacha_codes.toml")
HANDLINGS = (
    "re_present", "disable", "revoke", "correct", "hold", "bereaved", "alarm", "office", "dishonoured", "contested",
)  # fmt: skip
_ACCOUNT_TYPES = {2: "checking", 3: "savings"}


@dataclass(frozen=True)
class ReturnCode:
    """`window_days` counts banking days, or calendar days where `calendar`; None where the banks agree on one.

    `fits` are the classes of entries it can come for: one that does not fit is applied all the same, and a person is
    told. `counts` is the rate it adds to beside the overall one: `unauthorised`, `administrative` or `""`.
    """

    code: str
    name: str
    handling: str
    window_days: int | None
    calendar: bool
    fits: frozenset[str]
    counts: str


@dataclass(frozen=True)
class ChangeCode:
    code: str
    name: str
    fields: dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Corrected:
    """What a notification of change puts right; `""` where it says nothing. Never shown: numbers of accounts."""

    routing: str = ""
    account: str = field(default="", repr=False)
    account_type: str = ""
    name: str = field(default="", repr=False)
    individual_id: str = field(default="", repr=False)


@dataclass(frozen=True)
class Windows:
    correct_days: int
    again_days: int
    again_most: int
    change_banking_days: int


@dataclass(frozen=True)
class Thresholds:
    """Rates as entries of ten thousand debits within `days`; new mandates are held at `hold_percent` of one.

    Fewer returns than `hold_least` hold nothing: of a hundred debits one is a percent, and says little.
    """

    days: int
    unauthorised: int
    administrative: int
    overall: int
    hold_percent: int
    hold_least: int


class UnknownCode(KeyError):
    """A code that no table knows on that day."""


class BadCorrection(ValueError):
    """Corrected data that cannot be used. `code` is `routing`, `account`, `account_type`, `name` or `empty`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@cache
def _settings() -> dict[str, Any]:
    with _FILE.open("rb") as file:
        return tomllib.load(file)


@cache
def _tables(kind: str) -> list[tuple[date, dict[str, Any]]]:
    return sorted((date.fromisoformat(since), rows) for since, rows in _settings()[kind].items())


def _row(kind: str, code: str, day: date) -> dict[str, Any]:
    rows = [table[code] for since, table in _tables(kind) if since <= day and code in table]
    if not rows:
        raise UnknownCode(code)
    row: dict[str, Any] = rows[-1]
    return row


def return_codes() -> list[str]:
    """Every return code that some table knows, in order."""
    return sorted({code for _, table in _tables("returns") for code in table})


def change_codes() -> list[str]:
    return sorted({code for _, table in _tables("changes") for code in table})


def returned(code: str, day: date) -> ReturnCode:
    """What a return code meant on that day. Raises UnknownCode."""
    row = _row("returns", code, day)
    window = row["window"]
    return ReturnCode(
        code=code,
        name=row["name"],
        handling=row["handling"],
        window_days=int(window[:-1]) if window else None,
        calendar=window.endswith("c"),
        fits=_classes(row["fits"]),
        counts=row.get("counts", ""),
    )


def _classes(fits: str) -> frozenset[str]:
    business = frozenset(("CCD", "CTX", "CBR"))
    consumer = nacha.CONSUMER_SEC | {"PBR"}
    ours = frozenset(("PPD", "WEB", "TEL"))
    return {
        "any": nacha.READ_SEC,
        "consumer": consumer,
        "business": business,
        "other": nacha.READ_SEC - ours - business,
    }[fits]


def change(code: str, day: date) -> ChangeCode:
    """What a notification of change puts right, by the table of that day. Raises UnknownCode."""
    row = _row("changes", code, day)
    return ChangeCode(code, row["name"], {name: (first, last) for name, (first, last) in row["fields"].items()})


def corrected(code: str, raw: str, day: date) -> Corrected:
    """The corrected data of an addenda 98, taken apart and checked. Raises UnknownCode, BadCorrection."""
    padded = raw.ljust(29)
    found = {name: padded[first - 1 : last].strip() for name, (first, last) in change(code, day).fields.items()}
    if found and not any(found.values()):
        raise BadCorrection("empty")
    if "routing" in found and nacha.routing_fault(found["routing"]):
        raise BadCorrection("routing")
    if "account" in found and nacha.account_fault(nacha.bare_number(found["account"])):
        raise BadCorrection("account")
    account_type = ""
    if "code" in found:
        account_type = _ACCOUNT_TYPES.get(int(found["code"]) // 10, "") if found["code"].isdecimal() else ""
        if not account_type or int(found["code"]) not in nacha.TRANSACTION_CODES:
            raise BadCorrection("account_type")
    return Corrected(
        routing=found.get("routing", ""),
        account=nacha.bare_number(found.get("account", "")),
        account_type=account_type,
        name=found.get("name", ""),
        individual_id=found.get("individual_id", ""),
    )


def windows() -> Windows:
    return Windows(**_settings()["windows"])


def thresholds() -> Thresholds:
    return Thresholds(**_settings()["thresholds"])
