"""A mail server that a test may make wait: it takes every mail, or holds one in the middle."""

from __future__ import annotations

import socketserver
import threading
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message


@dataclass
class Postbox:
    """Listens for SMTP. With `stalls` set, the next mail is held before its taking is answered."""

    mails: list[Message] = field(default_factory=list)
    stalls: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=lambda: self._server.serve_forever(0.05), name="postbox", daemon=True).start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._server.server_address[1]}"

    def names(self) -> list[str]:
        """The Message-ID of every mail that came."""
        return [str(mail["Message-ID"]) for mail in list(self.mails)]

    def stall(self) -> None:
        """Hold the next mail; `reached` tells that it is there, `go` lets it through."""
        self.reached.clear()
        self.go.clear()
        self.stalls.set()

    def close(self) -> None:
        self.go.set()
        self._server.shutdown()
        self._server.server_close()


def _handler(box: Postbox) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 postbox")
            while line := self.rfile.readline():
                word = line.strip().upper().split(b" ")[0]
                if word == b"DATA":
                    self._say("354 go on")
                    self._take(b"".join(iter(self.rfile.readline, b".\r\n")))
                self._say("221 bye" if word == b"QUIT" else "250 ok")
                if word == b"QUIT":
                    return

        def _take(self, text: bytes) -> None:
            box.mails.append(message_from_bytes(text))
            if box.stalls.is_set():
                box.stalls.clear()
                box.reached.set()
                box.go.wait(30)

        def _say(self, text: str) -> None:
            try:
                self.wfile.write(f"{text}\r\n".encode())
            except OSError:
                return

    return Handler
