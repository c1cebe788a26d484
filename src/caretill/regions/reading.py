"""Reading one TOML file strictly: every value is asked for by name and type, and all that is wrong is collected.

A getter that finds a fault notes it and answers with an empty value, so that one run shows all faults of all files.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Collection, Iterable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from caretill.regions.faults import Fault, did_you_mean
from caretill.regions.lines import Where, line_index

_TYPE_NAMES: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (str, "text"),
    (int, "a whole number"),
    (float, "a number with a point"),
    (datetime, "a date with a time"),
    (date, "a date"),
    (time, "a time"),
    (list, "a list"),
    (dict, "a table"),
)
_ERROR_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


class Source:
    """One file being read, with the faults found in it."""

    def __init__(self, shown: str, values: dict[str, Any], lines: dict[Where, int], faults: list[Fault]) -> None:
        self.shown = shown
        self.values = values
        self.lines = lines
        self.faults = faults

    def fault(self, where: Where, text: str) -> None:
        """Note a fault at the line of that path, or of the nearest table around it that has one."""
        while where not in self.lines:
            where = where[:-1]
        self.faults.append(Fault(self.shown, self.lines[where], text))

    @property
    def root(self) -> Table:
        """The whole file as a table."""
        return Table(self, (), self.values)


def open_source(path: Path, shown: str, faults: list[Fault]) -> Source | None:
    """The file's values and lines; None, with a fault, where it is missing, not UTF-8 or not TOML."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        faults.append(Fault(shown, 1, f"cannot be read: {error.strerror}"))
        return None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        faults.append(Fault(shown, raw.count(b"\n", 0, error.start) + 1, "is not UTF-8 text"))
        return None
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _ERROR_PLACE.search(str(error))
        line = int(place.group(1)) if place and place.group(1) else text.rstrip("\n").count("\n") + 1
        faults.append(Fault(shown, line, f"is not TOML: {_ERROR_PLACE.sub('', str(error))}"))
        return None
    return Source(shown, values, line_index(text), faults)


