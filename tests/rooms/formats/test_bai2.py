"""BAI2 as banks send it: continuations anywhere, every funds type, totals that must hold, faults with their line."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caretill.formats import bai2
from caretill.formats.bank import BankFileFault, Statement, line_keys

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "bai2"
GUIDE = """\
01,122099999,123456789,040621,0200,1,,,2/
02,031001234,122099999,1,040620,2359,,2/
03,0975312468,,010,500000,,,190,70000000,4,0/
16,165,1500000,1,DD1620,, DEALER PAYMENTS
49,72000000,3/
98,72000000,1,5/
99,72000000,1,7/
"""


def read(text: str) -> list[Statement]:
    return list(bai2.read(io.BytesIO(text.encode())))


def around(*records: str, group: str = "02,us,bank,1,261102,,USD,2/", version: str = "2") -> str:
    """A file of one account whose totals hold; records are 03, 16 and 88 without 49."""
    amounts = 0
    for record in records:
        if record.startswith("16,"):
            amounts += int(record.rstrip("/").split(",")[2] or 0)
    lines = [
        f"01,bank,us,261103,0600,7,,,{version}/", group, *records,
        f"49,{amounts},{len(records) + 1}/",
        f"98,{amounts},1,{len(records) + 3}/", f"99,{amounts},1,{len(records) + 5}/",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def test_the_guides_own_example() -> None:
    (statement,) = read(GUIDE)
    assert (statement.account, statement.currency, statement.day) == ("0975312468", "USD", date(2004, 6, 20))
    assert (statement.opened_cents, statement.closed_cents, statement.gap_cents) == (500000, None, None)
    assert statement.file_ref == "bai2 122099999 123456789 040621 0200 1"
    (line,) = statement.lines
    assert (line.amount_cents, line.code, line.value_on) == (1500000, "165", date(2004, 6, 21))
    assert (line.bank_ref, line.references, line.text) == ("DD1620", (), "DEALER PAYMENTS")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not here")
@pytest.mark.parametrize(
    ("name", "accounts", "lines", "net", "kinds"),
    [
        # What comes in less what goes out, added up by hand from the files: 108 came in, 409 went out.
        ("sample1.txt", 2, 17, 208_500 + 111_500 - 208_500 - 111_500, {"update"}),
        ("sample2.txt", 5, 4, 450_000 + 500_000 + 20_000_000 + 10_000_000, {"update", "correction"}),
        ("sample3.txt", 15, 26, 3_100 - 3_200 - 30_703 + 3_700 - 18_651 + 320 - 5_944 + 32_593 - 920, {"update"}),
    ],
)
def test_files_of_others(name: str, accounts: int, lines: int, net: int, kinds: set[str]) -> None:
    with (SHARED / name).open("rb") as stream:
        found = list(bai2.read(stream))
    assert len(found) == accounts and {each.kind for each in found} == kinds
    assert sum(len(each.lines) for each in found) == lines
    assert sum(line.amount_cents for each in found for line in each.lines) == net
    # The third bank tells both ledger balances, and its lines lead from one to the other.
    if name == "sample3.txt":
        assert [each.gap_cents for each in found] == [0] * 15


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not here")
@pytest.mark.parametrize("name", ["sample1.txt", "sample2.txt", "sample3.txt"])
def test_one_changed_digit_of_any_amount_shows(name: str) -> None:
    body = (SHARED / name).read_bytes()
    lines = body.split(b"\n")
    place = next(n for n, line in enumerate(lines) if line.startswith(b"16,"))
    fields = lines[place].split(b",")
    fields[2] = str(int(fields[2]) + 1).encode()
    lines[place] = b",".join(fields)
    with pytest.raises(BankFileFault) as caught:
        list(bai2.read(io.BytesIO(b"\n".join(lines))))
    assert caught.value.reason == "control_total"


@pytest.mark.parametrize(
    ("funds", "value_on"),
    [
        ("", None),
        ("Z", None),
        ("0", date(2026, 11, 2)),
        ("1", date(2026, 11, 3)),
        ("2", date(2026, 11, 4)),
        ("V,261105,1200", date(2026, 11, 5)),
        ("V,261105,", date(2026, 11, 5)),
        ("V,,", None),
        ("S,100,200,300", None),
        ("S,,200,", None),
        ("D,2,0,400,1,200", None),
        ("D,0", None),
    ],
)
def test_every_funds_type_whole_and_cut_by_a_continuation_at_every_place(funds: str, value_on: date | None) -> None:
    fields = f"16,142,600,{funds},B1,pay_7,two words, and a comma".split(",")
    whole = ",".join(fields)
    for cut in range(2, len(fields) - 1):
        pieces = [",".join(fields[:cut]) + "/", "88," + ",".join(fields[cut:])]
        for records in ([whole], pieces):
            (statement,) = read(_with(records))
            (line,) = statement.lines
            assert (line.amount_cents, line.value_on, line.bank_ref) == (600, value_on, "B1")
            assert line.references == ("pay_7",) and line.text == "two words, and a comma"


def _with(records: list[str]) -> str:
    """A file of one account with one movement of 600 that may be cut before its amount."""
    count = len(records)
    return "\n".join(
        [
            "01,bank,us,261103,0600,7,,,2/", "02,us,bank,1,261102,,USD,2/", "03,9,,,,,/", *records,
            f"49,600,{count + 2}/", f"98,600,1,{count + 4}/", f"99,600,1,{count + 6}/",
        ]
    )  # fmt: skip


def test_directions_currencies_and_what_is_no_money() -> None:
    text = around(
        "03,9,,/",
        "16,142,5,Z,,,in/", "16,451,7,Z,,,out/", "16,890,,,,,a message/", "16,935,11,Z,,,own code in/",
        "16,965,13,Z,,,own code out/", "16,721,17,Z,,,interest/", "16,760,19,Z,,,loan paid out/",
        group="02,us,bank,1,261102,,JPY,2/",
    )  # fmt: skip
    (statement,) = read(text)
    assert statement.currency == "JPY"
    assert [line.amount_cents for line in statement.lines] == [5, -7, 11, -13, 17, -19]


@pytest.mark.parametrize(
    ("group", "kind"),
    [("1,261102,,,2", "update"), ("1,261102,,,4", "update"), ("1,261102,,,", "update"), ("1,261102,,,1", "interim"),
     ("1,261102,,,3", "interim"), ("2,261102,,,2", "deletion"), ("3,261102,,,2", "correction"),
     ("4,261102,,,2", "test")],
)  # fmt: skip
def test_what_a_group_is(group: str, kind: str) -> None:
    assert read(around("03,9,,/", group=f"02,us,bank,{group}/"))[0].kind == kind


def test_records_side_by_side_wrapped_text_padding_and_line_ends() -> None:
    plain = "\n".join(
        ["01,bank,us,261103,0600,7,,,2/", "02,us,bank,1,261102,,USD,2/", "03,9,,/", "16,142,5,Z,,r1,A/B C",
         "16,142,7,Z,,r2,9/", "49,12,4/", "98,12,1,6/", "99,12,1,8/"]
    )  # fmt: skip
    dressed = (
        "01,bank,us,261103,0600,7,,,2/   02,us,bank,1,261102,,USD,2/\r\n\r\n  03,9,,/      \r\n16,142,5,Z,,r1,A/B \r\n"
        "C \r\n16,142,7,Z,,r2,9/  49,12,4/\r\n98,12,1,6/ 99,12,1,8/   \r\n\x1a"
    )
    for text in (plain, dressed):
        (statement,) = read(text)
        assert [(line.amount_cents, line.references, line.text) for line in statement.lines] == [
            (5, ("r1",), "A/B C"),
            (7, ("r2",), "9"),
        ]


@pytest.mark.parametrize(
    ("change", "row", "reason"),
    [
        (("99,72000000,1,7/\n", ""), 6, "cut_off"),
        (("98,72000000,1,5/\n99,72000000,1,7/\n", ""), 5, "cut_off"),
        (("49,72000000,3/\n", ""), 5, "out_of_order"),
        (("01,122099999", "01,a,b,040621,,,,,2/\n01,122099999"), 2, "out_of_order"),
        (("49,72000000,3", "49,72000001,3"), 5, "control_total"),
        (("49,72000000,3", "49,-72000000,3"), 5, "control_total"),
        (("49,72000000,3", "49,72000000,4"), 5, "record_count"),
        (("49,72000000,3", "49,72000000"), 5, "fields"),
        (("98,72000000,1,5", "98,72000000,2,5"), 6, "part_count"),
        (("98,72000000,1,5", "98,1,1,5"), 6, "control_total"),
        (("99,72000000,1,7", "99,72000000,1,8"), 7, "record_count"),
        (("99,72000000,1,7", "99,7.2e7,1,7"), 7, "bad_amount"),
        (("1500000,1", "15000.00,1"), 4, "bad_amount"),
        (("1500000,1", "-1500000,1"), 4, "signed_amount"),
        (("1500000,1", ",1"), 4, "bad_amount"),
        (("1500000,1", "1500000,Q"), 4, "funds_type"),
        (("1500000,1", "1500000,V,261331,"), 4, "bad_date"),
        (("1500000,1", "1500000,D,x"), 4, "bad_count"),
        (("16,165", "16,065"), 4, "type_code"),
        (("16,165", "17,165"), 4, "record_code"),
        (("010,500000", "ledger,500000"), 3, "type_code"),
        (("03,0975312468,", "03,0975312468,Dollar"), 3, "bad_currency"),
        (("03,0975312468,", "03,,"), 3, "no_account"),
        (("02,031001234,122099999,1", "02,031001234,122099999,9"), 2, "group_status"),
        (("1,040620", "1,040631"), 2, "bad_date"),
        ((",2/\n02", ",3/\n02"), 1, "version"),
        (("01,122099999", "88,122099999"), 1, "continues_nothing"),
        (("DEALER", "DEALER\x00"), 4, "not_text"),
        (("DEALER", "D" * (1 << 14)), 4, "line_too_long"),
        ((GUIDE, ""), 1, "cut_off"),
        ((GUIDE, "bills,2026\n"), 1, "record_code"),
        (("99,72000000,1,7/\n", "99,72000000,1,7/\n16,165,1,,,,/\n"), 8, "out_of_order"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(change: tuple[str, str], row: int, reason: str) -> None:
    broken = GUIDE.replace(*change)
    assert broken != GUIDE
    with pytest.raises(BankFileFault) as caught:
        read(broken)
    assert (caught.value.row, caught.value.reason) == (row, reason)
    assert str(caught.value).startswith(f"line {row}: {reason}")


def test_a_line_is_known_again_and_two_alike_are_two() -> None:
    twice = around("03,9,,/", "16,142,5,Z,,r,x/", "16,142,5,Z,,r,x/", "16,142,5,Z,,r,y/")
    keys = [key for statement in read(twice) for _, key in line_keys(statement, {})]
    again = [key for statement in read(twice.replace(",0600,7,", ",0900,8,")) for _, key in line_keys(statement, {})]
    assert len(set(keys)) == 3 and keys == again
    later = twice.replace("1,261102", "1,261103")
    assert not set(keys) & {key for statement in read(later) for _, key in line_keys(statement, {})}


WORDS = st.text("ABC xyz/,.-19", max_size=30).map(lambda text: text.strip(" /")).filter(lambda text: "/ " not in text)
MOVES = st.tuples(
    st.sampled_from(["142", "451", "165", "557"]), st.integers(0, 10**9),
    st.sampled_from(["", "Z", "0", "S,1,2,3", "V,261105,"]),
    st.text("B12", max_size=5), st.text("pay_9", max_size=9), WORDS,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(MOVES, max_size=4), min_size=1, max_size=3), st.data())
def test_what_is_written_is_read(
    accounts: list[list[tuple[str, int, str, str, str, str]]], data: st.DataObject
) -> None:
    lines, sums = ["01,bank,us,261103,0600,7,,,2/", "02,us,bank,1,261102,,USD,2/"], []
    for number, moves in enumerate(accounts):
        body = [f"03,{number},USD,,,,/"]
        for code, cents, funds, bank, ours, text in moves:
            record = f"16,{code},{cents},{funds},{bank},{ours},{text}"
            places = [n for n, sign in enumerate(record[: len(record) - len(text)]) if sign == "," and n > 2]
            cut = data.draw(st.sampled_from([None, *places[:-1]]))
            body += [record] if cut is None else [record[:cut] + "/", "88," + record[cut + 1 :]]
        sums.append((sum(move[1] for move in moves), len(body) + 1))
        lines += [*body, f"49,{sums[-1][0]},{len(body) + 1}/"]
    total, records = sum(each[0] for each in sums), sum(each[1] for each in sums)
    lines += [f"98,{total},{len(accounts)},{records + 2}/", f"99,{total},1,{records + 4}/"]
    found = read("\n".join(lines))
    assert [each.account for each in found] == [str(number) for number in range(len(accounts))]
    for statement, moves in zip(found, accounts, strict=True):
        assert [
            (line.code, abs(line.amount_cents), line.bank_ref, line.references, line.text) for line in statement.lines
        ] == [(code, cents, bank, (ours,) if ours else (), text) for code, cents, _, bank, ours, text in moves]
        assert all(
            (line.amount_cents <= 0) == (line.code in ("451", "557")) or not line.amount_cents
            for line in statement.lines
        )
