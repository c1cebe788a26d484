"""ACH files of others: the sound ones are read, each broken one is refused whole, with a line and a reason."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from caretill.formats import nacha, nacha_read
from caretill.formats.nacha import BatchHeader, FileHeader, Information
from caretill.formats.nacha_faults import MOST_FAULTS, SAYS, NachaRejected
from caretill.formats.nacha_write import Entry, write

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "ach"
HEADER = FileHeader("121099990", "1234567890", datetime(2026, 11, 24, 15, 30))
PPD = BatchHeader("Larkspur Health", "1234567890", "PPD", "MED BILL", "12109999", date(2026, 11, 25))

# Each file: batches, entries, addenda, returns, changes, debits, credits in cents; or line and code of each fault.
SAMPLES: dict[str, tuple[int, ...] | tuple[tuple[int, str], ...]] = {
    "NACHA_SAMPLE_TEL_REVERSAL": (1, 2, 0, 0, 0, 685100, 685100),
    "arc-debit": (1, 1, 0, 0, 0, 250000, 0),
    "ccd-debit": (1, 2, 0, 0, 0, 500125, 0),
    "contested-return": (1, 1, 3, 1, 0, 0, 100000000),
    "cor-example": (1, 1, 1, 0, 1, 0, 0),
    "cor-read": (1, 1, 1, 0, 1, 0, 0),
    "ctx-debit": (1, 1, 2, 0, 0, 100000000, 0),
    "dishonored-return": (1, 2, 2, 2, 0, 48000, 0),
    "flattenBatchesMultipleBatchHeaders": (4, 12, 12, 0, 0, 0, 1200000),
    "issue702-returns-R01-R03-R04": (3, 3, 3, 3, 0, 10102, 102),
    "long-line": (1, 1, 0, 0, 0, 100000000, 0),
    "pop-debit": (1, 1, 0, 0, 0, 250500, 0),
    "ppd-credit": (1, 1, 0, 0, 0, 0, 100000000),
    "ppd-debit": (1, 1, 0, 0, 0, 200000000, 0),
    "ppd-debit-invalid-entryDetail-checkDigit": ((3, "check_digit"),),
    "ppd-mixedDebitCredit": (1, 3, 0, 0, 0, 200000000, 200000000),
    "prenote": (1, 1, 0, 0, 0, 0, 0),
    "return-WEB": (2, 2, 2, 2, 0, 12354, 4565),
    "return-no-batch-header": (
        (1, "no_file_header"), (1, "outside_batch"), (3, "outside_batch"), (4, "no_file_control"),
    ),
    "tel-debit": (1, 1, 0, 0, 0, 50000, 0),
    "two-micro-deposits": (2, 6, 6, 0, 0, 120, 120),
    "utility-bill": (1, 1, 0, 0, 0, 6342, 0),
    "web-credit": (1, 1, 1, 0, 0, 0, 10000),
    "web-debit": (3, 6, 0, 0, 0, 15000, 26820),
    "web-invalidNOCFile": (1, 1, 1, 0, 1, 0, 0),
}  # fmt: skip
here = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not here")


def faults(data: bytes) -> list[tuple[int, str]]:
    with pytest.raises(NachaRejected) as caught:
        nacha_read.verify(io.BytesIO(data))
    return [(each.line, each.code) for each in caught.value.faults]


@here
def test_every_shared_file_is_in_the_list() -> None:
    assert {path.stem for path in SHARED.glob("*.ach")} == SAMPLES.keys()


@here
@pytest.mark.parametrize("name", SAMPLES)
def test_shared_file(name: str) -> None:
    data, expected = (SHARED / f"{name}.ach").read_bytes(), SAMPLES[name]
    if isinstance(expected[0], tuple):
        assert tuple(faults(data)) == expected
        return
    told = nacha_read.verify(io.BytesIO(data))
    found = (told.batches, told.entries, told.addenda, told.returns, told.changes, told.debit_cents, told.credit_cents)
    assert found == expected
    assert len(list(nacha_read.entries(io.BytesIO(data)))) == told.entries


@here
def test_returns_in_shared_files() -> None:
    found = [
        (entry.trace, entry.amount_cents, each.code, each.original_trace, each.original_rdfi)
        for entry in nacha_read.entries(io.BytesIO((SHARED / "return-WEB.ach").read_bytes()))
        for each in entry.returns
    ]
    assert found == [
        ("091000017611242", 12354, "R01", "091400600000001", "09100001"),
        ("021000029461242", 4565, "R03", "091400600000003", "02100002"),
    ]
    (contested,) = nacha_read.entries(io.BytesIO((SHARED / "contested-return.ach").read_bytes()))
    returned, dishonoured, last = contested.returns
    assert (returned.code, returned.information) == ("R07", "Authorization Revoked")
    assert (dishonoured.code, dishonoured.return_trace, dishonoured.return_code) == ("R68", "123918710000001", "R01")
    assert (last.code, last.dishonoured_trace, last.dishonoured_settlement) == ("R71", "889999990000301", "166")
    assert (last.dishonoured_code, last.return_trace, last.returned) == ("R67", "779999990000301", "000167")
    (changed,) = nacha_read.entries(io.BytesIO((SHARED / "cor-example.ach").read_bytes()))
    assert [(each.code, each.original_trace, each.corrected) for each in changed.changes] == [
        ("C01", "121042880000001", "1918171614")
    ]


def sound() -> bytes:
    """Two batches of three entries and one, an addenda behind the second: eleven lines, and nine that fill."""
    entry = Entry(27, "231399991", "556677889", 12550, "A1", "Ana Nunez", "", 1)
    out = io.BytesIO()
    first = [entry, entry._replace(sequence=2, addenda=(Information("bill 7"),)), entry._replace(sequence=3)]
    credit = replace(PPD, service=nacha.CREDITS)
    write(HEADER, [(PPD, first), (credit, [entry._replace(code=22, sequence=4)])], out)
    return out.getvalue()


def put(line: int, column: int, text: str) -> Callable[[bytes], bytes]:
    """A change of one place; lines and columns count from 1, as in a message."""

    def change(data: bytes) -> bytes:
        lines = data.decode().splitlines()
        old = lines[line - 1]
        lines[line - 1] = old[: column - 1] + text + old[column - 1 + len(text) :]
        return ("\n".join(lines) + "\n").encode()

    return change


def without(*numbers: int) -> Callable[[bytes], bytes]:
    return lambda data: b"".join(
        line for number, line in enumerate(data.splitlines(keepends=True), 1) if number not in numbers
    )


def cut(line: int, columns: int) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        lines = data.splitlines(keepends=True)
        lines[line - 1] = lines[line - 1][:columns] + b"\n"
        return b"".join(lines)

    return change


BROKEN: list[tuple[str, Callable[[bytes], bytes], list[tuple[int, str]]]] = [
    ("nothing", lambda data: b"", [(1, "empty")]),
    ("blank", lambda data: b"   \n\n", [(1, "empty")]),
    ("a letter", put(3, 1, "X"), [(3, "record_type"), (7, "batch_count"), (7, "batch_hash"), (7, "batch_debit")]),
    ("a sign", lambda data: data.replace(b"Ana", b"A\xf1a", 1), [(3, "character")]),
    ("a longer line", lambda data: data.replace(b"A1 ", b"A1      ", 1), [(3, "long")]),
    (
        "a shorter line",
        lambda data: data.replace(b"S 0121099990000001", b"").replace(b"  0121099990000001", b"", 1),
        [],
    ),
    ("columns", put(1, 35, "095"), [(1, "file_header")]),
    ("bank", put(1, 4, " 121099991"), [(1, "destination")]),
    ("created", put(1, 24, "261324"), [(1, "date")]),
    ("hour", put(1, 30, "2561"), [(1, "date")]),
    ("no file header", without(1), [(1, "no_file_header"), (10, "blocked")]),
    ("two file headers", lambda data: data.splitlines(keepends=True)[0] + data, [(2, "second_file"), (12, "blocked")]),
    ("no batch header", without(2), [(2, "outside_batch"), (3, "outside_batch"), (5, "outside_batch")]),
    ("no batch control", without(7), [(7, "batch_inside_batch")]),
    ("no last control", without(10), [(10, "no_batch_control")]),
    ("class", put(2, 51, "XYZ"), [(2, "sec")]),
    ("service", put(2, 2, "300"), [(2, "service_class"), (7, "service_class")]),
    ("effective", put(2, 70, "261131"), [(2, "date")]),
    ("code", put(3, 2, "99"), [(3, "transaction_code")]),
    ("side", put(3, 2, "22"), [(3, "side"), (7, "batch_debit"), (7, "batch_credit")]),
    ("routing", put(3, 4, "2313999AB"), [(3, "routing"), (7, "batch_hash")]),
    ("check digit", put(3, 12, "5"), [(3, "check_digit")]),
    ("amount", put(3, 30, "00000X2550"), [(3, "amount"), (7, "batch_debit")]),
    ("trace", put(3, 80, "12109999000000A"), [(3, "trace")]),
    ("unannounced", put(4, 79, "0"), [(4, "addenda_unannounced")]),
    ("missing", put(3, 79, "1"), [(3, "addenda_missing")]),
    ("addenda type", put(5, 2, "77"), [(5, "addenda_type")]),
    ("addenda of another", put(5, 94, "9"), [(5, "addenda_trace")]),
    ("count", put(7, 10, "5"), [(7, "batch_count")]),
    ("hash", put(7, 20, "9"), [(7, "batch_hash")]),
    ("debits", put(7, 32, "1"), [(7, "batch_debit")]),
    ("credits", put(7, 44, "1"), [(7, "batch_credit")]),
    ("company", put(7, 45, "X"), [(7, "company")]),
    ("bank of the batch", put(7, 80, "23139999"), [(7, "odfi")]),
    ("number", put(7, 94, "7"), [(7, "batch_number")]),
    ("batches", put(11, 7, "9"), [(11, "file_batches")]),
    ("blocks", put(11, 13, "7"), [(11, "file_blocks")]),
    ("all counted", put(11, 21, "9"), [(11, "file_count")]),
    ("all hashed", put(11, 31, "9"), [(11, "file_hash")]),
    ("all debits", put(11, 43, "9"), [(11, "file_debit")]),
    ("all credits", put(11, 55, "9"), [(11, "file_credit")]),
    ("more", lambda data: data + data, [(21, "after_end")]),
    ("cut", lambda data: data[:600], [(7, "batch_debit")]),
]


@pytest.mark.parametrize(("name", "change", "expected"), BROKEN, ids=[each[0] for each in BROKEN])
def test_a_broken_file_names_line_and_reason(
    name: str, change: Callable[[bytes], bytes], expected: list[tuple[int, str]]
) -> None:
    assert nacha_read.verify(io.BytesIO(sound())).entries == 4
    found = faults(change(sound()))
    assert found[: len(expected)] == expected


def test_every_fault_can_happen() -> None:
    shown = {code for _, change, _ in BROKEN for _, code in faults(change(sound()))}
    assert SAYS.keys() - shown == {"too_many"}


def test_a_file_of_rubbish_is_not_listed_for_ever() -> None:
    found = faults(sound().splitlines(keepends=True)[0] + b"rubbish\n" * 10_000)
    assert len(found) == MOST_FAULTS + 1
    assert found[-1][1] == "too_many"


def test_every_cut_of_a_file_is_refused() -> None:
    data = sound()
    for end in range(0, 10 * 95 + 54, 7):
        faults(data[:end])
    # From the end of the control's totals on, everything that counts is there.
    assert nacha_read.verify(io.BytesIO(data[: 10 * 95 + 55])).entries == 4


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.replace(b"\n", b""),
        lambda data: data.replace(b"\n", b"  \n"),
        lambda data: b"\n".join(line.rstrip() for line in data.splitlines()),
        lambda data: data + b"\n\n",
    ],
    ids=["carriage returns", "no line ends", "blanks added", "blanks cut", "empty lines"],
)
def test_harmless_differences_between_banks(change: Callable[[bytes], bytes]) -> None:
    data = change(sound())
    told = nacha_read.verify(io.BytesIO(data))
    assert (told.entries, told.debit_cents, told.credit_cents) == (4, 37650, 12550)


def test_entries_of_a_broken_file_end_in_a_refusal() -> None:
    with pytest.raises(NachaRejected):
        list(nacha_read.entries(io.BytesIO(put(6, 32, "1")(sound()))))
