"""A backup is whole or it is not there; a restore is checked or it changes nothing."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import stat
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from caretill.config import backup, backup_file, binaries, embedded, folder, places, restore
from caretill.config.backup_file import DUMP, MANIFEST, BadBackup, Part
from caretill.core.seals import STREAMS
from house.backups import begin, by_hand, caretill, did, manifest_of, quiet, rewritten, rows, said, where

EVERYTHING = (
    "SELECT 'bill', md5(string_agg(b::text, '|' ORDER BY b::text)) FROM billing_bill b"
    " UNION ALL SELECT 'balance', md5(string_agg(b::text, '|' ORDER BY b::text)) FROM ledger_balance b"
    " UNION ALL SELECT 'transfer', md5(string_agg(t::text, '|' ORDER BY t::text)) FROM ledger_transfer t"
    " UNION ALL SELECT 'rights', md5(string_agg(relname || coalesce(relacl::text, ''), '|' ORDER BY relname))"
    " FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    " UNION ALL SELECT 'indexes', md5(string_agg(indexdef, '|' ORDER BY indexdef)) FROM pg_indexes"
    " WHERE schemaname = 'public' UNION ALL SELECT 'functions', md5(string_agg(prosrc || coalesce(proacl::text, ''),"
    " '|' ORDER BY proname, prosrc)) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    " UNION ALL SELECT 'triggers', md5(string_agg(pg_get_triggerdef(t.oid), '|' ORDER BY tgname))"
    " FROM pg_trigger t WHERE NOT tgisinternal"
)


def test_restored_elsewhere_it_is_the_same(living: Path, whole: Path, fresh: Path) -> None:
    figures = did("restore", str(whole), "--data", str(fresh))
    assert (figures["laws"] > 30, figures["broken"], figures["aside"]) == (True, 0, None)
    home = "postgres" if (fresh / "postgres").exists() else "postgres.home"
    assert folder.things(fresh) == sorted(["demo", "secrets", home])
    for stream in STREAMS:
        assert (figures["ledger"][stream]["digest"], figures["ledger"][stream]["rows"]) == by_hand(fresh, stream)
    assert figures["ledger"]["ledger"]["rows"] > 100
    assert rows(fresh, EVERYTHING) == rows(living, EVERYTHING)
    for secret in (living / "secrets").iterdir():
        again = fresh / "secrets" / secret.name
        assert again.read_bytes() == secret.read_bytes()
        assert stat.S_IMODE(again.stat().st_mode) == 0o600
    assert stat.S_IMODE((fresh / "demo" / "world.json").stat().st_mode) == 0o640
    with sqlite3.connect(fresh / "demo" / "processor.db") as store:
        assert store.execute("SELECT cents FROM charge").fetchall() == [(1250,)]
    store.close()
    assert not (fresh / "demo" / "logs").exists()


def test_a_backup_is_verified_by_itself(whole: Path) -> None:
    figures = did("backup", "--verify", str(whole))
    with zipfile.ZipFile(whole) as file:
        assert figures["fingerprint"] == hashlib.sha256(file.read(MANIFEST)).hexdigest()
        manifest = json.loads(file.read(MANIFEST))
        for part in manifest["parts"]:
            assert hashlib.sha256(file.read(part["name"])).hexdigest() == part["sha256"]
    assert manifest["tables"]["billing_bill"] > 90
    assert not [part for part in manifest["parts"] if "log" in part["name"] or "postgres.l" in part["name"]]


def cut(source: Path, target: Path) -> Path:
    target.write_bytes(source.read_bytes()[:-1000])
    return target


def bitten(source: Path, target: Path) -> Path:
    content = bytearray(source.read_bytes())
    content[len(content) // 2] ^= 1
    target.write_bytes(content)
    return target


def foreign_zip(_: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as file:
        file.writestr("letter.txt", "not a backup")
    return target


def no_zip(_: Path, target: Path) -> Path:
    target.write_text("-- a dump of something\n" * 50)
    return target


def with_more(source: Path, target: Path) -> Path:
    return rewritten(source, target, None, **{"files/extra": b"x"})


def way_out(source: Path, target: Path) -> Path:
    manifest = manifest_of(source)
    parts = [*manifest.parts, Part("files/../../evil", 1, hashlib.sha256(b"x").hexdigest(), 0o600)]
    return rewritten(source, target, replace(manifest, parts=parts).text(), **{"files/../../evil": b"x"})


def other_hash(source: Path, target: Path) -> Path:
    manifest = manifest_of(source)
    parts = [replace(part, sha256="0" * 64) if part.name == DUMP else part for part in manifest.parts]
    return rewritten(source, target, replace(manifest, parts=parts).text())


def odd_manifest(source: Path, target: Path) -> Path:
    return rewritten(source, target, manifest_of(source).text().replace(b'"tables": {', b'"tables": {"x": "y", '))


def next_form(source: Path, target: Path) -> Path:
    text = manifest_of(source).text().replace(b'"format_version": 1', b'"format_version": 2')
    return rewritten(source, target, text)


DAMAGED: list[tuple[Callable[[Path, Path], Path], str]] = [
    (cut, "the end is missing"),
    (bitten, "is damaged"),
    (foreign_zip, "not a backup of Caretill"),
    (no_zip, "not a backup of Caretill"),
    (with_more, "not what its manifest lists"),
    (way_out, "manifest does not read"),
    (other_hash, "not what was backed up"),
    (odd_manifest, "manifest does not read"),
    (next_form, "a backup of form 2"),
]


@pytest.mark.parametrize(("damage", "says"), DAMAGED, ids=[damage.__name__ for damage, _ in DAMAGED])
def test_what_is_not_whole_is_refused(
    damage: Callable[[Path, Path], Path], says: str, whole: Path, fresh: Path, tmp_path: Path, alone: None
) -> None:
    bad = damage(whole, tmp_path / "bad.backup")
    with pytest.raises(BadBackup, match=says):
        backup_file.verify(bad, quiet)
    with pytest.raises(BadBackup, match=says):
        restore.restore(bad, where(fresh), replace=False, told=quiet)
    assert folder.things(fresh) == []
    assert not (fresh / folder.STAGING).exists()
    assert not (fresh.parent / "evil").exists()


def test_what_is_newer_is_refused(whole: Path, fresh: Path, tmp_path: Path, alone: None) -> None:
    manifest = manifest_of(whole)
    later = replace(manifest, migrations=[*manifest.migrations, "billing.9999_later"], caretill="9.0.0")
    with pytest.raises(backup.BackupRefused, match=r"Caretill 9\.0\.0, which is newer.*billing\.9999_later"):
        restore.restore(rewritten(whole, tmp_path / "a", later.text()), where(fresh), False, quiet)
    server = replace(manifest, postgres_major=99)
    with pytest.raises(backup.BackupRefused, match=r"of PostgreSQL 99, and \d+ runs here"):
        restore.restore(rewritten(whole, tmp_path / "b", server.text()), where(fresh), False, quiet)
    assert folder.things(fresh) == []


def test_another_ledger_changes_nothing(whole: Path, fresh: Path, tmp_path: Path, alone: None) -> None:
    """Every hash fits, and what comes out of the database is still not what the manifest says."""
    fresh.mkdir(mode=0o711)
    (fresh / "secrets").mkdir()
    (fresh / "secrets" / "blind_key").write_text("the old one")
    manifest = manifest_of(whole)
    ledger = {**manifest.ledger, "ledger": {**manifest.ledger["ledger"], "digest": "0" * 64}}
    bad = rewritten(whole, tmp_path / "bad", replace(manifest, ledger=ledger).text())
    with pytest.raises(BadBackup, match="stream 'ledger' is not the one"):
        restore.restore(bad, where(fresh), True, quiet)
    assert folder.things(fresh) == ["secrets"]
    assert (fresh / "secrets" / "blind_key").read_text() == "the old one"
    assert not (fresh / folder.STAGING).exists()


@pytest.mark.slow
def test_what_stands_there_is_moved_aside_and_still_opens(whole: Path, fresh: Path) -> None:
    with embedded.Embedded(fresh), psycopg.connect(**embedded.dsn(fresh, embedded.OWNER)) as connection:
        connection.execute("CREATE TABLE was_here AS SELECT 7 AS n")
    with folder.closed(fresh):
        busy = said(caretill("restore", str(whole), "--data", str(fresh), "--replace"))
    assert "stop it first" in busy
    before = said(caretill("restore", str(whole), "--data", str(fresh)))
    assert "is in use" in before and "--replace" in before and "secrets" in before
    figures = did("restore", str(whole), "--data", str(fresh), "--replace")
    aside = Path(figures["aside"])
    assert rows(aside, "SELECT n FROM was_here") == [(7,)]
    assert rows(fresh, "SELECT to_regclass('was_here'), (SELECT count(*) > 90 FROM billing_bill)") == [(None, True)]
    # What was moved aside is of no later backup.
    assert not [path for path in folder.files(fresh) if path.parts[0].startswith(folder.ASIDE)]
    if places.places(aside).home.parent != aside:
        places.forget(aside)


def test_a_kill_leaves_no_half_backup(living: Path, base: Path) -> None:
    target = base / "killed"
    target.mkdir()
    for delay in (0.3, 0.4):
        child = begin("backup", "--data", str(living), "--to", str(target))
        time.sleep(delay)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        for path in target.glob("*.backup"):
            backup_file.verify(path, quiet)
    did("backup", "--data", str(living), "--to", str(target))
    assert [path for path in target.iterdir() if path.suffix != ".backup"] == []


def test_the_newest_are_kept_and_only_ours_go(living: Path, whole: Path, base: Path, alone: None) -> None:
    target = base / "several"
    target.mkdir()
    for name in ("20200101T000000Z", "20200102T000000Z", "20200103T000000Z"):
        shutil.copy(whole, target / f"caretill-{name}.backup")
    other = replace(manifest_of(whole), keys={"CARETILL_BLIND_KEY": {"outside": False, "marks": ["0" * 32]}})
    rewritten(whole, target / "caretill-20190101T000000Z.backup", other.text())
    (target / "caretill-20180101T000000Z.backup").write_text("half of something")
    (target / "letters.backup").write_text("somebody else's")
    figures = did("backup", "--data", str(living), "--to", str(target), "--keep", "2")
    assert figures["removed"] == ["caretill-20200101T000000Z.backup", "caretill-20200102T000000Z.backup"]
    assert {path.name for path in target.iterdir()} == {
        Path(figures["file"]).name,
        "caretill-20200103T000000Z.backup",
        "caretill-20190101T000000Z.backup",
        "caretill-20180101T000000Z.backup",
        "letters.backup",
    }
    wrong = caretill("backup", "--data", str(living), "--keep", "0")
    assert (wrong.returncode, "1 or more" in wrong.stderr) == (2, True)


def test_no_place_for_it_is_said_before_anything_is_written(
    living: Path, whole: Path, fresh: Path, tmp_path: Path, alone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1 << 20}))
    with pytest.raises(backup.BackupRefused, match="has 1 MiB free, and the backup may need"):
        backup.make(where(living), tmp_path, None, quiet)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(backup.BackupRefused, match="has 1 MiB free, and the restore may need"):
        restore.restore(whole, where(fresh), False, quiet)
    assert folder.things(fresh) == []


def test_a_disk_that_fills_up_leaves_nothing(
    living: Path, tmp_path: Path, alone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup_file, "copy_in", full)
    monkeypatch.setattr(backup, "copy_in", full)
    with pytest.raises(OSError, match="No space"):
        backup.make(where(living), tmp_path, None, quiet)
    assert list(tmp_path.iterdir()) == []


def test_a_key_from_outside_is_named_and_asked_for(living: Path, base: Path, fresh: Path) -> None:
    """The key that hides numbers is set from outside; without the same one a restore would be of no use."""
    target = base / "outside.backup"
    key = "a key that is kept outside of the folder"
    figures = did("backup", "--data", str(living), "--to", str(target), CARETILL_BLIND_KEY=key)
    assert figures["keys_outside"] == ["CARETILL_BLIND_KEY"]
    assert key.encode() not in target.read_bytes()
    other = caretill("restore", str(target), "--data", str(fresh), CARETILL_BLIND_KEY=key[::-1])
    assert "another CARETILL_BLIND_KEY" in said(other)
    assert folder.things(fresh) == []


def test_what_cannot_be_backed_up_is_said(living: Path, whole: Path, fresh: Path, tmp_path: Path, alone: None) -> None:
    assert "docs/operate/backup.md" in said(caretill("backup", CARETILL_DATABASE_URL="postgresql://u:p@127.0.0.1/x"))
    assert "No such file" in said(caretill("restore", str(tmp_path / "none"), "--data", str(fresh)))
    shutil.rmtree(fresh)
    with pytest.raises(backup.BackupRefused, match="your own server"):
        restore.restore(whole, replace(where(fresh), own_server=True), False, quiet)
    with pytest.raises(backup.BackupRefused, match="holds no database"):
        backup.make(where(fresh), tmp_path, None, quiet)
    assert not fresh.exists()
    for to, says in ((whole, "exists already"), (tmp_path / "a" / "b", "there is no folder")):
        with pytest.raises(backup.BackupRefused, match=says):
            backup.make(where(living), to, None, quiet)
    # A folder behind a link would be missing without a word.
    (living / "linked").symlink_to(tmp_path)
    try:
        with pytest.raises(folder.FolderRefused, match="is a link to a folder"):
            backup.make(where(living), tmp_path, None, quiet)
    finally:
        (living / "linked").unlink()
    assert [path for path in tmp_path.iterdir() if "caretill" in path.name] == []


@pytest.mark.slow
def test_an_older_postgresql_moves_to_a_newer_one(living: Path, base: Path, fresh: Path) -> None:
    """As the refusal says: with the old version named, a backup; without it, a restore in the same place."""
    majors = {home: binaries._version(home, None) or 0 for home in binaries.candidates()}
    newest = binaries.choose().major
    old = next((home for home, major in majors.items() if binaries.OLDEST <= major < newest), None)
    if old is None:
        pytest.skip("no older PostgreSQL is here")
    did("import", "csv", str(base / "feed"), "--data", str(fresh), CARETILL_POSTGRES_HOME=str(old))
    made = did("backup", "--data", str(fresh), CARETILL_POSTGRES_HOME=str(old))
    assert int(made["postgres"].split(".")[0]) == majors[old]
    figures = did("restore", made["file"], "--data", str(fresh), "--replace")
    assert figures["broken"] == 0
    assert (places.places(fresh).cluster / "PG_VERSION").read_text().strip() == str(newest)
    assert did("check", "--data", str(fresh))["broken"] == 0
    if places.places(Path(figures["aside"])).home.parent != Path(figures["aside"]):
        places.forget(Path(figures["aside"]))


@pytest.mark.slow
def test_a_database_outside_its_folder_changes_places_too(whole: Path, base: Path) -> None:
    """Root's server runs as another user, who cannot enter a closed folder: its database lives elsewhere."""
    closed = base / "closed"
    closed.mkdir(mode=0o700)
    data = closed / "data"
    aside: Path | None = None
    try:
        did("restore", str(whole), "--data", str(data))
        with embedded.Embedded(data), psycopg.connect(**embedded.dsn(data, embedded.OWNER)) as connection:
            connection.execute("CREATE TABLE was_here AS SELECT 7 AS n")
        aside = Path(did("restore", str(whole), "--data", str(data), "--replace")["aside"])
        assert rows(aside, "SELECT n FROM was_here") == [(7,)]
        assert rows(data, "SELECT to_regclass('was_here')") == [(None,)]
        assert (places.places(data).home.parent == data) == (os.geteuid() != 0)
        assert places.places(data).home != places.places(aside).home
    finally:
        for each in filter(None, (data, aside)):
            places.forget(each)


