"""camt.053: several statements, announced and booked, reversals, currencies, totals; nothing from outside is opened."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pytest

from caretill.formats import camt
from caretill.formats.bank import BankFileFault, Statement, line_keys, show_units

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "camt"


def entry(amount: str, direction: str = "CRDT", status: str = "BOOK", more: str = "", currency: str = "USD") -> str:
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd><Sts>{status}</Sts>'
        f"<BookgDt><Dt>2026-11-02</Dt></BookgDt>{more}</Ntry>"
    )


def balance(kind: str, amount: str, direction: str = "CRDT", currency: str = "USD") -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy="{currency}">{amount}</Amt>'
        f"<CdtDbtInd>{direction}</CdtDbtInd><Dt><Dt>2026-11-02</Dt></Dt></Bal>"
    )


def statement(inside: str, number: int = 1, account: str = "<Othr><Id>123456789</Id></Othr>", ccy: str = "USD") -> str:
    return (
        f"<Stmt><Id>S{number}</Id><CreDtTm>2026-11-03T06:00:00-05:00</CreDtTm>"
        f"<Acct><Id>{account}</Id><Ccy>{ccy}</Ccy></Acct>{inside}</Stmt>"
    )


def document(*statements: str, version: str = "053.001.02", holds: str = "BkToCstmrStmt") -> str:
    return (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{version}"><{holds}>\n'
        f"<GrpHdr><MsgId>M-1</MsgId><CreDtTm>2026-11-03T06:00:00Z</CreDtTm></GrpHdr>\n"
        + "\n".join(statements)
        + f"\n</{holds}></Document>"
    )


def read(text: str) -> list[Statement]:
    return list(camt.read(io.BytesIO(text.encode())))


def test_two_statements_with_balances_that_are_explained() -> None:
    refs = "<Refs><EndToEndId>po_7</EndToEndId><TxId>NOTPROVIDED</TxId></Refs>"
    details = f"<NtryDtls><TxDtls>{refs}<RmtInf><Ustrd>PAYOUT po_7</Ustrd></RmtInf></TxDtls></NtryDtls>"
    code = "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
    about = f"<ValDt><DtTm>2026-11-03T00:30:00-08:00</DtTm></ValDt><AcctSvcrRef>B9</AcctSvcrRef>{code}{details}"
    first, second = read(
        document(
            statement(balance("OPBD", "10.00") + balance("CLBD", "17.25") + entry("7.25", more=about)),
            statement(balance("OPBD", "5.00", "DBIT") + balance("CLBD", "7", "DBIT") + entry("2.0", "DBIT"), number=2),
        )
    )
    assert (first.account, first.currency, first.day, first.kind) == ("123456789", "USD", date(2026, 11, 2), "update")
    assert (first.file_ref, first.statement_ref) == ("camt M-1", "S1")
    assert (first.opened_cents, first.closed_cents, first.gap_cents) == (1000, 1725, 0)
    (line,) = first.lines
    assert (line.amount_cents, line.code, line.bank_ref) == (725, "PMNT/RCDT/ESCT", "B9")
    assert (line.references, line.text) == (("po_7",), "PAYOUT po_7")
    assert (line.booked_on, line.value_on) == (date(2026, 11, 2), date(2026, 11, 3))
    assert (second.opened_cents, second.closed_cents, second.gap_cents) == (-500, -700, 0)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not here")
@pytest.mark.parametrize(
    ("name", "kinds", "amounts", "gaps"),
    [
        ("camt053.v2.minimal.xml", {"update"}, [885], [None]),
        ("camt053.v2.multi.statement.xml", {"update"}, [885, -700], [0, 0]),
        ("camt053.v3.xml", {"update"}, [885], [None]),
        ("camt054.v2.xml", {"notice"}, [-20_000_000], [None]),
    ],
)
def test_files_of_others(name: str, kinds: set[str], amounts: list[int], gaps: list[int | None]) -> None:
    with (SHARED / name).open("rb") as stream:
        found = list(camt.read(stream))
    assert {each.kind for each in found} == kinds and [each.gap_cents for each in found] == gaps
    assert [line.amount_cents for each in found for line in each.lines] == amounts


def test_announced_is_not_booked_and_a_reversal_goes_the_way_it_says() -> None:
    parts = [
        entry("1.00", status="PDNG"), entry("2.00", status="INFO"),
        entry("3.00", "DBIT", more="<RvslInd>true</RvslInd>"), entry("4.00", status="<Cd>BOOK</Cd>"),
    ]  # fmt: skip
    (found,) = read(document(statement(balance("OPBD", "0") + balance("CLBD", "1.00") + "".join(parts))))
    assert [(line.amount_cents, line.booked, line.reversal) for line in found.lines] == [
        (100, False, False), (200, False, False), (-300, True, True), (400, True, False),
    ]  # fmt: skip
    assert found.gap_cents == 0


@pytest.mark.parametrize(
    ("currency", "text", "units"),
    [("USD", "12", 1200), ("USD", "12.3", 1230), ("USD", "12.340", 1234), ("JPY", "12", 12), ("JPY", "12.00", 12),
     ("KWD", "12.345", 12345), ("KWD", "12.3", 12300), ("USD", "0", 0)],
)  # fmt: skip
def test_amounts_by_the_decimals_of_their_currency(currency: str, text: str, units: int) -> None:
    (found,) = read(document(statement(entry(text, currency=currency), ccy=currency)))
    assert found.lines[0].amount_cents == units


def test_a_balance_in_another_currency_says_nothing() -> None:
    (found,) = read(document(statement(balance("OPBD", "1.00", currency="SEK") + balance("CLBD", "2.00"))))
    assert (found.opened_cents, found.closed_cents, found.gap_cents) == (None, 200, None)


@pytest.mark.parametrize("version", ["053.001.02", "053.001.03", "053.001.08", "053.001.13"])
def test_versions(version: str) -> None:
    assert read(document(statement(entry("1")), version=version))[0].kind == "update"


def test_other_messages_are_announcements() -> None:
    report = statement(entry("1")).replace("Stmt>", "Rpt>")
    assert read(document(report, version="052.001.08", holds="BkToCstmrAcctRpt"))[0].kind == "interim"


def summary(name: str, count: int, total: str) -> str:
    return f"<TxsSummry><{name}><NbOfNtries>{count}</NbOfNtries><Sum>{total}</Sum></{name}></TxsSummry>"


BOMB = '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
TWO = entry("1.50") + entry("0.25", "DBIT")


@pytest.mark.parametrize(
    ("text", "row", "reason"),
    [
        (document(statement(summary("TtlNtries", 3, "1.75") + TWO)), 3, "entry_count"),
        (document(statement(summary("TtlNtries", 2, "1.25") + TWO)), 3, "control_total"),
        (document(statement(summary("TtlCdtNtries", 1, "1.51") + TWO)), 3, "control_total"),
        (document(statement(summary("TtlDbtNtries", 2, "0.25") + TWO)), 3, "entry_count"),
        (document(statement(entry("1.005"))), 3, "too_many_decimals"),
        (document(statement(entry("-1"))), 3, "bad_amount"),
        (document(statement(entry("1e3"))), 3, "bad_amount"),
        (document(statement(entry("1", currency="EUR"))), 3, "currency"),
        (document(statement(entry("1", "UP"))), 3, "direction"),
        (document(statement(entry("1", status="MAYBE"))), 3, "entry_status"),
        (document(statement(entry("1").replace("2026-11-02", "2026-02-31"))), 3, "bad_date"),
        (document(statement(entry("1").replace("<Amt", "<Xmt").replace("</Amt", "</Xmt"))), 3, "no_amount"),
        (document(statement("", account="")), 3, "no_account"),
        (document(statement("", ccy="dollars")), 3, "bad_currency"),
        (document(statement("<a>" * 50 + "</a>" * 50)), 3, "too_deep"),
        (document(statement(entry("1", more="<AddtlNtryInf>" + "x" * 40000 + "</AddtlNtryInf>"))), 3, "text_too_long"),
        (document(statement(entry("1"))).replace("</Document>", ""), 4, "bad_xml"),
        (document(statement(entry("1")))[:300], 3, "bad_xml"),
        (document(statement("&nbsp;")), 3, "bad_xml"),
        ("", 1, "bad_xml"),
        ("01,bank,us,261103/", 1, "bad_xml"),
        (BOMB + document(statement("&b;")), 1, "document_type"),
        (OUTSIDE + document(statement("&x;")), 1, "document_type"),
        ('<?xml version="1.0" encoding="utf-9"?>' + document(), 1, "bad_xml"),
        ("<html/>", 1, "not_camt"),
        (document(version="053.001.01"), 1, "not_camt"),
        (document(version="055.001.02"), 1, "not_camt"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(text: str, row: int, reason: str) -> None:
    with pytest.raises(BankFileFault) as caught:
        read(text)
    assert (caught.value.row, caught.value.reason) == (row, reason)


def test_totals_that_hold_pass() -> None:
    sums = summary("TtlNtries", 2, "1.75") + summary("TtlCdtNtries", 1, "1.5") + summary("TtlDbtNtries", 1, "0.25")
    assert len(read(document(statement(sums + TWO)))[0].lines) == 2


def test_a_long_statement_is_read_in_pieces() -> None:
    """Entries cut by the borders of pieces come out whole."""
    many = "".join(entry(f"{n}.07", more=f"<AcctSvcrRef>B{n}</AcctSvcrRef>") for n in range(2000))
    (found,) = read(document(statement(many)))
    assert [(line.amount_cents, line.bank_ref) for line in found.lines] == [(n * 100 + 7, f"B{n}") for n in range(2000)]


def test_a_statement_sent_again_has_the_same_lines() -> None:
    first = read(document(statement(entry("1") + entry("1"))))
    again = read(document(statement(entry("1") + entry("1"))).replace("M-1", "M-2"))
    other = read(document(statement(entry("1") + entry("1"), number=2)))
    keys = [[key for each in found for _, key in line_keys(each, {})] for found in (first, again, other)]
    assert keys[0] == keys[1] and len(set(keys[0])) == 2 and not set(keys[0]) & set(keys[2])


@pytest.mark.parametrize(
    ("units", "currency", "said"),
    [(-1_250, "USD", "-12.50 USD"), (123_456, "JPY", "123,456 JPY"), (5, "KWD", "0.005 KWD"), (0, "USD", "0.00 USD")],
)
def test_amounts_are_said_with_the_decimals_of_their_currency(units: int, currency: str, said: str) -> None:
    assert show_units(units, currency) == said
