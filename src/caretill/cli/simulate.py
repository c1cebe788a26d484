"""Live days in seeded worlds: people, faults, crashes; every law and a reference ledger after each day.

Runs on a database server of its own in a folder that is thrown away: nothing of yours is read or written. A failure
prints its seed and step; the same seed lives the same life again.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from caretill.cli.frame import BROKEN, OK, USAGE, Answer, Refused
from caretill.config import embedded, env
from caretill.core import clock

# A server that is thrown away may lose everything when the machine stops; nothing else about it differs.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # A seed is the same life only where its plans are the same: none may depend on when a table was analysed.
    "autovacuum": "off",
    # A life is shorter than the five plans after which a function keeps one.
    "plan_cache_mode": "force_generic_plan",
}
SECRETS = {
    "CARETILL_SECRET_KEY": "a key for simulations alone, nothing real is sealed with it",
    "CARETILL_BLIND_KEY": "a key for simulations alone, no real number is hidden with it",
    "CARETILL_SEAL_KEYS": "a-key-for-simulations-alone-no-real-account",
    "CARETILL_PROCESSOR_KEY": "key-of-simulations",
    "CARETILL_PROCESSOR_CALLBACK_SECRET": "callback-secret-of-simulations",
}
TEMPLATE = "caretill_life_template"
SHOWN = 5
_SEEDS = re.compile(r"(\d{1,9})(?:\.\.(\d{1,9}))?")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which lives."""
    parser.add_argument("--seeds", required=True, metavar="A..B", help="from A to B, both lived; or one")
    parser.add_argument("--days", type=int, default=30, metavar="N", help="days of each life (30)")
    parser.add_argument("--people", type=int, default=4, metavar="P", help="families in each (4)")
    parser.add_argument("--faults", action="store_true", help="with faults of processor, bank and machine")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, metavar="N", help="at once (one a core)")
    parser.add_argument("--first", action="store_true", help="begin no further seed once one is broken")
    parser.add_argument("--seconds", type=float, metavar="S", help="begin no further seed after so long")


@dataclass
class Total:
    """What all lives came to."""

    seeds: int = 0
    days: int = 0
    operations: int = 0
    faults: int = 0
    broken: int = 0
    adrift_cents: int = 0
    unresolved: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    failures: list[dict[str, Any]] = field(default_factory=list)

    def add(self, life: dict[str, Any]) -> None:
        """One more life."""
        self.seeds += 1
        for name in ("days", "operations", "faults", "adrift_cents", "unresolved"):
            setattr(self, name, getattr(self, name) + life[name])
        self.kinds.update(life["kinds"])
        if life["broken"]:
            self.broken += 1
            self.failures.append({name: life[name] for name in ("seed", "where", "broken")})


def run(options: argparse.Namespace) -> Answer:
    """Live them, several at once, and print the totals; exit code 1 where a law was broken or a cent is adrift."""
    seeds = _seeds(options.seeds)
    if options.days < 1 or options.people < 1 or options.processes < 1:
        raise Refused("--days, --people and --processes are at least 1", USAGE)
    began = clock.monotonic()
    total = Total()
    with _place(env.where().postgres_home) as folder:
        _live_all(folder, seeds, options, total)
    seconds = clock.monotonic() - began
    years = total.days / 365
    print(", ".join(f"{name} {count:,}" for name, count in sorted(total.kinds.items())))
    line = (
        f"{total.seeds:,} seeds, {total.days:,} days ({years:.1f} years), {total.operations:,} operations,"
        f" {total.faults:,} faults, {total.broken} broken, {total.adrift_cents} cents adrift,"
        f" {total.unresolved} unresolved, in {seconds:.0f} s"
    )
    figures = {
        name: getattr(total, name)
        for name in ("seeds", "days", "operations", "faults", "broken", "adrift_cents", "unresolved")
    }
    kinds = dict(sorted(total.kinds.items()))
    more = {"seconds": round(seconds, 1), "kinds": kinds, "failures": total.failures[:SHOWN]}
    return Answer(line, figures | more, BROKEN if total.broken else OK)


def _seeds(text: str) -> range:
    found = _SEEDS.fullmatch(text)
    if not found or int(found[2] or found[1]) < int(found[1]):
        raise Refused(f"--seeds {text}: give one number, or A..B with A at most B", USAGE)
    return range(int(found[1]), int(found[2] or found[1]) + 1)


