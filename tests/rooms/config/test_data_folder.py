"""What stands in a data directory changes places whole, and is not opened by a version that cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from caretill.config import backup, binaries, embedded, folder, places
from house.backups import caretill, quiet, said, where


class Cut(BaseException):
    """Stands for a kill."""


@pytest.mark.parametrize("after", range(6))
def test_a_change_of_places_is_finished_wherever_it_was_cut(
    after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    for name in ("secrets", "demo", "postgres", "restoring/secrets", "restoring/demo", "restoring/postgres"):
        (data / name).mkdir(parents=True)
        (data / name / "what").write_text("new" if name.startswith("restoring") else "old")
    (data / "backups").mkdir()
    moved, really = 0, Path.rename

    def rename(path: Path, target: Path) -> Path:
        nonlocal moved
        if path.name != f"{folder.JOURNAL}.new":
            if moved == after:
                raise Cut
            moved += 1
        return really(path, target)

    aside = data / f"{folder.ASIDE}x"
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", rename)
        with pytest.raises(Cut):
            folder.put_in_place(data, aside, "the mark")
    with pytest.raises(embedded.EmbeddedFailed, match="cut short"):
        backup.make(where(data), None, None, quiet)
    if after == 2:
        refused = said(caretill("check", "--data", str(data)))
        assert "cut short" in refused and "caretill restore" in refused
    assert not (data / "secrets" / "secret_key").exists()
    assert folder.finish(data) == "the mark"
    for name in ("secrets", "demo", "postgres"):
        assert (data / name / "what").read_text() == "new"
        assert (aside / name / "what").read_text() == "old"
    assert not folder.unfinished(data)
    assert (data / "backups").is_dir()


def test_another_version_of_postgresql_names_the_way(fresh: Path, alone: None) -> None:
    """No binaries of version 12 are anywhere: the old data is left alone, and the line says how it moves."""
    cluster = places.places(fresh).cluster
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("12\n")
    line = said(caretill("serve", "--data", str(fresh)))
    assert "PostgreSQL 12 made this database" in line
    assert "`caretill backup`" in line and "`caretill restore FILE --replace`" in line
    with pytest.raises(binaries.NoBinaries, match="PostgreSQL 12 made this database"):
        backup.make(where(fresh), None, None, quiet)
    assert [path.name for path in cluster.iterdir()] == ["PG_VERSION"]
