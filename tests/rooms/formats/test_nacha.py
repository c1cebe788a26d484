"""ACH files as written, judged by a reader that shares nothing with the writer; and as read back."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caretill.formats import nacha, nacha_read
from caretill.formats.nacha import BatchHeader, Change, FileHeader, Information, Return
from caretill.formats.nacha_write import Entry, NachaUnwritable, Written, write
from house.nacha_reader import judge

HEADER = FileHeader("121099990", "1234567890", datetime(2026, 11, 24, 15, 30), "B", "Bank of Trees", "Larkspur Health")
WEB = BatchHeader("Larkspur Health", "1234567890", "WEB", "MED BILL", "12109999", date(2026, 11, 25))
BANKS = ("231399991", "121099990", "091499992", "021099993", "011099990")
ENTRY = Entry(27, "231399991", "556677889", 12550, "A1B2C3", "Ana Nunez", "S ", 7)


def written(*batches: tuple[BatchHeader, list[Entry]]) -> tuple[bytes, Written]:
    out = io.BytesIO()
    told = write(HEADER, batches, out)
    return out.getvalue(), told


def one(header: BatchHeader, *entries: Entry) -> list[str]:
    data, _ = written((header, list(entries)))
    told = judge(data)
    assert not told.wrong, told.wrong
    nacha_read.verify(io.BytesIO(data))
    return data.decode().splitlines()


def refused(header: BatchHeader, *entries: Entry) -> str:
    with pytest.raises(NachaUnwritable) as caught:
        written((header, list(entries)))
    assert "556677889" not in str(caught.value)
    return caught.value.code


def test_every_column_of_a_file() -> None:
    lines = one(WEB, ENTRY)
    assert lines[0] == (
        "101 1210999901234567890"
        + "2611241530B094101"
        + "Bank of Trees".ljust(23)
        + "Larkspur Health".ljust(23)
        + " " * 8
    )
    assert lines[1] == (
        "5225Larkspur Health " + " " * 20 + "1234567890WEBMED BILL  " + " " * 6 + "261125   1121099990000001"
    )
    assert lines[2] == (
        "627231399991556677889        0000012550A1B2C3         Ana Nunez             S 0121099990000007"
    )
    assert lines[3] == "82250000010023139999000000012550000000000000" + "1234567890" + " " * 25 + "121099990000001"
    assert lines[4] == "9000001000001000000010023139999000000012550000000000000" + " " * 39
    assert lines[5:] == ["9" * 94] * 5


ENTRIES = st.builds(
    Entry,
    code=st.sampled_from(sorted(nacha.LIVE)),
    routing=st.sampled_from(BANKS),
    account=st.from_regex(r"[0-9]{4,17}", fullmatch=True),
    amount_cents=st.integers(1, nacha.MOST_CENTS // 100),
    individual_id=st.text("ABCDEFGHJ0123456789#-", max_size=15),
    name=st.text("abcXYZ ñéßøŁ'’-—,;0123*", min_size=1, max_size=30).filter(nacha.fold_name),
    discretionary=st.sampled_from(("S ", "R ", "S")),
    sequence=st.just(0),
    addenda=st.lists(st.builds(Information, st.text("abc 123.", max_size=80)), max_size=2).map(tuple),
)


@settings(max_examples=60, deadline=None)
@given(batches=st.lists(st.lists(ENTRIES, max_size=6), max_size=4), sec=st.sampled_from(("PPD", "WEB", "CCD")))
def test_what_was_written_is_read_back(batches: list[list[Entry]], sec: str) -> None:
    sequence, given_entries = 0, []
    for entries in batches:
        for place, entry in enumerate(entries):
            sequence += 3
            entries[place] = entry._replace(sequence=sequence)
            given_entries.append(entries[place])
    header = replace(WEB, sec=sec, service=nacha.MIXED)
    data, told = written(*((header, entries) for entries in batches))
    judged = judge(data)
    assert not judged.wrong, judged.wrong
    assert (judged.entries, judged.addenda) == (told.entries, told.addenda)
    assert (judged.debits, judged.credits) == (told.debit_cents, told.credit_cents)
    assert (judged.lines, len(data)) == (told.lines, told.size)
    summary = nacha_read.verify(io.BytesIO(data))
    assert (summary.debit_cents, summary.credit_cents) == (told.debit_cents, told.credit_cents)
    back = list(nacha_read.entries(io.BytesIO(data)))
    assert len(back) == len(given_entries)
    for entry, found in zip(given_entries, back, strict=True):
        assert (found.code, found.routing, found.account) == (entry.code, entry.routing, entry.account)
        assert (found.amount_cents, found.trace) == (entry.amount_cents, f"12109999{entry.sequence:07d}")
        assert found.individual_id == entry.individual_id.strip()
        assert found.name == nacha.fold_name(entry.name)
        assert found.discretionary == entry.discretionary.strip()
        texts = [each.text for each in found.addenda if isinstance(each, Information)]
        assert texts == [each.text.rstrip() for each in entry.addenda if isinstance(each, Information)]


RETURNS = [
    Return("R01", "121099990000007", "23139999", "Not enough"),
    Return("R14", "121099990000007", "23139999", died="261101"),
    Return(
        "R68", "121099990000007", "23139999", "Untimely", return_trace="231399990000001",
        return_settlement="330", return_code="R10",
    ),
    Return(
        "R73", "121099990000007", "23139999", return_trace="231399990000001", return_settlement="330",
        return_code="R10", returned="261126", original_settlement="329", dishonoured_trace="121099990000009",
        dishonoured_settlement="331", dishonoured_code="R68",
    ),
]  # fmt: skip


@pytest.mark.parametrize("addendum", RETURNS, ids=lambda each: each.code)
def test_returns_of_every_form_are_read_back(addendum: Return) -> None:
    entry = ENTRY._replace(code=26, discretionary="", addenda=(addendum,))
    data, _ = written((WEB, [entry]))
    assert not judge(data).wrong
    (found,) = nacha_read.entries(io.BytesIO(data))
    assert found.returns == (replace(addendum, trace="121099990000007", line=4),)
    assert found.amount_cents == 12550


@pytest.mark.parametrize(
    "change",
    [
        Change("C01", "121099990000007", "23139999", "1918171614"),
        Change("C07", "121099990000007", "23139999", "231399991987654321        37"),
        Change("C62", "121099990000007", "23139999", "1918171614", refused_code="C01"),
    ],
    ids=lambda each: each.code,
)
def test_changes_are_read_back(change: Change) -> None:
    header = replace(WEB, sec="COR", service=nacha.MIXED)
    data, _ = written((header, [ENTRY._replace(code=26, amount_cents=0, addenda=(change,))]))
    assert not judge(data).wrong
    (found,) = nacha_read.entries(io.BytesIO(data))
    assert found.changes == (replace(change, trace="121099990000007", line=4),)


def test_a_prenote_moves_nothing() -> None:
    prenote = replace(WEB, description=nacha.PRENOTE)
    assert one(prenote, ENTRY._replace(code=28, amount_cents=0))[2][29:39] == "0" * 10
    assert refused(prenote, ENTRY._replace(code=28, amount_cents=1)) == "amount_of_a_message"
    assert refused(WEB, ENTRY._replace(amount_cents=0)) == "amount"


def test_micro_entries_and_their_offset() -> None:
    micro = replace(WEB, sec="PPD", description=nacha.MICRO, service=nacha.MIXED)
    two = [ENTRY._replace(code=22, amount_cents=cents, sequence=cents) for cents in (12, 99)]
    lines = one(micro, *two, ENTRY._replace(amount_cents=111, sequence=200))
    assert lines[5][20:44] == "000000000111000000000111"
    assert refused(micro, two[0]._replace(amount_cents=100)) == "micro_too_large"
    assert refused(micro, two[0], ENTRY._replace(amount_cents=13, sequence=99)) == "micro_offset"


def test_a_batch_goes_on_as_another_when_its_control_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nacha, "MOST_PER_BATCH", 2500)
    data, told = written((WEB, [ENTRY._replace(sequence=each) for each in range(5000)]))
    assert not judge(data).wrong
    assert (told.batches, told.entries) == (3, 5000)
    monkeypatch.setattr(nacha, "MOST_BATCH_CENTS", 2500 * 12550)
    with pytest.raises(NachaUnwritable, match="too_much"):
        written((WEB, [ENTRY._replace(sequence=each) for each in range(5000)]))


@pytest.mark.parametrize(
    ("header", "change", "code"),
    [
        ({}, {"routing": "231399992"}, "routing_check_digit"),
        ({}, {"routing": "23139999"}, "routing_wrong_length"),
        ({}, {"routing": "991380104"}, "routing_not_in_use"),
        ({}, {"account": "1" * 18}, "account_too_long"),
        ({}, {"account": "12345A"}, "account_not_digits"),
        ({}, {"account": "123"}, "account_too_short"),
        ({}, {"account": ""}, "account_empty"),
        ({}, {"amount_cents": -1}, "amount"),
        ({}, {"amount_cents": 10_000_000_000}, "amount"),
        ({}, {"name": "—"}, "no_name"),
        ({}, {"name": "  "}, "no_name"),
        ({}, {"individual_id": "1234567890123456"}, "individual_id"),
        ({}, {"individual_id": "ñ"}, "individual_id"),
        ({}, {"discretionary": ""}, "payment_type"),
        ({}, {"discretionary": "S\n"}, "discretionary"),
        ({}, {"sequence": 10_000_000}, "trace_too_long"),
        ({}, {"code": 22}, "code_not_in_service_class"),
        ({}, {"addenda": (Information("x" * 81),)}, "information"),
        ({}, {"addenda": (Return("R01", "1" * 16, "23139999"),)}, "addendum"),
        ({"sec": "TEL", "service": nacha.MIXED}, {"code": 22}, "credit_by_telephone"),
        ({"sec": "IAT"}, {}, "sec"),
        ({"service": 280}, {}, "service_class"),
        ({"odfi": "1210428"}, {}, "odfi"),
        ({"odfi": "ABCDEFGH"}, {}, "odfi"),
        ({"company_name": ""}, {}, "company"),
        ({"company_id": "12345678901"}, {}, "company_id"),
        ({"description": "TOO LONG FOR IT"}, {}, "description"),
    ],
)
def test_what_no_bank_would_take_is_not_written(
    header: dict[str, object], change: dict[str, object], code: str
) -> None:
    assert refused(replace(WEB, **header), ENTRY._replace(**change)) == code  # type: ignore[arg-type]


def test_trace_numbers_rise_within_a_batch() -> None:
    written((WEB, [ENTRY]), (WEB, [ENTRY._replace(sequence=3)]))
    with pytest.raises(NachaUnwritable) as caught:
        written((WEB, [ENTRY, ENTRY]))
    assert (caught.value.code, caught.value.where) == ("trace_not_rising", "entry 7")


@pytest.mark.parametrize(
    ("header", "code"),
    [({"destination": "121099991"}, "destination"), ({"modifier": "a"}, "modifier"), ({"origin": " "}, "origin")],
)
def test_a_file_header_no_bank_would_take(header: dict[str, str], code: str) -> None:
    with pytest.raises(NachaUnwritable) as caught:
        write(replace(HEADER, **header), (), io.BytesIO())  # type: ignore[arg-type]
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("José Ñandú", "Jose Nandu"),
        ("O’Brien—Łuków, Jr.", "O'Brien-Lukow Jr."),
        ("Straße & Søn", "Strasse & Son"),
        ("  two   blanks ", "two blanks"),
        ("Ünïcödé Has More Letters Than Fit", "Unicode Has More Lette"),
        ("王", ""),
    ],
)
def test_names_in_the_characters_every_bank_takes(name: str, folded: str) -> None:
    assert nacha.fold_name(name) == folded


@pytest.mark.parametrize(
    ("routing", "fault"),
    [
        ("121099990", ""), ("121099991", "check_digit"), ("12109999", "wrong_length"), ("1210999900", "wrong_length"),
        ("12109999A", "not_digits"), ("", "empty"), ("000000000", "not_in_use"), ("131042889", "not_in_use"),
        ("１２１０４２８８２", "not_digits"),
    ],
)  # fmt: skip
def test_routing_numbers(routing: str, fault: str) -> None:
    assert nacha.routing_fault(routing) == fault


@pytest.mark.parametrize(
    ("account", "fault"),
    [("1" * 17, ""), ("1" * 18, "too_long"), ("12A4", "not_digits"), ("1234", ""), ("123", "too_short"), ("", "empty")],
)
def test_account_numbers(account: str, fault: str) -> None:
    assert nacha.account_fault(account) == fault


def test_no_account_number_shows() -> None:
    data, _ = written((WEB, [ENTRY]))
    (found,) = nacha_read.entries(io.BytesIO(data))
    assert "556677889" not in repr(found) + repr(ENTRY) + str(ENTRY)
    assert "556677889" not in repr(Change("C01", "1", "2", "556677889"))
