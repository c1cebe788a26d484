"""`pay_web`: guests pay, from the press of Pay to the booked payment, through every program that takes part.

A payer posts the last form, pays by card on the processor's page and comes back; the processor's message is kept and
applied by the worker. A round is over when every payment is booked and every message applied.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep
from urllib.parse import urlencode, urlsplit

from bench import rates, stats, world
from bench.figures import Figure, percentile
from bench.machine import family, held_mib, processor_seconds, used_seconds
from bench.place import Place, say
from bench.replay import mac
from bench.site import Site, standing
from bench.walk import Ask, Browser, Log, Walk, drive, hidden
from bench.wire import Answer, request
from caretill.cli.frame import Refused

PAYMENTS = 2_000
LANES = 32
WARM = 64
GOAL = 0.35
P99_MS = 50.0
CSRF = "benchbenchbenchbenchbenchbench12"
CARD = {"number": "4242424242424242", "expiry": "12/40", "security_code": "123", "name": "Pat Payer", "zip": "97201"}
DRAIN_SECONDS = 60


@dataclass(frozen=True)
class Ready:
    """A payer who has answered everything and needs only press Pay."""

    path: str
    key: str
    cookies: dict[str, str]


@dataclass
class Round:
    """What one round brought."""

    rate: float
    log: Log
    counted: stats.Counted
    mib: dict[str, float]
    spent: dict[str, float]  # processor milliseconds a payment, by program


def measure(place: Place, rounds: int, payments: int, bills: int) -> Figure:
    """Product and floor in turn, each on a new copy of the same world."""
    base = world.small(place, bills)
    asked = payments + WARM
    ready = prepare(place, base, asked)
    calls = place.folder / "calls"
    place.run(base, "-m", "bench.child", "calls", str(calls), str(asked), "0")
    done: list[Round] = []
    floors: list[Round] = []
    for turn in range(rounds):
        say(f"pay_web, round {turn + 1} of {rounds}")
        done.append(product(place, base, ready, turn))
        floors.append(floor(place, base, calls, asked, turn))
    say("pay_web at half of that pace")
    calm = product(place, base, ready, rounds, pace=min(each.rate for each in done) / 2)
    _check(place)
    figure = Figure(
        name="pay_web",
        unit="payments/s",
        values=[each.rate for each in done],
        floors=[each.rate for each in floors],
        goal=GOAL,
        floor_is="the same hops and the same SQL calls by bare handlers, the same processor",
    )
    figure.beside = {
        **_times(done[-1].log, "", ("check", "card", "return")),
        **_times(calm.log, " at half that pace", ("check", "return")),
        "p99 ms a request": _p99(done[-1].log),
        "p99 ms a request, floor": _p99(floors[-1].log),
        **done[-1].counted.beside(payments),
        "WAL bytes a payment after a checkpoint": round(calm.counted.wal_bytes / payments),
        **{f"processor ms a payment, {name}": spent for name, spent in done[-1].spent.items()},
        **{f"processor ms a payment, floor's {name}": spent for name, spent in floors[-1].spent.items()},
        "pgbench of the same SQL calls, payments/s": rates.of_calls(place, base, calls, payments),
        **{f"MiB of {name}": mib for name, mib in done[-1].mib.items()},
    }
    figure.limits = {"p99 ms a request": P99_MS}
    return figure


def prepare(place: Place, base: str, count: int, papers: str = "pay") -> list[Ready]:
    """Have so many payers find a bill each and answer everything up to the last page. `papers`: which (papers.py)."""
    say(f"{count:,} payers find their bills")
    listed = place.run(base, "-m", "bench.child", "papers", papers, str(count)).splitlines()
    ready: list[Ready] = []
    with standing(place, base, worker=False) as site:
        walks = (_answers(site.web, line.split("\t"), ready) for line in listed)
        drive(walks, 8, first_address=5_000_000)
    if len(ready) < count:
        raise Refused(f"{count} payers were to be prepared, and {len(ready)} came to the last page")
    return ready


def _answers(port: int, paper: list[str], ready: list[Ready]) -> Walk:
    """One payer's way to the last page."""
    region, number, last_name = paper
    browser = Browser(port, {"csrftoken": CSRF})
    token = {"csrfmiddlewaretoken": CSRF}
    answer = yield browser.post(f"/pay/{region}/", {**token, "number": number, "last_name": last_name})
    amount = _led(browser, answer, "the bill")
    other = {**token, "amount": "other", "other_amount": "12.50"}
    details = _led(browser, (yield browser.post(amount, other)), "the amount")
    check = _led(browser, (yield browser.post(details, {**token, "payer_name": "Pat Payer"})), "the payer")
    page = browser.keep((yield browser.get(check)))
    ready.append(Ready(check, hidden(page)["key"], dict(browser.cookies)))


