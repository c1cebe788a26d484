"""The PostgreSQL that comes along: started as a child, stopped with us, reached through a socket only we may open.

The server is a foreground child with a parent-death signal, so no kill of ours leaves one behind. A lock on the data
directory makes one process its keeper; every other process connects to what runs.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg import sql

from caretill.config import keys
from caretill.config.binaries import Binaries, choose
from caretill.config.places import Owner, Places, places, private_folder, remember_home, server_user
from caretill.core import clock

SUPER, OWNER, APP = "caretill_super", "caretill_owner", "caretill_app"
DATABASE = "caretill"
PR_SET_PDEATHSIG = 1
SETTINGS = {
    "listen_addresses": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "logging_collector": "off",
    "max_connections": "100",
    "password_encryption": "scram-sha-256",
    "commit_delay": "300",
    "max_wal_size": "2GB",
}


class EmbeddedFailed(RuntimeError):
    """The server did not come up; the message holds the end of its log."""


def dsn(data: Path, role: str, database: str = DATABASE) -> dict[str, Any]:
    """How to connect to the embedded server of a data directory as one of its three roles."""
    return {
        "host": str(places(data).socket),
        "dbname": database,
        "user": role,
        "password": keys.kept(data, f"postgres_{role.removeprefix('caretill_')}"),
    }


class Embedded:
    """The embedded server of one data directory, for the time between `start` and `stop`."""

    def __init__(self, data: Path, options: Mapping[str, str] | None = None, binaries: Path | None = None) -> None:
        self.data = data.resolve()
        self.options = {**SETTINGS, **(options or {})}
        self.wanted = binaries
        self.keeper = False
        self._lock: IO[str] | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._places: Places = places(self.data)
        self._user: dict[str, Any] = {}
        self._binaries: Binaries | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id, when we are its keeper."""
        return self._server.pid if self._server else None

    def start(self, timeout: float = 60) -> Embedded:
        """Become the server's keeper, or find that another process is, and return once the database answers.

        Makes the cluster, the roles and the database the first time. Raises EmbeddedFailed, NoBinaries or PlaceRefused.
        """
        until = clock.monotonic() + timeout
        keys.make_data_folder(self.data)
        self._places = places(self.data)
        while not self._take_lock():
            if self._answers(OWNER, DATABASE):
                return self
            if clock.monotonic() > until:
                raise EmbeddedFailed(f"another process holds {self._places.lock} and its database does not answer")
            time.sleep(0.05)
        self.keeper = True
        try:
            self._prepare()
            self._launch(until)
            self._make_roles()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Shut the server down and let go of the lock. Does nothing when another process keeps it."""
        if self._server and self._server.poll() is None:
            self._server.send_signal(signal.SIGINT)
            try:
                self._server.wait(30)
            except subprocess.TimeoutExpired:
                self._server.send_signal(signal.SIGQUIT)
                self._server.wait(10)
        self._server = None
        if self._lock:
            self._places.socket_note.unlink(missing_ok=True)
            self._lock.close()
            self._lock = None
        self.keeper = False

    def keep(self, timeout: float = 60) -> bool:
        """Start the server again if it died; whether it had. The keeper calls this every now and then."""
        if not self.keeper or self._server is None or self._server.poll() is None:
            return False
        self._launch(clock.monotonic() + timeout)
        return True

    def __enter__(self) -> Embedded:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _take_lock(self) -> bool:
        lock = self._places.lock.open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        return True

    def _answers(self, role: str, database: str) -> bool:
        try:
            psycopg.connect(**dsn(self.data, role, database), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _prepare(self) -> None:
        """Folders, binaries, and a cluster if there is none."""
        self._places.socket_note.unlink(missing_ok=True)
        owner = server_user(self._places)
        self._user = {"user": owner.uid, "group": owner.gid, "extra_groups": []} if owner else {}
        remember_home(self._places)
        home_is_new = not self._places.home.exists()
        self._places.home.mkdir(mode=0o711, parents=True, exist_ok=True)
        if home_is_new:
            self._places.home.chmod(0o711)
        private_folder(self._places.socket, owner)
        made_with = self._places.cluster / "PG_VERSION"
        major = int(made_with.read_text().strip()) if made_with.exists() else None
        self._binaries = choose(self.wanted, major, owner)
        if major is None:
            self._make_cluster(self._binaries, owner)
        private_folder(self._places.cluster, owner)

    def _make_cluster(self, binaries: Binaries, owner: Owner | None) -> None:
        """Made beside its place and moved there whole: a start killed in between leaves nothing that looks done."""
        draft = self._places.home / "cluster.new"
        shutil.rmtree(draft, ignore_errors=True)
        private_folder(draft, owner)
        command = [binaries.path("initdb"), "-D", str(draft), "-U", SUPER, "-E", "UTF8"]
        # Version 17 sorts by code point without asking the system's locale; before that C.UTF-8 does.
        if binaries.major >= 17:
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        else:
            command += ["--locale=C.UTF-8"]
        password = dsn(self.data, SUPER)["password"]
        with tempfile.NamedTemporaryFile("w", dir=self._places.socket, prefix=".pw") as file:
            file.write(password)
            file.flush()
            if self._user:
                os.fchown(file.fileno(), self._user["user"], self._user["group"])
            command += ["--auth=scram-sha-256", f"--pwfile={file.name}", "--no-instructions"]
            made = subprocess.run(command, capture_output=True, text=True, cwd="/", **self._user)
        if made.returncode:
            raise EmbeddedFailed(f"initdb failed: {made.stderr.strip()[-600:]}")
        draft.rename(self._places.cluster)

    def _launch(self, until: float) -> None:
        """Start the server and wait until it answers. A predecessor that is still going down is waited for."""
        assert self._binaries is not None
        self._stop_orphan(until)
        options = {**self.options, "unix_socket_directories": str(self._places.socket)}
        command = [self._binaries.path("postgres"), "-D", str(self._places.cluster)]
        command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        self._places.socket_note.write_text(f"{self._places.socket}\n", encoding="utf-8")
        while clock.monotonic() < until:
            with self._places.log.open("ab") as log:
                self._server = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    start_new_session=True,
                    preexec_fn=dies_with_us(os.getpid(), signal.SIGINT),
                    **self._user,
                )
            while clock.monotonic() < until and self._server.poll() is None:
                if self._answers(SUPER, "postgres"):
                    return
                time.sleep(0.02)
            time.sleep(0.2)
        raise EmbeddedFailed(f"the database did not start; {self._places.log} ends: {self._log_end()}")

    def _stop_orphan(self, until: float) -> None:
        """End a server that outlived its keeper (no parent-death signal there). The lock is held, so it is ours."""
        note = self._places.cluster / "postmaster.pid"
        told = False
        while note.exists() and clock.monotonic() < until:
            if not self._answers(SUPER, "postgres"):
                if told:
                    time.sleep(0.05)
                    continue
                return  # a stale note, or one going down: the server itself tells them apart
            if not told:
                os.kill(int(note.read_text().split("\n", 1)[0]), signal.SIGINT)
                told = True
            time.sleep(0.05)

    def _make_roles(self) -> None:
        """The owner (migrates), the app (runs, makes nothing) and the database, where they are missing."""
        with psycopg.connect(**dsn(self.data, SUPER, "postgres"), autocommit=True) as connection:
            roles = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
            for role in (OWNER, APP):
                if role not in roles:
                    connection.execute(
                        sql.SQL("CREATE ROLE {} LOGIN NOCREATEDB NOCREATEROLE PASSWORD {}").format(
                            sql.Identifier(role), sql.Literal(dsn(self.data, role)["password"])
                        )
                    )
            names = {row[0] for row in connection.execute("SELECT datname FROM pg_database").fetchall()}
            if DATABASE not in names:
                make_database(connection, DATABASE)
            guard_database(connection, DATABASE)
            for name in ("postgres", "template1"):
                connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))

    def _log_end(self) -> str:
        lines = self._places.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return " / ".join(lines[-5:]) or "empty"


def make_database(connection: psycopg.Connection[Any], name: str, template: str = "template0") -> None:
    """A database that belongs to the owner. `connection`: superuser, autocommit."""
    create = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} ENCODING 'UTF8'")
    connection.execute(create.format(sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template)))


def guard_database(connection: psycopg.Connection[Any], name: str) -> None:
    """Only our roles may enter; the app may make temporary tables (bills come in through them)."""
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
    grant = sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}")
    connection.execute(grant.format(sql.Identifier(name), sql.Identifier(APP)))


_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def dies_with_us(parent: int, by: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: the kernel sends the child `by` when the parent is gone, even by kill -9."""

    def ask_the_kernel() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, int(by), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return ask_the_kernel
