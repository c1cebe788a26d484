"""Limits counted in PostgreSQL, so that every web process sees the same count (rules.md GST-1, SEC-3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from caretill.core import clock, sql
from caretill.core.blind import blind_index


@dataclass(frozen=True)
class Limit:
    """At most `most` in each window of `seconds`, for one bucket: its name and what is counted (never shown)."""

    name: str
    value: str
    most: int
    seconds: int

    def bucket(self) -> bytes:
        """A digest: a number or an address is not kept."""
        return blind_index("limit", self.name, self.value)

    def window(self) -> datetime:
        """The start of the present window."""
        stamp = int(clock.now().timestamp())
        return datetime.fromtimestamp(stamp - stamp % self.seconds, UTC)


@dataclass(frozen=True)
class Verdict:
    """Whether another try is allowed, which limit was reached first, and seconds until it opens again."""

    allowed: bool
    name: str = ""
    retry_after: int = 0


@dataclass(frozen=True)
class Place:
    """What came of asking for a place: it is taken, or `name` was full, which opens again in `retry_after` seconds."""

    allowed: bool
    name: str = ""
    retry_after: int = 0
    key: tuple[bytes, datetime] | None = None
    taken: tuple[tuple[bytes, datetime], ...] = ()

    def leave(self) -> None:
        """Give it back, in the windows in which it was taken, once nobody holds it under its key. Where none was taken,
        or it has no key, nothing happens: whoever is killed before it, or forgets it, costs a place and opens none.
        """
        if self.taken and self.key:
            sql.query(
                "SELECT core_leave(%s, %s, %s::bytea[], %s::timestamptz[])",
                (*self.key, [bucket for bucket, _ in self.taken], [start for _, start in self.taken]),
            )


def enter(limits: Sequence[Limit], key: Limit | None = None) -> Place:
    """Take a place in all of these limits, or in none where one is full; one statement, a transaction of its own.

    It is taken before the work that it stands for, so that of many at once no more get through than there is room for.
    Who enters the same limits again under the same `key` in its window (its `most` is not looked at) holds one place,
    however often. Each of them leaves, but for those whose work was begun.
    """
    taken = tuple((limit.bucket(), limit.window()) for limit in limits)
    whose = None
    if key:
        # With what is taken in it: the last to leave gives back no more than the first one took.
        value = "".join(f" {bucket.hex()} {start.isoformat()}" for bucket, start in taken)
        whose = (replace(key, value=key.value + value).bucket(), key.window())
    buckets, windows = [bucket for bucket, _ in taken], [start for _, start in taken]
    (row,) = sql.query(
        "SELECT core_enter(%s, %s, %s::bytea[], %s::timestamptz[], %s::int[]) AS full_at",
        (*(whose or (None, None)), buckets, windows, [limit.most for limit in limits]),
    )
    if row["full_at"]:
        full = limits[row["full_at"] - 1]
        opens = windows[row["full_at"] - 1] + timedelta(seconds=full.seconds)
        return Place(False, full.name, max(1, int((opens - clock.now()).total_seconds())))
    return Place(True, key=whose, taken=taken)


def counts(limits: Sequence[Limit]) -> list[int]:
    """What stands in the present window of each of them; one query."""
    rows = sql.query(
        "SELECT coalesce(t.count, 0) AS count FROM"
        " unnest(%s::bytea[], %s::timestamptz[]) WITH ORDINALITY AS l(bucket, window_start, place)"
        " LEFT JOIN core_throttle t ON t.bucket = l.bucket AND t.window_start = l.window_start ORDER BY l.place",
        ([limit.bucket() for limit in limits], [limit.window() for limit in limits]),
    )
    return [row["count"] for row in rows]


def look(limits: Sequence[Limit]) -> Verdict:
    """Whether all these limits still have room. Counts nothing; one query."""
    for limit, found in zip(limits, counts(limits), strict=True):
        if found >= limit.most:
            opens = limit.window() + timedelta(seconds=limit.seconds)
            return Verdict(False, limit.name, max(1, int((opens - clock.now()).total_seconds())))
    return Verdict(True)


def count(limits: Sequence[Limit]) -> None:
    """Count one in each of them; one statement."""
    sql.query(
        "SELECT core_count(l.bucket, l.window_start, 1) FROM"
        " (SELECT * FROM unnest(%s::bytea[], %s::timestamptz[]) AS u(bucket, window_start) ORDER BY 1, 2) AS l",
        ([limit.bucket() for limit in limits], [limit.window() for limit in limits]),
    )


def take(limits: Sequence[Limit], by: int = 1) -> list[int]:
    """Count `by` in each of them (-1 gives one back) and say what then stands there; one statement."""
    rows = sql.query(
        "SELECT l.place, core_count(l.bucket, l.window_start, %s) AS count FROM"
        " (SELECT * FROM unnest(%s::bytea[], %s::timestamptz[]) WITH ORDINALITY AS u(bucket, window_start, place)"
        " ORDER BY 1, 2) AS l",
        (by, [limit.bucket() for limit in limits], [limit.window() for limit in limits]),
    )
    return [row["count"] for row in sorted(rows, key=lambda row: int(row["place"]))]


def clear(limits: Sequence[Limit]) -> None:
    """Begin again in the present window of each of them; one statement."""
    sql.execute(
        "UPDATE core_throttle t SET count = 0 FROM unnest(%s::bytea[], %s::timestamptz[]) AS l(bucket, window_start)"
        " WHERE t.bucket = l.bucket AND t.window_start = l.window_start",
        ([limit.bucket() for limit in limits], [limit.window() for limit in limits]),
    )


def forget(older_than: timedelta = timedelta(days=31)) -> int:
    """Drop windows that are long past."""
    return sql.execute("DELETE FROM core_throttle WHERE window_start < %s", (clock.now() - older_than,))
