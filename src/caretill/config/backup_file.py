"""The file of a backup: a zip of the database's dump, the files beside it, and a manifest that names each by its hash.

It is written under another name and appears under its own when it is whole and has been read again. The manifest is
the last thing in it and covers every other; its own SHA-256, the fingerprint, is told to people.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Any

from caretill.config.folder import sync
from caretill.core import clock

FORMAT, FORMAT_VERSION = "caretill backup", 1
DUMP, MANIFEST, FILES = "database.dump", "manifest.json", "files/"
ENDING = ".backup"
BLOCK = 1 << 20
LARGEST_MANIFEST = 64 << 20
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What Python says of a zip that was damaged or made by somebody else.
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError)

Told = Callable[[str, int, int], None]


class BadBackup(RuntimeError):
    """The file is no backup, or not whole, or not as it was made; the message names it and says which."""


@dataclass(frozen=True)
class Part:
    """One thing in the file: its name, size, hash, and the rights it had."""

    name: str
    bytes: int
    sha256: str
    mode: int


@dataclass(frozen=True)
class Manifest:
    """What the backup is of. `tables` counts rows; `ledger` has a digest and a count for each stream of core.seals."""

    made_at: str
    caretill: str
    postgres_major: int
    postgres_version: str
    database_bytes: int
    migrations: list[str]
    tables: dict[str, int]
    ledger: dict[str, dict[str, Any]]
    keys: dict[str, dict[str, Any]]
    parts: list[Part]

    def text(self) -> bytes:
        """As it stands in the file."""
        whole = {"format": FORMAT, "format_version": FORMAT_VERSION, **asdict(self)}
        return json.dumps(whole, indent=1, sort_keys=True).encode()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the manifest, and so of everything."""
        return hashlib.sha256(self.text()).hexdigest()

    @property
    def rows(self) -> int:
        return sum(self.tables.values())

    def part(self, name: str) -> Part:
        return next(part for part in self.parts if part.name == name)


