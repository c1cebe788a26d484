"""What is wrong in an organisation's files: which file, which line, what."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Fault:
    """One fault; shown as `organisation/regions/oregon.toml:41: unknown field "lable" in [fields.zip]`."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


class CatalogFaults(ValueError):
    """The files cannot be used; `faults` holds every reason, by file and line."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """` (did you mean "label"?)` where one of the known words is close, otherwise nothing."""
    near = difflib.get_close_matches(wrong, sorted(known), n=1, cutoff=0.6)
    return f' (did you mean "{near[0]}"?)' if near else ""
