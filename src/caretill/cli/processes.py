"""Programs run side by side under one command: started, watched, started again, and ended together."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType

from caretill.config.embedded import Embedded, dies_with_us
from caretill.core import clock

PATIENCE_SECONDS = 10


@dataclass(frozen=True)
class Program:
    """What to run: a name for messages, the arguments after `python`, and environment on top of ours."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] | None = None


@contextlib.contextmanager
def asked_to_stop() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set: the first one asks, the second insists (KeyboardInterrupt).

    An exception out of a signal is lost where Python happens to be in a place that may not raise; an event is not.
    """
    stop = threading.Event()

    def asked(number: int, _: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt(number)
        stop.set()

    before = {number: signal.signal(number, asked) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class ProgramsKeepEnding(RuntimeError):
    """Starting again does not help; what the programs wrote says why."""


class Group:
    """Programs that live as long as this process: a kill -9 of it ends them too."""

    def __init__(self, server: Embedded | None) -> None:
        self.server = server
        self._running: dict[str, tuple[Program, subprocess.Popen[bytes]]] = {}

    def start(self, program: Program) -> int:
        """Start one more; its process id."""
        child = subprocess.Popen(
            [sys.executable, *program.arguments],
            env={**os.environ, **(program.environment or {})},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=dies_with_us(os.getpid(), signal.SIGTERM),
        )
        self._running[program.name] = (program, child)
        return child.pid

    def look(self) -> list[str]:
        """Start again what died, the database included; the names of what had."""
        restarted = []
        if self.server and self.server.keep():
            restarted.append("database")
        for name, (program, child) in list(self._running.items()):
            if child.poll() is not None:
                restarted.append(name)
                self.start(program)
        return restarted

    def watch(self, ready: str) -> None:
        """Say that all is ready, then look twice a second until Ctrl-C or SIGTERM, from the first word on the ordinary
        end. Programs that keep dying are given up on.
        """
        with asked_to_stop() as stop, contextlib.suppress(KeyboardInterrupt):
            print(ready, flush=True)
            self._watch(stop)

    def _watch(self, stop: threading.Event) -> None:
        deaths: list[float] = []
        while not stop.wait(0.5):
            for name in self.look():
                print(f"caretill: {name} ended and was started again", file=sys.stderr, flush=True)
                deaths.append(clock.monotonic())
            deaths = [moment for moment in deaths if clock.monotonic() - moment < 30]
            if len(deaths) > 10:
                raise ProgramsKeepEnding("programs keep ending; see the lines above")

    def stop(self) -> None:
        """End all, politely first."""
        for _, child in self._running.values():
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        until = clock.monotonic() + PATIENCE_SECONDS
        for _, child in self._running.values():
            try:
                child.wait(max(0.1, until - clock.monotonic()))
            except subprocess.TimeoutExpired:
                # Each leads a session of its own, so its workers go with it.
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        self._running.clear()

    def __enter__(self) -> Group:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
