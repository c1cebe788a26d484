"""Bare tables: the columns and indexes of ours, without keys to other tables, checks and triggers."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Any

import psycopg
from psycopg import sql

from bench.place import Place
from caretill.core.sql import READ_ONLY

BLOCK = 1 << 20


def make_tables(connection: psycopg.Connection[Any], names: Sequence[str]) -> None:
    """The tables of those names once more, bare and empty, in the schema `bare`."""
    connection.execute("DROP SCHEMA IF EXISTS bare CASCADE")
    connection.execute("CREATE SCHEMA bare")
    for name in names:
        like = sql.SQL("CREATE TABLE bare.{} (LIKE public.{} INCLUDING INDEXES INCLUDING STORAGE)")
        connection.execute(like.format(sql.Identifier(name), sql.Identifier(name)))
        options = connection.execute(
            "SELECT unnest(reloptions) FROM pg_class WHERE oid = %s::regclass", (f"public.{name}",)
        ).fetchall()
        for (option,) in options:
            alter = sql.SQL("ALTER TABLE bare.{} SET ({})")
            connection.execute(alter.format(sql.Identifier(name), sql.SQL(option)))


def dump(connection: psycopg.Connection[Any], folder: Path) -> dict[str, int]:
    """Every row of every table of ours into a file each, in the text form of COPY; how many rows each has.

    What `migrate` fills is left out, and so are the staging tables, which are empty after an import.
    """
    folder.mkdir(parents=True, exist_ok=True)
    listed = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    names = sorted(row[0] for row in connection.execute(listed + " AND relpersistence = 'p'").fetchall())
    counts = {}
    for name in names:
        if name in READ_ONLY:
            continue
        out = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier("public", name))
        with (folder / name).open("wb") as file, connection.cursor() as cursor, cursor.copy(out) as copy:
            for block in copy:
                file.write(block)
        rows = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("public", name))).fetchone()
        assert rows is not None
        if rows[0]:
            counts[name] = int(rows[0])
    return counts


def load(place: Place, database: str, folder: Path, names: Sequence[str], connections: int) -> float:
    """COPY the files into bare tables, each table a transaction, the largest first; the seconds."""
    waiting = sorted(names, key=lambda name: (folder / name).stat().st_size)
    lock = threading.Lock()

    def write() -> None:
        with place.connect("owner", database) as connection:
            while True:
                with lock:
                    name = waiting.pop() if waiting else None
                if name is None:
                    return
                into = sql.SQL("COPY bare.{} FROM STDIN").format(sql.Identifier(name))
                with (folder / name).open("rb") as file, connection.cursor() as cursor, cursor.copy(into) as copy:
                    while block := file.read(BLOCK):
                        copy.write(block)

    began = perf_counter()
    with ThreadPoolExecutor(connections) as writers:
        for writing in [writers.submit(write) for _ in range(connections)]:
            writing.result()
    return perf_counter() - began
