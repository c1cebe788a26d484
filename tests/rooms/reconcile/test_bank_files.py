"""Statement files: once by their bytes, once by their header, whole or not at all, each line with a disposition."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from caretill.core import sql
from caretill.formats.blocks import FileFault
from caretill.reconcile import bank_files
from caretill.reconcile.names import name_of, names_of
from house.bank import bai2_text

DAY = date(2026, 11, 2)
MOVES = [(500, "ONE"), (500, "ONE"), (-20, "TWO")]
CAMT = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>
<GrpHdr><MsgId>{message}</MsgId></GrpHdr><Stmt><Id>S1</Id><CreDtTm>2026-11-03T06:00:00Z</CreDtTm>
<Acct><Id><Othr><Id>123456789</Id></Othr></Id><Ccy>USD</Ccy></Acct>
<Ntry><Amt Ccy="USD">7.25</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>{status}</Sts>
<BookgDt><Dt>2026-11-02</Dt></BookgDt><NtryDtls><TxDtls><Refs><EndToEndId>po-abc 123</EndToEndId></Refs>
</TxDtls></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>
"""


def bring(folder: Path, text: str, name: str = "bank.bai", kind: str = "bai2", **how: Any) -> bank_files.Taken:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return bank_files.bring_in(kind, path, **how)


def rows() -> list[tuple[str, int]]:
    return [
        (row["disposition"], row["amount_cents"])
        for row in sql.query("SELECT disposition, amount_cents FROM reconcile_line ORDER BY id")
    ]


def test_one_file_in_any_wrapping_and_again(db: None, tmp_path: Path) -> None:
    text = bai2_text(DAY, MOVES, opened=100, closed=1080)
    taken = bring(tmp_path, text)
    assert (taken.known, taken.statements, taken.lines) == (False, 1, {"open": 3})
    assert (taken.total_cents, taken.moved) == (980, {"USD": {"came": 1000, "went": 20}})
    again = bring(tmp_path, text, "copy.bai")
    assert (again.known, again.lines, again.total_cents) == (True, {"known": 3}, 980)
    # Other bytes under the same header are refused, and taken when a person says so: nothing in it is new.
    with pytest.raises(FileFault, match=r"bank\.bai\.gz: line 1: header_again \(the header of bank\.bai"):
        bring(tmp_path, text, "bank.bai.gz")
    assert bring(tmp_path, text, "bank.bai.gz", again=True).lines == {"known": 3}
    assert rows() == [("open", 500), ("open", 500), ("open", -20), ("known", 500), ("known", 500), ("known", -20)]


def test_a_later_file_that_tells_more_brings_only_what_is_new(db: None, tmp_path: Path) -> None:
    bring(tmp_path, bai2_text(DAY, MOVES[:1]), "first.bai")
    taken = bring(tmp_path, bai2_text(DAY, [(500, "ONE"), (500, "ONE"), (7, "NEW")], number=2), "second.bai")
    # The references of a bank's own (B1, B2) tell the two alike apart; what both files tell is known.
    assert taken.lines == {"known": 1, "open": 2}


@pytest.mark.parametrize(
    ("how", "disposition"),
    [
        ({"status": 4}, "test"),
        ({"status": 2}, "deletion"),
        ({"status": 3}, "correction"),
        ({"modifier": "3"}, "interim"),
    ],
)
def test_what_is_no_update_moves_nothing(db: None, tmp_path: Path, how: dict[str, Any], disposition: str) -> None:
    assert bring(tmp_path, bai2_text(DAY, MOVES, **how)).lines == {disposition: 3}
    assert bring(tmp_path, bai2_text(DAY, MOVES, number=2), "final.bai").lines == {"open": 3}


def test_announced_then_booked(db: None, tmp_path: Path) -> None:
    assert bring(tmp_path, CAMT.format(message="M1", status="PDNG"), "a.xml", "camt").lines == {"announced": 1}
    assert bring(tmp_path, CAMT.format(message="M2", status="BOOK"), "b.xml", "camt").lines == {"open": 1}
    row = sql.one("SELECT names, booked_on FROM reconcile_line WHERE disposition = 'open'")
    assert row == {"names": ["POABC123"], "booked_on": DAY}


def test_the_account_is_kept_as_a_digest(db: None, tmp_path: Path) -> None:
    bring(tmp_path, bai2_text(DAY, MOVES))
    row = sql.one("SELECT last4, octet_length(bank_account) AS long, s::text AS all FROM reconcile_statement s")
    assert row is not None and (row["last4"], row["long"]) == ("5678", 16) and "00812345678" not in row["all"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (bai2_text(DAY, MOVES)[:-20], r"bank\.bai: line 8: "),
        (bai2_text(DAY, MOVES).replace("16,451,20", "16,451,21"), r"line 7: control_total"),
        ("", "line 1: cut_off"),
        (CAMT.format(message="M", status="BOOK"), "line 1: record_code"),
    ],
)
def test_a_fault_leaves_nothing(db: None, tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(FileFault, match=says):
        bring(tmp_path, text)
    for table in ("file", "statement", "line"):
        assert sql.one(f"SELECT count(*) AS n FROM reconcile_{table}") == {"n": 0}
    assert bring(tmp_path, bai2_text(DAY, MOVES)).lines == {"open": 3}


def test_no_such_file(db: None, tmp_path: Path) -> None:
    with pytest.raises(FileFault, match="no such file"):
        bank_files.bring_in("bai2", tmp_path / "none.bai")


def test_names_are_letters_and_digits() -> None:
    assert name_of("po-Abc 1/2") == "POABC12"
    assert names_of(["po-abc 123456", ""], "SANDBOX:PO12AB34 to/fro") == [
        "POABC123456",
        "123456",
        "SANDBOX",
        "PO12AB34",
    ]
