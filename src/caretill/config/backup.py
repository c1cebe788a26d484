"""A backup of the embedded database and of all that cannot be made again beside it, taken while payments go on.

The dump, the counts and the digest of the ledger are read in one snapshot, so they are of the same moment.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import shutil
import sqlite3
import time
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from caretill import version
from caretill.config import embedded, folder, pg_tools
from caretill.config.backup_file import (
    DUMP,
    ENDING,
    FILES,
    BadBackup,
    Draft,
    Manifest,
    Told,
    copy_in,
    opened,
    remove_dead,
)
from caretill.config.binaries import Binaries, choose
from caretill.config.env import Where, given
from caretill.config.places import places
from caretill.core import clock
from caretill.core.digests import whole_sql
from caretill.core.seals import STREAMS

# Without these keys what they sealed is lost, so a restore looks that they are the same.
KEYS = ("CARETILL_BLIND_KEY", "CARETILL_SEAL_KEYS")
# Each table with the bytes of its rows, and of the long values beside them.
SIZES = (
    "SELECT relname, pg_relation_size(oid), pg_table_size(oid) - pg_relation_size(oid) FROM pg_class"
    " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
)
SPARE_BYTES = 64 << 20
SQLITE = b"SQLite format 3\0"
NAMED = re.compile(r"caretill-\d{8}T\d{6}Z" + re.escape(ENDING))
OWN_SERVER = "CARETILL_DATABASE_URL names your own server: back it up with its own tools, see docs/operate/backup.md"


class BackupRefused(RuntimeError):
    """There is nothing to back up, or no place for it; the message says which."""


@dataclass
class Made:
    """A backup that stands: its file, what it is of, the names of keys it does not hold, old ones removed."""

    path: Path
    manifest: Manifest
    bytes: int
    outside: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


def make(where: Where, to: Path | None, keep: int | None, told: Told) -> Made:
    """Write a backup to a file, or into a folder under a name of the moment; then remove all but `keep` of a folder's.

    Raises BackupRefused, FolderRefused, BadBackup, ToolFailed, or what starting the database raises. Then nothing
    stands under the name, and what stood there before still does.
    """
    if where.own_server:
        raise BackupRefused(OWN_SERVER)
    folder.refuse_unfinished(where.data)
    if not (places(where.data).cluster / "PG_VERSION").exists():
        raise BackupRefused(f"{where.data} holds no database")
    target = _target(where.data, to, keep)
    with ExitStack() as stack:
        stack.enter_context(folder.backing_up(where.data))
        for left in target.parent.glob(f".caretill-*{ENDING}.part"):
            remove_dead(left)
        stack.enter_context(embedded.Embedded(where.data, binaries=where.postgres_home))
        snapshot = stack.enter_context(closing(_Snapshot(where)))
        files = list(folder.files(where.data))
        _see_to_space(target.parent, snapshot.most_bytes() + sum(_size(where.data / path) for path in files))
        draft = stack.enter_context(Draft(target))
        with draft.part(DUMP) as write:
            pg_tools.dump(snapshot.tools, snapshot.dsn, snapshot.id, write, snapshot.progress("dumping", told))
        told("counting", 0, 1)
        tables, ledger = snapshot.counts(), snapshot.ledger()
        # Files after the snapshot: a key that sealed a row of it is there by now.
        for path in folder.files(where.data):
            _add(draft, where.data, path)
        manifest = snapshot.manifest(tables, ledger, draft)
        _look_inside(snapshot.tools, draft, manifest)
        draft.finish(manifest, told)
    outside = [name for name, key in manifest.keys.items() if key["outside"]]
    made = Made(target, manifest, target.stat().st_size, outside)
    if keep is not None:
        made.removed = _remove_old(target, keep, manifest)
    return made


class _Snapshot:
    """One moment of the database, held for as long as its dump, its counts and its digest take."""

    def __init__(self, where: Where) -> None:
        self.data = where.data
        self.dsn = embedded.dsn(where.data, embedded.OWNER)
        self._connection = psycopg.connect(**self.dsn)
        try:
            self._connection.execute("SET max_parallel_workers_per_gather = 0")
            self._connection.commit()
            self._connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            self._connection.read_only = True
            self.at = clock.now()
            self.id = str(self._one("SELECT pg_export_snapshot()")[0])
            if self._one("SELECT to_regclass('public.django_migrations')")[0] is None:
                raise BackupRefused(f"the database of {where.data} is empty")
            self.major = self._connection.info.server_version // 10_000
            self.tools = choose(where.postgres_home, self.major)
            self.sizes = {str(name): (int(rows), int(long)) for name, rows, long in self._connection.execute(SIZES)}
        except BaseException:
            self.close()
            raise

    def most_bytes(self) -> int:
        """How large the dump may become: rows pack to a fifth, half is allowed; what is sealed or packed does not."""
        return sum(rows // 2 + long + long // 8 for rows, long in self.sizes.values())

    def close(self) -> None:
        self._connection.close()

    def progress(self, step: str, told: Told) -> pg_tools.Told:
        """Turns the names of tables into a share of their bytes."""
        done, now, total = 0, 0, sum(map(sum, self.sizes.values()))

        def at(table: str) -> None:
            nonlocal done, now
            done, now = done + now, sum(self.sizes.get(table, ()))
            told(step, done, total)

        return at

    def counts(self) -> dict[str, int]:
        """How many rows each table has."""
        return counted(self._connection)

    def ledger(self) -> dict[str, dict[str, Any]]:
        """The digest and the number of rows of each stream that is written once."""
        return digested(self._connection, STREAMS)

    def manifest(self, tables: dict[str, int], ledger: dict[str, dict[str, Any]], draft: Draft) -> Manifest:
        """What the file says of itself."""
        applied = "SELECT app || '.' || name FROM django_migrations ORDER BY 1"
        return Manifest(
            made_at=self.at.isoformat(timespec="seconds"),
            caretill=version(),
            postgres_major=self.major,
            postgres_version=str(self._one("SHOW server_version")[0]),
            database_bytes=int(self._one("SELECT pg_database_size(current_database())")[0]),
            migrations=[str(row[0]) for row in self._connection.execute(applied).fetchall()],
            tables=tables,
            ledger=ledger,
            keys=key_marks(self.data),
            parts=draft.parts,
        )

    def _one(self, text: Any) -> tuple[Any, ...]:
        row = self._connection.execute(text).fetchone()
        assert row is not None
        return tuple(row)


def counted(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """How many rows each table of ours has, as this connection sees them."""
    listed = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1"
    found = {}
    for (name,) in connection.execute(listed).fetchall():
        row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("public", name))).fetchone()
        assert row is not None
        found[str(name)] = int(row[0])
    return found


def digested(connection: psycopg.Connection[Any], streams: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The digest and the number of rows of each stream, as this connection sees them."""
    found = {}
    for stream in streams:
        row = connection.execute(whole_sql(stream)).fetchone()
        assert row is not None
        found[stream] = {"digest": bytes(row[0]).hex(), "rows": int(row[1])}
    return found


