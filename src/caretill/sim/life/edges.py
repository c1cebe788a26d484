"""The edges between one commit and the next, and what may happen there: a crash, or somebody else's turn.

A crash ends the program that stands at the edge, as kill -9 would: everything it knew is gone, what it had committed
stays, what it had not is undone. Somebody else's turn is a race: all of another's doing falls between two steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from django.db import connection

MOST_EDGES = 30  # further in than any operation goes; where it is too far, nothing strikes


class Crash(BaseException):
    """The program is gone. Nothing in it may catch this: it is no Exception."""


class Edges:
    """Counts the edges of what runs under `risk`, and strikes at one of them. `struck` counts by kind."""

    def __init__(self, chance: Random, crash_rate: float, race_rate: float) -> None:
        self.chance = chance
        self.crash_rate, self.race_rate = crash_rate, race_rate
        self.struck: dict[str, int] = {}
        self._left = 0
        self._race: Callable[[], None] | None = None
        self._at_risk = False

    @contextmanager
    def risk(self, rival: Callable[[], None] | None = None) -> Iterator[None]:
        """What runs inside may crash (raises Crash), or meet a `rival` at an edge."""
        fate = self.chance.random()
        self._left = self.chance.randint(1, MOST_EDGES)
        self._race = rival if rival is not None and fate < self.race_rate else None
        self._at_risk = self._race is not None or fate > 1 - self.crash_rate
        try:
            yield
        except Crash:
            with connection.cursor() as left:
                left.execute("SELECT pg_advisory_unlock_all()")  # its session is gone, and what that held
            raise
        finally:
            self._at_risk = False

    def edge(self) -> None:
        """One edge: it may strike here."""
        if not self._at_risk:
            return
        self._left -= 1
        if self._left > 0:
            return
        if self._race is None:
            self._at_risk = False
            self._count("crash")
            raise Crash
        if connection.in_atomic_block:
            return  # the other would stand inside this one's transaction, which no other program can
        self._at_risk = False
        self._count("race")
        self._race()

    def _count(self, kind: str) -> None:
        self.struck[kind] = self.struck.get(kind, 0) + 1

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Every statement of this connection has an edge before it and one behind."""

        def wrapper(execute: Callable[..., Any], statement: str, params: Any, many: bool, context: Any) -> Any:
            self.edge()
            answer = execute(statement, params, many, context)
            self.edge()
            return answer

        with connection.execute_wrapper(wrapper):
            yield
