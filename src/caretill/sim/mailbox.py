"""A mail server for demos and tests, a program of its own: takes mail by SMTP, shows it on a web page, sends none on.

`python -m caretill.sim.mailbox --smtp-port 1025 --http-port 8025 --store DIR`. Each mail is a file in DIR, numbered in
the order of arrival, as it came over the wire. `/messages.json` is for tests.
"""

from __future__ import annotations

import argparse
import asyncio
import email
import email.policy
import json
import re
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from email.message import EmailMessage
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from caretill.sim import mailbox_page as page
from caretill.sim.mailbox_page import Message

LARGEST = 2_000_000
_SHOWN = 500
_MESSAGE = re.compile(r"/messages/([0-9]{1,9})(\.html|\.eml|)")


class Store:
    """Mails as numbered files of a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._lock = threading.Lock()

    def add(self, raw: bytes) -> int:
        """Keep a mail; its number. Whole or not at all, even when killed."""
        with self._lock:
            number = max(self.numbers(), default=0) + 1
            half = self._folder / f".{number:09d}.part"
            half.write_bytes(raw)
            half.replace(self._path(number))
            return number

    def numbers(self) -> list[int]:
        """All numbers, the oldest first."""
        return sorted(int(path.stem) for path in self._folder.glob("[0-9]*.eml"))

    def raw(self, number: int) -> bytes | None:
        """A mail as it came, or None."""
        try:
            return self._path(number).read_bytes()
        except FileNotFoundError:
            return None

    def message(self, number: int) -> Message | None:
        """A mail as it is shown, or None."""
        raw = self.raw(number)
        return read_message(number, raw) if raw is not None else None

    def newest(self, most: int = _SHOWN) -> list[Message]:
        """The newest mails first."""
        found = (self.message(number) for number in reversed(self.numbers()[-most:]))
        return [message for message in found if message is not None]

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:09d}.eml"


def read_message(number: int, raw: bytes) -> Message:
    """What a mail says, whatever it is: what cannot be read is left empty."""
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return Message(
        number=number,
        sender=_header(parsed, "From"),
        to=_header(parsed, "To"),
        subject=_header(parsed, "Subject"),
        date=_header(parsed, "Date"),
        message_id=_header(parsed, "Message-ID"),
        language=_header(parsed, "Content-Language"),
        text=_part(parsed, "plain"),
        html=_part(parsed, "html"),
    )


def _header(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(message.get(name, "")).split())
    except (ValueError, IndexError, LookupError):
        return ""


def _part(message: EmailMessage, kind: str) -> str:
    try:
        part = message.get_body((kind,))
        return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""
    except (KeyError, LookupError, ValueError):
        return ""


class Taker:
    """What the SMTP server does with a mail: keep it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode("utf-8", "replace")
        try:
            number = await asyncio.to_thread(self._store.add, raw)
        except OSError:
            return "452 4.3.1 No room for this message"
        return f"250 2.0.0 Kept as {number}"


class Handler(BaseHTTPRequestHandler):
    """The web side: the list, a message, its HTML, its source, and all as JSON."""

    server_version = "mailbox"
    sys_version = ""
    store: Store

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/":
            self._send(page.mail_list(self.store.newest()))
        elif path == "/messages.json":
            shown = [asdict(each) | {"links": each.links} for each in self.store.newest()]
            self._send(json.dumps({"messages": shown}, ensure_ascii=False), kind="application/json")
        elif found := _MESSAGE.fullmatch(path):
            self._message(int(found.group(1)), found.group(2))
        else:
            self._send(page.missing(), status=HTTPStatus.NOT_FOUND)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _message(self, number: int, form: str) -> None:
        message, raw = self.store.message(number), self.store.raw(number)
        if message is None or raw is None or (form == ".html" and not message.html):
            self._send(page.missing(), status=HTTPStatus.NOT_FOUND)
        elif form == ".eml":
            self._send(raw.decode("utf-8", "replace"), kind="text/plain")
        elif form == ".html":
            self._send(message.html, policy=page.MESSAGE_POLICY)
        else:
            self._send(page.mail(message))

    def _send(
        self,
        text: str,
        *,
        kind: str = "text/html",
        status: HTTPStatus = HTTPStatus.OK,
        policy: str = page.PAGE_POLICY,
    ) -> None:
        body = text.encode("utf-8", "replace")
        self.send_response(status)
        for name, value in (
            ("Content-Type", f"{kind}; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Content-Security-Policy", policy),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            with suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what is asked for here may name a person."""


def web_server(host: str, port: int, store: Store) -> ThreadingHTTPServer:
    """The web side, listening and not yet answering."""
    return ThreadingHTTPServer((host, port), type("BoundHandler", (Handler,), {"store": store}))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to stop. Prints one line once both ports listen; 1 when one cannot be had."""
    options = _options().parse_args(arguments)
    try:
        asyncio.run(_serve(options))
    except OSError as error:
        print(f"mailbox: {error}", file=sys.stderr)
        return 1
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m caretill.sim.mailbox",
        description="A mail server for demos and tests. It keeps every mail it gets and sends none on.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--smtp-port", type=_port, required=True, help="port for mail; 0 takes a free one")
    parser.add_argument("--http-port", type=_port, required=True, help="port of the web page; 0 takes a free one")
    parser.add_argument("--store", type=Path, required=True, help="folder for the mails; made when missing")
    return parser


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65_535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: a number from 0 to 65535")
    return int(text)


async def _serve(options: argparse.Namespace) -> None:
    store = Store(options.store)
    loop = asyncio.get_running_loop()
    mail = await loop.create_server(
        lambda: SMTP(Taker(store), hostname="mailbox.example.org", ident="demo mailbox", data_size_limit=LARGEST),
        options.host,
        options.smtp_port,
    )
    web = web_server(options.host, options.http_port, store)
    thread = threading.Thread(target=web.serve_forever, daemon=True)
    thread.start()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    smtp_port = mail.sockets[0].getsockname()[1]
    print(
        f"mailbox listening on http://{options.host}:{web.server_port} and smtp://{options.host}:{smtp_port}",
        flush=True,
    )
    await stop.wait()
    mail.close()
    web.shutdown()
    web.server_close()


if __name__ == "__main__":
    sys.exit(main())
