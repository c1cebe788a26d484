"""Which characters the paper can show: a tagged PDF may hold none without a glyph, and a name may hold any."""

from __future__ import annotations

import functools
import re
import struct
import unicodedata
from pathlib import Path
from typing import Any

FONTS = Path(__file__).parent / "fonts"

# Drawn nearly alike, so better than nothing: the okina and other apostrophes, spaces of odd widths.
_ALIKE = {
    "\u02bb": "\u2018",
    "\u02bc": "\u2019",
    "\u02be": "\u2019",
    "\u02bf": "\u2018",
    "\u2010": "-",
    "\u2011": "-",
    "\u2212": "\u2013",
}
UNKNOWN = "?"


class AnyScript(str):
    """Text of the organisation that was found `covered` by all fonts together; `printable` leaves it alone."""


def printable(value: Any) -> Any:
    """The same data with every text fit for the paper: what has no glyph loses its accent, or becomes `?`."""
    if isinstance(value, AnyScript):
        return value
    if isinstance(value, str):
        return value if value.isascii() and value.isprintable() else _missing().sub(_replace, value)
    if isinstance(value, dict):
        return {key: printable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [printable(each) for each in value]
    return value


def covered(text: str, folders: tuple[Path, ...] = (FONTS,)) -> bool:
    """Whether every character has a glyph in one or another font of the folders."""
    return all(ord(each) in _characters(folders) or each.isspace() for each in text)


@functools.cache
def _characters(folders: tuple[Path, ...]) -> frozenset[int]:
    paths = [path for folder in folders for path in sorted([*folder.glob("*.ttf"), *folder.glob("*.otf")])]
    return frozenset().union(*(font_characters(path) for path in paths))


def _replace(found: re.Match[str]) -> str:
    character = found.group()
    if character in _ALIKE:
        return _ALIKE[character]
    if unicodedata.category(character) in ("Cc", "Cf", "Mn", "Zl", "Zp"):
        return " " if character.isspace() else ""
    plain = "".join(each for each in unicodedata.normalize("NFKD", character) if unicodedata.category(each) != "Mn")
    return plain if plain and not _missing().search(plain) else UNKNOWN


@functools.cache
def _missing() -> re.Pattern[str]:
    """Matches one character that not every weight of the text font has; white space always passes."""
    sets = [font_characters(path) for path in sorted(FONTS.glob("OpenSans-*.ttf"))]
    known = sorted(set.intersection(*sets) | {0x0A, 0x20, 0xA0})
    ranges: list[list[int]] = []
    for number in known:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return re.compile("[^" + "".join(f"{re.escape(chr(a))}-{re.escape(chr(b))}" for a, b in ranges) + "]")


def font_characters(path: Path) -> set[int]:
    """The code points of a TrueType or OpenType font, from its Unicode table (`cmap`, format 4)."""
    data = path.read_bytes()
    tables = struct.unpack(">H", data[4:6])[0]
    for place in range(12, 12 + 16 * tables, 16):
        if data[place : place + 4] == b"cmap":
            return _cmap(data, struct.unpack(">I", data[place + 8 : place + 12])[0])
    raise ValueError(f"{path.name} has no cmap")


def _cmap(data: bytes, start: int) -> set[int]:
    count = struct.unpack(">H", data[start + 2 : start + 4])[0]
    for number in range(count):
        platform, encoding, offset = struct.unpack_from(">HHI", data, start + 4 + 8 * number)
        if (platform, encoding) in ((3, 1), (0, 3)) and struct.unpack_from(">H", data, start + offset)[0] == 4:
            return _format_4(data, start + offset)
    raise ValueError("no Unicode cmap of format 4")


def _format_4(data: bytes, start: int) -> set[int]:
    segments = struct.unpack_from(">H", data, start + 6)[0] // 2
    shape = f">{segments}H"
    ends = struct.unpack_from(shape, data, start + 14)
    firsts = struct.unpack_from(shape, data, start + 16 + 2 * segments)
    deltas = struct.unpack_from(shape, data, start + 16 + 4 * segments)
    ranges_at = start + 16 + 6 * segments
    ranges = struct.unpack_from(shape, data, ranges_at)
    found = set()
    for number in range(segments):
        for code in range(firsts[number], ends[number] + 1):
            glyph = code
            if ranges[number]:
                at = ranges_at + 2 * number + ranges[number] + 2 * (code - firsts[number])
                glyph = struct.unpack_from(">H", data, at)[0] if at + 2 <= len(data) else 0
            if glyph and (glyph + deltas[number]) % 65536 and code != 0xFFFF:
                found.add(code)
    return found
