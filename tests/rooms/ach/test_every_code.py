"""Every return code and change code for every class of entry that is written: the end state, by a table written here.

The table is the design's, not the program's: what is not named in it is a person's business.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest

from caretill.ach import settle
from caretill.core import clock, sql
from caretill.formats import nacha_codes
from caretill.methods import access, mandates
from caretill.payments.charge import charge
from house.cast import Bill, a_bill
from house.debits import MONDAY, a_change, a_return, entry, filed, state, took
from house.saved import a_bank, saved_ask

CLASSES = ("PPD", "WEB", "TEL", "CCD")
CHANNELS = {
    "PPD": ("paper", "paper:1"),
    "WEB": ("member", ""),
    "TEL": ("phone", "recording:1;written:2"),
    "CCD": ("member", ""),
}
# What happens to the account, to what was agreed, whether it is presented again, and the note for the office.
BEYOND = {
    **dict.fromkeys(("R01", "R09"), ("ready", True, True, "")),
    **dict.fromkeys(("R02", "R03", "R04", "R12", "R13", "R20", "R28"), ("disabled", True, False, "")),
    **dict.fromkeys(("R05", "R07", "R10", "R29", "R51"), ("ready", False, False, "")),
    "R11": ("ready", True, False, "correct"),
    **dict.fromkeys(("R08", "R16"), ("disabled", True, False, "ask_first")),
    **dict.fromkeys(("R14", "R15"), ("disabled", False, False, "bereaved")),
    "R24": ("ready", True, False, "duplicate_alarm"),
}
OFFICE = ("ready", True, False, "office")
BUSINESS, CONSUMER = {"R05", "R29", "R31"}, {"R07", "R10", "R11"}
SEQUELS = {code for code in nacha_codes.return_codes() if "R61" <= code <= "R77"}
CHANGED = {"C01", "C02", "C03", "C05", "C06", "C07"}
DATA = {
    "C01": "1918171614", "C02": "231399991", "C03": "231399991   1918171614", "C04": "Ana Nunez", "C05": "37",
    "C06": "1918171614          37", "C07": "2313999911918171614       37", "C09": "A1",
}  # fmt: skip


def _debit(family: str, sec_code: str) -> tuple[Bill, UUID]:
    bill = a_bill(20_000, family=family)
    method = a_bank(bill)
    sql.execute("UPDATE methods_method SET corporate = %s WHERE id = %s", (sec_code == "CCD", method))
    channel, evidence = CHANNELS[sec_code]
    text = mandates.words("recurring", "en", region=bill.region, account="bank", last4="6789", account_type="checking",
                          amount_cents=1_000, day=3)  # fmt: skip
    mandate = mandates.agree(bill.account_id, method, None, "recurring", channel, text, "", evidence=evidence)  # type: ignore[arg-type]
    answer = charge(saved_ask(bill, 15_000, method, mandate_id=mandate))
    assert answer.code == "queued" and answer.payment_id
    return bill, answer.payment_id


@contextmanager
def _filed(codes: list[str], sec_code: str, *, settles: bool) -> Iterator[dict[str, tuple[Bill, UUID]]]:
    with clock.fixed(MONDAY) as now:
        made = {code: _debit(code, sec_code) for code in codes}
        filed()
        assert {entry(payment)["sec_code"] for _, payment in made.values()} == {sec_code}
        now.advance(days=1)
        if settles:
            settle.settle()
        yield made


def _ends(bill: Bill, payment: UUID) -> dict[str, Any]:
    row = entry(payment)
    method = access.by_id(bill.account_id, row["method_id"])
    again = sql.one("SELECT presentment FROM ach_again WHERE from_payment_id = %s", (payment,))
    line = sql.one("SELECT disposition, note FROM ach_returned_line WHERE entry_id = %s", (row["id"],))
    assert method and line
    return {
        "payment": state(payment),
        "owed": bill.figures()["payable_cents"],
        "entry": row["state"],
        "account": method.state,
        "mandate": mandates.live(bill.account_id, row["mandate_id"]),
        "again": again["presentment"] if again else None,
        "line": line["disposition"],
        "note": line["note"],
    }


def _expected(code: str, sec_code: str, settles: bool) -> dict[str, Any]:
    account, mandate, again, note = BEYOND.get(code, OFFICE)
    fits = sec_code == "CCD" if code in BUSINESS else sec_code != "CCD" if code in CONSUMER else code not in OTHERS
    return {
        "payment": "succeeded" if settles else "failed",
        "owed": 20_000,
        "entry": "returned",
        "account": account,
        "mandate": mandate,
        "again": 2 if again else None,
        "line": "applied",
        "note": note or ("" if fits else "does_not_fit"),
    }


# Codes that come only for entries of kinds that are not written here: the money is back all the same.
OTHERS = {
    "R30", "R33", "R37", "R38", "R39", "R40", "R41", "R42", "R43", "R44", "R45", "R46", "R47", "R50", "R51", "R52",
    "R53", "R80", "R81", "R82", "R83", "R84",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("settles", [False, True], ids=["before settlement", "after settlement"])
@pytest.mark.parametrize("sec_code", CLASSES)
def test_every_return_code(db: None, sec_code: str, settles: bool) -> None:
    codes = [code for code in nacha_codes.return_codes() if code not in SEQUELS]
    with _filed(codes, sec_code, settles=settles) as made:
        told = took(*(a_return(entry(payment), code) for code, (_, payment) in made.items()))
        assert (told.lines, told.applied, told.quarantined) == (len(codes), len(codes), 0)
        assert told.reopened_cents == 15_000 * len(codes)
        wrong = {
            code: (found, _expected(code, sec_code, settles))
            for code, (bill, payment) in made.items()
            if (found := _ends(bill, payment)) != _expected(code, sec_code, settles)
        }
        assert not wrong


@pytest.mark.slow
@pytest.mark.parametrize("sec_code", CLASSES)
def test_every_sequel_of_a_return(db: None, sec_code: str) -> None:
    with _filed(sorted(SEQUELS), sec_code, settles=True) as made:
        took(*(a_return(entry(payment), "R02") for _, payment in made.values()))
        more = {"return_trace": "091499990000001", "return_settlement": "328", "return_code": "R02"}
        took(*(a_return(entry(payment), "R68", **more) for _, payment in made.values()))
        assert {bill.figures()["payable_cents"] for bill, _ in made.values()} == {5_000}
        told = took(*(a_return(entry(payment), code, **more) for code, (_, payment) in made.items()))
        contested = {code for code in SEQUELS if code >= "R71"}
        owed = {code: bill.figures()["payable_cents"] for code, (bill, _) in made.items()}
        assert owed == {code: 20_000 if code in contested else 5_000 for code in SEQUELS}
        assert (told.applied, told.repeated) == (len(contested), len(SEQUELS) - len(contested))


@pytest.mark.slow
@pytest.mark.parametrize("sec_code", CLASSES)
def test_every_change_code(db: None, sec_code: str) -> None:
    codes = nacha_codes.change_codes()
    with _filed(codes, sec_code, settles=True) as made:
        took(*(a_change(entry(payment), code, DATA.get(code, "")) for code, (_, payment) in made.items()))
        for code, (bill, payment) in made.items():
            line = sql.one("SELECT disposition, note FROM ach_returned_line WHERE code = %s", (code,))
            changed = code in CHANGED or code == "C04"
            assert line == {"disposition": "applied" if changed else "noted", "note": "" if changed else "office"}
            assert (state(payment), entry(payment)["state"]) == ("succeeded", "settled")
            assert bill.figures()["payable_cents"] == 5_000
            row = sql.one("SELECT routing, last4, account_type, state FROM methods_method m WHERE id = %s",
                          (entry(payment)["method_id"],))  # fmt: skip
            assert row == {
                "routing": "231399991" if code in ("C02", "C03", "C07") else "123456780",
                "last4": "1614" if code in ("C01", "C03", "C06", "C07") else "6789",
                "account_type": "savings" if code in ("C05", "C06", "C07") else "checking",
                "state": "ready",
            }