@pytest.mark.slow
def test_a_killed_restore_leaves_the_old_or_the_new(whole: Path, fresh: Path) -> None:
    with embedded.Embedded(fresh), psycopg.connect(**embedded.dsn(fresh, embedded.OWNER)) as connection:
        connection.execute("CREATE TABLE was_here AS SELECT 7 AS n")
    old, new = ("was_here", None), (None, "billing_bill")
    seen = []
    for delay in (0.4, 0.8, 1.4, 2.0, 2.6):
        child = begin("restore", str(whole), "--data", str(fresh), "--replace")
        time.sleep(delay)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        if folder.unfinished(fresh):
            did("restore", str(whole), "--data", str(fresh), "--replace")
        seen += rows(fresh, "SELECT to_regclass('was_here')::text, to_regclass('billing_bill')::text")
    assert set(seen) <= {old, new}
    assert seen[0] == old
    assert did("restore", str(whole), "--data", str(fresh), "--replace")["broken"] == 0
    assert not (fresh / folder.STAGING).exists()
    asides = list(fresh.glob(f"{folder.ASIDE}*"))
    assert sum(rows(aside, "SELECT to_regclass('was_here')::text") == [("was_here",)] for aside in asides) == 1


@pytest.mark.slow
def test_a_drill_leaves_what_runs_as_it_is(living: Path, whole: Path, tmp_path: Path, alone: None) -> None:
    with embedded.Embedded(living):
        figures = did("restore", str(whole), "--data", str(living), "--drill")
    assert (figures["broken"], figures["ledger"]) == (0, manifest_of(whole).ledger)
    assert not (living / folder.DRILL).exists()
    assert not list(living.glob(f"{folder.ASIDE}*"))
    with pytest.raises(BadBackup, match="is damaged"):
        restore.drill(bitten(whole, tmp_path / "bad"), where(living), quiet)
    assert not (living / folder.DRILL).exists()
    wrong = caretill("restore", str(whole), "--data", str(living), "--drill", "--replace")
    assert (wrong.returncode, "replaces nothing" in wrong.stderr) == (2, True)
