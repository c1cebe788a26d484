"""A copy of the demo organisation's folder to spoil, and what one spoiled place must be reported as."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from caretill.regions.check import check

ROOT = Path(__file__).resolve().parents[3]
LARKSPUR = ROOT / "organisation"
OTHER = ROOT / "tests" / "samples" / "organisation-other"
OREGON = "regions/oregon.toml"
HAWAII = "regions/hawaii.toml"
VIRGINIA = "regions/virginia.toml"
FRONT = "organisation.toml"
SPANISH = "notices/es.toml"


@dataclass(frozen=True)
class Case:
    """One change of one file, the words that stand on the line of the fault, and the fault."""

    name: str
    file: str
    old: str
    new: str
    at: str
    fault: str


class Scratch:
    """A folder with an organisation's files that a test changes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace the first occurrence of `old`, which must be there."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def line_of(self, file: str, text: str) -> int:
        """The line on which `text` first stands, by counting: independent of the code under test."""
        whole = (self.folder / file).read_text(encoding="utf-8")
        assert text in whole, f"{text!r} is not in {file}"
        return whole.split(text, 1)[0].count("\n") + 1

    def faults(self) -> list[str]:
        """All faults, shown as from the folder's parent."""
        return [str(fault).removeprefix(f"{self.folder.parent}/") for fault in check(self.folder)]

    def spoil(self, case: Case) -> None:
        """Make the change of a case and demand its fault, alone and on its line."""
        self.edit(case.file, case.old, case.new)
        line = self.line_of(case.file, case.at)
        assert self.faults() == [f"organisation/{case.file}:{line}: {case.fault}"]
