"""The processor as an HTTP/1.1 server: one thread, one loop, connections that stay open.

Small on purpose: it stands inside a payment benchmark, and a general server would cost more than the processor.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from caretill.sim.processor.core import Processor
from caretill.sim.processor.post import Poster
from caretill.sim.processor.wire import Answer, Refusal, Request

_LONGEST_HEAD = 16_384
_LONGEST_BODY = 65_536
_TICK_SECONDS = 0.1
_LONGEST_HOLD_SECONDS = 15.0
_REQUEST_LINE = re.compile(r"(GET|HEAD|POST) (/[!-~]*) HTTP/1\.[01]")
_REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass
class _Hold:
    """An answer that waits for the first try of some deliveries."""

    left: set[int]
    ready: asyncio.Event = field(default_factory=asyncio.Event)


class Server:
    """Serves one processor on one port, sends its callbacks, and lets its time pass."""

    def __init__(self, processor: Processor, poster: Poster) -> None:
        self.processor = processor
        self._poster = poster
        self._tasks: set[asyncio.Task[None]] = set()
        self._holds: list[_Hold] = []
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; the port, for those who asked for any."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), host, port, backlog=1024)
        self._keep(self._tick_forever())
        return self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.drop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._poster.close()

    def joined(self, connection: _Connection) -> None:
        self._connections.add(connection)

    def left(self, connection: _Connection) -> None:
        self._connections.discard(connection)

    def take(self, request: Request, connection: _Connection) -> None:
        """Answer a request; at once unless the answer is to be late, lost, or after some callbacks."""
        answer = self.processor.answer(request)
        if answer.hold:
            # Noted before anything else runs: a delivery on its way may end at any moment.
            hold = _Hold(set(answer.hold))
            self._holds.append(hold)
            self._keep(self._after_callbacks(hold, answer, connection))
        elif answer.delay_ms:
            asyncio.get_running_loop().call_later(answer.delay_ms / 1000, connection.reply, answer)
        else:
            connection.reply(answer)
        self._pump()

    async def _after_callbacks(self, hold: _Hold, answer: Answer, connection: _Connection) -> None:
        try:
            async with asyncio.timeout(_LONGEST_HOLD_SECONDS):
                await hold.ready.wait()
        except TimeoutError:
            pass
        finally:
            self._holds.remove(hold)
        connection.reply(answer)

    def _pump(self) -> None:
        """Start every delivery that is due."""
        while found := self.processor.due():
            for delivery in found:
                self._keep(self._deliver(delivery.id, delivery.headers, delivery.body))

    async def _deliver(self, delivery_id: int, headers: dict[str, str], body: bytes) -> None:
        status = await self._poster.send(headers, body)
        self.processor.delivered(delivery_id, status)
        for hold in self._holds:
            hold.left.discard(delivery_id)
            if not hold.left:
                hold.ready.set()

    async def _tick_forever(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            self.processor.tick()
            self._pump()

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Connection(asyncio.Protocol):
    """One client. Requests of a connection are answered one after the other."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._busy = False
        self._close_after = False
        self._head_only = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.joined(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._server.left(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) > _LONGEST_HEAD + _LONGEST_BODY:
            self.drop()
        elif not self._busy:
            self._work()

    def drop(self) -> None:
        """Break the connection without a word."""
        if self._transport is not None:
            self._transport.abort()

    def reply(self, answer: Answer) -> None:
        """Send the answer, or fail to as it says, and go on with the next request."""
        if self._transport is None or answer.hang:
            return
        if answer.lost:
            self.drop()
            return
        self._transport.write(_bytes(answer, self._close_after, self._head_only))
        if self._close_after:
            self._transport.close()
            return
        self._busy = False
        if self._buffer:
            asyncio.get_running_loop().call_soon(self._work)

    def _work(self) -> None:
        if self._busy or self._transport is None:
            return
        try:
            request = self._next_request()
        except Refusal as refusal:
            self._close_after = True
            self._busy = True
            self.reply(refusal.answer())
            return
        if request is not None:
            self._busy = True
            self._server.take(request, self)

    def _next_request(self) -> Request | None:
        """Take one whole request off the buffer; None while some of it is missing. Raises Refusal."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or end > _LONGEST_HEAD:
            if len(self._buffer) > _LONGEST_HEAD:
                raise Refusal(431, "too_big", "The head of the request is too long.")
            return None
        top, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        found = _REQUEST_LINE.fullmatch(top)
        if found is None:
            raise Refusal(400, "not_http", "Only GET, HEAD and POST of HTTP/1.1 are understood.")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not re.fullmatch(r"[0-9]{1,9}", length):
            raise Refusal(411, "length_missing", "Send the length of the body.")
        if int(length) > _LONGEST_BODY:
            raise Refusal(413, "too_big", f"A body has at most {_LONGEST_BODY} bytes.")
        whole = end + 4 + int(length)
        if len(self._buffer) < whole:
            return None
        body, self._buffer = self._buffer[end + 4 : whole], self._buffer[whole:]
        method, target = found.groups()
        path, _, query = target.partition("?")
        self._head_only = method == "HEAD"
        self._close_after = headers.get("connection", "").lower() == "close" or top.endswith("1.0")
        fields = dict(parse_qsl(query, keep_blank_values=True)) if query else {}
        return Request("GET" if self._head_only else method, path, fields, headers, body)


def _bytes(answer: Answer, close: bool, head_only: bool) -> bytes:
    lines = [
        f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Unknown')}",
        f"Content-Type: {answer.content_type}",
        f"Content-Length: {len(answer.body)}",
        f"Connection: {'close' if close else 'keep-alive'}",
        *(f"{name}: {value}" for name, value in answer.headers),
    ]
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    return head if head_only else head + answer.body
