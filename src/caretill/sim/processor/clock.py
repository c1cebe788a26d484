"""The processor's time: whole milliseconds since 1970, either the machine's or one that stands still until moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

from caretill.core import clock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Clock(Protocol):
    """Inside is the time the processor lives by; outside is what its callers' clocks show."""

    def inside_ms(self) -> int:
        """Now, for every deadline kept here."""

    def skew_ms(self) -> int:
        """How far inside runs ahead of outside."""

    def advance(self, ms: int) -> None:
        """Let time pass at once."""


class SystemClock:
    """The machine's time. Moving it ahead ages all that the processor holds; its callers live on by their own clock.

    So a session's thirty minutes can be over in a moment, and the next callback is still signed with a time the
    merchant believes.
    """

    def __init__(self, skew_ms: int = 0) -> None:
        self._skew_ms = skew_ms

    def inside_ms(self) -> int:
        return to_ms(clock.now()) + self._skew_ms

    def skew_ms(self) -> int:
        return self._skew_ms

    def advance(self, ms: int) -> None:
        self._skew_ms += ms


class ManualClock:
    """A clock that stands until moved; the merchant is expected to hold the same one."""

    def __init__(self, at_ms: int) -> None:
        self._at_ms = at_ms

    def inside_ms(self) -> int:
        return self._at_ms

    def skew_ms(self) -> int:
        return 0

    def advance(self, ms: int) -> None:
        self._at_ms += ms


def to_ms(at: datetime) -> int:
    return (at - _EPOCH) // _MILLISECOND


def from_ms(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)


def show_ms(ms: int) -> str:
    """`2026-03-04T17:00:00.250Z`."""
    return from_ms(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
