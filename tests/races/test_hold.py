"""Who waits for a lock is seen by the tests that kill them, the second in line too."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import psycopg
from psycopg.rows import dict_row

from caretill.config import database, env
from house.stack import Hold, Stack

LOCK = "SELECT 1 FROM core_function ORDER BY name LIMIT 1 FOR UPDATE"


class Rows:
    """As much of a stack as a hold needs."""

    def __init__(self, environment: env.Environment) -> None:
        self.parts = database.owner_parts(environment)

    def connect(self, name: str) -> psycopg.Connection[dict[str, Any]]:
        return psycopg.connect(**self.parts | {"application_name": name}, row_factory=cast(Any, dict_row))

    def rows(self, query: str, params: tuple[Any, ...] = ()) -> list[dict[str, Any]]:
        with self.connect("look") as connection:
            return connection.execute(query, params).fetchall()


def test_who_is_second_in_line_is_caught_too(environment: env.Environment, db: None) -> None:
    house = Rows(environment)

    def want(name: str) -> None:
        with house.connect(name) as connection:
            connection.execute(LOCK)

    with ThreadPoolExecutor(2) as pool, house.connect("holder") as holder:
        holder.execute(LOCK)
        hold = Hold(cast(Stack, house), holder.info.backend_pid)
        first = pool.submit(want, "worker")
        hold.caught("worker", "FOR UPDATE", 10)
        second = pool.submit(want, "web")
        assert len(hold.caught("web", "FOR UPDATE", 10)) == 2
        holder.rollback()
        first.result(10)
        second.result(10)
    assert hold.waiting() == {}
