"""The line that a lockbox reads: what is written can be read, and a wrong digit is noticed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caretill.core import ids, money
from caretill.letters.scan_line import LENGTH, WIDTHS, ScanLine, ScanLineError, check_digit, read_scan_line, scan_line

codes = st.binary(min_size=1, max_size=16).map(ids.code_from)
lines = st.builds(scan_line, codes, st.integers(0, 999), st.integers(0, money.MAX_CENTS))


@given(codes, st.integers(0, 5000), st.integers(0, money.MAX_CENTS))
def test_what_is_written_can_be_read(code: str, statement: int, cents: int) -> None:
    line = scan_line(code, statement, cents)
    assert len(line) == LENGTH == 39
    assert tuple(len(field) for field in line.split(" ")) == WIDTHS
    assert line.replace(" ", "").isdigit()
    assert read_scan_line(line) == ScanLine(code, statement % 1000, cents)
    assert read_scan_line(f"  {line.replace(' ', '   ')}\n") == ScanLine(code, statement % 1000, cents)


@given(lines, st.integers(0, 34), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(line: str, place: int, by: int) -> None:
    bare = list(line.replace(" ", ""))
    bare[place] = str((int(bare[place]) + by) % 10)
    with pytest.raises(ScanLineError):
        read_scan_line("".join(bare))


@given(lines, st.integers(0, 33))
def test_swapped_neighbours_are_noticed(line: str, place: int) -> None:
    bare = list(line.replace(" ", ""))
    pair = {bare[place], bare[place + 1]}
    if len(pair) == 1 or pair == {"0", "9"}:
        return
    bare[place], bare[place + 1] = bare[place + 1], bare[place]
    with pytest.raises(ScanLineError):
        read_scan_line("".join(bare))


@pytest.mark.parametrize("text", ["", "1", "1" * 34, "1" * 36, "1" * 34 + "x", "\u0661" * 35])
def test_what_is_no_line_is_refused(text: str) -> None:
    with pytest.raises(ScanLineError):
        read_scan_line(text)


def test_each_fault_has_its_name() -> None:
    line = scan_line("ETVPYSB5QDQWV", 2, 121_450).replace(" ", "")
    other = "2" + line[1:-1]
    beyond = "1" + "9" * 19 + line[20:-1]
    for text, code in (
        (line[:-1], "length"),
        ("x" * 35, "digits"),
        (line[:-1] + str((int(line[-1]) + 1) % 10), "check"),
        (other + check_digit(other), "layout"),
        (beyond + check_digit(beyond), "bill"),
    ):
        with pytest.raises(ScanLineError) as refused:
            read_scan_line(text)
        assert refused.value.code == code


@pytest.mark.parametrize(
    ("code", "statement", "cents"),
    [
        ("ETVPYSB5QDQW0", 1, 1),
        ("", 1, 1),
        ("ETVPYSB5QDQWV", -1, 1),
        ("ETVPYSB5QDQWV", 1, -1),
        ("ETVPYSB5QDQWV", 1, money.MAX_CENTS + 1),
    ],
)
def test_a_line_is_made_of_good_parts_only(code: str, statement: int, cents: int) -> None:
    with pytest.raises(ValueError, match=r"pay code|out of range"):
        scan_line(code, statement, cents)


def test_the_documented_example() -> None:
    assert scan_line("ETVP-YSB5-QDQW-V", 1, 121_450) == "1 0534651781156419324 001 00000121450 8"
    assert check_digit("7992739871") == "3"
