"""Brings a database to the state this release needs: migrations, functions, rights. Safe to repeat, and to kill."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from psycopg import sql

from caretill.config import database
from caretill.config.env import Environment
from caretill.core import sql as core_sql
from caretill.payments import states

# One migration at a time on a server, whoever starts it; the number is ours alone.
LOCK = 0x0CA2E711


@dataclass
class Migrated:
    """What a run changed."""

    migrations: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    tables: int = 0


def bring_up(env: Environment) -> Migrated:
    """Run migrations as the owner, put changed functions in place, give the app its rights.

    Waits for another run on the same database. A lock on a table is waited for 4 s, then it fails and may be repeated.
    Raises DatabaseRefused when the server is too old or the app's role is missing and may not be made.
    """
    with psycopg.connect(**database.owner_parts(env), autocommit=True) as connection:
        database.refuse_old(connection)
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        database.make_app_role(connection, env)
        done = Migrated(migrations=_migrate())
        done.functions = core_sql.apply_functions(connections["owner"])
        states.install(connections["owner"])
        connections["owner"].close()
        done.tables = give_rights(connection, database.app_role(env))
    return done


def pending() -> list[str]:
    """Migrations that this release has and the database does not, asked as the app."""
    executor = MigrationExecutor(connections["default"])
    return [str(step[0]) for step in executor.migration_plan(executor.loader.graph.leaf_nodes())]


def _migrate() -> list[str]:
    owner = connections["owner"]
    with owner.cursor() as cursor:
        cursor.execute("SET lock_timeout = '4s'")
    executor = MigrationExecutor(owner)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        call_command("migrate", database="owner", interactive=False, verbosity=0)
    return [f"{step.app_label}.{step.name}" for step, _ in plan]


def give_rights(connection: psycopg.Connection[Any], role: str) -> int:
    """The app's rights on what the owner has in `public`, all in one transaction: how many tables it may use.

    Rows are read and written; only inserted where written once; only read where `migrate` fills; functions are run.
    """
    owned = "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = ANY(%s)"
    owned += " AND pg_get_userbyid(c.relowner) = current_user ORDER BY 1"
    to = sql.Identifier(role)
    with connection.transaction():
        connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(to))
        tables = [row[0] for row in connection.execute(owned, (["r", "p"],)).fetchall()]
        for table in tables:
            name = sql.Identifier("public", table)
            connection.execute(sql.SQL("REVOKE ALL ON {} FROM {}, PUBLIC").format(name, to))
            connection.execute(sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(rights(table)), name, to))
        for sequence in connection.execute(owned, (["S"],)).fetchall():
            name = sql.Identifier("public", sequence[0])
            connection.execute(sql.SQL("GRANT USAGE, SELECT ON SEQUENCE {} TO {}").format(name, to))
        functions = "SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace"
        functions += " AND pg_get_userbyid(p.proowner) = current_user"
        for function in connection.execute(functions).fetchall():
            signature = sql.SQL(function[0])
            connection.execute(sql.SQL("REVOKE ALL ON ROUTINE {} FROM PUBLIC").format(signature))
            connection.execute(sql.SQL("GRANT EXECUTE ON ROUTINE {} TO {}").format(signature, to))
    return len(tables)


def rights(table: str) -> str:
    """What the app may do with a table."""
    if table in core_sql.READ_ONLY:
        return "SELECT"
    if table in core_sql.INSERT_ONLY:
        return "SELECT, INSERT"
    return "SELECT, INSERT, UPDATE, DELETE"
