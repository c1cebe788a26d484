"""What every command shares: its options, the database around it, one line at the end, errors as one line."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import django
import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections

from caretill import version
from caretill.cli.processes import ProgramsKeepEnding
from caretill.config import backup_file, database, embedded, env, folder, pg_tools, schema
from caretill.config.backup import BackupRefused
from caretill.config.binaries import NoBinaries
from caretill.config.places import PlaceRefused

OK, BROKEN, USAGE = 0, 1, 2


@dataclass(frozen=True)
class Command:
    """A verb: the module with `arguments(parser)` and `run(options) -> Answer`, and what must stand before it runs.

    Without `settings` it gets no database either: reading them makes the keys that are missing.
    """

    module: str
    does: str
    database: bool = True
    migrated: bool = True
    settings: bool = True


# To add a command: a module in this folder, and a line here.
COMMANDS = {
    "demo": Command("caretill.cli.demo", "everything at once, with a world to try it on", database=False),
    "serve": Command("caretill.cli.serve", "run the web alone"),
    "work": Command("caretill.cli.work", "run the worker alone"),
    "migrate": Command("caretill.cli.migrate", "bring the database to this release", migrated=False),
    "import": Command("caretill.cli.import_", "bring in bills: csv, synthea; what the bank says: bai2, camt"),
    "export": Command("caretill.cli.export", "send out: csv, what came in; postings, what was paid"),
    "autopay": Command("caretill.cli.autopay", "plan, approve, run, pause, resume, status: automatic payment"),
    "statements": Command("caretill.cli.statements", "`statements run`: papers of new and changed bills"),
    "ach": Command("caretill.cli.ach", "`ach build`, `send`, `status`: files of bank debits"),
    "reconcile": Command("caretill.cli.reconcile", "ledger, processor and bank side by side; every difference"),
    "refund": Command("caretill.cli.refund", "give a payment back, whole or in part"),
    "void": Command("caretill.cli.void", "take a card payment back whole before it is settled"),
    "disputes": Command("caretill.cli.disputes", "disputes of card payments: list, look"),
    "documents": Command("caretill.cli.documents", "papers people sent in: list, take, forget"),
    "backup": Command("caretill.cli.backup", "the database and its keys in one file, while it runs", settings=False),
    "restore": Command("caretill.cli.restore", "a data directory from a backup, checked", settings=False),
    "keys": Command("caretill.cli.keys", "`keys rotate`: a new key for bank account numbers; `keys status`"),
    "check": Command("caretill.cli.check", "every law of every room"),
    "simulate": Command(
        "caretill.cli.simulate", "live days in seeded worlds with faults, every law after each", settings=False
    ),
    "bench": Command("caretill.cli.bench", "the figures of the house beside their floors", database=False),
    "regions": Command("caretill.cli.regions", "`regions check`: validate the organisation's files", database=False),
}


REFUSALS = (
    database.DatabaseRefused,
    embedded.EmbeddedFailed,
    NoBinaries,
    PlaceRefused,
    ProgramsKeepEnding,
    ImproperlyConfigured,
    BackupRefused,
    backup_file.BadBackup,
    folder.FolderRefused,
    pg_tools.ToolFailed,
)


class Refused(Exception):
    """The command cannot do what was asked; the message is one line. Exit code 1, or the one given."""

    def __init__(self, message: str, code: int = BROKEN) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Answer:
    """What a command did: one line for people, `figures` for machines (None: told already), and its exit code."""

    line: str
    figures: dict[str, Any] | None = field(default_factory=dict)
    code: int = OK


def main(arguments: Sequence[str]) -> int:
    """Run one command. Exit codes: 0 done, 1 broken or refused, 2 asked wrongly, 130 stopped by the person."""
    name = arguments[0] if arguments else "help"
    if name in ("help", "-h", "--help"):
        print(overview())
        return OK
    if name == "--version":
        print(version())
        return OK
    if name not in COMMANDS:
        return _complain(f"no command '{name}'; `caretill help` lists them", USAGE)
    signal.signal(signal.SIGTERM, _stop)
    try:
        return _run(name, arguments[1:])
    except env.BadEnvironment as error:
        return _complain(str(error), USAGE)
    except Refused as error:
        return _complain(str(error), error.code)
    except REFUSALS as error:
        return _complain(str(error), BROKEN)
    except (psycopg.OperationalError, DatabaseError) as error:
        return _complain(f"the database: {' '.join(str(error).split())}", BROKEN)
    except OSError as error:
        return _complain(f"{error.filename or 'system'}: {error.strerror or error}", BROKEN)
    except KeyboardInterrupt:
        return _complain("stopped", 130)


def overview() -> str:
    """The list of commands."""
    lines = [f"caretill {version()}: the payment front door of a health organisation", ""]
    lines += [f"  caretill {name:<10} {command.does}" for name, command in COMMANDS.items()]
    lines += ["  caretill test       style, types and tests; --slow for the long ones", ""]
    lines += ["Every command has --help, --json (its last line is one JSON object) and --data DIR.", ""]
    lines += ["Settings, from the environment (those that hold a secret also from a file: NAME_FILE):", ""]
    lines += [f"  {name:<35} {meaning}" for name, meaning in env.SETTINGS.items()]
    return "\n".join(lines)


def _run(name: str, rest: Sequence[str]) -> int:
    command = COMMANDS[name]
    data = _data_option(rest)
    if data:
        os.environ["CARETILL_DATA"] = data
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caretill.config.settings")
    if command.settings:
        folder.refuse_unfinished(env.where().data)
        environment = env.read()
        django.setup()
    # A command's module reads models, which exist only after the line above.
    module = importlib.import_module(command.module)
    parser = argparse.ArgumentParser(prog=f"caretill {name}", description=module.__doc__)
    parser.add_argument("--json", action="store_true", help="end with one JSON object on standard output")
    parser.add_argument("--data", metavar="DIR", help="where the embedded database and everything else is kept")
    module.arguments(parser)
    options = parser.parse_args(rest)
    if not command.settings or not command.database:
        return _tell(module.run(options), options.json)
    with database.running(environment) as server:
        options.environment, options.server = environment, server
        try:
            if command.migrated:
                _see_to_migrations(environment, server)
            return _tell(module.run(options), options.json)
        finally:
            close_connections()


def _see_to_migrations(environment: env.Environment, server: embedded.Embedded | None) -> None:
    """The embedded database follows its release by itself; your own server is left to `caretill migrate`."""
    if server is not None and (server.keeper or schema.pending()):
        schema.bring_up(environment)
    elif server is None and (missing := schema.pending()):
        raise Refused(f"the database lacks {len(missing)} migrations of this release: run `caretill migrate`")


def close_connections() -> None:
    """Give every connection back, so that the server can go down at once."""
    for connection in connections.all(initialized_only=True):
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()


def _data_option(rest: Sequence[str]) -> str | None:
    """`--data` is read before the settings are, which depend on it."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--data")
    try:
        return parser.parse_known_args(rest)[0].data
    except SystemExit:
        raise Refused("--data needs a folder", USAGE) from None


def _tell(answer: Answer, as_json: bool) -> int:
    if answer.line:
        print(answer.line, flush=True)
    if as_json and answer.figures is not None:
        print(json.dumps(answer.figures, separators=(",", ":"), default=str), flush=True)
    return answer.code


def _complain(message: str, code: int) -> int:
    print(f"caretill: {message}", file=sys.stderr, flush=True)
    return code


def _stop(number: int, _: FrameType | None) -> None:
    """SIGTERM ends a command the way Ctrl-C does: what it opened is closed, the database goes down in order."""
    raise KeyboardInterrupt(number)
