"""Your own server: one login or two, the rights of each role, and what is said when something is not allowed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import psycopg
import pytest

from caretill.config import binaries, database, embedded, env, schema
from caretill.core.sql import INSERT_ONLY, READ_ONLY
from house.run import FAST, SECRETS, url

ROOT = Path(__file__).resolve().parents[3]


def caretill(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line with this environment and no other setting."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CARETILL_")}
    return subprocess.run(
        [sys.executable, "-m", "caretill", *arguments],
        env={**kept, "PYTHONPATH": str(ROOT / "src"), **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


@dataclass(frozen=True)
class OwnServer:
    """A server that is nobody's child: reached by addresses only."""

    data: Path

    def admin(self) -> psycopg.Connection[Any]:
        return psycopg.connect(**embedded.dsn(self.data, embedded.SUPER, "postgres"), autocommit=True)

    def address(self, user: str, name: str) -> str:
        return url({**embedded.dsn(self.data, embedded.SUPER, name), "user": user, "password": "word"})

    def make(self, user: str, name: str, may: str = "") -> str:
        """A login that owns a database of that name; its address."""
        with self.admin() as connection:
            connection.execute(f"CREATE ROLE {user} LOGIN PASSWORD 'word' {may}")
            connection.execute(f"CREATE DATABASE {name} OWNER {user} TEMPLATE template0")
        return self.address(user, name)


def _versions() -> list[Path]:
    found = {binaries.choose(home).major: home for home in reversed(binaries.candidates())}
    return [found[major] for major in sorted(found)]


@pytest.fixture(scope="module", params=_versions(), ids=lambda home: str(binaries.choose(home).major))
def own(request: pytest.FixtureRequest) -> Iterator[OwnServer]:
    base = Path(tempfile.mkdtemp(prefix="ct"))
    base.chmod(0o711)
    with embedded.Embedded(base / "d", options=FAST, binaries=request.param):
        server = OwnServer(base / "d")
        with server.admin() as connection:
            # The embedded database's own app role makes way, so that migrate meets a server without one.
            connection.execute(f"DROP DATABASE {embedded.DATABASE}")
            connection.execute(f"DROP ROLE {embedded.APP}")
        yield server
    shutil.rmtree(base)


def role_and_rights(address: str, **more: str) -> tuple[str, str]:
    """Who the app is on that database, and what happens when it changes a transfer."""
    environment = env.read({**SECRETS, "CARETILL_DATABASE_URL": address, "CARETILL_DATA": "/nowhere", **more})
    with psycopg.connect(**database.app_parts(environment), autocommit=True) as connection:
        row = connection.execute("SELECT current_user").fetchone()
        assert row is not None
        try:
            connection.execute("UPDATE ledger_transfer SET amount_cents = 1")
        except psycopg.errors.InsufficientPrivilege:
            return row[0], "refused"
        return row[0], "allowed"


def test_one_login(own: OwnServer) -> None:
    address = own.make("one", "clinic_one", "CREATEROLE")
    settings = {**SECRETS, "CARETILL_DATABASE_URL": address, "CARETILL_DATA": str(own.data.parent / "one")}
    done = caretill("migrate", "--json", **settings)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["migrations"]
    assert role_and_rights(address) == ("caretill_app", "refused")
    again = caretill("migrate", **settings)
    assert again.stdout.startswith("0 migrations, 0 function files applied"), again.stdout + again.stderr
    checked = caretill("check", "--json", **settings)
    assert checked.returncode == 0, checked.stderr
    assert json.loads(checked.stdout.splitlines()[-1])["broken"] == 0
    # A second database on the same server finds the role made.
    second = own.make("other", "clinic_other", "CREATEROLE")
    refused = caretill("migrate", **{**settings, "CARETILL_DATABASE_URL": second})
    assert refused.returncode == 0 or "GRANT" in refused.stderr


def test_login_that_may_not_make_roles_is_told_what_to_run(own: OwnServer) -> None:
    with own.admin() as connection:
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'caretill_app'").fetchone()
    address = own.make("weak", "clinic_weak")
    settings = {**SECRETS, "CARETILL_DATABASE_URL": address, "CARETILL_DATA": str(own.data.parent / "weak")}
    refused = caretill("migrate", **settings)
    assert refused.returncode == 1
    assert "'weak' may not make the app's role" in refused.stderr
    commands = [line.strip() for line in refused.stderr.splitlines() if line.startswith("  ")]
    assert len(commands) == (1 if known else 2)
    with own.admin() as connection:
        for command in commands:
            connection.execute(command)
    done = caretill("migrate", **settings)
    assert done.returncode == 0, done.stderr
    assert role_and_rights(address) == ("caretill_app", "refused")


