"""The database of a test run: one server, a migrated template, and a copy of it for each worker."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from caretill import ROOT
from caretill.config import database, embedded
from caretill.core.sql import READ_ONLY
from house import plants

# A test server may lose everything when the machine stops; nothing else about it differs.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "300"}
# Their triggers refuse even the owner.
WRITE_ONCE = ("ledger_transfer", "ledger_resolution")
SECRETS = {
    "CARETILL_SECRET_KEY": "a key for tests alone, nothing real is sealed with it",
    "CARETILL_BLIND_KEY": "a key for tests alone, no real number is hidden with it",
    "CARETILL_SEAL_KEYS": "a-key-for-tests-alone-seals-no-real-account-number",
    "CARETILL_PROCESSOR_KEY": "sandbox-key-of-the-tests",
    "CARETILL_PROCESSOR_CALLBACK_SECRET": "callback-secret-of-the-tests",
}


@dataclass(frozen=True)
class Run:
    """How to reach the run's server: `admin` may make databases; `app` is None where the owner lowers itself."""

    folder: str
    mark: str
    admin: str
    owner: str
    app: str | None

    @classmethod
    def begin(cls, server: embedded.Embedded | None, folder: Path) -> Run:
        """On the embedded server, or on the one `CARETILL_TEST_DATABASE_URL` names; makes the template."""
        mark = f"caretill_test_{secrets.token_hex(4)}"
        given = os.environ.get("CARETILL_TEST_DATABASE_URL", "")
        if server is None:
            run = cls(str(folder), mark, admin=given, owner=given, app=None)
        else:
            roles = (embedded.SUPER, embedded.OWNER, embedded.APP)
            admin, owner, app = (url(embedded.dsn(folder, role, "postgres")) for role in roles)
            run = cls(str(folder), mark, admin, owner, app)
        run.make("template", "template0")
        environment = {**os.environ, **run.environment("template")}
        command = [sys.executable, "-m", "caretill", "migrate"]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"the tests' database could not be migrated: {done.stderr[-2000:]}")
        if plant := os.environ.get("CARETILL_TEST_PLANT"):
            with psycopg.connect(
                run.environment("template")["CARETILL_OWNER_DATABASE_URL"], autocommit=True
            ) as connection:
                plants.sow(connection, plant)
        return run

    def name(self, of: str) -> str:
        return f"{self.mark}_{of}"

    def make(self, of: str, template: str) -> None:
        """A database named for a worker, copied from a template."""
        with psycopg.connect(self.admin, autocommit=True) as connection:
            if self.app:
                embedded.make_database(connection, self.name(of), template)
                embedded.guard_database(connection, self.name(of))
            else:
                create = sql.SQL("CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'")
                connection.execute(create.format(sql.Identifier(self.name(of)), sql.Identifier(template)))

    def drop(self) -> None:
        """Remove every database of this run (on your own server they would stay)."""
        with psycopg.connect(self.admin, autocommit=True) as connection:
            like = f"{self.mark}_%"
            listed = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", (like,)).fetchall()
            for row in listed:
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(row[0])))

    def environment(self, of: str) -> dict[str, str]:
        """What a Caretill process needs to work on that database."""
        found = {
            **SECRETS,
            "DJANGO_SETTINGS_MODULE": "caretill.config.settings",
            "PYTHONPATH": str(ROOT / "src"),
            "CARETILL_DATA": self.folder,
            "CARETILL_DATABASE_URL": replaced(self.app or self.owner, self.name(of)),
        }
        if self.app:
            found["CARETILL_OWNER_DATABASE_URL"] = replaced(self.owner, self.name(of))
        return found

    def enter(self, of: str) -> None:
        """Make the worker's database and point this process, and every program it starts, at it."""
        self.make(of, self.name("template"))
        # Races open a connection for each of their threads, on machines that are busy with other tests.
        database.POOL.update(max_size=70, timeout=60)
        for name in [name for name in os.environ if name.startswith("CARETILL_") and "TEST" not in name]:
            del os.environ[name]
        os.environ.update(self.environment(of))


def url(parts: dict[str, Any]) -> str:
    """An embedded database as an address."""
    return f"postgresql://{parts['user']}:{parts['password']}@/{parts['dbname']}?host={parts['host']}"


def replaced(address: str, name: str) -> str:
    """The same address with another database name."""
    head, _, options = address.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{options}" if options else "")


def empty(connection: psycopg.Connection[Any]) -> None:
    """Remove every row of every table that is not filled by `migrate`. `connection` is the owner's."""
    listed = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    tables = [row[0] for row in connection.execute(listed).fetchall() if row[0] not in READ_ONLY]
    if not tables:
        return
    asks = [
        sql.SQL("SELECT {} WHERE EXISTS (SELECT 1 FROM {})").format(sql.Literal(name), sql.Identifier(name))
        for name in tables
    ]
    filled = [row[0] for row in connection.execute(sql.SQL(" UNION ALL ").join(asks)).fetchall()]
    if filled:
        names = sql.SQL(", ").join(sql.Identifier(name) for name in filled)
        # A test that left a transaction open fails here, by name, instead of hanging the run.
        connection.execute("SET lock_timeout = '10s'")
        once = [name for name in filled if name in WRITE_ONCE]
        with connection.transaction():
            for name in once:
                connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(name)))
            connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))
            for name in once:
                connection.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(sql.Identifier(name)))


def server() -> tuple[embedded.Embedded | None, Path]:
    """The embedded server of this run, started, and the run's folder; no server when one of your own is named."""
    folder = Path(tempfile.mkdtemp(prefix="caretill-test-"))
    folder.chmod(0o711)
    if os.environ.get("CARETILL_TEST_DATABASE_URL"):
        return None, folder
    return embedded.Embedded(folder, options=FAST).start(), folder


def clear(folder: Path) -> None:
    """Remove the run's folder."""
    shutil.rmtree(folder, ignore_errors=True)
