"""Which database: the embedded one or your own server, and the two roles that use it.

The owner migrates; the app runs and may not change what is written once. With your own server there are two ways.
`CARETILL_DATABASE_URL` alone is the owner, and the app lowers itself to the role `caretill_app` on each connection.
With `CARETILL_OWNER_DATABASE_URL` beside it they are two logins, and only `migrate` needs the owner's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import psycopg
from psycopg import sql

from caretill.config import embedded
from caretill.config.env import Environment

APP_ROLE = "caretill_app"
OLDEST = 15
# A web process has four threads. A restart of the server takes less than the wait; longer, and the payer gets words.
# Statements that a connection sends more often than this are planned once (core.sql); psycopg keeps a hundred of them.
PREPARED_AFTER = 5
POOL = {"min_size": 1, "max_size": 8, "timeout": 3, "max_idle": 300}


class DatabaseRefused(RuntimeError):
    """The database cannot be used as it is; the message says why and what to do."""


def parts(url: str) -> dict[str, Any]:
    """The address of a database as the keywords psycopg takes."""
    split = urlsplit(url)
    found: dict[str, Any] = {"dbname": unquote(split.path.lstrip("/"))}
    if split.hostname:
        found["host"] = unquote(split.hostname)
    if split.port:
        found["port"] = split.port
    if split.username:
        found["user"] = unquote(split.username)
    if split.password:
        found["password"] = unquote(split.password)
    found.update(parse_qsl(split.query))
    return found


def owner_parts(env: Environment) -> dict[str, Any]:
    """How to connect as the role that owns the tables."""
    if env.database_url is None:
        return embedded.dsn(env.data, embedded.OWNER)
    return parts(env.owner_database_url or env.database_url)


def app_parts(env: Environment) -> dict[str, Any]:
    """How to connect as the role that runs the app."""
    if env.database_url is None:
        return embedded.dsn(env.data, embedded.APP)
    found = parts(env.database_url)
    if env.owner_database_url is None:
        found["options"] = f"{found.get('options', '')} -c role={APP_ROLE}".strip()
    return found


def app_role(env: Environment) -> str:
    """The name of the role that gets the app's rights."""
    if env.owner_database_url and env.database_url:
        return str(parts(env.database_url)["user"])
    return APP_ROLE


def django_databases(env: Environment) -> dict[str, dict[str, Any]]:
    """Django's DATABASES: `default` is the app, `owner` is for `migrate` alone."""
    return {"default": _django(app_parts(env), pool=True), "owner": _django(owner_parts(env), pool=False)}


def _django(found: dict[str, Any], pool: bool) -> dict[str, Any]:
    rest = {name: value for name, value in found.items() if name not in ("dbname", "user", "password", "host", "port")}
    options: dict[str, Any] = {"connect_timeout": 5, **rest}
    if pool:
        options["pool"] = dict(POOL)
        options["prepare_threshold"] = PREPARED_AFTER
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": found["dbname"],
        "USER": found.get("user", ""),
        "PASSWORD": found.get("password", ""),
        "HOST": found.get("host", ""),
        "PORT": str(found.get("port", "")),
        "OPTIONS": options,
        "CONN_MAX_AGE": 0,
        # Without it every pooled connection answers one 500 after the database restarts.
        "CONN_HEALTH_CHECKS": True,
    }


@contextmanager
def running(env: Environment) -> Iterator[embedded.Embedded | None]:
    """The database is there inside the block: started if it is embedded, left alone if it is your own server."""
    if not env.embedded:
        yield None
        return
    with embedded.Embedded(env.data, binaries=env.postgres_home) as server:
        yield server


def refuse_old(connection: psycopg.Connection[Any]) -> None:
    """Raise DatabaseRefused when the server is older than version 15."""
    version = connection.info.server_version
    if version < OLDEST * 10_000:
        raise DatabaseRefused(f"PostgreSQL {OLDEST} or newer is needed, and the server is version {version // 10_000}")


def make_app_role(connection: psycopg.Connection[Any], env: Environment) -> None:
    """On your own server: see that the app's role exists and, with one login, that the owner may become it.

    `connection` is the owner's, autocommit. Raises DatabaseRefused with the two commands when they are not allowed.
    """
    role, user = app_role(env), connection.info.user
    if env.embedded:
        return
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
    commands = []
    if not known:
        commands.append(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
    if env.owner_database_url is None and not _may_become(connection, role, bool(known)):
        commands.append(sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(user)))
    if not known and env.owner_database_url is not None:
        raise DatabaseRefused(f"CARETILL_DATABASE_URL logs in as '{role}', and the server has no such role")
    try:
        for command in commands:
            connection.execute(command)
    except psycopg.errors.InsufficientPrivilege:
        lines = "".join(f"\n  {command.as_string(connection)};" for command in commands)
        raise DatabaseRefused(f"'{user}' may not make the app's role; run this as a superuser, once:{lines}") from None


def _may_become(connection: psycopg.Connection[Any], role: str, known: bool) -> bool:
    """Whether the owner may SET ROLE to it: tried, since the catalogue tells it differently in each version."""
    if not known:
        return False
    try:
        with connection.transaction():
            connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True