class Table:
    """A table of a file. Ask for each field it may have, then call `close()`: what was not asked for is unknown.

    A table that is not there (`values` is None) has had its fault and is silent about its fields.
    """

    def __init__(self, source: Source, where: Where, values: dict[str, Any] | None) -> None:
        self.source = source
        self.where = where
        self.there = values is not None
        self.values = values or {}
        self.asked: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self.values

    @property
    def title(self) -> str:
        """How a fault names this table: `[fields.zip]`, `[[due_rules]] number 2`, or the file as a whole."""
        if not self.where:
            return "the file"
        keys = ".".join(str(part) for part in self.where if isinstance(part, str))
        number = self.where[-1]
        return f"[[{keys}]] number {number + 1}" if isinstance(number, int) else f"[{keys}]"

    def fault(self, key: str | None, text: str, *more: str | int) -> None:
        """Note a fault at the line of a field (and an element in it), or of the table itself for None."""
        self.source.fault(self.where if key is None else (*self.where, key, *more), text)

    def close(self) -> None:
        """Note a fault for each field that nothing asked for."""
        for key in self.values:
            if key not in self.asked:
                self.fault(key, f'unknown field "{key}" in {self.title}{did_you_mean(key, self.asked)}')

    def _get(self, key: str, kind: type, needed: bool) -> Any:
        self.asked.add(key)
        if key not in self.values:
            if needed and self.there:
                self.fault(None, f'field "{key}" is missing in {self.title}')
            return None
        value = self.values[key]
        if type(value) is not kind:
            self.fault(key, f'"{key}" in {self.title} must be {type_name(kind)}, not {type_name(type(value))}')
            return None
        return value

    def text(
        self, key: str, shape: re.Pattern[str] | None = None, like: str = "", longest: int = 200, needed: bool = True
    ) -> str:
        """A line of text; with a shape it must match, and `like` shows what it should look like."""
        value = self._get(key, str, needed)
        if value is None:
            return ""
        problem = text_problem(value, longest)
        if problem is None and shape is not None and not shape.fullmatch(value):
            problem = f'"{value}" does not look like {like}'
        if problem:
            self.fault(key, f'"{key}" in {self.title}: {problem}')
            return ""
        return str(value)

    def choice(self, key: str, allowed: Collection[str]) -> str:
        """One of the allowed words."""
        value = self._get(key, str, True)
        if value is None:
            return ""
        if value not in allowed:
            known = ", ".join(allowed)
            near = did_you_mean(value, allowed)
            self.fault(key, f'"{key}" in {self.title}: "{value}" is none of {known}{near}')
            return ""
        return str(value)

    def whole(self, key: str, low: int, high: int, needed: bool = True) -> int | None:
        """A whole number from low to high."""
        value = self._get(key, int, needed)
        if value is not None and not low <= value <= high:
            self.fault(key, f'"{key}" in {self.title}: {value} is not between {low} and {high}')
            return None
        return value

    def day(self, key: str, needed: bool = True) -> date | None:
        """A date without a time."""
        value = self._get(key, date, needed)
        return value if isinstance(value, date) else None

    def many(self, key: str, kind: type, fewest: int = 1, needed: bool = True) -> list[tuple[int, Any]]:
        """The elements of a list that have the right type, each with its number."""
        values = self._get(key, list, needed)
        if values is None:
            return []
        if len(values) < fewest:
            self.fault(key, f'"{key}" in {self.title} needs at least {fewest} {"entry" if fewest == 1 else "entries"}')
        good = []
        for number, value in enumerate(values):
            if type(value) is kind:
                good.append((number, value))
            else:
                wrong = f"must be {type_name(kind)}, not {type_name(type(value))}"
                self.fault(key, f'"{key}" in {self.title}: entry {number + 1} {wrong}', number)
        return good

    def texts(
        self, key: str, shape: re.Pattern[str] | None = None, like: str = "", fewest: int = 1, needed: bool = True
    ) -> tuple[str, ...]:
        """A list of different lines of text."""
        good: list[str] = []
        for number, value in self.many(key, str, fewest, needed):
            problem = text_problem(value, 120)
            if problem is None and shape is not None and not shape.fullmatch(value):
                problem = f'"{value}" does not look like {like}'
            if problem is None and value in good:
                problem = f'"{value}" stands there twice'
            if problem:
                self.fault(key, f'"{key}" in {self.title}: {problem}', number)
            else:
                good.append(value)
        return tuple(good)

    def table(self, key: str, needed: bool = True) -> Table:
        """A table inside this one; if it is missing, an empty one, with a fault where it is needed."""
        value = self._get(key, dict, needed)
        return Table(self.source, (*self.where, key), value)

    def named(self, key: str, needed: bool = True) -> dict[str, Table]:
        """A table of tables by their names."""
        outer = self.table(key, needed)
        return {name: outer.table(name) for name in outer.values}

    def tables(self, key: str, needed: bool = True) -> list[Table]:
        """An array of tables."""
        return [Table(self.source, (*self.where, key, n), value) for n, value in self.many(key, dict, needed=needed)]

    def words(
        self, key: str, languages: Iterable[str], longest: int = 200, needed: bool = True, fills: Collection[str] = ()
    ) -> dict[str, str]:
        """A text in each language; `fills` are the placeholders it may hold. A language without text is a fault."""
        if not needed and key not in self.values:
            self.asked.add(key)
            return {}
        inner = self.table(key)
        found = {}
        for language in languages if inner.there else ():
            if language not in inner:
                inner.asked.add(language)
                self.fault(key, f'"{key}" in {self.title} has no text in language "{language}"')
            else:
                found[language] = inner.prose(language, longest, fills)
        inner.close()
        return found

    def prose(self, key: str, longest: int, fills: Collection[str] = ()) -> str:
        """Text that may have paragraphs, split by an empty line, and placeholders; other line ends become spaces."""
        value = self._get(key, str, True)
        if value is None:
            return ""
        paragraphs = [" ".join(each.split("\n")) for each in re.split(r"\n{2,}", value.strip("\n"))]
        problem = text_problem(" ".join(paragraphs), longest) or fill_problem(value, fills)
        if problem:
            self.fault(key, f'"{key}" in {self.title}: {problem}')
            return ""
        return "\n\n".join(paragraphs)


def type_name(kind: type) -> str:
    """How a fault names a type of TOML."""
    return next((name for known, name in _TYPE_NAMES if issubclass(kind, known)), kind.__name__)


def text_problem(text: str, longest: int) -> str | None:
    """Why this cannot be a text that is shown to people, or None."""
    if not text.strip():
        return "is empty"
    if text != text.strip():
        return "begins or ends with a space"
    if len(text) > longest:
        return f"has {len(text)} characters, more than {longest}"
    if not text.isprintable() and any(not each.isprintable() and each not in "\u200c\u200d" for each in text):
        return "holds a character that cannot be printed"
    return None


def fill_problem(text: str, fills: Collection[str]) -> str | None:
    """Why the `{placeholders}` of a text cannot be filled, or None."""
    try:
        found = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError as error:
        return f"has a broken placeholder ({error})"
    for name in found:
        if name not in fills:
            known = ", ".join(f"{{{each}}}" for each in fills) or "none"
            return f"has a placeholder {{{name}}} that nothing fills (known: {known})"
    return None
