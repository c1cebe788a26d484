"""Everything at once on this machine: database, a seeded world, processor, mailbox, web and worker. Ctrl-C stops it."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from caretill.cli import frame, serve
from caretill.cli.frame import Answer, Refused
from caretill.cli.processes import Group, Program
from caretill.config import database, env, keys, places, schema
from caretill.config.embedded import Embedded, dies_with_us
from caretill.core import clock, http, money
from caretill.core.ids import show_pay_code
from caretill.regions import catalog, rules
from caretill.sim.processor import keys as processor_keys
from caretill.sim.world import live, members, ready

HOST = "127.0.0.1"
USUAL_PORTS = {"web": 8000, "processor": 8001, "mailbox": 8025, "smtp": 1025}
READY_SECONDS = 40
LIVED_SECONDS = 10
LONGEST_REST_SECONDS = 15
KINDS = {"hospital": "a hospital bill", "professional": "a professional bill", "pharmacy": "a pharmacy bill"}


@dataclass(frozen=True)
class Ports:
    """Where everything listens. Kept, so that links in mails and on papers stay good at the next start."""

    web: int
    processor: int
    mailbox: int
    smtp: int

    def url(self, name: str) -> str:
        return f"http://{HOST}:{getattr(self, name)}"


class Crew(Group):
    """Programs whose words go to a log file each; one that dies soon after each start rests longer and longer."""

    def __init__(self, server: Embedded | None, logs: Path) -> None:
        super().__init__(server)
        self.logs = logs
        self._began: dict[str, float] = {}
        self._rests: dict[str, float] = {}

    def start(self, program: Program) -> int:
        """Start one more; its process id."""
        with self.log(program.name).open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, *program.arguments],
                env={**os.environ, **(program.environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dies_with_us(os.getpid(), signal.SIGTERM),
            )
        self._running[program.name] = (program, child)
        self._began[program.name] = clock.monotonic()
        return child.pid

    def look(self) -> list[str]:
        """Start again what died and has rested; the names of what was started, the database's too."""
        restarted = ["database"] if self.server and self.server.keep() else []
        for name, (program, child) in list(self._running.items()):
            if child.poll() is None:
                continue
            age = clock.monotonic() - self._began[name]
            if age >= LIVED_SECONDS:
                self._rests[name] = 0
            if age >= self._rests.get(name, 0):
                self._rests[name] = min(LONGEST_REST_SECONDS, 2 * self._rests.get(name, 0) or 1)
                self.start(program)
                restarted.append(name)
        return restarted

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where to listen, and whether to begin anew."""
    parser.add_argument("--port", type=int, metavar="N", help="port of the pages (8000, or a free one)")
    parser.add_argument("--fresh", action="store_true", help="throw the embedded database away and start over")


def run(options: argparse.Namespace) -> Answer:
    """Start, tell how to try it, and watch until Ctrl-C or SIGTERM ends everything."""
    began = clock.monotonic()
    environment = env.read()
    keys.make_data_folder(environment.data)
    folder = environment.data / "demo"
    with ExitStack() as stack:
        stack.enter_context(_only_one(environment.data))
        if options.fresh:
            _start_over(environment)
        folder.mkdir(mode=0o700, exist_ok=True)
        shutil.rmtree(folder / "logs", ignore_errors=True)
        (folder / "logs").mkdir()
        ports = _ports(folder, options.port)
        _say("starting the database")
        server = stack.enter_context(database.running(environment))
        if server and not server.keeper:
            raise Refused("another command keeps the database of this folder; stop it first")
        stack.callback(frame.close_connections)
        schema.bring_up(environment)
        crew = Crew(server, folder / "logs")
        stack.enter_context(crew)
        _start_all(environment, folder, ports, crew)
        figures = _figures(ports)
        _say(f"ready after {clock.monotonic() - began:.1f} s")
        ready_words = json.dumps(figures, separators=(",", ":")) if options.json else _words(figures, environment)
        frame.close_connections()
        crew.watch(ready_words)
    return Answer("" if options.json else "stopped", None)


def _start_all(environment: env.Environment, folder: Path, ports: Ports, crew: Crew) -> None:
    """Programs that do not need the world start while it is made."""
    settings = {
        "CARETILL_DATA": str(environment.data),
        "CARETILL_PUBLIC_URL": os.environ.get("CARETILL_PUBLIC_URL") or ports.url("web"),
        "CARETILL_PROCESSOR_URL": ports.url("processor"),
        "CARETILL_SMTP_URL": f"smtp://{HOST}:{ports.smtp}",
        "CARETILL_TEXTS": "mailbox",
        "CARETILL_PUSH": "mailbox",
    }
    secrets = _processor_secrets(environment, folder)
    web = serve.program(HOST, ports.web)
    crew.start(Program("web", web.arguments, settings))
    crew.start(_mailbox(folder, ports))
    _make_world(environment, folder, secrets)
    crew.start(_processor(folder, ports))
    crew.start(Program("worker", ("-m", "caretill", "work"), settings))
    _say("waiting until everything answers")
    pages = {"web": "/readyz", "processor": "/health", "mailbox": "/"}
    _wait(crew, {name: ports.url(name) + path for name, path in pages.items()})


def _make_world(environment: env.Environment, folder: Path, secrets: processor_keys.Keys) -> None:
    """Once, and never among the bills of a server that is in use for something else."""
    if not (folder / "world.json").exists() and not environment.embedded and not live.is_empty():
        _say("your server holds bills already: no world is made")
        return
    live.make(folder, folder / "processor.db", secrets, lambda text: _say(f"making the world: {text}"))
    members.make()


def _processor_secrets(environment: env.Environment, folder: Path) -> processor_keys.Keys:
    """What the processor and Caretill share, in the form that each of them reads."""
    secrets = processor_keys.Keys(
        environment.processor_key,
        environment.processor_callback_secret,
        keys.kept(environment.data, "processor_admin_key"),
    )
    path = folder / "processor.json"
    processor_keys.write(path, secrets)
    try:
        return processor_keys.read(path)
    except processor_keys.BadKeys as error:
        raise Refused(f"CARETILL_PROCESSOR_KEY or CARETILL_PROCESSOR_CALLBACK_SECRET will not do: {error}") from None


def _processor(folder: Path, ports: Ports) -> Program:
    options = ("--host", HOST, "--port", str(ports.processor), "--store", str(folder / "processor.db"))
    callback = ("--callback-url", f"{ports.url('web')}/callbacks/sandbox")
    secret = ("--secret-file", str(folder / "processor.json"))
    return Program("processor", ("-m", "caretill.sim.processor", *options, *callback, *secret))


def _mailbox(folder: Path, ports: Ports) -> Program:
    listen = ("--host", HOST, "--smtp-port", str(ports.smtp), "--http-port", str(ports.mailbox))
    return Program("mailbox", ("-m", "caretill.sim.mailbox", *listen, "--store", str(folder / "mails")))


def _wait(crew: Crew, addresses: Mapping[str, str]) -> None:
    """Until every address answers 200. Raises Refused with the end of the log of the one that does not."""
    until = clock.monotonic() + READY_SECONDS
    for name, address in addresses.items():
        while not _answers(address):
            crew.look()
            if clock.monotonic() > until:
                lines = crew.log(name).read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
                raise Refused(f"{name} does not answer at {address}; {crew.log(name)} ends: {' / '.join(lines)}")
            time.sleep(0.03)


def _answers(address: str) -> bool:
    try:
        return http.request("GET", address, timeout=2).status == 200
    except http.HttpUnknown:
        return False


@contextmanager
def _only_one(data: Path) -> Iterator[None]:
    with (data / "demo.lock").open("a") as gate:
        try:
            fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"a demo runs already on {data}") from None
        yield


def _start_over(environment: env.Environment) -> None:
    """Throw away the embedded database and all that the demo made. Secrets stay."""
    if not environment.embedded:
        raise Refused("--fresh throws the embedded database away; your own server is yours to empty")
    found = places.places(environment.data)
    with found.lock.open("a") as gate:
        try:
            fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused("another command keeps the database of this folder; stop it first") from None
        until = clock.monotonic() + 10
        while (found.cluster / "postmaster.pid").exists() and clock.monotonic() < until:
            time.sleep(0.05)
        places.forget(environment.data)
    shutil.rmtree(environment.data / "demo", ignore_errors=True)


def _ports(folder: Path, asked: int | None) -> Ports:
    """The port asked for, those of the last start, the usual ones, or free ones, in this order."""
    note = folder / "ports.json"
    last = json.loads(note.read_text(encoding="utf-8")) if note.exists() else {}
    found: dict[str, int] = {}
    with ExitStack() as held:
        for name, usual in USUAL_PORTS.items():
            wanted = [last.get(name, usual), usual, 0] if name != "web" or asked is None else [asked]
            taken = next(filter(None, (_take(held, port) for port in wanted)), None)
            if taken is None:
                raise Refused(f"port {asked} is taken")
            found[name] = taken
    ports = Ports(**found)
    note.write_text(json.dumps(asdict(ports)), encoding="utf-8")
    return ports


def _take(held: ExitStack, port: int) -> int | None:
    """Hold a port until all are chosen, so that no two get the same; None when somebody has it."""
    probe = held.enter_context(socket.socket())
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind((HOST, port))
    except (OSError, OverflowError):
        return None
    return int(probe.getsockname()[1])


def _figures(ports: Ports) -> dict[str, Any]:
    """What `--json` prints."""
    return {
        "url": ports.url("web"),
        "processor_url": ports.url("processor"),
        "mailbox_url": ports.url("mailbox"),
        "bills": [bill.answer() for bill in ready.ready_bills()],
        "households": [bill.answer() for bill in ready.households()],
        "logins": members.logins(),
    }


def _words(figures: dict[str, Any], environment: env.Environment) -> str:
    """What a person reads: the addresses, and one bill to try for each lookup."""
    lines = [
        "",
        f"{catalog.organisation().name} is open at  {figures['url']}",
        f"its mail is read at        {figures['mailbox_url']}",
        f"the card processor is at   {figures['processor_url']}",
        "",
        "Pay with the test card 4242 4242 4242 4242, any date to come, any three digits.",
    ]
    told: dict[str, ready.Ready] = {}
    for bill in sorted(ready.ready_bills(each=1), key=lambda bill: bill.region.lookups.index(bill.lookup)):
        told.setdefault(bill.lookup.name, bill)
    lines.append("A bill for each lookup (--json lists more):" if told else "No bill is open; --fresh starts over.")
    for bill in told.values():
        lines += ["", f"  {bill.region.name['en']}: {bill.lookup.title['en']}"]
        lines += [
            f"    {bill.region.fields[name].label['en']}: {_printed(name, text)}" for name, text in bill.typed.items()
        ]
        due = rules.day_words(bill.due_date, "en")
        lines.append(f"    finds {KINDS[bill.kind]} of {money.show(bill.amount_due_cents)}, due {due}")
    for login in figures["logins"]:
        lines += ["", f"  Sign in as the {login['role']}: {login['email']}", f"    password: {login['password']}"]
    if figures["logins"]:
        lines += ["", "Browsers keep passkeys for names only: try them at " + figures["url"].replace(HOST, "localhost")]
    lines += ["", f"All data is in {environment.data}; the next start keeps it, --fresh starts over. Ctrl-C stops."]
    return "\n".join(lines)


def _printed(name: str, text: str) -> str:
    """As it stands on the paper."""
    return show_pay_code(text) if name == "pay_code" else text


def _say(text: str) -> None:
    print(f"caretill: {text}", file=sys.stderr, flush=True)
