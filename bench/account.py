"""Pages of members among 1,000,000 bills and 100,000 logins, and what the time of an answer tells of a login."""

from __future__ import annotations

from dataclasses import replace

from bench import families, gaps, members
from bench.figures import Figure
from bench.load import Plan, Result
from bench.machine import family, held_mib
from bench.pages import BILL_GOAL, CONNECTIONS, figure, hello, hello_plan, taken
from bench.pay_web import CSRF
from bench.place import HOST, Place, say
from bench.site import Site, standing
from bench.walk import Browser

SIGNED_IN = 100


def measure(place: Place, rounds: int, bills: int, times: int, seconds: float) -> list[Figure]:
    """Every page and the floor in turn, then the ways in, one at a time; one web of two workers."""
    count = families.many(place, bills, times)
    with standing(place, families.GROWN, worker=False) as site, hello(place) as bare:
        plans = _plans(place, site, seconds)
        results: dict[str, list[Result]] = {name: [] for name in (*plans, "hello")}
        for turn in range(rounds):
            say(f"account, round {turn + 1} of {rounds}")
            for name, plan in plans.items():
                results[name].append(taken(place, plan))
            results["hello"].append(taken(place, hello_plan(bare, seconds)))
        alone = {name: taken(place, replace(plan, connections=1, seconds=seconds / 2)) for name, plan in plans.items()}
        told = gaps.measure(place, families.base(place, bills), site, rounds)
        web_mib = held_mib(family(site.pids["web"]))
    listed = place.run(families.GROWN, "-m", "bench.child", "members", "queries").splitlines()
    queries = dict(line.split("\t") for line in listed)
    made = [figure(name, results, BILL_GOAL if name == "page_member_bill" else None, queries[name]) for name in plans]
    for each in made:
        each.beside |= {"p50 ms, alone": alone[each.name].p50, "p99 ms, alone": alone[each.name].p99, "bills": count}
    made[0].beside["MiB of web"] = web_mib
    return [*made, *told]


def _plans(place: Place, site: Site, seconds: float) -> dict[str, Plan]:
    """Home, list and history of families of 40 bills, each by its own guarantor; and bills of twelve lines."""
    listed = {
        what: place.run(families.GROWN, "-m", "bench.child", "members", what, str(SIGNED_IN)).splitlines()
        for what in ("sessions", "long")
    }
    tokens = [line.split("\t")[0] for line in listed["sessions"]]
    asked = {name: [(token, address) for token in tokens] for name, address in members.ADDRESSES.items()}
    long = [line.split("\t") for line in listed["long"]]
    asked["page_member_bill"] = [(token, members.bill_address(bill)) for token, bill in long]
    return {
        name: Plan(HOST, site.web, _requests(site, each), 200, CONNECTIONS, seconds) for name, each in asked.items()
    }


def _requests(site: Site, asked: list[tuple[str, str]]) -> list[str]:
    browsers = ((Browser(site.web, {"csrftoken": CSRF, "session": token}), path) for token, path in asked)
    return [browser.plain("GET", path).decode("latin-1") for browser, path in browsers]
