"""The real thing on free ports: embedded PostgreSQL as it ships, the processor, web and worker, under our supervisor.

Nothing in it is mended for tests: programs are started as `caretill serve` and `caretill work` start them, they are
killed with -9 and started again by the supervisor's own code. Between Caretill and the processor lies a wire
(`house.wire`) that a test may hold.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg.rows import dict_row

from caretill import ROOT
from caretill.cli import serve
from caretill.cli.processes import Group, Program
from caretill.config import embedded
from caretill.core import clock
from caretill.sim.processor import keys as processor_keys
from house.postbox import Postbox
from house.run import SECRETS
from house.wire import Wire, ask

HOST = "127.0.0.1"
T = TypeVar("T")


class TooLong(AssertionError):
    """Something that had to happen did not, in its time."""


def until(seconds: float, what: str, look: Callable[[], T]) -> T:
    """Look until the answer is true; the answer. Raises TooLong with `what`."""
    end = clock.monotonic() + seconds
    while not (found := look()):
        if clock.monotonic() > end:
            raise TooLong(f"after {seconds:g} s still not: {what}")
        time.sleep(0.02)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class Crew(Group):
    """The supervisor of `caretill serve`, with a log file for each program."""

    def __init__(self, server: embedded.Embedded, logs: Path) -> None:
        super().__init__(server)
        self.logs = logs
        self.pids: dict[str, int] = {}
        self.starts: dict[str, int] = {}

    def start(self, program: Program) -> int:
        with (self.logs / f"{program.name}.log").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, *program.arguments],
                env={**os.environ, **(program.environment or {})},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=embedded.dies_with_us(os.getpid(), signal.SIGTERM),
            )
        self._running[program.name] = (program, child)
        self.pids[program.name] = child.pid
        self.starts[program.name] = self.starts.get(program.name, 0) + 1
        return child.pid


class Stack:
    """`with Stack(...) as stack:` and everything stands, with bills in it; afterwards nothing is left."""

    def __init__(self, lines: int = 1_500, application: str = "", postbox: Postbox | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ctf"))
        self.folder.chmod(0o711)
        self.data = self.folder / "d"
        self.logs = self.folder / "logs"
        self.logs.mkdir()
        self.ports = {name: free_port() for name in ("web", "processor")}
        self.keys = processor_keys.Keys(
            SECRETS["CARETILL_PROCESSOR_KEY"],
            SECRETS["CARETILL_PROCESSOR_CALLBACK_SECRET"],
            secrets.token_urlsafe(24),
        )
        self.wire = Wire(self.url("processor"))
        self.server = embedded.Embedded(self.data)
        self.crew = Crew(self.server, self.logs)
        self.postbox = postbox
        self._lines, self._application = lines, application
        self._ending = threading.Event()
        self._watch = threading.Thread(target=self._keep, name="supervisor", daemon=True)
        self._started: list[Program] = []

    def url(self, name: str) -> str:
        return f"http://{HOST}:{self.ports[name]}"

    @property
    def environment(self) -> dict[str, str]:
        """What every program of the stack is told; the test run's own database is blotted out."""
        return {
            **SECRETS,
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'tests'}",
            "DJANGO_SETTINGS_MODULE": "caretill.config.settings",
            "CARETILL_DATA": str(self.data),
            "CARETILL_DATABASE_URL": "",
            "CARETILL_OWNER_DATABASE_URL": "",
            "CARETILL_PUBLIC_URL": self.url("web"),
            "CARETILL_PROCESSOR_URL": self.wire.url,
            "CARETILL_SMTP_URL": self.postbox.url if self.postbox else "",
        }

    def _named(self, name: str) -> dict[str, str]:
        """The database shows by that name who waits for what."""
        return {**self.environment, "PGAPPNAME": name}

    def __enter__(self) -> Stack:
        try:
            self._stand_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _stand_up(self) -> None:
        self.server.start()
        self.run("migrate")
        if self._lines:
            feed = self.folder / "feed"
            patience = 120 + self._lines / 2_000
            making = (str(ROOT / "bench" / "data.py"), str(feed), "--lines", str(self._lines))
            self.run_python(*making, timeout=patience)
            self.run("import", "csv", str(feed), timeout=patience)
        processor_keys.write(self.folder / "keys.json", self.keys)
        worker = Program("worker", ("-m", "caretill", "work"), self._named("worker"))
        self._started = [self._processor(), self._web(), worker]
        self._watch.start()
        until(60, "every program started", lambda: len(self.crew.pids) == len(self._started))
        until(90, "the processor answers", lambda: self.answers("processor", "/health"))
        self.web_answers(60)

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        if self._watch.ident:
            self._watch.join(30)
        self.crew.stop()
        self.server.stop()
        self.wire.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _keep(self) -> None:
        """The supervisor: its thread starts every program, since the kernel ends a child with its parent's thread."""
        for program in self._started:
            self.crew.start(program)
        while not self._ending.wait(0.05):
            self.crew.look()

    def _web(self) -> Program:
        made = serve.program(HOST, self.ports["web"], workers=2)
        arguments = list(made.arguments)
        if self._application:
            arguments[-1] = self._application
        return Program("web", arguments, self._named("web"))

    def _processor(self) -> Program:
        options = ("--host", HOST, "--port", str(self.ports["processor"]), "--store", str(self.folder / "p.db"))
        more = (
            "--callback-url",
            f"{self.url('web')}/callbacks/sandbox",
            "--secret-file",
            str(self.folder / "keys.json"),
        )
        return Program("processor", ("-m", "caretill.sim.processor", *options, *more), self.environment)

    # Programs

    def run(self, *arguments: str, timeout: float = 120) -> str:
        """A command of Caretill on this stack; what it printed. Raises AssertionError with its words when it fails."""
        return self.run_python("-m", "caretill", *arguments, timeout=timeout)

    def run_python(self, *arguments: str, timeout: float = 120) -> str:
        environment = {**os.environ, **self.environment}
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=timeout)
        assert done.returncode == 0, f"{' '.join(arguments[:4])}: {done.stdout[-1500:]} {done.stderr[-1500:]}"
        return done.stdout

    def begin(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a Python program that a test will kill."""
        environment = {**os.environ, **self.environment}
        return subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)

    def kill(self, name: str) -> None:
        """`kill -9` of a program with all its processes; returns when the supervisor has started it anew."""
        before, pid = self.crew.starts[name], self.crew.pids[name]
        os.killpg(pid, signal.SIGKILL)
        until(90, f"{name} is started again", lambda: self.crew.starts[name] > before)

    def kill_database(self) -> None:
        """`kill -9` of the server; returns when the supervisor has it back."""
        before = self.server.pid
        assert before is not None
        os.kill(before, signal.SIGKILL)
        until(60, "the database is started again", lambda: self.server.pid not in (None, before))
        until(60, "the database answers", self._database_answers)

    def _database_answers(self) -> bool:
        try:
            self.rows("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def answers(self, name: str, path: str) -> bool:
        found = ask(self.url(name) + path, timeout=2)
        return found is not None and found[0] == 200

    def web_answers(self, seconds: float = 30) -> float:
        """Wait until the web serves again; how many seconds that took."""
        began = clock.monotonic()
        until(seconds, "the web answers", lambda: self.answers("web", "/readyz"))
        return clock.monotonic() - began

    # The database, beside the programs

    def connect(self) -> psycopg.Connection[dict[str, Any]]:
        return psycopg.connect(**embedded.dsn(self.data, embedded.SUPER, embedded.DATABASE), row_factory=dict_row)

    def rows(self, query: str, params: Mapping[str, Any] | tuple[Any, ...] = ()) -> list[dict[str, Any]]:
        with self.connect() as connection:
            return connection.execute(query, params).fetchall()

    def do(self, statement: str, params: tuple[Any, ...] = ()) -> int:
        with self.connect() as connection:
            return connection.execute(statement, params).rowcount

    @contextmanager
    def hold(self, lock: str, params: tuple[Any, ...] = ()) -> Iterator[Hold]:
        """Take a lock and keep it: whoever needs it stands still until the block ends."""
        with self.connect() as connection:
            connection.execute(lock, params)
            yield Hold(self, connection.info.backend_pid)
            connection.rollback()

    # The processor, beside the wire

    def admin(self, method: str, path: str, body: object | None = None) -> Any:
        headers = {"Processor-Admin-Key": self.keys.admin_key}
        found = ask(f"{self.url('processor')}/admin/{path}", method, headers, body, timeout=30)
        assert found is not None and found[0] < 300, found
        return found[1]

    def fault(self, name: str, **more: Any) -> None:
        self.admin("POST", "faults", {"fault": name, **more})

    def log(self) -> list[dict[str, Any]]:
        """Everything the processor wrote down."""
        return self.admin("GET", "log")

    def pass_time(self) -> None:
        """Let what waits for its time have it: leases, messages and letters are due now. Ends nothing by itself."""
        self.do("UPDATE payments_attempt SET lease_until = now() WHERE lease_until > now()")
        self.do("UPDATE payments_callback SET due_at = now() WHERE applied_at IS NULL AND due_at > now()")
        self.do("UPDATE core_outbox SET due_at = now() WHERE sent_at IS NULL AND due_at > now()")


class Hold:
    """A lock that a test keeps, and those who wait for it."""

    def __init__(self, stack: Stack, pid: int) -> None:
        self._stack, self._pid = stack, pid

    def waiting(self) -> dict[int, str]:
        """The backends that stand still because of it: whose program's they are, and what they want.

        Whoever comes second to a row waits for who came first, not for the lock: those are looked for as well.
        """
        ask = (
            "WITH RECURSIVE still(pid) AS (SELECT %s::int UNION SELECT a.pid FROM still s, pg_stat_activity a"
            " WHERE s.pid = ANY(pg_blocking_pids(a.pid))) SELECT pid, application_name || ' ' || query AS who"
            " FROM pg_stat_activity JOIN still USING (pid) WHERE pid <> %s"
        )
        return {row["pid"]: row["who"] for row in self._stack.rows(ask, (self._pid, self._pid))}

    def caught(self, by: str, wants: str, seconds: float = 120) -> list[int]:
        """Wait until that program stands still wanting that; all who stand still then."""

        def look() -> list[int]:
            found = self.waiting()
            return list(found) if any(who.startswith(by) and wants in who for who in found.values()) else []

        return until(seconds, f"the {by} that wants {wants} waits for the lock", look)

    def undo(self, pids: list[int]) -> None:
        """End those backends: what they were doing is rolled back, as when the machine they served is gone."""
        for pid in pids:
            self._stack.rows("SELECT pg_terminate_backend(%s)", (pid,))
        until(60, "they are gone", lambda: not set(pids) & self.waiting().keys())


def open_bills(stack: Stack, least_cents: int) -> list[dict[str, Any]]:
    """Bills that owe at least that, with all that is printed on their paper; always in the same order."""
    return stack.rows(
        "SELECT b.account_id, b.id AS bill_id, b.region, b.number, b.pay_code, a.number AS account_number, a.last_name,"
        " left(a.zip, 5) AS zip, count(*) OVER (PARTITION BY b.account_id) AS siblings,"
        " (r.debits_posted - r.credits_posted)::bigint AS open_cents FROM billing_bill b"
        " JOIN people_account a ON a.account_id = b.account_id"
        " JOIN ledger_balance r ON r.account_id = b.account_id AND r.kind = 'receivable' AND r.ref = b.id"
        " WHERE r.debits_posted - r.credits_posted >= %s ORDER BY b.number",
        (least_cents,),
    )
