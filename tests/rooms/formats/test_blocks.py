"""Reading tables: what is written reads the same, and damage stays in its own line."""

from __future__ import annotations

import csv
import io
from typing import BinaryIO, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from caretill.formats import bill_csv, blocks
from caretill.formats.blocks import Batch, FileFault, Reader, Reject

PERSON = "oregon,F00000001,123456789,Ana,Alder,2001-02-03,self"
PEOPLE = ",".join(bill_csv.PEOPLE.names)
PAYMENTS = ",".join(bill_csv.PAYMENTS.names)
# Whatever may stand in a name: no control characters, not only blanks.
NAMES = st.text(
    st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp"), blacklist_characters="\ufeff"), min_size=1, max_size=40
).filter(lambda text: text.strip() and not any(each.isdigit() for each in text))


def read(text: str | bytes, reader: Reader | None = None) -> tuple[list[dict[str, str]], list[Reject], int]:
    """All rows as dicts with their line, all rejects, and how many rows were read."""
    raw = text.encode() if isinstance(text, str) else text
    rows: list[dict[str, str]] = []
    rejects: list[Reject] = []
    count = 0
    for batch in (reader or Reader(bill_csv.FAMILY)).read(cast(BinaryIO, io.BytesIO(raw))):
        rows += _dicts(batch)
        rejects += batch.rejects
        count += batch.read
    assert count == len(rows) + len({reject.row for reject in rejects})
    return rows, sorted(rejects, key=lambda each: each.row), count


def _dicts(batch: Batch) -> list[dict[str, str]]:
    across = zip(*batch.columns, strict=True) if batch.rows else ()
    return [
        dict(zip(batch.table.names, cells, strict=True)) | {"row": str(row), "table": batch.table.name}
        for row, cells in zip(batch.rows, across, strict=True)
    ]


@settings(max_examples=200)
@given(st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=30), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_quoting_goes_through(names: list[tuple[str, str]], end: str, mark: bool) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=end)
    writer.writerow(bill_csv.PEOPLE.names)
    for first, last in names:
        writer.writerow(("oregon", "F00000001", "1", first, last, "", "self"))
    rows, rejects, count = read(("\ufeff" if mark else "") + text.getvalue())
    assert rejects == [] and count == len(names)
    assert [(row["first_name"], row["last_name"]) for row in rows] == names
    assert [int(row["row"]) for row in rows] == list(range(2, len(names) + 2))


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40), st.integers(20, 200))
@example(damage=[0, 4, 4, 4, 4, 0], size=20)
def test_blocks_of_any_size_give_the_same(damage: list[int], size: int) -> None:
    bad = [PERSON, PERSON + ",x", 'oregon,"F1', "oregon,F00000001,12,Ana,Alder,2001-02-30,self", "", PERSON + "\r"]
    lines = [bad[each] for each in damage]
    text = "\n".join([PEOPLE, *lines])
    whole = read(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", size)
        assert read(text) == whole
    good = [row for row, each in enumerate(damage, 2) if each in (0, 5)]
    assert [int(row["row"]) for row in whole[0]] == good


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        (PERSON.encode() + b",one more", "", "wrong_columns"),
        (b"oregon,F00000001", "", "wrong_columns"),
        (b'oregon,"F00000001,123456789,Ana,Alder,2001-02-03,self', "", "bad_quotes"),
        (b'oregon,F"1",123456789,Ana,"Al"der,2001-02-03,self', "", "bad_quotes"),
        (b"oregon,F00000001,123456789,Jos\xe9,Alder,2001-02-03,self", "", "not_utf8"),
        (PERSON.replace("Ana", "A\x00na").encode(), "first_name", "control_character"),
        (PERSON.replace("Ana", "A\rna").encode(), "", "control_character"),
        (PERSON.replace("Ana", "A\tna").encode(), "first_name", "control_character"),
        (PERSON.replace("Ana", "A" * 70_000).encode(), "", "line_too_long"),
        (PERSON.replace("Ana", "A" * 300_000).encode(), "", "line_too_long"),
        (PERSON.replace("Ana", "").encode(), "first_name", "empty"),
        (PERSON.replace("self", "friend").encode(), "relation", "not_one_of"),
        (PERSON.replace("123456789", "1234567890").encode(), "health_record_number", "not_a_code"),
        (PERSON.replace("Ana", "Ana 4242-4242-4242-4242").encode(), "first_name", "card_number"),
    ],
)
def test_damage_stays_in_its_line(line: bytes, field: str, reason: str) -> None:
    text = b"\n".join([PEOPLE.encode(), PERSON.encode(), line, PERSON.encode(), b""])
    rows, rejects, count = read(text)
    assert [row["row"] for row in rows] == ["2", "4"] and count == 3
    [reject] = rejects
    assert (reject.table, reject.row, reject.field, reject.reason) == ("people", 3, field, reason)
    assert len(reject.value) <= blocks.SHOWN
    assert "4242" not in reject.value


