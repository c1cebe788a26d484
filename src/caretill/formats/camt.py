"""camt.053: a bank's statement as XML (ISO 20022), versions 2 and up; camt.052 and camt.054 are read as announcements.

Read as a stream, one entry at a time. A document type, and so every entity, is refused; nothing outside the file is
ever opened. Amounts become whole numbers of the smallest unit of their currency. Where a statement says how many
entries it has and what they sum to, both are checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import BinaryIO
from xml.parsers import expat

from caretill.formats.bank import DECIMALS, LONGEST_AMOUNT, BankFileFault, BankLine, Statement, currency_code

# What the document is, by its name space, and the element that holds one account.
KINDS = {"053": ("update", "Stmt"), "052": ("interim", "Rpt"), "054": ("notice", "Ntfctn")}
CHUNK = 1 << 16
DEEPEST = 40
LONGEST_TEXT = 1 << 14
LONGEST_KEPT = 400  # of what a bank writes about an entry
MOST_REFERENCES = 50
OPENING, CLOSING = "OPBD", "CLBD"
# Where an entry may name something of ours, the most telling first.
REFERENCES = (
    "Refs/EndToEndId", "RmtInf/Strd/CdtrRefInf/Ref", "Refs/PmtInfId", "Refs/InstrId", "Refs/MsgId", "Refs/TxId",
    "Refs/AcctSvcrRef", "Refs/ClrSysRef", "Refs/Prtry/Ref",
)  # fmt: skip
NOT_A_REFERENCE = ("", "NOTPROVIDED")
_NAMESPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.(05[234])\.001\.(0[2-9]|[1-9][0-9])")
_AMOUNT = re.compile(r"[0-9]{1,%d}(?:\.([0-9]{1,5}))?" % LONGEST_AMOUNT)  # noqa: UP031


@dataclass(slots=True)
class _Node:
    """An element that is being kept: a group header, a part of a statement, an entry."""

    tag: str
    row: int
    attributes: dict[str, str]
    text: list[str] = field(default_factory=list)
    children: list[_Node] = field(default_factory=list)

    def all(self, path: str) -> list[_Node]:
        """Every element at a path, in the order of the file."""
        found = [self]
        for tag in path.split("/"):
            found = [child for node in found for child in node.children if child.tag == tag]
        return found

    def one(self, path: str) -> _Node | None:
        found = self.all(path)
        return found[0] if found else None

    def say(self, *paths: str) -> str:
        """The text at the first path that has any."""
        for path in paths:
            for node in self.all(path):
                if said := node.value:
                    return said
        return ""

    @property
    def value(self) -> str:
        return "".join(self.text).strip()


def read(stream: BinaryIO) -> Iterator[Statement]:
    """The accounts of a file, one after the other.

    Raises BankFileFault with the line and a reason, also after statements were given: use nothing of a file before
    it was read to its end.
    """
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: reader.start(name, attributes, parser.CurrentLineNumber)
    parser.EndElementHandler = lambda name: reader.end()
    parser.CharacterDataHandler = lambda text: reader.characters(text, parser.CurrentLineNumber)
    parser.StartDoctypeDeclHandler = lambda *said: _refuse_doctype(parser.CurrentLineNumber)
    try:
        while chunk := stream.read(CHUNK):
            parser.Parse(chunk, False)
            yield from reader.done
            reader.done.clear()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise BankFileFault(error.lineno, "bad_xml", expat.errors.messages.get(error.code, "")) from None
    except (LookupError, ValueError) as error:
        if isinstance(error, BankFileFault):
            raise
        raise BankFileFault(parser.CurrentLineNumber, "bad_xml", str(error)) from None
    yield from reader.done


def _refuse_doctype(row: int) -> None:
    raise BankFileFault(row, "document_type")


@dataclass(slots=True)
class _Sums:
    """How many entries there were and what they came to, by direction."""

    count: int = 0
    cents: int = 0


class _Reader:
    """Follows the elements down to the account, and keeps one part of it at a time."""

    def __init__(self) -> None:
        self.done: list[Statement] = []
        self._path: list[str] = []
        self._open: list[_Node] = []
        self._kind = self._holds = self._message = ""
        self._statement: Statement | None = None
        self._told: list[_Node] = []
        self._opened_at = 0
        self._sums = {1: _Sums(), -1: _Sums()}

    def start(self, name: str, attributes: dict[str, str], row: int) -> None:
        space, _, tag = name.rpartition(" ")
        if not self._path:
            self._begin(space, tag, row)
        if len(self._path) >= DEEPEST:
            raise BankFileFault(row, "too_deep")
        self._path.append(tag)
        node = _Node(tag, row, attributes)
        if self._open:
            self._open[-1].children.append(node)
            self._open.append(node)
        elif len(self._path) == 3 and tag == self._holds:
            self._begin_account(row)
        elif (len(self._path) == 3 and tag == "GrpHdr") or (len(self._path) == 4 and self._path[2] == self._holds):
            self._open.append(node)

    def characters(self, text: str, row: int) -> None:
        if self._open:
            self._open[-1].text.append(text)
            if len(text) > LONGEST_TEXT or len(self._open[-1].text) > LONGEST_TEXT:
                raise BankFileFault(row, "text_too_long")

    def end(self) -> None:
        tag = self._path.pop()
        if self._open:
            node = self._open.pop()
            if not self._open:
                self._take(node)
        elif len(self._path) == 2 and tag == self._holds:
            self._end_account()

    def _begin(self, space: str, tag: str, row: int) -> None:
        found = _NAMESPACE.fullmatch(space)
        if tag != "Document" or found is None:
            raise BankFileFault(row, "not_camt", space or tag)
        self._kind, self._holds = KINDS[found.group(1)]

    def _begin_account(self, row: int) -> None:
        self._statement = None
        self._told = []
        self._opened_at = row
        self._sums = {1: _Sums(), -1: _Sums()}

    def _take(self, node: _Node) -> None:
        if node.tag == "GrpHdr":
            page = node.say("MsgPgntn/PgNb")
            self._message = f"camt {node.say('MsgId')}" + (f" {page}" if page else "")
        elif node.tag != "Ntry":
            self._told.append(node)
        else:
            if self._statement is None:
                self._statement = self._account(node)
            self._entry(self._statement, node)

    def _end_account(self) -> None:
        statement = self._statement or self._account(None)
        for node in self._told:
            if node.tag == "TxsSummry":
                self._check(statement, node)
        self.done.append(statement)

    def _account(self, entry: _Node | None) -> Statement:
        """The account as told before its entries. The order of elements is fixed: balances stand before entries."""
        told = _Node(self._holds, self._opened_at, {}, children=self._told)
        account = told.say("Acct/Id/IBAN", "Acct/Id/Othr/Id")
        if not account:
            raise BankFileFault(self._opened_at, "no_account")
        currency = told.say("Acct/Ccy") or self._first_currency(told, entry)
        balances = {
            balance.say("Tp/CdOrPrtry/Cd"): balance for balance in reversed(told.all("Bal"))
        }  # the first of each kind counts
        closing = balances.get(CLOSING)
        day = (closing.say("Dt/Dt", "Dt/DtTm") if closing else "") or told.say("FrToDt/ToDtTm", "CreDtTm")
        return Statement(
            row=self._opened_at,
            file_ref=self._message,
            statement_ref=told.say("Id"),
            account=account,
            currency=currency_code(currency, self._opened_at),
            day=_day(day, self._opened_at),
            kind=self._kind,
            opened_cents=_balance(balances.get(OPENING), currency),
            closed_cents=_balance(closing, currency),
        )

    def _first_currency(self, told: _Node, entry: _Node | None) -> str:
        for node in (*told.all("Bal/Amt"), *(entry.all("Amt") if entry else ())):
            return node.attributes.get("Ccy", "")
        return ""

    def _entry(self, statement: Statement, node: _Node) -> None:
        amount = _signed(node, statement.currency)
        status = node.say("Sts/Cd", "Sts")
        if status not in ("BOOK", "PDNG", "INFO", "FUTR"):
            raise BankFileFault(node.row, "entry_status", status)
        sums = self._sums[1 if amount >= 0 else -1]
        sums.count += 1
        sums.cents += abs(amount)
        details = node.all("NtryDtls/TxDtls")
        said = [detail.say("RmtInf/Ustrd") for detail in details]
        booked_on, value_on = (node.say(f"{name}/Dt", f"{name}/DtTm") for name in ("BookgDt", "ValDt"))
        line = BankLine(
            row=node.row,
            amount_cents=amount,
            code=_code(node),
            booked=status == "BOOK",
            reversal=node.say("RvslInd") in ("true", "1"),
            booked_on=_day(booked_on, node.row) if booked_on else None,
            value_on=_day(value_on, node.row) if value_on else None,
            bank_ref=node.say("AcctSvcrRef"),
            references=_references(node, details),
            text=" ".join(part for part in (node.say("AddtlNtryInf"), *said) if part)[:LONGEST_KEPT],
        )
        statement.lines.append(line)

    def _check(self, statement: Statement, summary: _Node) -> None:
        came, went = self._sums[1], self._sums[-1]
        both = _Sums(came.count + went.count, came.cents + went.cents)
        for name, sums in (("TtlNtries", both), ("TtlCdtNtries", came), ("TtlDbtNtries", went)):
            for node in summary.all(name):
                count, total = node.say("NbOfNtries"), node.say("Sum")
                if count and count != str(sums.count):
                    raise BankFileFault(node.row, "entry_count", f"{count} said, {sums.count} found")
                if total and (said := _cents(total, statement.currency, node.row)) != sums.cents:
                    raise BankFileFault(node.row, "control_total", f"{said} said, {sums.cents} found")


def _signed(node: _Node, currency: str) -> int:
    """The amount of an entry or a balance, by its direction. A reversal's direction is its own, not the original's."""
    amount = node.one("Amt")
    if amount is None:
        raise BankFileFault(node.row, "no_amount")
    if amount.attributes.get("Ccy") != currency:
        raise BankFileFault(amount.row, "currency", amount.attributes.get("Ccy", ""))
    direction = node.say("CdtDbtInd")
    if direction not in ("CRDT", "DBIT"):
        raise BankFileFault(node.row, "direction", direction)
    cents = _cents(amount.value, currency, amount.row)
    return cents if direction == "CRDT" else -cents


def _cents(text: str, currency: str, row: int) -> int:
    """`8.85` of a currency with two decimals is 885; decimals beyond those of the currency must be zeros."""
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise BankFileFault(row, "bad_amount", text)
    decimals = DECIMALS.get(currency, 2)
    whole, _, part = text.partition(".")
    if part[decimals:].strip("0"):
        raise BankFileFault(row, "too_many_decimals", text)
    return int(whole + part[:decimals].ljust(decimals, "0"))


def _balance(node: _Node | None, currency: str) -> int | None:
    """A balance in the account's currency; banks also tell some in others, which say nothing about our cents."""
    amount = node.one("Amt") if node else None
    if node is None or amount is None or amount.attributes.get("Ccy") != currency:
        return None
    return _signed(node, currency)


def _day(text: str, row: int) -> date:
    """The day of a date or of a time with its own zone: the bank's day is what it writes, wherever that is."""
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        raise BankFileFault(row, "bad_date", text) from None


def _code(node: _Node) -> str:
    domain = [node.say(f"BkTxCd/Domn/{name}") for name in ("Cd", "Fmly/Cd", "Fmly/SubFmlyCd")]
    return "/".join(part for part in domain if part) or node.say("BkTxCd/Prtry/Cd")


def _references(node: _Node, details: list[_Node]) -> tuple[str, ...]:
    found = dict.fromkeys(
        reference.value
        for path in REFERENCES
        for detail in details
        for reference in detail.all(path)
        if reference.value not in NOT_A_REFERENCE
    )
    if ours := node.say("NtryRef"):
        found[ours] = None
    return tuple(found)[:MOST_REFERENCES]
