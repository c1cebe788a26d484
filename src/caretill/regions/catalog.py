"""The organisation in use: read once from its folder, whole or not at all."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from django.conf import settings

from caretill.regions.faults import CatalogFaults, Fault
from caretill.regions.models import (
    BILL_KINDS,
    FIELD_NAMES,
    NUMBER_KINDS,
    PAPER_SPOTS,
    TOPICS,
    Contact,
    DueRule,
    Format,
    LanguageLine,
    Lookup,
    LookupField,
    Organisation,
    Payee,
    Region,
    Span,
    UnknownRegion,
    place_names,
)
from caretill.regions.names import normal_name
from caretill.regions.organisation_file import Front, Texts, read_front, read_notice
from caretill.regions.reading import Source, open_source
from caretill.regions.region_file import read_region

__all__ = [
    "BILL_KINDS",
    "FIELD_NAMES",
    "NUMBER_KINDS",
    "PAPER_SPOTS",
    "TOPICS",
    "CatalogFaults",
    "Contact",
    "DueRule",
    "Fault",
    "Format",
    "LanguageLine",
    "Lookup",
    "LookupField",
    "Organisation",
    "Payee",
    "Region",
    "Span",
    "UnknownRegion",
    "find_region",
    "load",
    "organisation",
    "region",
    "regions",
]
DEFAULT_FOLDER = Path(__file__).resolve().parents[3] / "organisation"


def organisation() -> Organisation:
    """The organisation of `CARETILL_ORGANISATION`, read at the first call and kept. Raises CatalogFaults."""
    return _kept(settings.CARETILL_ORGANISATION)


def regions() -> tuple[Region, ...]:
    """Its regions, by name."""
    return organisation().regions


def region(slug: str) -> Region:
    """One of its regions. Raises UnknownRegion."""
    return organisation().region(slug)


def find_region(text: str) -> Region | None:
    """The region meant by a ZIP code, a name in either language or a code; None where nothing fits."""
    return organisation().find_region(text)


@functools.lru_cache(maxsize=8)
def _kept(setting: Path | str | None) -> Organisation:
    """By the setting as it stands: a page asks fifty times, and to make a path of it each time costs more than all."""
    return load(Path(setting or DEFAULT_FOLDER))


def load(folder: Path) -> Organisation:
    """Read a folder; nothing is kept, no setting is asked. Raises CatalogFaults with all that is wrong in all files."""
    faults: list[Fault] = []
    front_source = open_source(folder / "organisation.toml", _shown(folder, "organisation.toml"), faults)
    if front_source is None:
        raise CatalogFaults(faults)
    front = read_front(front_source.root, folder)
    lines, texts = _read_notices(folder, front, front_source, faults)
    found = _read_regions(folder, front, front_source, faults)
    if faults:
        raise CatalogFaults(faults)
    values: dict[str, Any] = dict(front.values)
    return Organisation(
        **values,
        payees=front.payees,
        languages=front.languages,
        texts=texts,
        language_lines=lines,
        regions=tuple(sorted(found, key=lambda each: each.name["en"])),
    )


def _shown(folder: Path, *parts: str) -> str:
    """The path as a person at the prompt would type it: from the working folder where it lies within."""
    path = folder.joinpath(*parts).absolute()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _sources(folder: Path, name: str, front: Source, faults: list[Fault]) -> dict[str, Source]:
    """The TOML files of a folder inside by their names; anything else there is a fault, so is an empty folder."""
    found = {}
    for path in sorted((folder / name).glob("*")):
        if path.name.startswith("."):
            continue
        shown = _shown(folder, name, path.name)
        if path.suffix != ".toml":
            faults.append(Fault(shown, 1, "is not read: its name does not end in .toml"))
            continue
        source = open_source(path, shown, faults)
        if source is not None:
            found[path.stem] = source
    if not any((folder / name).glob("*.toml")):
        front.fault((), f"there is no file in {_shown(folder, name)}")
    return found


def _read_notices(
    folder: Path, front: Front, front_source: Source, faults: list[Fault]
) -> tuple[tuple[LanguageLine, ...], dict[str, Texts]]:
    lines: list[LanguageLine] = []
    texts: dict[str, Texts] = {}
    sources = _sources(folder, "notices", front_source, faults)
    for language, source in sources.items():
        spoken = language in front.languages
        line, own = read_notice(source.root, language, spoken)
        lines.append(line)
        if spoken:
            texts[language] = own
    for number, language in enumerate(front.languages):
        if language not in sources and not (folder / "notices" / f"{language}.toml").exists():
            missing = _shown(folder, "notices", f"{language}.toml")
            front_source.fault(("languages", number), f'language "{language}" has no texts: {missing} is missing')
    return tuple(lines), texts


def _read_regions(folder: Path, front: Front, front_source: Source, faults: list[Fault]) -> list[Region]:
    found: list[Region] = []
    claimed: dict[str, str] = {}
    for slug, source in _sources(folder, "regions", front_source, faults).items():
        region = read_region(source.root, slug, front.languages, front.payees, front.holidays)
        for place in place_names(slug, region.code, region.name, region.aliases, region.zip_prefixes):
            if claimed.setdefault(place, source.shown) != source.shown:
                source.fault(
                    _where_place(source, region, place), f'"{place}" already means the region of {claimed[place]}'
                )
        found.append(region)
    return found


def _where_place(source: Source, region: Region, place: str) -> tuple[str | int, ...]:
    """The path of the entry that claims a place which another region has."""
    if place in region.zip_prefixes:
        return ("zip_prefixes", source.values["zip_prefixes"].index(place))
    if place == normal_name(region.code):
        return ("code",)
    for alias in region.aliases:
        if place == normal_name(alias):
            return ("aliases", source.values["aliases"].index(alias))
    return ("name", next((language for language, name in region.name.items() if place == normal_name(name)), "en"))
