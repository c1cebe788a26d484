"""The rate at which the database alone takes the calls of payments: pgbench, and the product's own calls."""

from __future__ import annotations

import pickle
import re
import subprocess
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from bench.calls import CHARGE, PAGE, SESSION, Payment, Sql, Taken
from bench.figures import Failed
from bench.place import Place

CLIENTS = 32
TYPES = {UUID: "uuid", str: "text", int: "bigint", datetime: "timestamptz", bytes: "bytea", bool: "boolean"}


def of_calls(place: Place, base: str, calls: Path, count: int) -> float | None:
    """Payments a second over 32 connections, each with every SQL call of its hops; None where there is no pgbench."""
    program = place.pgbench()
    if program is None:
        return None
    taken: Taken = pickle.loads(calls.read_bytes())
    each = count // CLIENTS
    place.fresh("rate", base)
    with place.connect("owner", "rate") as connection:
        script = lay_out(connection, taken, each * CLIENTS, place)
    path = place.folder / "calls.sql"
    path.write_text(script, encoding="utf-8")
    return run(program, place, "rate", path, each)


def steps_of(payment: Payment, taken: Taken) -> list[Sql]:
    """Every SQL call of a payment, in the order of a round; the worker's claim is shared by fifty and left out."""
    hops = [*payment.check, *taken.callback, *payment.came_back, *payment.worker]
    return [step for step in hops if isinstance(step, Sql)]


def lay_out(connection: psycopg.Connection[Any], taken: Taken, count: int, place: Place) -> str:
    """Put what the calls are given into a table, a row a payment, and answer the script that reads it."""
    first = steps_of(taken.payments[0], taken)
    columns = [(f"s{i}_{j}", _type(param)) for i, step in enumerate(first) for j, param in enumerate(step.params)]
    listed = ", ".join(f"{name} {kind}" for name, kind in columns)
    connection.execute("CREATE SCHEMA bench")
    connection.execute("CREATE SEQUENCE bench.turn")
    connection.execute(f"CREATE TABLE bench.call (n bigint PRIMARY KEY, {listed})")
    with connection.cursor() as cursor, cursor.copy("COPY bench.call FROM STDIN") as copy:
        for number, payment in enumerate(taken.payments[:count], start=1):
            params = [param for step in steps_of(payment, taken) for param in step.params]
            copy.write_row([number, *(_real(param, number) for param in params)])
    role = (
        place.parts("app", "rate").get("user") if place.parts("app", "rate") != place.parts("owner", "rate") else None
    )
    if role is not None and role != connection.info.user:
        name = sql.Identifier(role)
        connection.execute(sql.SQL("GRANT USAGE ON SCHEMA bench TO {}").format(name))
        connection.execute(sql.SQL("GRANT SELECT ON bench.call TO {}").format(name))
        connection.execute(sql.SQL("GRANT USAGE ON SEQUENCE bench.turn TO {}").format(name))
    connection.execute("ANALYZE bench.call")
    lines = ["SELECT nextval('bench.turn') AS n \\gset"]
    lines += [_statement(step, i) for i, step in enumerate(first)]
    return "\n".join(f"{line};" if not line.endswith("gset") else line for line in lines) + "\n"


def _statement(step: Sql, place: int) -> str:
    numbers = iter(range(len(step.params)))
    text = re.sub(r"%s", lambda _: f"(SELECT s{place}_{next(numbers)} FROM bench.call WHERE n = :n)", step.text)
    return " ".join(text.split())


def _type(param: Any) -> str:
    if isinstance(param, list):
        return f"{_type(param[0])}[]"
    return next(name for kind, name in TYPES.items() if isinstance(param, kind))


def _real(param: Any, number: int) -> Any:
    if isinstance(param, str):
        for stand_in in (PAGE, SESSION, CHARGE, "EVENT"):
            param = param.replace(stand_in, f"{stand_in}_{number}")
    return param


def run(program: str, place: Place, database: str, script: Path, each: int) -> float:
    """Transactions a second, connecting left out, as the app. Raises Failed with pgbench's words."""
    parts = place.parts("app", database)
    environment = {
        "PGHOST": str(parts.get("host", "")),
        "PGPORT": str(parts.get("port", "") or "5432"),
        "PGUSER": parts["user"],
        "PGPASSWORD": parts.get("password", ""),
        "PGDATABASE": parts["dbname"],
        "PGOPTIONS": parts.get("options", ""),
    }
    command = [program, "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-t", str(each), "-f", str(script)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode or not found:
        raise Failed(f"pgbench: {done.stderr.strip()[-400:]}")
    return float(found[1])


def payloads(payments: Sequence[Payment], function: str) -> list[list[str]]:
    """Of each payment, what it hands to one of our functions."""
    return [payment.called(function) for payment in payments]