def _led(browser: Browser, answer: Answer, what: str) -> str:
    """Where a form led on to."""
    browser.keep(answer)
    if answer.status != 303:
        raise Refused(f"{what} was not taken: status {answer.status}")
    return urlsplit(answer.header("location")).path


def product(place: Place, base: str, ready: list[Ready], turn: int, pace: float = 0.0) -> Round:
    """One round of ours."""
    with _fresh(place, base, None) as site:
        walks = [pays(site, each) for each in ready]
        return _round(place, site, walks, turn * 100_000, pace)


def floor(place: Place, base: str, calls: Path, count: int, turn: int) -> Round:
    """One round of the floor."""
    with _fresh(place, base, calls) as site:
        walks = [_pays_bare(site, number) for number in range(count)]
        return _round(place, site, walks, turn * 100_000 + 50_000, 0.0)


@contextmanager
def _fresh(place: Place, base: str, calls: Path | None) -> Iterator[Site]:
    place.fresh("pay", base)
    with standing(place, "pay", calls=calls) as site:
        yield site


def _round(place: Place, site: Site, walks: list[Walk], address: int, pace: float) -> Round:
    """Warm up, then measure until all is booked and told."""
    drive(walks[:WARM], 8, first_address=address + 20_000)
    drained(place, WARM)
    if pace:
        place.settle()
    with place.connect("admin", "") as connection:
        used = _used(place, site)
        before = stats.look(connection)
        began = perf_counter()
        log = drive(walks[WARM:], LANES, first_address=address, pace=pace)
        drained(place, len(walks))
        seconds = perf_counter() - began
        counted = stats.look(connection).since(before)
    made = len(walks) - WARM
    spent = {name: (now - used[name]) * 1000 / made for name, now in _used(place, site).items()}
    mib = {name: held_mib(family(pid)) for name, pid in site.pids.items()}
    return Round(made / seconds, log, counted, mib, spent)


def _used(place: Place, site: Site) -> dict[str, float]:
    """Processor seconds so far, by program; `payers` are this process."""
    found = {name: used_seconds(pid) for name, pid in site.pids.items()}
    if place.server is not None and place.server.pid is not None:
        found["database"] = used_seconds(place.server.pid)
    return found | {"payers": processor_seconds()}


def drained(place: Place, count: int, database: str = "pay") -> None:
    """Until that many payments are booked and their messages applied. Raises Refused when they never are."""
    until = perf_counter() + DRAIN_SECONDS
    row = None
    with place.connect("owner", database) as connection:
        while perf_counter() < until:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM payments_payment WHERE state = 'succeeded'),"
                " (SELECT count(*) FROM payments_callback WHERE applied_at IS NOT NULL)"
            ).fetchone()
            if row is not None and row[0] >= count and row[1] >= count:
                return
            sleep(0.02)
    raise Refused(f"of {count} payments {row} are booked and told; the logs of the round say why")


def pays(site: Site, ready: Ready) -> Walk:
    """Press Pay, pay by card, come back."""
    browser = Browser(site.web, ready.cookies)
    form = {"csrfmiddlewaretoken": CSRF, "key": ready.key}
    answer = yield browser.post(ready.path, form, "check")
    yield from _by_card(site, answer, browser.cookies)


def _pays_bare(site: Site, number: int) -> Walk:
    """The same on the floor."""
    cookie = {"payer": mac(str(number))}
    answer = yield Browser(site.web, cookie).post(f"/check/{number}", {"n": str(number)}, "check")
    yield from _by_card(site, answer, cookie)


def _by_card(site: Site, answer: Answer, cookies: dict[str, str]) -> Walk:
    page = urlsplit(_way(answer, "Pay"))
    form = request("POST", f"{page.path}/pay", f"127.0.0.1:{site.processor}", None, urlencode(CARD))
    paid = yield Ask(site.processor, form, "card")
    back = urlsplit(_way(paid, "the card"))
    booked = yield Browser(site.web, cookies).get(back.path, "return")
    if not urlsplit(_way(booked, "the way back")).path.startswith(("/pay/done/", "/done/")):
        raise Refused(f"a payment was not booked when its payer came back: {booked.header('location')}")


def _way(answer: Answer, what: str) -> str:
    if answer.status != 303:
        raise Refused(f"{what} answered {answer.status}: {answer.body[:300]!r}")
    return answer.header("location")


def _times(log: Log, when: str, names: tuple[str, ...]) -> dict[str, float]:
    return {
        f"{name} p{round(share * 100)} ms{when}": percentile(log.times[name], share) * 1000
        for name in names
        for share in (0.5, 0.99)
    }


def _p99(log: Log) -> float:
    """Of every request to the web, whichever page."""
    return percentile([*log.times["check"], *log.times["return"]], 0.99) * 1000


def _check(place: Place) -> None:
    """Figures of payments that broke a law would be no figures."""
    place.run("pay", "-m", "caretill", "check")
