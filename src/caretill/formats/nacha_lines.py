"""The small parts of reading an ACH file: lines, days, whole numbers, and what stands in an addenda record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import BinaryIO

from caretill.formats import nacha
from caretill.formats.nacha import Addendum, Change, Information, Return

_LONGEST_LINE = 4096


def raw_lines(source: BinaryIO) -> Iterator[bytes]:
    """Lines without their ends; a file without line ends is cut every 94 bytes."""
    first = source.readline(_LONGEST_LINE)
    if first.endswith(b"\n") or len(first) <= nacha.WIDTH or first[nacha.WIDTH : nacha.WIDTH + 1] not in b"56":
        while first:
            yield first.rstrip(b"\r\n")
            first = source.readline(_LONGEST_LINE)
        return
    while first:
        while len(first) >= nacha.WIDTH:
            yield first[: nacha.WIDTH]
            first = first[nacha.WIDTH :]
        more = source.read(_LONGEST_LINE)
        if not more:
            if first.strip():
                yield first.rstrip(b"\r\n")
            return
        first += more


def addendum(kind: str, text: str, line: int) -> Addendum:
    trace = text[79:94].strip()
    if kind == "98":
        code = text[3:6]
        refused = text[64:67].strip() if nacha.refused_change(code) else ""
        return Change(code, text[6:21].strip(), text[27:35].strip(), text[35:64].rstrip(), refused, trace, line)
    if kind != "99":
        return Information(text[3:83].rstrip(), kind, line)
    code = text[3:6]
    known = {"code": code, "original_trace": text[6:21].strip(), "original_rdfi": text[27:35].strip(), "trace": trace}
    form = nacha.return_form(code)
    if form == "return":
        return Return(**known, information=text[35:79].strip(), died=text[21:27].strip(), line=line)
    known |= {"return_trace": text[38:53].strip(), "return_settlement": text[53:56].strip()}
    known["return_code"] = f"R{text[56:58]}" if text[56:58].strip() else ""
    if form == "dishonoured":
        return Return(**known, information=text[58:79].strip(), line=line)
    return Return(
        **known,
        returned=text[21:27].strip(),
        original_settlement=text[35:38].strip(),
        dishonoured_trace=text[58:73].strip(),
        dishonoured_settlement=text[73:76].strip(),
        dishonoured_code=f"R{text[76:78]}" if text[76:78].strip() else "",
        line=line,
    )


def whole(digits: str) -> int:
    return int(digits) if digits.isascii() and digits.isdecimal() else 0


def day_of(digits: str) -> date | None:
    """YYMMDD as a day, or None; years are of this century."""
    if not (digits.isascii() and digits.isdecimal()):
        return None
    try:
        return date(2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:6]))
    except ValueError:
        return None


def created_at(day: str, clock: str) -> datetime | None:
    found = day_of(day)
    if found is None:
        return None
    hours, minutes = whole(clock[:2]), whole(clock[2:])
    if hours > 23 or minutes > 59:
        return None
    return datetime(found.year, found.month, found.day, hours, minutes)