def key_marks(data: Path) -> dict[str, dict[str, Any]]:
    """Of each key that may never be lost: whether it comes from outside the folder, and a mark of each key in it."""
    found = {}
    for name in KEYS:
        kept = data / "secrets" / name.removeprefix("CARETILL_").lower()
        value = given(name)
        outside = value is not None
        if value is None and kept.exists():
            value = kept.read_text(encoding="utf-8").strip()
        if value:
            found[name] = {"outside": outside, "marks": [_mark(key) for key in _ring(name, value)]}
    return found


def _ring(name: str, value: str) -> list[str]:
    """A ring of keys loses none when one is added before the others."""
    return re.split(r"[,\s]+", value) if name.endswith("KEYS") else [value]


def _mark(key: str) -> str:
    return hmac.new(key.encode(), b"caretill backup", hashlib.sha256).hexdigest()[:32]


def _target(data: Path, to: Path | None, keep: int | None) -> Path:
    """The file to write. A folder that is named stands already; the usual one is made."""
    if to is None:
        to = data / folder.BACKUPS
        to.mkdir(mode=0o700, exist_ok=True)
    if to.is_dir():
        while (found := to.resolve() / f"caretill-{clock.now():%Y%m%dT%H%M%SZ}{ENDING}").exists():
            time.sleep(0.05)  # one was made in this very second
        return found
    if keep is not None:
        raise BackupRefused(f"--keep removes old backups of a folder, and {to} is none")
    if to.exists():
        raise BackupRefused(f"{to} exists already")
    if not to.parent.is_dir():
        raise BackupRefused(f"there is no folder {to.parent}")
    return to.parent.resolve() / to.name


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _see_to_space(home: Path, needed: int) -> None:
    """Raise BackupRefused where the backup might not fit."""
    free = shutil.disk_usage(home).free
    if free < needed + SPARE_BYTES:
        raise BackupRefused(f"{home} has {mib(free)} MiB free, and the backup may need {mib(needed + SPARE_BYTES)} MiB")


def mib(size: int) -> int:
    """Bytes as whole MiB, rounded up."""
    return -(-size // (1 << 20))


def _add(draft: Draft, data: Path, path: Path) -> None:
    """One file. A database of SQLite is copied through SQLite, which gives one moment of it."""
    try:
        source = (data / path).open("rb")
    except FileNotFoundError:
        return  # gone since it was listed
    with source:
        mode = os.fstat(source.fileno()).st_mode & 0o777
        name = f"{FILES}{path.as_posix()}"
        if source.read(len(SQLITE)) != SQLITE:
            source.seek(0)
            with draft.part(name, mode) as write:
                copy_in(source, write)
            return
        os.close(os.open(draft.copy, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(data / path)) as here, closing(sqlite3.connect(draft.copy)) as there:
            here.backup(there)
        with draft.copy.open("rb") as whole, draft.part(name, mode) as write:
            copy_in(whole, write)
        draft.copy.unlink()


def _look_inside(tools: Binaries, draft: Draft, manifest: Manifest) -> None:
    """pg_restore must find every table in the dump. Raises BadBackup."""
    missing = manifest.tables.keys() - pg_tools.listed(tools, draft.read(DUMP))
    if missing:
        raise BadBackup(f"the dump lacks {', '.join(sorted(missing))}")


def _remove_old(newest: Path, keep: int, manifest: Manifest) -> list[str]:
    """Remove all but the newest `keep` whole backups of this installation in that folder; their names."""
    ours = [path for path in sorted(newest.parent.glob(f"caretill-*{ENDING}")) if NAMED.fullmatch(path.name)]
    same = [path for path in ours if path == newest or _same(path, manifest)]
    old = same[:-keep]
    for path in old:
        path.unlink()
    return [path.name for path in old]


def _same(path: Path, manifest: Manifest) -> bool:
    """Whether it is a backup of the same installation: the key that hides numbers is never changed."""
    try:
        with opened(path) as (_, other):
            return other.keys.get(KEYS[0], {}).get("marks") == manifest.keys.get(KEYS[0], {}).get("marks")
    except (BadBackup, OSError):
        return False
