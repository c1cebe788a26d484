"""What stands in a data directory: what a backup takes along, what stays where it is, and how all of it changes places.

A change of places is several renames. They are written down first, so one that was cut short is finished, not guessed.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from caretill.config.embedded import EmbeddedFailed
from caretill.config.places import Places, outside_home, places

BACKUPS, STAGING, DRILL, JOURNAL = "backups", "restoring", "drill", "restore.json"
ASIDE = "replaced-"
# The script's own environment and caches, locks, and what backup and restore make: never moved, never taken along.
STAYS = {
    "env", "env.lock", "env.stamp", "env.stamp.new", "env.unfinished", "mypy", "pytest", "ruff", "hypothesis",
    "postgres.lock", "backup.lock", "demo.lock", BACKUPS, STAGING, DRILL, JOURNAL, f"{JOURNAL}.new",
}  # fmt: skip
# The database goes as a dump, which every later version reads; its place and its socket are this machine's.
DATABASE = {"postgres", "postgres.home", "postgres.home.was", "postgres.socket"}
# Logs are not kept; a journal beside an SQLite file is part of it, and is read through it.
PASSING = (".log", ".lock", ".pid", ".sock", "-wal", "-shm", "-journal")
LOGS = "logs"


class FolderRefused(RuntimeError):
    """The data directory cannot be used as it is; the message says why and what to do."""


def things(data: Path) -> list[str]:
    """What an installation has in its data directory, by name; empty where a restore may go without asking."""
    if not data.exists():
        return []
    return sorted(entry.name for entry in data.iterdir() if not _stays(entry.name))


def files(data: Path) -> Iterator[Path]:
    """The files that cannot be made again: all but the database, logs, locks and what stays. Relative to `data`.

    Raises FolderRefused at a link to a folder: what is behind it would be missing without a word.
    """
    for folder, folders, names in os.walk(data):
        here = Path(folder)
        if here == data:
            folders[:] = [name for name in folders if not _stays(name) and name not in DATABASE]
            names = [name for name in names if not _stays(name) and name not in DATABASE]
        folders[:] = sorted(name for name in folders if name != LOGS)
        for name in folders:
            if (here / name).is_symlink():
                raise FolderRefused(f"{here / name} is a link to a folder; put the folder itself there")
        for name in sorted(names):
            if not name.endswith(PASSING) and _is_file(here / name):
                yield (here / name).relative_to(data)


def _stays(name: str) -> bool:
    return name in STAYS or name.startswith(ASIDE)


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return False


@contextmanager
def closed(data: Path) -> Iterator[None]:
    """Nobody starts the database of that folder inside the block. Raises FolderRefused when somebody runs it."""
    with _locked(places(data).lock, f"a command uses {data}; stop it first (serve, work, demo)"):
        yield


@contextmanager
def backing_up(data: Path) -> Iterator[None]:
    """One backup of a folder at a time."""
    with _locked(data / "backup.lock", f"a backup of {data} is being made already"):
        yield


@contextmanager
def _locked(path: Path, otherwise: str) -> Iterator[None]:
    with path.open("a") as gate:
        try:
            fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderRefused(otherwise) from None
        yield


def unfinished(data: Path) -> bool:
    """Whether a change of places was cut short there."""
    return (data / JOURNAL).exists()


def refuse_unfinished(data: Path) -> None:
    """Raise EmbeddedFailed where half of what stands is of one installation and half of another."""
    if unfinished(data):
        raise EmbeddedFailed(f"a restore of {data} was cut short; run the same `caretill restore` again to finish it")


def put_in_place(data: Path, aside: Path, mark: str) -> None:
    """Move what `data` holds to `aside`, and what `data/restoring` holds into `data`. Both databases must be down.

    `mark` tells later which backup this was. Nothing is deleted; `aside` is a data directory that can be used.
    """
    moves = {"out": [*_out(data, aside)], "in": [*_in(data, data / STAGING)]}
    noted = {"mark": mark, **{way: [[str(end) for end in move] for move in each] for way, each in moves.items()}}
    draft = data / f"{JOURNAL}.new"
    with draft.open("w", encoding="utf-8") as file:
        json.dump(noted, file)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(data / JOURNAL)
    sync(data)
    finish(data)


def finish(data: Path) -> str:
    """Do every noted move that is not done yet; the mark of the backup. Safe to repeat, and to kill.

    Raises FolderRefused when something that was not there before stands where the backup must go.
    """
    noted = json.loads((data / JOURNAL).read_text(encoding="utf-8"))
    touched = {data}
    for here, there in ((Path(here), Path(there)) for here, there in [*noted["out"], *noted["in"]]):
        if os.path.lexists(here) and not os.path.lexists(there):
            here.rename(there)
            touched |= {here.parent, there.parent}
    for here, there in noted["in"]:
        if os.path.lexists(here):
            raise FolderRefused(f"{there} stands where {here} must go; move it away and run the same command again")
    for folder in touched:
        sync(folder)
    (data / JOURNAL).unlink()
    sync(data)
    return str(noted["mark"])


def _out(data: Path, aside: Path) -> Iterator[tuple[Path, Path]]:
    """The moves out. A database outside the folder moves too, to where the folder beside looks for it."""
    names = things(data)
    if not names:
        return
    aside.mkdir(mode=stat.S_IMODE(data.stat().st_mode))
    aside.chmod(stat.S_IMODE(data.stat().st_mode))
    home = places(data).home
    for name in names:
        yield data / name, aside / (f"{name}.was" if name == "postgres.home" else name)
    if home.parent != data and home.exists():
        (aside / "postgres.home").write_text(f"{outside_home(aside)}\n", encoding="utf-8")
        yield home, outside_home(aside)


def _in(data: Path, staging: Path) -> Iterator[tuple[Path, Path]]:
    """The moves in."""
    found: Places = places(staging)
    if found.home.parent != staging:
        # Its own note stays true until the end: who clears `restoring` away follows it.
        note = staging / "postgres.home.new"
        note.write_text(f"{outside_home(data)}\n", encoding="utf-8")
        yield found.home, outside_home(data)
        yield note, data / "postgres.home"
    for entry in sorted(staging.iterdir()):
        if entry.name not in ("postgres.lock", "postgres.log", *DATABASE - {"postgres"}, "postgres.home.new"):
            yield entry, data / entry.name


def sync(folder: Path) -> None:
    """See that names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
