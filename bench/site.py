"""The programs of a round: processor, web and worker as `caretill` starts them, or the floor in their place."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.place import HOST, Place, free_ports, program, wait_for
from caretill.cli import serve
from caretill.cli.demo import Crew
from caretill.sim.processor import keys as processor_keys

WORKERS = 2


@dataclass(frozen=True)
class Site:
    """What stands: ports, and the process ids by name."""

    web: int
    processor: int
    crew: Crew
    pids: dict[str, int]


@contextmanager
def standing(place: Place, database: str, *, calls: Path | None = None, worker: bool = True) -> Iterator[Site]:
    """Everything a payment needs, on that database of the run. With `calls`, the floor of a payment instead."""
    web, processor = free_ports(2)
    environment = place.environment(
        database,
        CARETILL_PUBLIC_URL=f"http://{HOST}:{web}",
        CARETILL_PROCESSOR_URL=f"http://{HOST}:{processor}",
    )
    with place.programs() as crew:
        pids = {}
        pids["processor"] = crew.start(program("processor", _processor(place, web, processor), environment))
        served = serve.program(HOST, web, WORKERS)
        if calls is None:
            pids["web"] = crew.start(program("web", served.arguments, environment))
            if worker:
                pids["worker"] = crew.start(program("worker", ("-m", "caretill", "work"), environment))
        else:
            environment |= _floor(place, database, calls, web, processor)
            pids["web"] = crew.start(program("web", (*served.arguments[:-1], "bench.replay:application"), environment))
            pids["worker"] = crew.start(program("worker", ("-m", "bench.replay"), environment))
        wait_for(crew, "processor", f"http://{HOST}:{processor}/health")
        wait_for(crew, "web", f"http://{HOST}:{web}/healthz")
        yield Site(web, processor, crew, pids)


def _processor(place: Place, web: int, port: int) -> tuple[str, ...]:
    mark = secrets.token_hex(4)
    secret, store = place.folder / f"processor-{mark}.json", place.folder / f"processor-{mark}.db"
    made = place.environment("")
    key, signing = made["CARETILL_PROCESSOR_KEY"], made["CARETILL_PROCESSOR_CALLBACK_SECRET"]
    processor_keys.write(secret, processor_keys.Keys(key, signing, secrets.token_urlsafe(24)))
    callback = ("--callback-url", f"http://{HOST}:{web}/callbacks/sandbox")
    kept = ("--store", str(store), "--secret-file", str(secret))
    return ("-m", "caretill.sim.processor", "--host", HOST, "--port", str(port), *callback, *kept)


def _floor(place: Place, database: str, calls: Path, web: int, processor: int) -> dict[str, str]:
    parts: dict[str, Any] = place.parts("app", database)
    return {
        "BENCH_CALLS": str(calls),
        "BENCH_DATABASE": json.dumps(parts),
        "BENCH_PROCESSOR_PORT": str(processor),
        "BENCH_PUBLIC_PORT": str(web),
    }
