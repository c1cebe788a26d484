"""HTTP/1.1 over plain sockets that stay open: the least that a client can cost."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass

LARGEST = 1 << 18
END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        """The value of a header, empty where it is missing."""
        found = self.headers(name)
        return found[0] if found else ""

    def headers(self, name: str) -> list[str]:
        """Every value of a header."""
        wanted = name.lower()
        pairs = (line.partition(":") for line in self.head.decode("latin-1").split("\r\n")[1:])
        return [value.strip() for key, _, value in pairs if key.lower() == wanted]


def answer_in(data: bytes, start: int = 0) -> tuple[Answer | None, int]:
    """The answer that begins at `start` and where it ends; None while some of it is missing."""
    head_end = data.find(END, start)
    end = end_of(data, start, head_end)
    if not end:
        return None, start
    return Answer(int(data[start + 9 : start + 12]), data[start:head_end], data[head_end + 4 : end]), end


def end_of(data: bytes, start: int, head_end: int) -> int:
    """Where the answer that begins at `start`, and whose head ends at `head_end`, ends; 0 while some is missing."""
    if head_end < 0:
        return 0
    top = data[start:head_end].lower()
    at = top.find(b"content-length:")
    if at < 0:
        raise ConnectionError("an answer without a length")
    stop = top.find(b"\r\n", at)
    end = head_end + 4 + int(top[at + 15 : stop if stop > 0 else len(top)])
    return end if end <= len(data) else 0


def request(method: str, path: str, host: str, headers: Mapping[str, str] | None = None, body: str = "") -> bytes:
    """A request as it goes over the line; a body is a form unless a header says otherwise."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    given = dict(headers or {})
    sent = body.encode()
    if sent or method == "POST":
        given.setdefault("Content-Type", "application/x-www-form-urlencoded")
        given["Content-Length"] = str(len(sent))
    lines += [f"{name}: {value}" for name, value in given.items()]
    return "\r\n".join(lines).encode("latin-1") + END + sent


class Wire:
    """One connection. Requests go one after the other; a connection that was closed while idle is opened again."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._socket: socket.socket | None = None

    def ask(self, sent: bytes) -> Answer:
        """Send a request and wait for its answer."""
        if self._socket is not None:
            try:
                return self._once(self._socket, sent)
            except ConnectionError:
                self._socket.close()
        self._socket = socket.create_connection(self._address, timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._once(self._socket, sent)

    def _once(self, line: socket.socket, sent: bytes) -> Answer:
        line.sendall(sent)
        data = b""
        while True:
            piece = line.recv(LARGEST)
            if not piece:
                raise ConnectionError("the server closed the connection")
            data += piece
            found, _ = answer_in(data)
            if found is not None:
                return found
