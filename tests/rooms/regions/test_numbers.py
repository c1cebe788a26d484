"""What people type, and the one spelling it becomes: names, ZIP codes, numbers, the one box."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caretill.core.ids import new_pay_code, show_pay_code
from caretill.regions.catalog import load
from caretill.regions.models import DEFAULT_FORMATS, FIELD_NAMES, NUMBER_KINDS, Format, Organisation
from caretill.regions.numbers import CANDIDATES, Candidate, candidates, normal_name, normal_number, stored_value, zip5
from rooms.regions.spoiled import LARKSPUR

DEMO = load(LARKSPUR)
REGIONS = st.sampled_from(DEMO.regions)
TYPED = st.one_of(
    st.text(max_size=80),
    st.text("0123456789 -", max_size=20),
    st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZabcOIL- ", max_size=30),
)


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("Rivera", "rivera"),
        ("  RIVERA ", "rivera"),
        ("Núñez", "nunez"),
        ("Nu\u0301n\u0303ez", "nunez"),
        ("O'Brien", "obrien"),
        ("O\u2019Brien", "obrien"),
        ("Ka\u02bbahumanu", "kaahumanu"),
        ("De la Cruz", "delacruz"),
        ("Smith-Jones", "smithjones"),
        ("Smith Jones", "smithjones"),
        ("St. Clair", "stclair"),
        ("Smith, Jr.", "smith"),
        ("SMITH JR", "smith"),
        ("Smith III", "smith"),
        ("Smith Jr. MD", "smith"),
        ("Báiii", "baiii"),  # a mark ends no word, so nothing here is a suffix
        ("Junior", "junior"),
        ("Jr", "jr"),
        ("V", "v"),
        ("Straße", "strasse"),
        ("Sørensen", "sorensen"),
        ("Łukasz", "lukasz"),
        ("Đặng", "dang"),
        ("Ægir", "aegir"),
        ("İnönü", "inonu"),
        ("Maynard46", "maynard46"),
        ("李", "李"),
        ("Ｒｉｖｅｒａ", "rivera"),
        ("김", "김"),
        ("  - ", ""),
        ("", ""),
    ],
)
def test_last_names_meet_in_one_spelling(typed: str, normal: str) -> None:
    assert normal_name(typed) == normal


@settings(deadline=None, max_examples=400)
@given(st.text(max_size=40))
def test_a_normal_name_is_its_own_normal_name(text: str) -> None:
    once = normal_name(text)
    assert normal_name(once) == once
    assert normal_name(f"  {text.upper().lower()} ") == normal_name(text.upper().lower())
    assert not any(each.isspace() for each in once)


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        ("97201", "97201"),
        (" 97201 ", "97201"),
        ("97201-1234", "97201"),
        ("97201 1234", "97201"),
        ("97201\u20131234", "97201"),
        ("972011234", "97201"),
        ("9720", None),
        ("972012", None),
        ("97201-12", None),
        ("９７２０１", None),
        ("9720l", None),
        ("", None),
    ],
)
def test_zip_codes(typed: str, clean: str | None) -> None:
    assert zip5(typed) == clean


@pytest.mark.parametrize(
    ("kind", "typed", "clean"),
    [
        (Format("digits", 1, 9, 9), "1234567", "001234567"),
        (Format("digits", 1, 9, 9), "00-123 45\u00a067", "001234567"),
        (Format("digits", 1, 9, 9), "1234567890", None),
        (Format("digits", 1, 9, 9), "12a", None),
        (Format("digits", 1, 9, 9), "１２３", None),
        (Format("digits", 1, 9, 9), "²", None),
        (Format("digits", 1, 9, 9), "", None),
        (Format("digits", 1, 9, 9), "-", None),
        (Format("digits", 4, 10), "123", None),
        (Format("digits", 4, 10), "1234", "1234"),
        (Format("alnum", 2, 2), "a1", "A1"),
        (Format("alnum", 2, 2), "a", None),
        (Format("alnum", 3, 24), "h 001-234\u20135678", "H0012345678"),
        (Format("alnum", 3, 24), "h001_2345678", None),
        (Format("alnum", 3, 24), "hé01", None),
        (Format("alnum", 3, 24), "ﬁ01", None),
        (Format("alnum", 3, 24), "4242 4242 4242 4242", None),
        (Format("alnum", 3, 24), "x" * 24, "X" * 24),
        (Format("alnum", 3, 24), "x" * 25, None),
        (Format("alnum", 3, 24), "x" * 65, None),
        (Format("zip"), "97201-1234", "97201"),
        (Format("name"), "Núñez Jr.", "nunez"),
        (Format("name"), " - ", None),
        (Format("pay_code"), "ı" * 13, None),
    ],
)
def test_fields_are_strict_about_the_value_and_forgiving_about_the_typing(
    kind: Format, typed: str, clean: str | None
) -> None:
    assert kind.clean(typed) == clean


def test_a_pay_code_is_read_as_people_write_it() -> None:
    kind = Format("pay_code")
    for _ in range(200):
        code = new_pay_code()
        shown = show_pay_code(code)
        written = shown.lower().replace("0", "o").replace("1", "l").replace("-", " - ")
        assert kind.clean(code) == kind.clean(shown) == kind.clean(written) == code
        assert kind.clean(code[:-1]) is None


@settings(deadline=None, max_examples=400)
@given(REGIONS, TYPED)
def test_the_one_box_always_gives_the_same_number_of_readings(region: object, text: str) -> None:
    found = candidates(region, text)  # type: ignore[arg-type]
    assert len(found) == CANDIDATES
    assert tuple(each.kind for each in found) == NUMBER_KINDS
    for each in found:
        assert each.value.isalnum() != each.is_dummy


@settings(deadline=None, max_examples=400)
@given(REGIONS, st.sampled_from(FIELD_NAMES), TYPED)
def test_a_stored_value_is_stored_as_itself(region: object, name: str, text: str) -> None:
    once = stored_value(region, name, text)  # type: ignore[arg-type]
    if once is not None:
        assert stored_value(region, name, once) == once  # type: ignore[arg-type]
        assert "~" not in once


def test_what_the_one_box_makes_of_each_number(larkspur: Organisation) -> None:
    california = larkspur.region("california")

    def real(text: str) -> dict[str, str]:
        return {each.kind: each.value for each in candidates(california, text) if not each.is_dummy}

    code = new_pay_code()
    assert real(show_pay_code(code).lower())["pay_code"] == code
    assert real("h-0012345678") == {"bill_number": "H0012345678", "account_number": "H0012345678"}
    assert real("1234567") == {
        "bill_number": "1234567",
        "account_number": "1234567",
        "health_record_number": "001234567",
    }
    assert real("42") == {"health_record_number": "000000042"}
    for nothing in ("", "  ", "??", "4242 4242 4242 4242", "x" * 200, "１２３４", "~" * 13):
        assert real(nothing) == {}


def test_a_number_that_the_paper_does_not_show_is_not_searched(larkspur: Organisation) -> None:
    oregon = larkspur.region("oregon")
    assert "health_record_number" not in oregon.number_kinds
    assert candidates(oregon, "123456789")[3] == Candidate("health_record_number", "~~~~~~~~~")
    assert stored_value(oregon, "health_record_number", "1234") == "000001234"


def test_numbers_of_another_system_keep_their_shape(larkspur: Organisation, other: Organisation) -> None:
    vermont = other.region("vermont")
    assert stored_value(vermont, "account_number", "482913") == "0000482913"
    assert stored_value(vermont, "account_number", "INV-2024-001") == "INV2024001"
    assert stored_value(larkspur.region("oregon"), "bill_number", "inv 2024-001") == "INV2024001"
    assert normal_number("ab") is None
    assert normal_number("a.b.c") is None


def test_every_example_is_found_by_the_one_box_or_fits_its_field(larkspur: Organisation, other: Organisation) -> None:
    for organisation in (larkspur, other):
        for region in organisation.regions:
            for name, field in region.fields.items():
                clean = field.clean(field.example)
                assert clean
                if name in NUMBER_KINDS:
                    assert Candidate(name, clean) in candidates(region, field.example)


def test_every_field_has_a_usual_format() -> None:
    assert set(DEFAULT_FORMATS) == set(FIELD_NAMES)
