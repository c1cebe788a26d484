"""Payers: each walks from page to page and waits for every answer; many at once, in one process and one loop.

A walk is a generator: it yields what it asks and is sent the answer. Walks take turns on a number of lanes; a lane has
its own connections, and an address of its own on this machine, as payers have.
"""

from __future__ import annotations

import re
import select
import socket
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from time import perf_counter
from urllib.parse import urlencode

from bench.wire import LARGEST, Answer, answer_in, request

# Limits count sessions by address (payments/velocity.py): a lane moves on before it reaches them.
WALKS_AN_ADDRESS = 90


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to `port`; times are kept under `name`, where there is one."""

    port: int
    sent: bytes
    name: str = ""


Walk = Generator[Ask, Answer, None]


@dataclass
class Log:
    """How long answers took, in seconds, by name; how long all walks took; how many were walked."""

    seconds: float = 0.0
    walks: int = 0
    times: dict[str, list[float]] = field(default_factory=dict)


@dataclass
class _Lane:
    place: int
    walk: Walk | None = None
    walked: int = 0
    asked: Ask | None = None
    at: float = 0.0
    data: bytes = b""
    lines: dict[int, socket.socket] = field(default_factory=dict)


class _Loop:
    def __init__(self, walks: Iterable[Walk], first_address: int, pace: float, walks_an_address: int) -> None:
        self._walks: Iterator[Walk] = iter(walks)
        self._first = first_address
        self._pace = pace
        self._most = walks_an_address
        self._poll = select.epoll()
        self._by_number: dict[int, tuple[_Lane, int]] = {}
        self._idle: list[_Lane] = []
        self._begun = 0
        self._over = False
        self.log = Log()

    def run(self, lanes: int) -> Log:
        began = perf_counter()
        self._idle = [_Lane(place) for place in range(lanes)]
        walking = self._start(began)
        while walking or not self._over:
            for number, _ in self._poll.poll(self._wait(began)):
                lane, port = self._by_number[number]
                if lane.asked is None or lane.asked.port != port:
                    self._closed(lane, port)
                elif not self._take(lane):
                    walking -= 1
            walking += self._start(began)
        self.log.seconds = perf_counter() - began
        for lane in self._idle:
            self._leave(lane)
        self._poll.close()
        return self.log

    def _wait(self, began: float) -> float:
        if self._over or not self._pace or not self._idle:
            return 30.0
        return max(0.0, began + self._begun / self._pace - perf_counter())

    def _start(self, began: float) -> int:
        """Give walks to idle lanes, at their time where there is a pace; how many began."""
        count = 0
        while self._idle and not self._over:
            due = began + self._begun / self._pace if self._pace else perf_counter()
            if due > perf_counter():
                break
            walk = next(self._walks, None)
            if walk is None:
                self._over = True
                break
            lane = self._idle.pop()
            if lane.walked >= self._most:
                self._leave(lane)
                lane.walked, lane.place = 0, lane.place + 1_000
            self._begun += 1
            lane.walk = walk
            lane.walked += 1
            self._send(lane, next(walk), due)
            count += 1
        return count

    def _send(self, lane: _Lane, ask: Ask, at: float) -> None:
        line = lane.lines.get(ask.port)
        if line is None:
            line = socket.create_connection(("127.0.0.1", ask.port), source_address=(self._address(lane), 0))
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            lane.lines[ask.port] = line
            self._by_number[line.fileno()] = (lane, ask.port)
            self._poll.register(line, select.EPOLLIN)
        lane.asked, lane.at, lane.data = ask, at, b""
        line.sendall(ask.sent)

    def _address(self, lane: _Lane) -> str:
        """An address of this machine that no other lane has; `first` keeps rounds apart."""
        number = self._first + lane.place
        return f"127.{10 + number // 60_000 % 200}.{number // 240 % 250 + 1}.{number % 240 + 1}"

    def _take(self, lane: _Lane) -> bool:
        """Read what came; False when the lane's walk is over."""
        assert lane.asked is not None and lane.walk is not None
        piece = lane.lines[lane.asked.port].recv(LARGEST)
        if not piece:
            raise ConnectionError(f"the server closed the connection of '{lane.asked.name}'")
        lane.data += piece
        found, _ = answer_in(lane.data)
        if found is None:
            return True
        now = perf_counter()
        if lane.asked.name:
            self.log.times.setdefault(lane.asked.name, []).append(now - lane.at)
        try:
            self._send(lane, lane.walk.send(found), now)
        except StopIteration:
            self.log.walks += 1
            lane.walk = lane.asked = None
            self._idle.append(lane)
            return False
        return True

    def _closed(self, lane: _Lane, port: int) -> None:
        """A server closes a connection that rested for long, as it may: the next request makes a new one."""
        line = lane.lines.pop(port)
        if line.recv(LARGEST):
            raise ConnectionError("a server spoke without being asked")
        self._by_number.pop(line.fileno(), None)
        line.close()

    def _leave(self, lane: _Lane) -> None:
        for line in lane.lines.values():
            self._by_number.pop(line.fileno(), None)
            line.close()
        lane.lines.clear()


def drive(
    walks: Iterable[Walk],
    lanes: int,
    first_address: int = 0,
    pace: float = 0.0,
    walks_an_address: int = WALKS_AN_ADDRESS,
) -> Log:
    """Walk all walks on that many lanes. With `pace`, that many begin a second; otherwise each as soon as it can.

    A time that is kept counts from the moment a walk was due, so a server that falls behind does not look quick.
    """
    return _Loop(walks, first_address, pace, walks_an_address).run(lanes)


_FIELD = re.compile(rb'<input type="hidden" name="([^"]+)" value="([^"]*)"')


class Browser:
    """Cookies and forms of one payer, for walks through our pages."""

    def __init__(self, port: int, cookies: dict[str, str] | None = None) -> None:
        self.port = port
        self.cookies = dict(cookies or {})

    def get(self, path: str, name: str = "") -> Ask:
        """A page."""
        return Ask(self.port, self.plain("GET", path), name)

    def post(self, path: str, fields: dict[str, str], name: str = "") -> Ask:
        """A form."""
        return Ask(self.port, self.plain("POST", path, urlencode(fields)), name)

    def plain(self, method: str, path: str, body: str = "") -> bytes:
        """The request as it goes over the line."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return request(method, path, f"127.0.0.1:{self.port}", {"Cookie": cookies} if cookies else None, body)

    def keep(self, answer: Answer) -> Answer:
        """Keep the cookies of an answer."""
        for each in answer.headers("set-cookie"):
            name, _, value = each.partition(";")[0].partition("=")
            self.cookies[name.strip()] = value.strip()
        return answer


def hidden(answer: Answer) -> dict[str, str]:
    """The hidden fields of a page's forms."""
    return {name.decode(): value.decode() for name, value in _FIELD.findall(answer.body)}
