"""Where in a TOML text each table, key and array element stands: `tomllib` reads values and forgets their lines."""

from __future__ import annotations

import bisect
import re
import tomllib

Where = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_QUOTED_KEY = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'')
_DOT = re.compile(r"[ \t]*\.[ \t]*")
# Longest first, so that three quotes are not taken for an empty string and one quote. A multi-line string may end in
# one or two quotes of its own before the three that close it.
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}' r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'",
    re.DOTALL,
)
_PLAIN_VALUE = re.compile(r"[^,\]}#\n]+")


def line_index(text: str) -> dict[Where, int]:
    """The line, from 1, of every path in the text. The text must be valid TOML: `tomllib` has read it before.

    A path is made of keys and, for elements of arrays and of arrays of tables, their number from 0. A table opened
    twice (`[a]` after `[a.b]`) has the line of its own header.
    """
    return _Index(text.replace("\r\n", "\n")).read()


class _Index:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[Where, int] = {(): 1}
        self.newlines = [match.start() for match in re.finditer("\n", text)]
        self.last_element: dict[Where, int] = {}

    def read(self) -> dict[Where, int]:
        table: Where = ()
        self._skip(_BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)
        return self.found

    def _line(self) -> int:
        return bisect.bisect_left(self.newlines, self.at) + 1

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            return ""
        self.at = match.end()
        return match.group()

    def _keys(self) -> list[str]:
        keys: list[str] = []
        while not keys or self._skip(_DOT):
            quoted = self._skip(_QUOTED_KEY)
            # An escape in a key is rare and hard; tomllib knows how to read one.
            keys.append(next(iter(tomllib.loads(f"{quoted} = 0"))) if quoted else self._skip(_BARE_KEY))
        return keys

    def _header(self) -> Where:
        line = self._line()
        many = self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        self._skip(_BLANK)
        keys = self._keys()
        self._skip(_BLANK)
        self.at += 2 if many else 1
        where: Where = ()
        for key in keys[:-1]:
            where = self._newest((*where, key))
            self.found.setdefault(where, line)
        where = (*where, keys[-1])
        if many:
            self.found.setdefault(where, line)
            self.last_element[where] = self.last_element.get(where, -1) + 1
            where = (*where, self.last_element[where])
        self.found[where] = line
        return where

    def _newest(self, where: Where) -> Where:
        return (*where, self.last_element[where]) if where in self.last_element else where

    def _pair(self, table: Where) -> None:
        line = self._line()
        where = table
        for key in self._keys():
            where = (*where, key)
            self.found.setdefault(where, line)
        self._skip(_BLANK)
        self.at += 1  # the equals sign
        self._value(where)

    def _value(self, where: Where) -> None:
        self._skip(_BLANK)
        self.found.setdefault(where, self._line())
        if self.text[self.at] == "[":
            self._elements(where, "]")
        elif self.text[self.at] == "{":
            self._elements(where, "}")
        elif not self._skip(_STRING):
            self._skip(_PLAIN_VALUE)

    def _elements(self, where: Where, end: str) -> None:
        self.at += 1
        number = 0
        self._skip(_BLANK)
        while self.text[self.at] != end:
            if end == "]":
                self._value((*where, number))
                number += 1
            else:
                self._pair(where)
            self._skip(_BLANK)
            if self.text[self.at] == ",":
                self.at += 1
            self._skip(_BLANK)
        self.at += 1
