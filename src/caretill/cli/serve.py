"""Run the web: pages and callbacks, nothing else. Start as many as you like against one database."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from caretill.cli.frame import Answer
from caretill.cli.processes import Group, Program


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where to listen."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")
    parser.add_argument("--workers", type=int, default=2, help="web processes (2)")


def program(host: str, port: int, workers: int = 2) -> Program:
    """The web server as a program. Four threads a process: each holds at most one database connection."""
    options: Sequence[str] = (
        *("--interface", "wsgi", "--host", host, "--port", str(port)),
        *("--workers", str(workers), "--blocking-threads", "4", "--respawn-failed-workers", "--no-ws"),
        # A worker told to stop before it has started up does not hear it.
        *("--workers-kill-timeout", "5", "--log-level", "warning"),
    )
    return Program("web", ("-m", "granian", *options, "caretill.cli.served:application"))


def run(options: argparse.Namespace) -> Answer:
    """Serve until Ctrl-C or SIGTERM."""
    with Group(options.server) as group:
        group.start(program(options.host, options.port, options.workers))
        group.watch(f"serving on http://{options.host}:{options.port}, Ctrl-C stops")
    return Answer("stopped")
