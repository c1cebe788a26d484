"""A backup is whole or it is not there; a restore is checked or it changes nothing."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from caretill.config import backup, backup_file, binaries, embedded, folder, places, restore
from caretill.config.backup_file import DUMP, MANIFEST, BadBackup, Manifest, Part
from caretill.config.env import Where
from caretill.core.seals import STREAMS

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = {name: value for name, value in os.environ.items() if not name.startswith("CARETILL_")}
SETTINGS["PYTHONPATH"] = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
LINES = "600"


def begin(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "caretill", *arguments],
        env={**SETTINGS, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def caretill(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    child = begin(*arguments, **environment)
    out, err = child.communicate(timeout=120)
    return subprocess.CompletedProcess(arguments, child.returncode, out, err)


def did(*arguments: str, **environment: str) -> dict[str, Any]:
    """The figures of a command that must end well."""
    done = caretill(*arguments, "--json", **environment)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def said(done: subprocess.CompletedProcess[str]) -> str:
    """The one line of a command that must refuse."""
    assert done.returncode == 1, done.stdout
    assert done.stderr.startswith("caretill: ") and done.stderr.count("\n") == 1, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def base() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="ctb"))
    made.chmod(0o711)
    yield made
    for found in [*made.iterdir(), *made.glob("*/replaced-*")]:
        if found.is_dir() and places.places(found).home.parent != found:
            places.forget(found)
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def living(base: Path) -> Path:
    """An installation with bills in it, a file of the sandbox processor, and things that nobody needs again."""
    feed, data = base / "feed", base / "living"
    command = [sys.executable, str(ROOT / "bench" / "data.py"), str(feed), "--lines", LINES]
    subprocess.run(command, env=SETTINGS, check=True, capture_output=True)
    did("import", "csv", str(feed), "--data", str(data))
    demo = data / "demo"
    (demo / "logs").mkdir(parents=True)
    (demo / "logs" / "web").write_text("a log")
    (data / "more.log").write_text("a log")
    (demo / "world.json").write_text("{}")
    (demo / "world.json").chmod(0o640)
    with sqlite3.connect(demo / "processor.db") as store:
        store.execute("PRAGMA journal_mode=WAL")
        store.execute("CREATE TABLE charge (cents int)")
        store.execute("INSERT INTO charge VALUES (1250)")
    store.close()
    return data


@pytest.fixture(scope="module")
def whole(base: Path, living: Path) -> Path:
    """A good backup of it."""
    target = base / "good.backup"
    figures = did("backup", "--data", str(living), "--to", str(target))
    assert figures["file"] == str(target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    return target


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process is told nothing by its environment."""
    for name in [name for name in os.environ if name.startswith("CARETILL_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def fresh(base: Path) -> Iterator[Path]:
    """A data directory that is not there yet."""
    data = base / f"fresh{time.monotonic_ns()}"
    yield data
    if data.exists():
        places.forget(data)
        shutil.rmtree(data)


def quiet(*_: object) -> None:
    """Nobody looks at the bar."""


def where(data: Path) -> Where:
    return Where(data, own_server=False, postgres_home=None)


def rows(data: Path, query: str) -> list[tuple[Any, ...]]:
    with embedded.Embedded(data), psycopg.connect(**embedded.dsn(data, embedded.SUPER)) as connection:
        return connection.execute(query).fetchall()  # type: ignore[call-overload]


def by_hand(data: Path, stream: str) -> tuple[str, int]:
    """The digest of a stream as its definition says, worked out without the database."""
    table, text = STREAMS[stream]
    found = rows(data, f"SELECT {text} FROM {table}")
    handfuls = defaultdict(list)
    for (row,) in found:
        digest = hashlib.sha256(row.encode()).digest()
        handfuls[digest[:2]].append(digest)
    inner = [hashlib.sha256(b"".join(sorted(handfuls[place]))).digest() for place in sorted(handfuls)]
    return hashlib.sha256(b"".join(inner)).hexdigest(), len(found)


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
    assert folder.things(fresh) == sorted(
        {"demo", "secrets", *({"postgres"} if (fresh / "postgres").exists() else {"postgres.home"})}
    )
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


def manifest_of(path: Path) -> Manifest:
    with backup_file.opened(path) as (_, manifest):
        return manifest


def rewritten(source: Path, target: Path, text: bytes | None, **more: bytes) -> Path:
    """The same file with another manifest or with more in it, packed anew without a fault."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            if entry.filename != MANIFEST:
                new.writestr(entry, old.read(entry))
        for name, content in more.items():
            new.writestr(name, content)
        new.writestr(MANIFEST, text if text is not None else old.read(MANIFEST))
    return target


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
    refused = said(caretill("check", "--data", str(data)))
    assert "cut short" in refused and "caretill restore" in refused
    assert not (data / "secrets" / "secret_key").exists()
    assert folder.finish(data) == "the mark"
    for name in ("secrets", "demo", "postgres"):
        assert (data / name / "what").read_text() == "new"
        assert (aside / name / "what").read_text() == "old"
    assert not folder.unfinished(data)
    assert (data / "backups").is_dir()


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
