"""A process of `caretill simulate`: lives one seed after the other, in a database that is emptied before each."""

from __future__ import annotations

import importlib
import json
import logging
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import django
import psycopg
from django.db import connection
from psycopg import sql

from caretill.core.sql import READ_ONLY, function_files

NAME = "caretill_life_"


def main() -> None:
    """Standard input: a line with the wish and the database's address for its master, then a seed a line.

    Standard output has a JSON object for each seed, and nothing else.
    """
    django.setup()
    # From the first time on, so that a life's plans do not hang on how often the lives before it asked the same.
    connection.settings_dict["OPTIONS"]["prepare_threshold"] = 0
    logging.disable(logging.CRITICAL)  # a simulated crash is no news
    # What reads models is loaded once Django stands.
    run = importlib.import_module("caretill.sim.life.run")
    check = importlib.import_module("caretill.cli.check")
    told = json.loads(sys.stdin.readline())
    wish = run.Wish(**told["wish"])
    with psycopg.connect(told["admin"], autocommit=True) as admin:
        if not admin.info.dbname.startswith(NAME):
            raise SystemExit("a simulation empties its database, and that one is not a simulation's")
        _count_draws(admin)
        asked = importlib.import_module("caretill.core.sql")
        laws = _all_laws(check, asked, admin)
        admin.execute("VACUUM")  # every table as it is after `empty`, for the first life too
        for line in sys.stdin:
            empty(admin)
            asked.execute("DISCARD PLANS")  # a plan is made of a life's own rows, not of those before it
            print(json.dumps(asdict(run.live(int(line), wish, laws))), flush=True)


# What temporary tables leave behind.
CATALOGS = ("pg_attribute", "pg_class", "pg_depend", "pg_index", "pg_type")
# Chance of the database's own, counted instead of drawn, so that a seed that is lived again has the same ids in order.
COUNTED = """
    CREATE SEQUENCE IF NOT EXISTS life_draw;
    GRANT USAGE ON SEQUENCE life_draw TO PUBLIC;
    CREATE OR REPLACE FUNCTION life_drawn() RETURNS uuid LANGUAGE sql VOLATILE AS
        $$ SELECT md5('life ' || nextval('life_draw'))::uuid $$;
"""


def _count_draws(admin: psycopg.Connection[Any]) -> None:
    admin.execute(COUNTED)
    text = next(path for path in function_files() if path.name == "fn_core.sql").read_text()
    admin.execute(text.replace("gen_random_uuid()", "life_drawn()"))


def _all_laws(check: Any, asked: Any, admin: psycopg.Connection[Any]) -> Callable[[], dict[str, list[dict[str, Any]]]]:
    """Every law by one function, planned once: asked one by one, planning them costs more than the day they judge."""
    parts = [f"SELECT {_quoted(name)} WHERE EXISTS ({query})" for name, query in check.laws().items()]
    text = " UNION ALL ".join(parts)
    admin.execute(
        "CREATE OR REPLACE FUNCTION life_laws() RETURNS SETOF text LANGUAGE plpgsql AS"
        f" $laws$ BEGIN RETURN QUERY {text}; END $laws$"
    )
    return lambda: check.broken() if asked.query("SELECT life_laws()") else {}


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def empty(admin: psycopg.Connection[Any]) -> None:
    """Remove every row that `migrate` did not write. `admin` may set triggers aside; the database is a simulation's.

    A table's file is as new afterwards, so that its rows lie in the order of their coming, whatever was lived before.
    For tables as small as these, removing rows and giving back their room is four times as fast as TRUNCATE. The
    catalogs' room is given back with it: nobody else does, where autovacuum is off.
    """
    listed = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    tables = [row[0] for row in admin.execute(listed).fetchall() if row[0] not in READ_ONLY]
    for (name,) in admin.execute("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'").fetchall():
        admin.execute(sql.SQL("ALTER SEQUENCE {} RESTART").format(sql.Identifier(name)))
    filled = _with_room(admin, tables)
    if not filled:
        return
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute(sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)) for name in filled))
    admin.execute(sql.SQL("VACUUM {}").format(sql.SQL(", ").join(map(sql.Identifier, [*filled, *CATALOGS]))))
    left = _with_room(admin, filled)
    if left:
        raise SystemExit(f"{', '.join(left)} could not be emptied: somebody else uses this database")


def _with_room(admin: psycopg.Connection[Any], tables: list[str]) -> list[str]:
    """Those of the tables whose file is not empty."""
    query = "SELECT name FROM unnest(%s::text[]) AS name WHERE pg_relation_size(quote_ident(name)::regclass) > 0"
    return [row[0] for row in admin.execute(query, (tables,)).fetchall()]


if __name__ == "__main__":
    main()
