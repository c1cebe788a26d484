"""Where a run happens: a database server with default durability, a database for each round, ports, programs.

The embedded server gets a new cluster in the data folder, thrown away at the end. On your own server the run makes
databases of its own and drops them; it never touches the one that CARETILL_DATABASE_URL names.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql

from caretill import ROOT
from caretill.cli.demo import Crew
from caretill.cli.frame import Refused
from caretill.cli.processes import Program
from caretill.config import database, embedded, env, keys, places
from caretill.config.binaries import choose
from caretill.core import clock, http

HOST = "127.0.0.1"
_BEGAN = perf_counter()
READY_SECONDS = 30
KEYS = ("SECRET_KEY", "BLIND_KEY", "SEAL_KEYS")
# What a reader of a figure must know of the server; all as the run found them.
SETTINGS = (
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_sync_method",
    "commit_delay",
    "shared_buffers",
    "max_wal_size",
    "checkpoint_timeout",
    "jit",
)
UNSAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Place:
    """The server of one run. `mark` begins the name of every database that the run makes."""

    def __init__(self, environment: env.Environment) -> None:
        self._environment = environment
        self.mark = f"caretill_bench_{secrets.token_hex(3)}"
        self.folder = Path()
        self.made: list[str] = []
        self._secrets = {f"CARETILL_{name}": secrets.token_urlsafe(32) for name in KEYS}
        self._secrets |= {
            f"CARETILL_PROCESSOR_{name}": secrets.token_urlsafe(24) for name in ("KEY", "CALLBACK_SECRET")
        }
        self.server: embedded.Embedded | None = None

    @contextmanager
    def open(self) -> Iterator[Place]:
        """The server answers inside the block; afterwards nothing of the run is left."""
        parent = self._environment.data
        keys.make_data_folder(parent)
        with ExitStack() as stack:
            self.folder = Path(tempfile.mkdtemp(prefix="bench-", dir=parent))
            self.folder.chmod(parent.stat().st_mode & 0o777)
            stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
            if self._environment.embedded:
                stack.callback(places.forget, self.folder)
                self.server = embedded.Embedded(self.folder, binaries=self._environment.postgres_home)
                stack.enter_context(self.server)
            stack.callback(self._drop_all)
            self._refuse_unsafe()
            yield self

    def _refuse_unsafe(self) -> None:
        """Figures of a server that may lose what it acknowledged would be no figures."""
        found = self.settings()
        for name, value in UNSAFE.items():
            if found[name] == value:
                raise Refused(f"the server runs with {name} = {value}; figures are taken with default durability only")

    def parts(self, role: str, name: str) -> dict[str, Any]:
        """How to reach a database of the run as `admin`, `owner` or `app`. `name` "" is the server's own."""
        if self._environment.embedded:
            user = {"admin": embedded.SUPER, "owner": embedded.OWNER, "app": embedded.APP}[role]
            return embedded.dsn(self.folder, user, self._name(name) if name else "postgres")
        found = database.app_parts(self._environment) if role == "app" else database.owner_parts(self._environment)
        return {**found, "dbname": self._name(name)} if name else found

    def connect(self, role: str, name: str) -> psycopg.Connection[Any]:
        """A connection, autocommit."""
        return psycopg.connect(**self.parts(role, name), autocommit=True)

    def _name(self, name: str) -> str:
        return f"{self.mark}_{name}"

    def make(self, name: str, template: str = "") -> None:
        """A new database: empty, or a copy of one that nobody uses now. One of the same name is dropped first."""
        if name in self.made:
            self.drop(name)
        with self.connect("admin", "") as connection:
            if self._environment.embedded:
                embedded.make_database(connection, self._name(name), self._name(template) if template else "template0")
                embedded.guard_database(connection, self._name(name))
            else:
                create = sql.SQL("CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'")
                source = self._name(template) if template else "template0"
                try:
                    connection.execute(create.format(sql.Identifier(self._name(name)), sql.Identifier(source)))
                except psycopg.errors.InsufficientPrivilege:
                    raise Refused(
                        f"'{connection.info.user}' may not make databases, and a bench must not use yours:"
                        f" ALTER ROLE {connection.info.user} CREATEDB"
                    ) from None
        self.made.append(name)

    def drop(self, name: str) -> None:
        """Drop a database of the run."""
        with self.connect("admin", "") as connection:
            drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            connection.execute(drop.format(sql.Identifier(self._name(name))))
        self.made.remove(name)

    def _drop_all(self) -> None:
        for name in list(self.made):
            self.drop(name)

    def fresh(self, name: str, template: str) -> None:
        """A copy for a round. What earlier rounds left is written out first, and the copy is younger than that
        checkpoint: no round pays for another one's pages, nor for the first touch of its own after a checkpoint.
        """
        self.settle()
        self.make(name, template)

    def settle(self) -> None:
        """Write out what earlier rounds left, so that a round does not pay for them. Where we may not, we go on."""
        with self.connect("admin", "") as connection:
            try:
                connection.execute("CHECKPOINT")
            except psycopg.errors.InsufficientPrivilege:
                pass

    def environment(self, name: str, **more: str) -> dict[str, str]:
        """What a program needs to work on a database of the run."""
        found = {
            **self._secrets,
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
            "DJANGO_SETTINGS_MODULE": "caretill.config.settings",
            "CARETILL_DATA": str(self.folder),
            "CARETILL_DATABASE_URL": self._url("app", name),
            "CARETILL_ORGANISATION": str(ROOT / "organisation"),
        }
        if self._environment.embedded or self._environment.owner_database_url:
            found["CARETILL_OWNER_DATABASE_URL"] = self._url("owner", name)
        return {**found, **more}

    def _url(self, role: str, name: str) -> str:
        parts = dict(self.parts(role, name))
        # One login: the app's settings are read from the owner's address, and lower themselves.
        if role == "app" and not self._environment.embedded and self._environment.owner_database_url is None:
            parts = dict(self.parts("owner", name))
        user, password = parts.pop("user"), parts.pop("password", "")
        base = parts.pop("dbname")
        login = f"{quote(user)}:{quote(password, safe='')}@" if password else f"{quote(user)}@"
        return f"postgresql://{login}/{base}?{urlencode(parts)}"

    def run(self, name: str, *arguments: str) -> str:
        """Run a command of ours on a database and return what it printed. Raises Refused with its complaint."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**clean(), **self.environment(name)},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-3:]
            raise Refused(f"{' '.join(arguments)}: {' / '.join(said)}")
        return done.stdout

    def migrated(self, name: str) -> None:
        """A database that this release may run on."""
        self.make(name)
        self.run(name, "-m", "caretill", "migrate")

    def settings(self) -> dict[str, str]:
        """Version and settings of the server."""
        with self.connect("admin", "") as connection:
            asked = connection.execute(
                "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(%s)", (list(SETTINGS),)
            )
            return dict(sorted(asked.fetchall()))

    @contextmanager
    def programs(self) -> Iterator[Crew]:
        """Programs of a round: started inside the block, ended after it."""
        logs = self.folder / "logs"
        logs.mkdir(exist_ok=True)
        crew = Crew(None, logs)
        with crew:
            yield crew

    def binaries(self) -> dict[str, str]:
        """What tells a program of ours to use the PostgreSQL of this run, where one was named."""
        home = self._environment.postgres_home
        return {"CARETILL_POSTGRES_HOME": str(home)} if home else {}

    def pgbench(self) -> str | None:
        """pgbench of the server's installation, or one on the path."""
        if self.server is not None:
            found = choose(self._environment.postgres_home).path("pgbench")
            if os.access(found, os.X_OK):
                return found
        return shutil.which("pgbench")


def clean() -> dict[str, str]:
    """The environment without settings of ours: a round gets its own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CARETILL_")}


def say(text: str) -> None:
    """Where the run is, on standard error."""
    print(f"bench: {perf_counter() - _BEGAN:6.1f} s  {text}", file=sys.stderr, flush=True)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((HOST, 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def wait_for(crew: Crew, name: str, address: str) -> None:
    """Until the address answers 200. Raises Refused with the end of the program's log."""
    until = clock.monotonic() + READY_SECONDS
    while clock.monotonic() < until:
        try:
            if http.request("GET", address, timeout=2).status == 200:
                return
        except http.HttpUnknown:
            pass
    lines = crew.log(name).read_text(encoding="utf-8", errors="replace").splitlines()[-3:]
    raise Refused(f"{name} does not answer at {address}: {' / '.join(lines)}")


def program(name: str, arguments: Sequence[str], environment: dict[str, str]) -> Program:
    """A program with the environment of a round; settings of the person who runs the bench do not reach it."""
    hidden = {each: "" for each in os.environ if each.startswith("CARETILL_")}
    return Program(name, arguments, {**hidden, **environment})
