"""No name may stop a letter: what the fonts cannot show is shown as near as they can."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caretill.letters import pdf
from caretill.letters.glyphs import FONTS, AnyScript, covered, font_characters, printable
from rooms.letters import papers
from rooms.letters.reading import text


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("O'Brien-Núñez", "O'Brien-Núñez"),
        ("Ka\u02bbahumanu", "Ka\u2018ahumanu"),
        ("Nguyễn Đặng Łódź Ğül", "Nguyễn Đặng Łódź Ğül"),
        ("李小龍", "???"),
        ("a\x07b\u202e\tc\u2028d", "ab c d"),
        ("①Ⅻ", "1XII"),
        ("\ud800", "?"),
    ],
)
def test_what_is_shown(given_text: str, shown: str) -> None:
    assert printable(given_text) == shown


def test_nested_data_is_walked_and_checked_text_left_alone() -> None:
    data = {"a": ["李", 1, None, {"b": AnyScript("李")}], "c": True}
    assert printable(data) == {"a": ["?", 1, None, {"b": "李"}], "c": True}


@given(st.text())
def test_nothing_without_a_glyph_is_left(anything: str) -> None:
    assert covered(printable(anything).replace("\n", ""))


def test_the_fonts_have_their_letters() -> None:
    regular = font_characters(FONTS / "OpenSans-Regular.ttf")
    assert {ord(each) for each in "AZaz09ñáéíóúü¿¡$·\u2013\u2014\u2212"} <= regular
    assert 0x5D0 not in font_characters(FONTS / "OCRA.ttf")


@pytest.mark.parametrize("name", ["Ka\u02bbahumanu", "李小龍", "\u202eEvil \u0007 #import <b>", '"$1" \\ #{x} *_`'])
def test_any_name_makes_a_letter(name: str) -> None:
    figures = papers.bill(patient_name=name, guarantor_last=name, mail_to={"name": name, "lines": ["Nowhere"]})
    made = papers.statement(figures)
    assert made.startswith(b"%PDF-")
    assert printable(name).split()[-1] in text(made)


def test_the_fonts_stay_small() -> None:
    assert sum(path.stat().st_size for path in FONTS.glob("*.?tf")) < 1_500_000
    assert all((FONTS / name).exists() for name in ("LICENSE-OpenSans.txt", "LICENSE-OCRA.txt", "LICENSE-Noto.txt"))
    assert pdf.font_folders()[0] == FONTS
