"""The line index against `tomllib`: every path that it reads has a line, and the line is the right one."""

from __future__ import annotations

import string
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caretill.regions.lines import Where, line_index

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted((ROOT / "organisation").rglob("*.toml"))

SAMPLE = '''# first
title = "a = 1 # no"   # yes
"quoted key" = 1
'lit.eral' = 2
site."a.b".c = 3

numbers = [ 1, 2,
  3, # three
  [ 4,
    5 ],
]
point = { x = 1, y = { z = "}" }, l = [
  1,
  2 ] }
text = """
[not.a.table]
key = "no" ""two quotes"" and \\""" escaped
"""
literal = \'\'\'
it\'s ]] fine\'\'\'
when = 1979-05-27 07:32:00
empty = []
none = {}

[a.b]
c = 1

[a]   # opened after its child
d = 2

[[fruit]]
name = "apple"
[fruit.skin]
colour = "red"
[[fruit.kind]]
name = "one"
[[fruit.kind]]
name = "two"

[[fruit]]
name = "pear"
[[fruit.kind]]
name = "three"
[ spaced . "out" ]
last = 1'''

EXPECTED: dict[Where, int] = {
    (): 1,
    ("title",): 2,
    ("quoted key",): 3,
    ("lit.eral",): 4,
    ("site",): 5,
    ("site", "a.b", "c"): 5,
    ("numbers",): 7,
    ("numbers", 0): 7,
    ("numbers", 1): 7,
    ("numbers", 2): 8,
    ("numbers", 3): 9,
    ("numbers", 3, 1): 10,
    ("point",): 12,
    ("point", "y", "z"): 12,
    ("point", "l", 0): 13,
    ("point", "l", 1): 14,
    ("text",): 15,
    ("literal",): 19,
    ("when",): 21,
    ("empty",): 22,
    ("none",): 23,
    ("a", "b"): 25,
    ("a", "b", "c"): 26,
    ("a",): 28,
    ("a", "d"): 29,
    ("fruit",): 31,
    ("fruit", 0): 31,
    ("fruit", 0, "name"): 32,
    ("fruit", 0, "skin", "colour"): 34,
    ("fruit", 0, "kind", 1, "name"): 38,
    ("fruit", 1): 40,
    ("fruit", 1, "kind", 0): 42,
    ("fruit", 1, "kind", 0, "name"): 43,
    ("spaced", "out"): 44,
    ("spaced", "out", "last"): 45,
}


def paths(value: Any, where: Where = ()) -> Iterator[Where]:
    """Every path of what `tomllib` read."""
    yield where
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, (*where, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from paths(inner, (*where, number))


def test_every_shape_of_toml_has_its_line() -> None:
    found = line_index(SAMPLE)
    assert {where: found.get(where) for where in EXPECTED} == EXPECTED
    assert set(paths(tomllib.loads(SAMPLE))) == set(found)


def test_windows_line_ends_count_as_one() -> None:
    assert line_index('a = 1\r\nb = """x\r\ny"""\r\nc = 2\r\n')[("c",)] == 4


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_path_of_the_organisation_stands_where_the_index_says(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    found = line_index(text)
    lines = text.split("\n")
    for where in paths(tomllib.loads(text)):
        if where and isinstance(where[-1], str):
            assert where[-1] in lines[found[where] - 1], where


KEYS = st.one_of(st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=6), st.text(max_size=4))
SCALARS = st.one_of(
    st.integers(-9, 99),
    st.booleans(),
    st.dates(),
    st.text(max_size=12),
    st.sampled_from(['"', "]", "}", "#", "=", '"""', "'''"]),
)


def quote(text: str) -> str:
    """A basic string of TOML."""
    escaped = "".join(each if each.isprintable() and each not in '"\\' else f"\\U{ord(each):08x}" for each in text)
    return f'"{escaped}"'


class Writer:
    """Writes random documents and notes on which line each path begins."""

    def __init__(self) -> None:
        self.text = ""
        self.lines: dict[Where, int] = {(): 1}

    def put(self, text: str) -> None:
        self.text += text

    def note(self, where: Where) -> None:
        self.lines.setdefault(where, self.text.count("\n") + 1)

    def value(self, data: st.DataObject, where: Where, depth: int) -> None:
        kind = data.draw(st.sampled_from(["scalar", "list", "long", "inline"] if depth else ["scalar", "long"]))
        if kind == "list":
            self.put("[")
            for number in range(data.draw(st.integers(0, 3))):
                self.put(data.draw(st.sampled_from(["", " ", "\n  ", " # c ]\n"])))
                self.note((*where, number))
                self.value(data, (*where, number), depth - 1)
                self.put(data.draw(st.sampled_from([",", " ,", "\n,"])))
            self.put(data.draw(st.sampled_from(["]", "\n]"])))
        elif kind == "inline":
            self.put("{")
            for number, key in enumerate(sorted(data.draw(st.sets(KEYS, max_size=3)))):
                self.put(", " if number else " ")
                self.note((*where, key))
                self.put(f"{quote(key)} = ")
                self.value(data, (*where, key), depth - 1)
            self.put("}")
        elif kind == "long":
            self.put(
                data.draw(st.sampled_from(['"""\n[x]\na = 1\n"""', "'''\n# no\n\"'''", '"""a""b\\"""\n"""', "'''''''"]))
            )
        else:
            value = data.draw(SCALARS)
            self.put(quote(value) if isinstance(value, str) else str(value).lower())

    def pairs(self, data: st.DataObject, where: Where) -> None:
        for key in sorted(data.draw(st.sets(KEYS, max_size=3))):
            self.put(data.draw(st.sampled_from(["", "\n", "# [c]\n", "  "])))
            self.note((*where, key))
            bare = key and all(each in string.ascii_letters + string.digits + "-_" for each in key)
            self.put(f"{key if bare else quote(key)} = ")
            self.value(data, (*where, key), 2)
            self.put(data.draw(st.sampled_from(["\n", " # c\n"])))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_random_documents(data: st.DataObject) -> None:
    writer = Writer()
    writer.pairs(data, ())
    for number in range(data.draw(st.integers(0, 3))):
        writer.note(("~tables",))
        writer.note(("~tables", number))
        writer.put('[["~tables"]]\n')
        writer.pairs(data, ("~tables", number))
    read = tomllib.loads(writer.text)
    assert set(paths(read)) == set(writer.lines)
    assert line_index(writer.text) == writer.lines
