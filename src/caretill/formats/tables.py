"""A table of a feed as data: its columns, what each holds, and how a header is recognised."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from caretill.formats.values import Kind


@dataclass(frozen=True)
class Column:
    """One column. `empty` says what an empty cell means; None means that it is refused."""

    name: str
    kind: Kind
    says: str = ""
    empty: str | None = None
    optional: bool = False  # the whole column may be left out
    other_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One table: a file, or a part of one, that begins with its header.

    `key` makes a row unique; `about` are the columns that say which bill a damaged row would have belonged to.
    """

    name: str
    says: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    about: tuple[str, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @cached_property
    def needed(self) -> frozenset[str]:
        return frozenset(column.name for column in self.columns if not column.optional)

    def places(self, header: list[str]) -> list[int | None]:
        """Where each column of the table stands in a file with this header."""
        names = [cell.strip().lower() for cell in header]
        found = []
        for column in self.columns:
            spelled = [name for name in (column.name, *column.other_names) if name in names]
            found.append(names.index(spelled[0]) if spelled else None)
        return found


class HeaderFault(ValueError):
    """The first line is no header of a table; the text says which is nearest and what differs."""


@dataclass(frozen=True)
class Family:
    """Tables that come together. In a strict one a header holds the columns of its table and no others."""

    tables: tuple[Table, ...]
    strict: bool = True
    telling: frozenset[str] = field(default_factory=frozenset)  # a header names at least one of these

    @cached_property
    def by_name(self) -> dict[str, Table]:
        return {table.name: table for table in self.tables}

    @cached_property
    def hints(self) -> tuple[bytes, ...]:
        return tuple(name.encode() for name in sorted(self.telling))

    def recognise(self, cells: list[str]) -> Table:
        """The table that has these columns, in any order. Raises HeaderFault."""
        names = [cell.strip().lower() for cell in cells]
        table = max(self.tables, key=lambda each: _likeness(each, cells))
        if sum(place is not None for place in table.places(cells)) < min(2, len(table.needed)):
            raise HeaderFault("the first line is not a header of " + _listed(each.name for each in self.tables))
        known = set(table.names)
        missing = [name for name, place in zip(table.names, table.places(cells), strict=True) if place is None]
        faults = [f"no column {name}" for name in missing if name in table.needed]
        if self.strict:
            faults += [f"unknown column {name!r}" for name in names if name not in known]
        faults += [f"column {name} twice" for name in table.names if names.count(name) > 1]
        if faults:
            raise HeaderFault(f"looks like {table.name}: " + ", ".join(faults))
        return table


def _likeness(table: Table, cells: list[str]) -> int:
    found = sum(place is not None for place in table.places(cells))
    return 2 * found - len(table.needed)


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