def test_two_logins(own: OwnServer) -> None:
    owner = own.make("boss", "clinic_two")
    app = own.address("runner", "clinic_two")
    settings = {**SECRETS, "CARETILL_OWNER_DATABASE_URL": owner, "CARETILL_DATABASE_URL": app}
    settings["CARETILL_DATA"] = str(own.data.parent / "two")
    refused = caretill("migrate", **settings)
    assert refused.returncode == 1
    assert "no such role" in refused.stderr
    with own.admin() as connection:
        connection.execute("CREATE ROLE runner LOGIN PASSWORD 'word'")
    done = caretill("migrate", **settings)
    assert done.returncode == 0, done.stderr
    assert role_and_rights(app, CARETILL_OWNER_DATABASE_URL=owner) == ("runner", "refused")


def test_server_that_is_away_is_one_line(tmp_path: Path) -> None:
    address = f"postgresql://me:word@/clinic?host={tmp_path}"
    done = caretill("check", **SECRETS, CARETILL_DATABASE_URL=address, CARETILL_DATA=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("caretill: the database: ")
    assert done.stderr.count("\n") == 1
    assert "word" not in done.stderr


def test_old_server_is_refused() -> None:
    old = SimpleNamespace(info=SimpleNamespace(server_version=140_012))
    with pytest.raises(database.DatabaseRefused, match="15 or newer is needed, and the server is version 14"):
        database.refuse_old(cast("psycopg.Connection[Any]", old))
    database.refuse_old(cast("psycopg.Connection[Any]", SimpleNamespace(info=SimpleNamespace(server_version=150_000))))


def test_address_with_everything_in_it() -> None:
    parts = database.parts("postgresql://o%40x:w%2Ford@db.example.org:5433/my%20db?sslmode=require&connect_timeout=3")
    assert parts == {
        "user": "o@x",
        "password": "w/ord",
        "host": "db.example.org",
        "port": 5433,
        "dbname": "my db",
        "sslmode": "require",
        "connect_timeout": "3",
    }


def test_app_adds_to_what_is_written_once_and_changes_nothing(app_connection: psycopg.Connection[Any]) -> None:
    statements = [
        *(f"UPDATE {table} SET {{column}} = {{column}}" for table in (*INSERT_ONLY, *READ_ONLY)),
        *(f"DELETE FROM {table}" for table in (*INSERT_ONLY, *READ_ONLY)),
        *(f"TRUNCATE {table}" for table in (*INSERT_ONLY, *READ_ONLY, "payments_payment")),
        *(f"INSERT INTO {table} DEFAULT VALUES" for table in READ_ONLY),
        "ALTER TABLE ledger_transfer ADD COLUMN more int",
        "ALTER TABLE ledger_transfer DISABLE TRIGGER ALL",
        "DROP TABLE ledger_transfer",
        "CREATE TABLE mine (n int)",
    ]
    for statement in statements:
        table = statement.split()[1]
        ask = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum = 1"
        column = app_connection.execute(ask, (table,)).fetchone() if "{column}" in statement else ("",)
        assert column is not None
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app_connection.execute(statement.format(column=column[0]))


def test_listed_tables_exist(owner_connection: psycopg.Connection[Any]) -> None:
    for table in (*INSERT_ONLY, *READ_ONLY):
        row = owner_connection.execute("SELECT to_regclass(%s)", (f"public.{table}",)).fetchone()
        assert row is not None and row[0], table


def test_functions_are_run_by_the_app_alone(owner_connection: psycopg.Connection[Any]) -> None:
    open_to_all = """
        SELECT p.proname FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace AND pg_get_userbyid(p.proowner) = current_user
          AND (p.proacl IS NULL OR EXISTS (SELECT 1 FROM aclexplode(p.proacl) a WHERE a.grantee = 0))
    """
    assert owner_connection.execute(open_to_all).fetchall() == []


def test_rights_follow_the_lists() -> None:
    assert schema.rights("ledger_transfer") == "SELECT, INSERT"
    assert schema.rights("core_function") == "SELECT"
    assert schema.rights("payments_payment") == "SELECT, INSERT, UPDATE, DELETE"
