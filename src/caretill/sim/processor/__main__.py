"""`python -m caretill.sim.processor`: the processor as a program of its own."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
import sqlite3
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from caretill.sim.processor import keys
from caretill.sim.processor.clock import Clock, ManualClock, SystemClock, to_ms
from caretill.sim.processor.core import Processor
from caretill.sim.processor.http import Server
from caretill.sim.processor.post import Poster
from caretill.sim.processor.store import Store


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to stop. Prints one line once it listens; 2 for a wrong option, 1 when it cannot start."""
    options = _options().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="processor: %(message)s")
    try:
        asyncio.run(_serve(options))
    except (keys.BadKeys, OSError, ValueError, sqlite3.Error) as error:
        print(f"processor: {error}", file=sys.stderr)
        return 1
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m caretill.sim.processor",
        description="A card processor for demos and tests. It moves no money and takes only published test cards.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, required=True, help="port to listen on; 0 takes a free one and prints it")
    parser.add_argument("--store", type=Path, required=True, help="SQLite file with all it knows; made when missing")
    parser.add_argument("--callback-url", required=True, help="where the merchant takes callbacks")
    parser.add_argument(
        "--secret-file", type=Path, required=True, help="JSON with key, callback_secret, admin_key; made when missing"
    )
    parser.add_argument("--public-url", help="how payers reach it (default: http://HOST:PORT)")
    parser.add_argument(
        "--clock",
        default="system",
        type=_clock_start,
        help="'system', or a time like 2026-03-04T17:00:00Z: then it stands still until an admin moves it",
    )
    return parser


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65_535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: a number from 0 to 65535")
    return int(text)


def _clock_start(text: str) -> int | None:
    if text == "system":
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither 'system' nor a time") from None
    if at.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no zone; add Z")
    return to_ms(at)


async def _serve(options: argparse.Namespace) -> None:
    if not options.secret_file.exists():
        keys.write(options.secret_file, keys.make())
    secrets = keys.read(options.secret_file)
    poster = Poster(options.callback_url)
    store = Store(options.store)
    ahead_ms = store.meta("clock_ms")
    clock: Clock = SystemClock(ahead_ms) if options.clock is None else ManualClock(options.clock + ahead_ms)
    processor = Processor(
        store=store,
        clock=clock,
        keys=secrets,
        public_url=options.public_url or f"http://{options.host}:{options.port}",
        callback_url=options.callback_url,
    )
    server = Server(processor, poster)
    port = await server.start(options.host, options.port)
    if options.public_url is None:
        processor.parts.public_url = f"http://{options.host}:{port}"
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print(f"sandbox processor listening on http://{options.host}:{port}", flush=True)
    await stop.wait()
    await server.stop()
    store.close()


if __name__ == "__main__":
    sys.exit(main())
