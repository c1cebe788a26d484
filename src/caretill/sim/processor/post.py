"""Sends callbacks over HTTP/1.1, many at a time over connections that stay open."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

_MOST = 32
_LONGEST_BODY = 1_000_000
_Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Poster:
    """POSTs to one address. `send` never raises: no answer in time is None."""

    def __init__(self, url: str, timeout: float = 10.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("a callback address starts with http:// or https://")
        self._host = parts.hostname
        self._tls = parts.scheme == "https"
        self._port = parts.port or (443 if self._tls else 80)
        self._top = f"POST {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        self._timeout = timeout
        self._idle: list[_Pair] = []
        self._places = asyncio.Semaphore(_MOST)

    async def send(self, headers: Mapping[str, str], body: bytes) -> int | None:
        """The status of the answer, None when none came."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        sent = f"{self._top}{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body
        async with self._places:
            try:
                async with asyncio.timeout(self._timeout):
                    return await self._exchange(sent)
            except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                return None

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()

    async def _exchange(self, sent: bytes) -> int:
        while self._idle:
            pair = self._idle.pop()
            try:
                return await self._once(pair, sent)
            except (OSError, asyncio.IncompleteReadError):
                # An idle connection may have been closed meanwhile. If the callback did arrive, it arrives twice.
                continue
        return await self._once(await asyncio.open_connection(self._host, self._port, ssl=self._tls or None), sent)

    async def _once(self, pair: _Pair, sent: bytes) -> int:
        reader, writer = pair
        keep = False
        try:
            writer.write(sent)
            status, keep = await _read(reader)
        finally:
            if keep:
                self._idle.append(pair)
            else:
                writer.close()
        return status


async def _read(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """The status, and whether the connection may be used again."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split(" ", 2)[1])
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
    length = fields.get("content-length", "")
    if status == 204:
        length = "0"
    if not length.isdigit() or int(length) > _LONGEST_BODY or fields.get("connection", "").lower() == "close":
        return status, False
    await reader.readexactly(int(length))
    return status, True
