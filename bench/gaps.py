"""What the time of an answer tells of who has a login: signing in, a new password, registering.

The same form with an address that somebody signs in with and with one of nobody's, in turn, one visitor at a time.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from statistics import median

from bench.figures import Figure, percentile
from bench.pages import GAP_MS
from bench.pay_web import CSRF
from bench.place import Place, say
from bench.site import Site
from bench.walk import Browser, Log, Walk, drive
from caretill.cli.frame import Refused

PAIRS = 60  # a round; an hour's limits of a network, a region and all together are not reached
# Misses are counted by address: after so many walks a lane has another one.
WALKS_AN_ADDRESS = 4
TOKEN = {"csrfmiddlewaretoken": CSRF}
WRONG = "a password that is not right"
# What turns a number of ours into one of nobody's: first signs that no number of the world has.
NOBODYS = {"health_record_number": "6", "account_number": "F6"}
Paper = tuple[str, dict[str, str], str]  # region, what it asks of who registers, the address of its login


def measure(place: Place, base: str, site: Site, rounds: int) -> list[Figure]:
    """Three figures: p50 where there is a login, beside p50 where there is none. `base` is the world that was grown:
    its accounts are those which can be looked up.
    """
    ways: dict[str, Callable[[Site, int, Paper], Walk]] = {
        "sign_in": _signs_in,
        "forgot_password": _forgets,
        "register": _registers,
    }
    papers = _papers(place, base, PAIRS * rounds + WALKS_AN_ADDRESS)
    made = []
    for way, (name, walks) in enumerate(ways.items()):
        say(f"the gap of {name}")
        first = 9_000_000 + way * 300_000
        drive((walks(site, -n - 1, each) for n, each in enumerate(papers[PAIRS * rounds :])), 1, first)
        logs = []
        for turn in range(rounds):
            some = enumerate(papers[turn * PAIRS : (turn + 1) * PAIRS], start=turn * PAIRS)
            lane = first + 100_000 + turn * 50_000
            logs.append(drive((walks(site, *each) for each in some), 1, lane, walks_an_address=WALKS_AN_ADDRESS))
        made.append(_figure(name, logs))
    return made


def _figure(name: str, logs: list[Log]) -> Figure:
    times = {who: [[1000 * seconds for seconds in log.times[who]] for log in logs] for who in ("login", "nobody")}
    made = Figure(
        name=name,
        unit="ms p50",
        values=[median(each) for each in times["login"]],
        floors=[median(each) for each in times["nobody"]],
        floor_is="the same answer where nobody has a login",
        less=True,
    )
    every = {who: [one for each in found for one in each] for who, found in times.items()}
    made.beside = {
        "p99 ms": percentile(every["login"], 0.99),
        "p99 ms, nobody": percentile(every["nobody"], 0.99),
        "gap ms": abs(median(every["login"]) - median(every["nobody"])),
    }
    made.limits = {"gap ms": GAP_MS}
    return made


def _papers(place: Place, base: str, count: int) -> list[Paper]:
    listed = place.run(base, "-m", "bench.child", "papers", "facts", str(count)).splitlines()
    if len(listed) < count:
        raise Refused(f"{count} accounts with a login are needed, and there are {len(listed)}")
    rows = (line.split("\t") for line in listed)
    return [(region, json.loads(facts), email) for region, facts, email in rows]


def _turns(number: int) -> tuple[str, str]:
    """Who comes first changes, so that what the first leaves warm helps both."""
    return ("login", "nobody") if number % 2 else ("nobody", "login")


def _signs_in(site: Site, number: int, paper: Paper) -> Walk:
    browser = Browser(site.web, {"csrftoken": CSRF})
    for who in _turns(number):
        email = paper[2] if who == "login" else f"nobody{number}@example.org"
        answer = yield browser.post("/sign-in/", {**TOKEN, "email": email, "password": WRONG}, who)
        _expect(answer.status, 422, f"signing in, {who}")


def _forgets(site: Site, number: int, paper: Paper) -> Walk:
    region, facts, email = paper
    browser = Browser(site.web, {"csrftoken": CSRF})
    nobodys = {
        name: NOBODYS[name] + text[len(NOBODYS[name]) :] if name in NOBODYS else text for name, text in facts.items()
    }
    for who in _turns(number):
        typed = {**facts, "email": email} if who == "login" else {**nobodys, "email": f"nobody{number}@example.org"}
        answer = yield browser.post(f"/forgot/password/{region}/", {**TOKEN, **typed}, who)
        _expect(answer.status, 200, f"a forgotten password, {who}")


def _registers(site: Site, number: int, paper: Paper) -> Walk:
    """Up to the address; a first one of nobody's, so that both others find the same cookie."""
    region, facts, email = paper
    browser = Browser(site.web, {"csrftoken": CSRF})
    for path, typed in (("", {"slug": region}), ("facts/", facts), ("terms/", {"agreed": "yes"})):
        answer = browser.keep((yield browser.post(f"/register/{path}", {**TOKEN, **typed})))
        _expect(answer.status, 303, f"registering, {path}")
    for who in ("", *_turns(number)):
        address = email if who == "login" else f"nobody{number}{who}@example.org"
        answer = browser.keep((yield browser.post("/register/email/", {**TOKEN, "email": address}, who)))
        _expect(answer.status, 303, f"an address, {who}")


def _expect(status: int, right: int, what: str) -> None:
    if status != right:
        raise Refused(f"{what}: answered {status}, not {right}")
