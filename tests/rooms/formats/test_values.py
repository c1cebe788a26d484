"""Each kind of value: what goes in comes out the same, what does not fit says why."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caretill.core.ids import new_pay_code
from caretill.core.money import MAX_CENTS, parse_cents, plain
from caretill.formats import values

TEST_CARD = "4242 4242 4242 4242"


@given(st.integers(0, MAX_CENTS))
def test_amounts_go_through(cents: int) -> None:
    text = plain(cents)
    assert values.AMOUNT.judge(text) is None
    assert int(values.AMOUNT.even(text)) == cents == parse_cents(text)
    if cents % 100 == 0:
        assert values.AMOUNT.judge(text[:-3]) is None
        assert int(values.AMOUNT.even(text[:-3])) == cents


@given(st.text(alphabet="0123456789.,-+eE$ ()", max_size=14))
def test_whatever_passes_as_an_amount_is_one(text: str) -> None:
    if text and values.AMOUNT.judge(text) is None:
        assert int(values.AMOUNT.even(text)) == parse_cents(text)
        assert 0 <= parse_cents(text) <= MAX_CENTS


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("12.345", "too_many_decimals"),
        ("12.5", "one_decimal"),
        ("-12.00", "negative"),
        ("\u221212.00", "negative"),
        ("(12.00)", "negative"),
        ("1e3", "not_a_number"),
        ("12,50", "not_a_number"),
        ("1,234.50", "not_a_number"),
        ("+12.00", "not_a_number"),
        ("$12.00", "not_a_number"),
        (" 12.00", "not_a_number"),
        ("12.", "not_a_number"),
        (".50", "not_a_number"),
        ("007.00", "not_a_number"),
        ("NaN", "not_a_number"),
        ("\u0661\u0662", "not_a_number"),
        ("0x10", "not_a_number"),
        ("100000000.00", "too_big"),
        ("99999999999999999999999999", "too_big"),
        ("12.00\x00", "control_character"),
        ("9" * 300, "too_long"),
    ],
)
def test_amounts_that_are_refused(text: str, reason: str) -> None:
    assert values.AMOUNT.judge(text) == reason


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_every_day_is_a_date(day: date) -> None:
    assert values.DATE.judge(day.isoformat()) is None


@given(st.integers(1900, 2099), st.integers(0, 13), st.integers(0, 32))
def test_a_date_passes_only_if_the_calendar_has_it(year: int, month: int, day: int) -> None:
    text = f"{year:04d}-{month:02d}-{day:02d}"
    try:
        date.fromisoformat(text)
    except ValueError:
        assert values.DATE.judge(text) == "no_such_day"
    else:
        assert values.DATE.judge(text) is None


def test_leap_days() -> None:
    day, last = date(1900, 2, 28), date(2099, 12, 31)
    while day <= last:
        following = day + timedelta(days=1)
        assert (values.DATE.judge(f"{day.year}-02-29") is None) == (following.month == 2)
        day = day.replace(year=day.year + 1) if day.year < 2099 else last + timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("01/02/2026", "not_a_date"), ("2026-1-2", "not_a_date"), ("20260102", "not_a_date"),
     ("1899-12-31", "no_such_day"), ("2100-01-01", "no_such_day"), ("2026-02-30", "no_such_day"),
     ("2026-01-02T00:00", "not_a_date")],
)  # fmt: skip
def test_dates_that_are_refused(text: str, reason: str) -> None:
    assert values.DATE.judge(text) == reason


@pytest.mark.parametrize(
    ("kind", "text", "even"),
    [
        (values.HEALTH_RECORD, "1234", "000001234"),
        (values.NUMBER, "AB-12-3", "AB123"),
        (values.QUANTITY, "1.500", "1.5"),
        (values.QUANTITY, "1.000", "1"),
        (values.QUANTITY, "10", "10"),
        (values.AMOUNT, "0", "000"),
        (values.AMOUNT, "0.07", "007"),
        (values.AMOUNT, "12.50", "1250"),
    ],
)
def test_even_forms(kind: values.Kind, text: str, even: str) -> None:
    assert kind.judge(text) is None
    assert kind.even(text) == even
    assert kind is values.AMOUNT or kind.even(even) == even


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        (values.NUMBER, "ab123", "not_a_code"),
        (values.NUMBER, "A1", "not_a_code"),
        (values.NUMBER, "A--123", "not_a_code"),
        (values.NUMBER, "4242424242424242", "card_number"),
        (values.NAME, "\u00a0 ", "empty"),
        (values.NAME, "x" * 101, "too_long"),
        (values.NAME, "two\u2028lines", "control_character"),
        (values.TEXT, f"paid with {TEST_CARD}", "card_number"),
        (values.EMAIL, "nobody", "not_a_code"),
        (values.ZIP, "1234", "not_a_code"),
        (values.LANGUAGE, "fr", "not_one_of"),
        (values.CURRENCY, "EUR", "not_one_of"),
        (values.VERSION, "-1", "not_a_whole_number"),
        (values.VERSION, "1.0", "not_a_whole_number"),
        (values.COUNT, "0", "not_a_whole_number"),
        (values.QUANTITY, "1.2345", "not_a_quantity"),
        (values.PAY_CODE, "ABCDEFGHJKMNI", "not_a_code"),
    ],
)
def test_others_that_are_refused(kind: values.Kind, text: str, reason: str) -> None:
    assert kind.judge(text) == reason


def test_a_pay_code_is_checked_by_its_last_character() -> None:
    code = new_pay_code()
    assert values.PAY_CODE.judge(code) is None
    other = "1" if code[-1] != "1" else "2"
    assert values.PAY_CODE.judge(code[:-1] + other) == "bad_check_character"


def test_every_reason_is_explained() -> None:
    kinds = [each for each in vars(values).values() if isinstance(each, values.Kind)]
    used = {kind.otherwise for kind in kinds} | {reason for kind in kinds for reason, _ in kind.because}
    assert used <= values.REASONS.keys()
