"""`page_bill` and `page_find`: pages of ours beside the smallest page that granian can serve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from statistics import median
from urllib.parse import urlencode, urlsplit

from bench import load, world
from bench.figures import Figure
from bench.load import Plan, Result
from bench.machine import family, held_mib
from bench.pay_web import CSRF
from bench.place import HOST, Place, clean, free_ports, program, say, wait_for
from bench.site import WORKERS, Site, standing
from bench.walk import Browser, Walk, drive
from caretill.cli import serve
from caretill.cli.frame import Refused

CONNECTIONS = 32
HELLO_DEPTH = 4
BILL_GOAL, FIND_GOAL = 0.012, 0.010
P99_MS = 50.0
GAP_MS = 5.0
# Misses are counted by address (billing/guard.py): from the fifth on, a number and one fact are not looked up.
MISSES_AN_ADDRESS = 4
LOOKED_UP = 600
FLOOR_IS = f"bare granian hello, WSGI, {HELLO_DEPTH} requests under way on each connection"


def measure(place: Place, rounds: int, bills: int, seconds: float) -> list[Figure]:
    """Both pages and the floor in turn, on one world, one web of two workers."""
    base = world.small(place, bills)
    place.make("pages", base)
    with standing(place, "pages", worker=False) as site, hello(place) as bare:
        found = {"page_bill": bill_pages(place, "pages", site), "page_find": _find_pages(place, site)}
        results: dict[str, list[Result]] = {name: [] for name in (*found, "hello")}
        for turn in range(rounds):
            say(f"pages, round {turn + 1} of {rounds}")
            for name, requests in found.items():
                status = 200 if name == "page_bill" else 303
                results[name].append(taken(place, Plan(HOST, site.web, requests, status, CONNECTIONS, seconds)))
            plan = hello_plan(bare, seconds)
            results["hello"].append(taken(place, plan))
        alone = taken(place, replace(hello_plan(bare, seconds), depth=1))
        gap = _gap(place, site)
        web_mib = held_mib(family(site.pids["web"]))
    queries = dict(line.split("\t") for line in place.run("pages", "-m", "bench.child", "queries").splitlines())
    bill = figure("page_bill", results, BILL_GOAL, queries["bill"])
    find = figure("page_find", results, FIND_GOAL, queries["hit"])
    bill.beside |= {"MiB of web": web_mib, "hello, one request under way, pages/s": alone.rate}
    find.beside |= {"queries of a miss": int(queries["miss"]), **gap}
    find.limits["gap ms"] = GAP_MS
    return [bill, find]


def figure(name: str, results: Mapping[str, Sequence[Result]], goal: float | None, queries: str) -> Figure:
    """A page beside the floor, both of the same rounds."""
    made = Figure(
        name=name,
        unit="pages/s",
        values=[each.rate for each in results[name]],
        floors=[each.rate for each in results["hello"]],
        goal=goal,
        floor_is=FLOOR_IS,
    )
    made.beside = {
        "p50 ms": median(each.p50 for each in results[name]),
        "p99 ms": median(each.p99 for each in results[name]),
        "queries": int(queries),
        "the client's own ceiling, pages/s": median(each.ceiling for each in results[name]),
        "the client's own ceiling at the floor, pages/s": median(each.ceiling for each in results["hello"]),
    }
    made.limits = {"p99 ms": P99_MS}
    return made


def taken(place: Place, plan: Plan) -> Result:
    """What comes of a load."""
    return load.run(plan, {**clean(), **place.environment("pages")})


@contextmanager
def hello(place: Place) -> Iterator[int]:
    """granian with nothing behind it, started as our web is."""
    (port,) = free_ports(1)
    served = serve.program(HOST, port, WORKERS)
    with place.programs() as crew:
        arguments = (*served.arguments[:-1], "bench.hello:application")
        crew.start(program("hello", arguments, place.environment("pages")))
        wait_for(crew, "hello", f"http://{HOST}:{port}/")
        yield port


def hello_plan(port: int, seconds: float) -> Plan:
    """The load of the floor."""
    get = f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n"
    return Plan(HOST, port, [get], 200, CONNECTIONS, seconds, depth=HELLO_DEPTH)


def bill_pages(place: Place, database: str, site: Site) -> list[str]:
    """Requests for bills of twelve lines by payers who opened them by their link."""
    listed = place.run(database, "-m", "bench.child", "papers", "links").splitlines()
    found: list[str] = []
    drive((_opens(site.web, line.split("\t"), found) for line in listed), 4, first_address=6_000_000)
    if len(found) < len(listed):
        raise Refused(f"{len(listed)} links were to be opened, and {len(found)} were")
    return found


def _opens(port: int, paper: list[str], found: list[str]) -> Walk:
    last_name, code, link = paper
    browser = Browser(port, {"csrftoken": CSRF})
    facts = {"csrfmiddlewaretoken": CSRF, "last_name": last_name, "zip": code}
    answer = browser.keep((yield browser.post(f"/bill/{link}", facts)))
    if answer.status != 303:
        raise Refused(f"a link to a bill answered {answer.status}")
    found.append(browser.plain("GET", urlsplit(answer.header("location")).path).decode("latin-1"))


def _find_pages(place: Place, site: Site) -> list[str]:
    """Requests that look up a bill by its number and a last name, each of another bill."""
    listed = place.run("pages", "-m", "bench.child", "papers", "pay", str(LOOKED_UP)).splitlines()
    return [_lookup(site.web, *line.split("\t")) for line in listed]


def _lookup(port: int, region: str, number: str, last_name: str) -> str:
    browser = Browser(port, {"csrftoken": CSRF})
    form = {"csrfmiddlewaretoken": CSRF, "number": number, "last_name": last_name}
    return browser.plain("POST", f"/pay/{region}/", urlencode(form)).decode("latin-1")


def _gap(place: Place, site: Site) -> dict[str, float]:
    """A hit and a miss in turn, one payer at a time: the middle of each, and how far apart they are."""
    listed = place.run("pages", "-m", "bench.child", "papers", "pay", "300").splitlines()
    walks = (_hit_and_miss(site.web, number, *line.split("\t")) for number, line in enumerate(listed))
    log = drive(walks, 1, first_address=7_000_000, walks_an_address=MISSES_AN_ADDRESS)
    hit, miss = (median(log.times[name]) * 1000 for name in ("hit", "miss"))
    return {"hit p50 ms, alone": hit, "miss p50 ms, alone": miss, "gap ms": abs(hit - miss)}


def _hit_and_miss(port: int, place: int, region: str, number: str, last_name: str) -> Walk:
    browser = Browser(port, {"csrftoken": CSRF})
    nobodys = f"{number[0]}{9_999_999_999 - place:010d}"
    for name, asked, status in (("hit", number, 303), ("miss", nobodys, 422)):
        form = {"csrfmiddlewaretoken": CSRF, "number": asked, "last_name": last_name}
        answer = yield browser.post(f"/pay/{region}/", form, name)
        if answer.status != status:
            raise Refused(f"a {name} answered {answer.status}, not {status}")
