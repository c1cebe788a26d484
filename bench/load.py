"""A load of equal requests over connections that stay open, from a process of its own.

    python -m bench.load < plan.json

Plain sockets and one epoll loop, so that little is between the server and its figure. What the client itself costs is
measured with it: processor seconds a request, from which its own ceiling follows.
"""

from __future__ import annotations

import json
import select
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from time import perf_counter

from bench.figures import Failed, percentile
from bench.machine import processor_seconds
from bench.wire import END, LARGEST, end_of


@dataclass(frozen=True)
class Plan:
    """Which requests, over how many connections, for how long. `status` is what every answer must begin with.

    `depth` requests are under way on each connection (pipelining): it takes the client's own cost out of the figure of
    a server that costs less than its client.
    """

    host: str
    port: int
    requests: Sequence[str]  # as they go over the line, latin-1
    status: int
    connections: int
    seconds: float
    depth: int = 1
    source: str = ""
    warm_seconds: float = 0.5


@dataclass(frozen=True)
class Result:
    """What came of it. Times are milliseconds."""

    answers: int
    seconds: float
    wrong: int
    p50: float
    p99: float
    client_seconds: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds

    @property
    def ceiling(self) -> float:
        """Answers a second that this client could take with a processor of its own and a server that costs nothing."""
        return self.answers / self.client_seconds if self.client_seconds else 0.0


def run(plan: Plan, environment: Mapping[str, str]) -> Result:
    """Put the load on from another process. Raises Failed where answers were not what they should be."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=json.dumps(asdict(plan)),
        env=dict(environment),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise Failed(f"the load was not taken: {' / '.join(done.stderr.strip().splitlines()[-2:])}")
    result = Result(**json.loads(done.stdout))
    if result.wrong:
        raise Failed(f"{result.wrong} of {result.answers} answers had another status than {plan.status}")
    return result


def main() -> None:
    """Read the plan, put the load on, print the result."""
    plan = Plan(**json.load(sys.stdin))
    _turns(plan, plan.warm_seconds)
    print(json.dumps(asdict(_turns(plan, plan.seconds))))


class _Line:
    """One connection with up to `depth` requests under way; answers come in the order of the requests."""

    def __init__(self, plan: Plan, requests: Sequence[bytes], first: int) -> None:
        source = (plan.source, 0) if plan.source else None
        self.socket = socket.create_connection((plan.host, plan.port), source_address=source)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(30)
        self._requests = requests
        self._turn = first
        self._left = b""
        self._sent: deque[float] = deque()
        self.ask(plan.depth)

    def ask(self, count: int) -> None:
        """Send that many more requests in one piece."""
        requests, turn = self._requests, self._turn
        at = perf_counter()
        if count == 1:
            self.socket.sendall(requests[turn % len(requests)])
        else:
            self.socket.sendall(b"".join(requests[each % len(requests)] for each in range(turn, turn + count)))
        self._turn = turn + count
        self._sent.extend([at] * count)

    def take(self, times: list[float], begins: bytes) -> tuple[int, int]:
        """What has come: how many whole answers, and how many of them were wrong."""
        piece = self.socket.recv(LARGEST)
        if not piece:
            raise ConnectionError("the server closed the connection")
        data = self._left + piece if self._left else piece
        now = perf_counter()
        place = found = wrong = 0
        while place < len(data) and (end := end_of(data, place, data.find(END, place))):
            wrong += not data.startswith(begins, place)
            times.append(now - self._sent.popleft())
            found += 1
            place = end
        self._left = data[place:]
        return found, wrong


def _turns(plan: Plan, seconds: float) -> Result:
    requests = [text.encode("latin-1") for text in plan.requests]
    begins = f"HTTP/1.1 {plan.status} ".encode()
    poll = select.epoll()
    times: list[float] = []
    wrong = 0
    began, used = perf_counter(), processor_seconds()
    lines: dict[int, _Line] = {}
    for place in range(plan.connections):
        line = _Line(plan, requests, place * plan.depth)
        lines[line.socket.fileno()] = line
        poll.register(line.socket, select.EPOLLIN)
    until = began + seconds
    while perf_counter() < until or len(times) < plan.connections:
        for number, _ in poll.poll(1.0):
            line = lines[number]
            found, missed = line.take(times, begins)
            wrong += missed
            if found:
                line.ask(found)
    result = _result(times, perf_counter() - began, wrong, processor_seconds() - used)
    for line in lines.values():
        line.socket.close()
    return result


def _result(times: Sequence[float], seconds: float, wrong: int, used: float) -> Result:
    return Result(
        answers=len(times),
        seconds=seconds,
        wrong=wrong,
        p50=percentile(times, 0.5) * 1000,
        p99=percentile(times, 0.99) * 1000,
        client_seconds=used,
    )


if __name__ == "__main__":
    main()