@contextmanager
def _place(binaries: Path | None) -> Iterator[Path]:
    """A server with a migrated template, in a folder that goes when the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="caretill-life-"))
    folder.chmod(0o711)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.enter_context(embedded.Embedded(folder, options=FAST, binaries=binaries))
        _copy(folder, TEMPLATE, "template0")
        command = [sys.executable, "-m", "caretill", "migrate"]
        done = subprocess.run(command, env=_environment(folder, TEMPLATE), capture_output=True, text=True)
        if done.returncode:
            raise Refused(f"the simulation's database could not be made: {done.stderr[-500:]}")
        yield folder


def _copy(folder: Path, name: str, template: str) -> None:
    with psycopg.connect(**embedded.dsn(folder, embedded.SUPER, "postgres"), autocommit=True) as connection:
        embedded.make_database(connection, name, template)
        embedded.guard_database(connection, name)


def _environment(folder: Path, name: str) -> dict[str, str]:
    """What a program needs to live in that database, and nothing of the settings around it."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CARETILL_")}
    kept |= {key: os.environ[key] for key in ("CARETILL_ORGANISATION",) if key in os.environ}
    return {
        **kept,
        **SECRETS,
        "CARETILL_DATA": str(folder),
        "CARETILL_DATABASE_URL": _address(folder, embedded.APP, name),
        "CARETILL_OWNER_DATABASE_URL": _address(folder, embedded.OWNER, name),
        "DJANGO_SETTINGS_MODULE": "caretill.config.settings",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        # The order of a set must be the same whenever a seed is lived again.
        "PYTHONHASHSEED": "0",
    }


def _address(folder: Path, role: str, name: str) -> str:
    parts = embedded.dsn(folder, role, name)
    return f"postgresql://{parts['user']}:{parts['password']}@/{parts['dbname']}?host={parts['host']}"


def _live_all(folder: Path, seeds: range, options: argparse.Namespace, total: Total) -> None:
    """Hand the seeds out one by one; whoever is done gets the next."""
    waiting = iter(seeds)
    lock = threading.Lock()
    until = clock.monotonic() + options.seconds if options.seconds else None
    faults: list[str] = []

    def next_seed() -> int | None:
        with lock:
            late = until is not None and clock.monotonic() > until
            ended = late or faults or (options.first and total.broken)
            return None if ended else next(waiting, None)

    def one(place: int) -> None:
        try:
            _Lives(folder, f"caretill_life_{place}", options).live(next_seed, lambda life: _add(life, total, lock))
        except RuntimeError as fault:
            faults.append(str(fault))

    threads = [threading.Thread(target=one, args=(place,)) for place in range(min(options.processes, len(seeds)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise Refused(faults[0])


def _add(life: dict[str, Any], total: Total, lock: threading.Lock) -> None:
    with lock:
        total.add(life)
        if life["broken"]:
            print(f"{life['where']}: {'; '.join(life['broken'][:3])}", file=sys.stderr, flush=True)
        elif total.seeds % 50 == 0:
            print(f"{total.seeds} seeds, {total.faults} faults, {total.broken} broken", file=sys.stderr, flush=True)


class _Lives:
    """One process that lives seed after seed in a database of its own (`cli.simulated`)."""

    def __init__(self, folder: Path, name: str, options: argparse.Namespace) -> None:
        _copy(folder, name, TEMPLATE)
        wish = {"days": options.days, "people": options.people, "faults": options.faults}
        self._first = json.dumps({"wish": wish, "admin": _address(folder, embedded.SUPER, name)})
        self._program = subprocess.Popen(
            [sys.executable, "-m", "caretill.cli.simulated"],
            env=_environment(folder, name),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def live(self, next_seed: Any, told: Any) -> None:
        """Until there is no next seed. Raises RuntimeError where the process ends by itself."""
        program = self._program
        assert program.stdin and program.stdout and program.stderr
        program.stdin.write(f"{self._first}\n")
        try:
            while (seed := next_seed()) is not None:
                program.stdin.write(f"{seed}\n")
                program.stdin.flush()
                line = program.stdout.readline()
                if not line:
                    raise RuntimeError(f"seed {seed} ended the simulation: {program.stderr.read()[-1500:]}")
                told(json.loads(line))
        finally:
            program.stdin.close()
            program.wait(30)
