"""A path as files: folder, zip, gzip, plain; each named, each with its digest; damage is said."""

from __future__ import annotations

import gzip
import hashlib
import zipfile
from pathlib import Path

import pytest

from caretill.formats import delivery
from caretill.formats.blocks import FileFault


def contents(path: Path) -> dict[str, bytes]:
    found = {}
    for source in delivery.find(path):
        with source.open() as stream:
            found[source.name] = stream.read()
    return found


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_bytes(b"two")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"one", mtime=0))
    (tmp_path / "notes.txt").write_bytes(b"not read")
    assert contents(tmp_path) == {"a.csv.gz": b"one", "b.csv": b"two"}
    first, second = delivery.find(tmp_path)
    assert (first.stem, second.stem) == ("a", "b")
    assert second.sha256 == hashlib.sha256(b"two").hexdigest() and second.size == 3
    assert (first.packed, second.packed) == (True, False)


def test_a_zip(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("feed/bills.csv", "one")
        packed.writestr("feed/lines.csv", "two")
        packed.writestr("feed/readme.md", "three")
    assert contents(path) == {"all.zip:feed/bills.csv": b"one", "all.zip:feed/lines.csv": b"two"}
    assert [source.stem for source in delivery.find(path)] == ["bills", "lines"]


def test_one_file_of_any_name(tmp_path: Path) -> None:
    path = tmp_path / "export-2026.txt"
    path.write_bytes(b"one")
    assert contents(path) == {"export-2026.txt": b"one"}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv.gz", gzip.compress(b"one" * 1000, mtime=0)[:-4], "damaged or cut off"),
        ("a.csv.gz", b"one", "damaged or cut off"),
        ("a.zip", b"one", "not a zip file"),
        ("a.zip", b"PK\x05\x06" + bytes(18), "no .csv file inside"),
    ],
)
def test_damage_is_said(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FileFault, match=says):
        contents(path)


def test_a_zip_member_that_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("bills.csv", "region,one,two,three")
    path.write_bytes(path.read_bytes().replace(b"region,one", b"region,two"))
    with pytest.raises(FileFault, match="damaged or cut off"):
        contents(path)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match="no such file or folder"):
        delivery.find(tmp_path / "nowhere")
    with pytest.raises(FileFault, match=r"no \.csv or \.csv\.gz file in this folder"):
        delivery.find(tmp_path)
