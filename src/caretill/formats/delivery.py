"""A path given to an import: one file, a folder or a zip, plain or gzip, as named streams with their digests."""

from __future__ import annotations

import gzip
import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from caretill.formats.blocks import FileFault

ENDINGS = (".csv", ".csv.gz")
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Source:
    """One file of a delivery. `name` is what a message calls it; `sha256`, `size` are of the file as it lies there."""

    name: str
    path: Path
    sha256: str
    size: int
    member: str = ""

    @property
    def stem(self) -> str:
        """The name without folders and endings: `claims` of `x/claims.csv.gz`."""
        return (self.member or self.path.name).rpartition("/")[2].partition(".")[0].lower()

    @property
    def packed(self) -> bool:
        """Whether its plain length is not known before it is read."""
        return bool(self.member) or self.path.name.endswith(".gz")

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The plain bytes. Raises FileFault where the packing is damaged or cut off, also while it is read."""
        try:
            if self.member:
                with zipfile.ZipFile(self.path) as packed, packed.open(self.member) as stream:
                    yield cast(BinaryIO, stream)
            elif self.path.name.endswith(".gz"):
                with gzip.open(self.path) as stream:
                    yield cast(BinaryIO, stream)
            else:
                with self.path.open("rb") as stream:
                    yield stream
        except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
            raise FileFault(f"the file is damaged or cut off ({error})") from error
        except (RuntimeError, NotImplementedError) as error:  # what zipfile says of a password or another packing
            raise FileFault(f"the file cannot be unpacked ({error})") from error


def digest(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()


def find(path: Path) -> list[Source]:
    """The CSV files at a path, in the order of their names. Raises FileFault where there are none."""
    if path.is_dir():
        files = sorted(each for each in path.iterdir() if each.is_file() and each.name.lower().endswith(ENDINGS))
        if not files:
            raise FileFault(f"{path}: no .csv or .csv.gz file in this folder")
        return [Source(each.name, each, digest(each), each.stat().st_size) for each in files]
    if not path.is_file():
        raise FileFault(f"{path}: no such file or folder")
    sha256, size = digest(path), path.stat().st_size
    if not path.name.lower().endswith(".zip"):
        return [Source(path.name, path, sha256, size)]
    try:
        with zipfile.ZipFile(path) as packed:
            inside = sorted(each for each in packed.namelist() if each.lower().endswith(".csv"))
    except zipfile.BadZipFile as error:
        raise FileFault(f"{path.name}: not a zip file, or damaged ({error})") from error
    if not inside:
        raise FileFault(f"{path.name}: no .csv file inside")
    return [Source(f"{path.name}:{member}", path, sha256, size, member) for member in inside]
