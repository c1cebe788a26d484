"""`caretill regions check`: every fault of an organisation's files, and what is allowed but not finished."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from caretill.regions.catalog import load
from caretill.regions.faults import CatalogFaults, Fault
from caretill.regions.models import Organisation, Region

# Section 1557 asks for the notice in the 15 languages most spoken by people with limited English in the states served.
NEEDED_LANGUAGE_LINES = 15


@dataclass(frozen=True)
class Report:
    """What a check found. The files can be used when `faults` is empty; `notes` are for a person to settle."""

    faults: tuple[Fault, ...]
    notes: tuple[str, ...]
    regions: int

    @property
    def summary(self) -> str:
        """One line that says what was checked."""
        notes = f"{len(self.notes)} {'note' if len(self.notes) == 1 else 'notes'}"
        if self.faults:
            return f"{len(self.faults)} {'fault' if len(self.faults) == 1 else 'faults'}"
        return f"{self.regions} {'region' if self.regions == 1 else 'regions'}, 0 faults, {notes}"

    def lines(self) -> list[str]:
        """All of it as printed: faults, then notes, then the summary."""
        return [*(str(fault) for fault in self.faults), *(f"note: {note}" for note in self.notes), self.summary]


def check(folder: Path) -> list[Fault]:
    """All faults of the folder's files, by file and line; empty when it can be used."""
    try:
        load(folder)
    except CatalogFaults as error:
        return list(error.faults)
    return []


def report(folder: Path, today: date) -> Report:
    """Faults and notes. Notes are only looked for in files without faults."""
    try:
        organisation = load(folder)
    except CatalogFaults as error:
        return Report(error.faults, (), 0)
    return Report((), tuple(notes(organisation, today)), len(organisation.regions))


def notes(organisation: Organisation, today: date) -> list[str]:
    """What is allowed and still wants a person: unreviewed texts, missing languages, a calendar at its end."""
    found = []
    unread = [line.language for line in organisation.language_lines if not line.reviewer]
    if unread:
        found.append(f"notices: no reviewer is named for {', '.join(unread)}")
    others = sum(line.language != "en" for line in organisation.language_lines)
    if others < NEEDED_LANGUAGE_LINES:
        count = f"{others} {'language' if others == 1 else 'languages'}"
        found.append(
            f"notices: language help is offered in {count} besides English, "
            f"the federal rule asks for {NEEDED_LANGUAGE_LINES}"
        )
    for region in organisation.regions:
        last = last_known_holiday(region)
        if last is None or last.year <= today.year:
            until = f"end in {last.year}" if last else "are missing"
            found.append(
                f"regions/{region.slug}.toml: the holidays {until}; due dates and hours after that know weekends only"
            )
    return found


def last_known_holiday(region: Region) -> date | None:
    """The last day of the region's holiday calendar."""
    return max(region.holidays, default=None)
