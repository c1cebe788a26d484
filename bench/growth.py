"""`growth`: paying and a bill's page with a hundred times the bills, beside the same with few."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench import families, load, pay_web
from bench.figures import Figure, percentile
from bench.load import Plan
from bench.pages import bill_pages
from bench.place import HOST, Place, clean, say
from bench.site import Site, standing
from bench.walk import drive

GOAL = 0.85
LANES = 4
PAYMENTS = 250


def measure(place: Place, rounds: int, bills: int, times: int, seconds: float) -> list[Figure]:
    """The same payers and pages on both worlds in turn; p50 in milliseconds, so less is better."""
    base = families.base(place, bills)
    grown = families.many(place, bills, times)
    ready = pay_web.prepare(place, base, rounds * PAYMENTS + pay_web.WARM)
    pays: dict[str, list[float]] = {"few": [], "many": []}
    views: dict[str, list[float]] = {"few": [], "many": []}
    place.make("few", base)
    databases = {"few": "few", "many": families.GROWN}
    with _both(place, databases) as sites:
        for name, site in sites.items():
            _pay(site, ready[: pay_web.WARM], 0 if name == "few" else 50_000)
        requests = {name: bill_pages(place, databases[name], site) for name, site in sites.items()}
        for turn in range(rounds):
            say(f"growth, round {turn + 1} of {rounds}")
            start = pay_web.WARM + turn * PAYMENTS
            for name, site in sites.items():
                pays[name].append(_pay(site, ready[start : start + PAYMENTS], turn * 100_000 + 7_000))
                plan = Plan(HOST, site.web, requests[name], 200, LANES, seconds)
                views[name].append(load.run(plan, {**clean(), **place.environment("few")}).p50)
    place.drop(families.GROWN)
    floor_is = f"the same with {grown // times:,} bills"
    made = [
        Figure("growth_pay", "ms p50", pays["many"], pays["few"], GOAL, floor_is, less=True),
        Figure("growth_bill", "ms p50", views["many"], views["few"], GOAL, floor_is, less=True),
    ]
    for each in made:
        each.beside = {"bills": grown}
    return made


@contextmanager
def _both(place: Place, databases: dict[str, str]) -> Iterator[dict[str, Site]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(standing(place, each)) for name, each in databases.items()}


def _pay(site: Site, ready: list[pay_web.Ready], address: int) -> float:
    """The middle of what a payer waits for us, both pages of a payment together, in milliseconds."""
    log = drive([pay_web.pays(site, each) for each in ready], LANES, first_address=address)
    return 1000 * (percentile(log.times["check"], 0.5) + percentile(log.times["return"], 0.5))
