"""A backup becomes an installation again: beside the old one first, in its place when everything in it holds.

The database is made new, filled, counted and its ledger's digest compared, migrated to this release and asked every
law, all in `DATA/restoring`. Only then does it change places with what was there, which is moved aside, never deleted.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from dataclasses import replace as replace_data
from pathlib import Path, PurePosixPath
from typing import Any

import psycopg

from caretill.config import backup, embedded, folder, keys, pg_tools
from caretill.config.backup import OWN_SERVER, SPARE_BYTES, BackupRefused, mib
from caretill.config.backup_file import DUMP, FILES, BadBackup, Manifest, Told, opened, pieces
from caretill.config.binaries import Binaries, choose
from caretill.config.embedded import dies_with_us
from caretill.config.env import Where
from caretill.config.places import forget, places
from caretill.core import clock
from caretill.core.seals import STREAMS
from caretill.core.sql import ROOMS

# Nobody else uses it, and a restore that dies is done anew: the log is as short as it may be, and files are synced.
FILLING = {
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "maintenance_work_mem": "128MB",
    "autovacuum": "off",
    "checkpoint_timeout": "30min",
}
MOST_JOBS = 4


@dataclass
class Restored:
    """What stands now, and where what stood before is. `laws` and `broken` are what `check` counted."""

    data: Path
    manifest: Manifest | None
    aside: Path | None = None
    laws: int = 0
    broken: int = 0
    migrations: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    finished: bool = False


def drill(path: Path, where: Where, told: Told) -> Restored:
    """Do all of a restore beside what runs, up to the laws, and remove it again: a backup that was tried.

    Raises what `restore` raises.
    """
    apart = replace_data(where, data=where.data / folder.DRILL)
    try:
        return restore(path, apart, False, told, stands=False)
    finally:
        if apart.data.exists():
            clear(apart.data)
            shutil.rmtree(apart.data)


def restore(path: Path, where: Where, replace: bool, told: Told, stands: bool = True) -> Restored:
    """Make `where.data` the installation that the backup is of.

    Raises BadBackup (the file), BackupRefused or FolderRefused (the place), ToolFailed, or what starting a database
    raises; then what was there is as it was. Without `stands` it ends before it is put in place.
    `finished`: only a change of places that was cut short was completed.
    """
    if where.own_server:
        raise BackupRefused(OWN_SERVER)
    keys.make_data_folder(where.data)
    with ExitStack() as stack:
        stack.enter_context(folder.closed(where.data))
        file, manifest = stack.enter_context(opened(path))
        if folder.unfinished(where.data):
            mark = folder.finish(where.data)
            clear(where.data)
            if mark == manifest.fingerprint:
                return Restored(where.data, manifest, finished=True)
        tools = choose(where.postgres_home)
        _see_to_versions(path, manifest, tools)
        there = folder.things(where.data)
        if there and not replace:
            raise BackupRefused(
                f"{where.data} is in use: it holds {', '.join(there)}. With --replace all of it is moved aside first"
            )
        clear(where.data)
        staging = where.data / folder.STAGING
        _see_to_space(where.data, manifest)
        try:
            _unpack(path, file, manifest, staging, told)
            restored = _rebuild(manifest, where, staging, tools, told)
        except BaseException:
            clear(where.data)
            raise
        if not stands:
            return restored
        aside = where.data / f"{folder.ASIDE}{clock.now():%Y%m%dT%H%M%SZ}" if there else None
        folder.put_in_place(where.data, aside or where.data, manifest.fingerprint)
        clear(where.data)
    restored.aside = aside
    return restored


def clear(data: Path) -> None:
    """Remove what a restore that did not come to its end left in `restoring`."""
    staging = data / folder.STAGING
    if staging.exists():
        forget(staging)
        shutil.rmtree(staging)


def _see_to_versions(path: Path, manifest: Manifest, tools: Binaries) -> None:
    """An older PostgreSQL and an older Caretill are followed; newer ones cannot be read."""
    if manifest.postgres_major > tools.major:
        raise BackupRefused(
            f"{path} is of PostgreSQL {manifest.postgres_major}, and {tools.major} runs here;"
            f" name version {manifest.postgres_major} or newer in CARETILL_POSTGRES_HOME"
        )
    rooms = {folder.parent.name for folder in ROOMS.glob("*/migrations")}
    unknown = []
    for name in manifest.migrations:
        room, _, migration = name.partition(".")
        # Tables of Django's own rooms come with Django, which the release pins.
        if room in rooms and not (ROOMS / room / "migrations" / f"{migration}.py").exists():
            unknown.append(name)
    if unknown:
        raise BackupRefused(
            f"{path} was made by Caretill {manifest.caretill}, which is newer than this release"
            f" (it knows {unknown[0]}); restore it with that release"
        )


def _see_to_space(data: Path, manifest: Manifest) -> None:
    """Raise BackupRefused where the database might not fit, its dump beside it for a while."""
    needed = manifest.database_bytes + sum(part.bytes for part in manifest.parts) + SPARE_BYTES
    for place in (data, _standing(places(data / folder.STAGING).home)):
        free = shutil.disk_usage(place).free
        if free < needed:
            raise BackupRefused(f"{place} has {mib(free)} MiB free, and the restore may need {mib(needed)} MiB")


def _standing(path: Path) -> Path:
    return next(parent for parent in (path, *path.parents) if parent.exists())


def _unpack(path: Path, file: Any, manifest: Manifest, staging: Path, told: Told) -> None:
    """Every part to its place, its hash compared on the way; then the keys must be those it was made with."""
    keys.make_data_folder(staging)
    total, done = sum(part.bytes for part in manifest.parts), 0
    for part in manifest.parts:
        target = staging / (DUMP if part.name == DUMP else PurePosixPath(part.name).relative_to(FILES))
        for parent in reversed(target.relative_to(staging).parents[:-1]):
            (staging / parent).mkdir(mode=0o700, exist_ok=True)
        handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as into:
            for piece in pieces(path, file, part):
                into.write(piece)
                done += len(piece)
                told("reading the backup", done, total)
            into.flush()
            os.fsync(into.fileno())
        target.chmod(part.mode & 0o777)
    now = backup.key_marks(staging)
    for name, key in manifest.keys.items():
        if not set(key["marks"]) <= set(now.get(name, {"marks": []})["marks"]):
            raise BackupRefused(
                f"{path} was made with another {name}: set the one of that time (it is kept outside the backup)"
            )


def _rebuild(manifest: Manifest, where: Where, staging: Path, tools: Binaries, told: Told) -> Restored:
    """Fill, compare, migrate, ask the laws; the database is down again afterwards."""
    dump = staging / DUMP
    with embedded.Embedded(staging, options=FILLING, binaries=where.postgres_home):
        dsn = embedded.dsn(staging, embedded.OWNER)
        jobs = max(1, min(MOST_JOBS, os.cpu_count() or 1))
        pg_tools.load(tools, dsn, dump, jobs, _progress(manifest, told))
        dump.unlink()
        told("comparing", 0, 1)
        with psycopg.connect(**dsn, autocommit=True) as connection:
            connection.execute("ANALYZE")
            _compare(manifest, connection)
        told("migrating", 0, 1)
        migrated = _command(staging, where, "migrate")
        told("asking the laws", 0, 1)
        checked = _command(staging, where, "check")
    return Restored(
        where.data,
        manifest,
        laws=checked["laws"],
        broken=checked["broken"],
        rows=checked["rows"],
        migrations=migrated["migrations"],
    )


def _progress(manifest: Manifest, told: Told) -> pg_tools.Told:
    """Turns the names of tables into a share of their rows."""
    done = 0

    def at(table: str) -> None:
        nonlocal done
        told("filling", done, manifest.rows)
        done += manifest.tables.get(table, 0)

    return at


def _compare(manifest: Manifest, connection: psycopg.Connection[Any]) -> None:
    """Every table has its rows, and every stream of the ledger its digest. Raises BadBackup."""
    now = backup.counted(connection)
    if now != manifest.tables:
        odd = sorted(name for name in now.keys() | manifest.tables.keys() if now.get(name) != manifest.tables.get(name))
        raise BadBackup(f"the restored database has other rows than the backup: {', '.join(odd)}")
    known = {name: STREAMS[name] for name in manifest.ledger if name in STREAMS}
    found = backup.digested(connection, known)
    for name, stream in found.items():
        if stream != manifest.ledger[name]:
            raise BadBackup(f"the restored stream '{name}' is not the one that was backed up (its digest differs)")


def _command(staging: Path, where: Where, name: str) -> dict[str, Any]:
    """One of our commands on the database that is being restored; its figures. Raises BackupRefused with its words."""
    environment = {**os.environ, "CARETILL_DATA": str(staging)}
    done = subprocess.run(
        [sys.executable, "-m", "caretill", name, "--json"],
        env=environment,
        capture_output=True,
        text=True,
        preexec_fn=dies_with_us(os.getpid(), signal.SIGTERM),
    )
    lines = done.stdout.strip().splitlines()
    if name == "check" and done.returncode == 1 and lines:
        return dict(json.loads(lines[-1]))  # laws are broken: told, and not a reason to keep the data from its owner
    if done.returncode:
        raise BackupRefused(f"`{name}` on the restored database of {where.data} failed: {done.stderr.strip()[-600:]}")
    return dict(json.loads(lines[-1]))