class Draft:
    """A backup while it is written: locked, readable by us alone, gone when anything fails."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(f".{target.name}.part")
        self.copy = self.path.with_suffix(".copy")
        self.parts: list[Part] = []
        self._zip: zipfile.ZipFile | None = None

    def __enter__(self) -> Draft:
        # What a killed backup left under this name is nobody's; a living one holds its lock.
        if self.path.exists() and not remove_dead(self.path):
            raise BadBackup(f"{self.target} is being written by another command")
        handle = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        self._file = os.fdopen(handle, "w+b")
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._zip = zipfile.ZipFile(self._file, "w")
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: TracebackType | BaseException | None) -> None:
        self.copy.unlink(missing_ok=True)
        if kind is not None:
            self.path.unlink(missing_ok=True)
        with suppress(*UNREADABLE):
            if self._zip is not None:
                self._zip.close()
        with suppress(OSError, ValueError):
            self._file.close()

    @contextmanager
    def part(self, name: str, mode: int = 0o600) -> Iterator[Callable[[bytes], None]]:
        """Write one part, piece by piece. The dump is packed already."""
        assert self._zip is not None
        digest, size = hashlib.sha256(), 0
        when = clock.now().timetuple()[:6]
        entry = zipfile.ZipInfo(name, date_time=when)
        entry.external_attr = (stat.S_IFREG | mode) << 16
        entry.compress_type = zipfile.ZIP_STORED if name == DUMP else zipfile.ZIP_DEFLATED

        def write(piece: bytes) -> None:
            nonlocal size
            digest.update(piece)
            size += len(piece)
            inside.write(piece)

        with self._zip.open(entry, "w", force_zip64=True) as inside:
            yield write
        self.parts.append(Part(name, size, digest.hexdigest(), mode))

    def read(self, name: str) -> Iterator[bytes]:
        """A part that is written, before the file is closed."""
        assert self._zip is not None
        with self._zip.open(name) as inside:
            while piece := inside.read(BLOCK):
                yield piece

    def finish(self, manifest: Manifest, told: Told) -> None:
        """Close it, put it on the disk, read it again from there, and give it its name.

        Raises BadBackup when what is read is not what was written, or somebody else has made that name meanwhile.
        """
        assert self._zip is not None
        self._zip.writestr(MANIFEST, manifest.text(), zipfile.ZIP_DEFLATED)
        self._zip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        # Not from memory: the pages are dropped, so that the disk is asked.
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if verify(self.path, told).text() != manifest.text():
            raise BadBackup(f"{self.path}: reads other than it was written")
        try:
            os.link(self.path, self.target)
        except FileExistsError:
            raise BadBackup(f"{self.target} exists already") from None
        except OSError:  # a disk without links
            if self.target.exists():
                raise BadBackup(f"{self.target} exists already") from None
            self.path.rename(self.target)
        self.path.unlink(missing_ok=True)
        sync(self.target.parent)


def remove_dead(path: Path) -> bool:
    """Remove a draft, and what was copied for it, that nobody writes any more; whether it is gone."""
    with suppress(FileNotFoundError), path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        path.with_suffix(".copy").unlink(missing_ok=True)
        path.unlink(missing_ok=True)
    return True


@contextmanager
def opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """The file and its manifest, when both hold together. Nothing but the manifest is read yet. Raises BadBackup."""
    with path.open("rb") as file:
        began = file.read(4)
        file.seek(0)
        try:
            found = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError):
            if began == b"PK\x03\x04":
                raise BadBackup(f"{path}: the end is missing; it was cut short or damaged") from None
            raise BadBackup(f"{path}: not a backup of Caretill") from None
        with found:
            manifest = _manifest(path, found)
            _compare(path, found, manifest)
            yield found, manifest


def verify(path: Path, told: Told) -> Manifest:
    """Read every byte and compare it with the manifest, which is returned. Raises BadBackup."""
    with opened(path) as (file, manifest):
        total, done = sum(part.bytes for part in manifest.parts), 0
        for part in manifest.parts:
            for piece in pieces(path, file, part):
                done += len(piece)
                told("reading it again", done, total)
    return manifest


def pieces(path: Path, file: zipfile.ZipFile, part: Part) -> Iterator[bytes]:
    """The bytes of a part. Raises BadBackup, at the end at the latest, when they are not what the manifest says."""
    digest, size = hashlib.sha256(), 0
    try:
        with file.open(part.name) as inside:
            while piece := inside.read(BLOCK):
                digest.update(piece)
                size += len(piece)
                yield piece
    except UNREADABLE as error:
        raise BadBackup(f"{path}: {part.name} is damaged ({error})") from None
    if size != part.bytes or digest.hexdigest() != part.sha256:
        raise BadBackup(f"{path}: {part.name} is not what was backed up (its SHA-256 differs)")


def _manifest(path: Path, file: zipfile.ZipFile) -> Manifest:
    try:
        if file.getinfo(MANIFEST).file_size > LARGEST_MANIFEST:
            raise ValueError("too large")
        found = json.loads(file.read(MANIFEST))
        if not isinstance(found, dict) or found.pop("format", "") != FORMAT:
            raise BadBackup(f"{path}: not a backup of Caretill")
        version = found.pop("format_version", 0)
        if version != FORMAT_VERSION:
            raise BadBackup(f"{path}: a backup of form {version}; this release reads form {FORMAT_VERSION}")
        found["parts"] = [Part(**part) for part in found["parts"]]
        manifest = Manifest(**found)
        _typed(manifest)
    except BadBackup:
        raise
    except KeyError:
        raise BadBackup(f"{path}: not a backup of Caretill") from None
    except (*UNREADABLE, TypeError, AttributeError) as error:
        raise BadBackup(f"{path}: its manifest does not read ({error})") from None
    return manifest


def _typed(manifest: Manifest) -> None:
    """Raise ValueError at a field of another type than it is declared, or a name that leads out of its folder."""
    plain = {"str": str, "int": int, "list": list, "dict": dict}
    things: list[Manifest | Part] = [manifest, *manifest.parts]
    for thing in things:
        for each in fields(thing):
            if not isinstance(getattr(thing, each.name), plain[str(each.type).split("[")[0]]):
                raise ValueError(each.name)
    if not all(isinstance(rows, int) for rows in manifest.tables.values()):
        raise ValueError("tables")
    for stream in manifest.ledger.values():
        bytes.fromhex(stream["digest"])
        int(stream["rows"])
    for part in manifest.parts:
        if part.name != DUMP and not _inside(part.name):
            raise ValueError(part.name)


def _inside(name: str) -> bool:
    """Whether it is a file below `files/`, written the one plain way."""
    way = PurePosixPath(name)
    return name.startswith(FILES) and str(way) == name and ".." not in way.parts and "\0" not in name


def _compare(path: Path, file: zipfile.ZipFile, manifest: Manifest) -> None:
    """The list of what is inside must be the manifest's, name for name and size for size."""
    inside = sorted((entry.filename, entry.file_size) for entry in file.infolist() if entry.filename != MANIFEST)
    named = sorted((part.name, part.bytes) for part in manifest.parts)
    if inside != named or len(file.infolist()) != len(named) + 1 or DUMP not in dict(named):
        raise BadBackup(f"{path}: what is inside is not what its manifest lists")
    if any(entry.compress_type not in PACKED or entry.flag_bits & 1 for entry in file.infolist()):
        raise BadBackup(f"{path}: packed in a way that no backup is")


def copy_in(source: IO[bytes], write: Callable[[bytes], None]) -> None:
    """A file into a part."""
    while piece := source.read(BLOCK):
        write(piece)
