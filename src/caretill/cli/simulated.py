"""A process of `caretill simulate`: lives one seed after the other, in a database that is emptied before each."""

from __future__ import annotations

import importlib
import json
import logging
import sys
from dataclasses import asdict
from typing import Any

import django
import psycopg
from psycopg import sql

from caretill.core.sql import READ_ONLY

NAME = "caretill_life_"


def main() -> None:
    """Standard input: a line with the wish and the database's address for its master, then a seed a line.

    Standard output has a JSON object for each seed, and nothing else.
    """
    django.setup()
    logging.disable(logging.CRITICAL)  # a simulated crash is no news
    # What reads models is loaded once Django stands.
    run = importlib.import_module("caretill.sim.life.run")
    check = importlib.import_module("caretill.cli.check")
    told = json.loads(sys.stdin.readline())
    wish = run.Wish(**told["wish"])
    with psycopg.connect(told["admin"], autocommit=True) as admin:
        if not admin.info.dbname.startswith(NAME):
            raise SystemExit("a simulation empties its database, and that one is not a simulation's")
        for line in sys.stdin:
            empty(admin)
            print(json.dumps(asdict(run.live(int(line), wish, check.broken))), flush=True)


def empty(admin: psycopg.Connection[Any]) -> None:
    """Remove every row that `migrate` did not write. `admin` may set triggers aside; the database is a simulation's."""
    listed = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    tables = [row[0] for row in admin.execute(listed).fetchall() if row[0] not in READ_ONLY]
    asks = [
        sql.SQL("SELECT {} WHERE EXISTS (SELECT 1 FROM {})").format(sql.Literal(name), sql.Identifier(name))
        for name in tables
    ]
    filled = [row[0] for row in admin.execute(sql.SQL(" UNION ALL ").join(asks)).fetchall()]
    if filled:
        names = sql.SQL(", ").join(sql.Identifier(name) for name in filled)
        with admin.transaction():
            admin.execute("SET LOCAL session_replication_role = replica")
            admin.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))


if __name__ == "__main__":
    main()