def test_every_bad_cell_of_a_row_is_named() -> None:
    _, rejects, _ = read(f"{PAYMENTS}\noregon,H1,D1,x,2026-13-01,1e3,gold\n")
    assert [(each.field, each.reason) for each in rejects] == [
        ("bill_number", "not_a_code"),
        ("version", "not_a_whole_number"),
        ("date", "no_such_day"),
        ("amount", "not_a_number"),
        ("method", "not_one_of"),
    ]


def test_a_damaged_line_says_which_bill_lacks_it() -> None:
    head = ",".join(bill_csv.LINES.names)
    _, rejects, _ = read(f"{head}\noregon,H0000000001,1,2026-01-01,,,X, ray,1\noregon,H0000000002,one\n")
    assert [each.about for each in rejects] == [("oregon", "H0000000001"), ("oregon", "H0000000002")]


def test_a_file_may_hold_several_tables_in_any_order_of_columns() -> None:
    text = (
        f"{PEOPLE}\n{PERSON}\n"
        "method,amount,date,version,payment_number,bill_number,region\n"
        "desk,20.00,2026-01-02,1,D1,H0000000001,oregon\n"
        f"{PEOPLE}\n{PERSON}\n"
    )
    rows, rejects, _ = read(text)
    assert rejects == []
    assert [(row["table"], row["row"]) for row in rows] == [("people", "2"), ("payments", "4"), ("people", "6")]
    assert rows[1]["amount"] == "2000" and rows[1]["bill_number"] == "H0000000001"


def test_words_that_are_not_allowed() -> None:
    reader = Reader(bill_csv.FAMILY, {"region": frozenset({"hawaii"})})
    _, rejects, _ = read(f"{PEOPLE}\n{PERSON}\n", reader)
    assert [(each.field, each.reason, each.value) for each in rejects] == [("region", "unknown_region", "oregon")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "line 1: the file is empty"),
        (b"name,colour\nx,y\n", "line 1: the first line is not a header of accounts, people, bills, lines or payments"),
        (PEOPLE.replace("relation", "kin").encode(), "looks like people: no column relation, unknown column 'kin'"),
        ((PEOPLE + ",region").encode(), "column region twice"),
        (PEOPLE.encode("utf-16"), "UTF-16"),
        (b'region,"account_number\n', "the header cannot be read (bad_quotes)"),
        (f"{PEOPLE}\n{PERSON}\nregion,bill_number,amount\n".encode(), "line 3: looks like payments"),
    ],
)
def test_files_that_cannot_be_read(text: bytes, says: str) -> None:
    with pytest.raises(FileFault, match="line") as fault:
        read(text)
    assert says in str(fault.value)


def test_memory_is_bounded() -> None:
    memory = blocks._Memory(bill_csv.BILLS.columns[2], None)
    for start in range(0, blocks.REMEMBERED * 3, 1_000):
        memory.even([f"H{number:010d}" for number in range(start, start + 1_000)])
        assert len(memory.good) <= blocks.REMEMBERED + 1_001
