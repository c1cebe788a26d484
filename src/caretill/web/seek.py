"""One try to find a bill: what it costs, what it found, and the payment that begins with it.

The order is that of rules.md GST-1: count first, ask for work where there were many misses, then look up, and count a
miss. Each kind of miss does the same, so an answer tells nothing about what exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from caretill.billing import access, guard, lookup
from caretill.billing.guard import Gate
from caretill.billing.link import Linked
from caretill.billing.lookup import Found
from caretill.core import clock, work
from caretill.regions import catalog, numbers
from caretill.regions.models import Lookup, Region
from caretill.web import network, visit
from caretill.web.forms.facts import FactsForm
from caretill.web.forms.find import FieldsForm, FindForm, bare
from caretill.web.jinja import url
from caretill.web.page import SeeOther
from caretill.web.visit import Flow

# What a lookup opens at most (billing.access.scope_of), and what a cookie of 4 KB holds with an amount for each.
MOST_BILLS = 50
# How long a payment's facts also count for registering.
PROVED_SECONDS = 2400
# One number has several spellings. It is counted in the one that most of them share, the narrowest kind first.
COUNTED = ("pay_code", "health_record_number", "bill_number", "account_number")


@dataclass(frozen=True)
class Ask:
    """What is looked up where, and the one spelling of its number that misses are counted on."""

    region: str
    candidates: tuple[tuple[str, str], ...]
    facts: Mapping[str, str | None]
    counted: str

    @property
    def unguessable(self) -> bool:
        """Whether the number is a pay code: 60 random bits."""
        return ("pay_code", self.counted) in self.candidates

    @property
    def enough(self) -> bool:
        """Whether it says as much as is asked for where there were misses: two facts beside the number."""
        return self.unguessable or sum(fact is not None for fact in self.facts.values()) >= 2


@dataclass(frozen=True)
class Sought:
    """What came of a try: something found, a miss (the gate is open), or a gate that wants more or is closed."""

    gate: Gate = "open"
    found: Found | None = None

    @property
    def bits(self) -> int:
        """How much work the gate asks."""
        return guard.bits(self.gate)


def by_number(region: Region, form: FindForm) -> Ask:
    """Any number of the paper, with a last name or a ZIP code."""
    typed = bare(form.number)
    found = numbers.candidates(region, typed)
    known = {each.kind: each.value for each in found if not each.is_dummy}
    counted = next((known[kind] for kind in COUNTED if kind in known), typed)
    return Ask(region.slug, tuple((each.kind, each.value) for each in found), _facts(form.last_name, form.zip), counted)


def by_fields(region: Region, asked: Lookup, form: FieldsForm) -> Ask:
    """All fields of one of the region's lookups."""
    number = form.clean[asked.number_field]
    facts = {name: value for name, value in form.clean.items() if name != asked.number_field}
    if "last_name" in facts:
        facts["last_norm"] = facts.pop("last_name")
    return Ask(region.slug, ((asked.number_field, number),), facts, number)


def by_code(region: str, code: str, last_name: str, zip_code: str) -> Ask:
    """A pay code that was scanned or sent."""
    return Ask(region, (("pay_code", code),), _facts(last_name, zip_code), code)


def by_link(linked: Linked, bill_id: UUID, form: FactsForm) -> Ask:
    """The bill of a link, which needs both facts. It is counted by the bill: the code may be in other hands."""
    return Ask(linked.region, (("pay_code", linked.pay_code),), _facts(form.last_name, form.zip), str(bill_id))


def _facts(last_name: str, zip_code: str) -> dict[str, str | None]:
    return {"last_norm": numbers.normal_name(last_name) or None, "zip": numbers.zip5(zip_code)}


def seek(request: HttpRequest, ask: Ask, *, count: bool = True) -> Sought:
    """Look it up if the gate lets this try through; a miss is counted, unless the caller counts every try."""
    place = network.of(request)
    with guard.alone(ask.region, ask.counted):
        gate = guard.gate(ask.region, [ask.counted], place, unguessable=ask.unguessable)
        if gate not in ("open", "closed") and not ask.enough:
            return Sought("both")
        if gate == "closed" or (gate in ("work", "hard_work") and not _worked(request, gate)):
            return Sought(gate)
        found = lookup.find(ask.region, ask.candidates, ask.facts)
        if found is None and count:
            guard.missed(ask.region, [ask.counted], place)
        return Sought(found=found)


def challenge(gate: Gate) -> str:
    """A piece of work for the browser; hard work is not paid with easy work."""
    return work.challenge(_purpose(gate), guard.bits(gate))


def _worked(request: HttpRequest, gate: Gate) -> bool:
    given, answer = request.POST.get("work", ""), request.POST.get("answer", "")
    return bool(given and answer) and work.solved(_purpose(gate), given, answer)


def _purpose(gate: Gate) -> str:
    return f"find {gate}"


@dataclass(frozen=True)
class Proved:
    """Whom a payment's facts have named as well as registering would ask: the account, or a person on it."""

    account_id: UUID
    person_id: UUID | None
    last_norm: str


def proved(flow: Flow) -> Proved | None:
    """What the guest who began a payment need not say again to register; None where more is asked, and once it is long
    ago: somebody else may sit at that machine by then.
    """
    if not flow.proved or clock.now().timestamp() - flow.made_at > PROVED_SECONDS:
        return None
    person, _, last_norm = flow.proved.partition(":")
    return Proved(UUID(flow.account_id), UUID(person) if person else None, last_norm)


def _proof(region: str, ask: Ask | None, found: Found) -> str:
    asked = catalog.region(region).register
    if ask is None or found.scope != asked.scope:
        return ""
    names = ("last_norm" if name == "last_name" else name for name in asked.fields if name != asked.number_field)
    return f"{found.person_id or ''}:{ask.facts.get('last_norm') or ''}" if all(map(ask.facts.get, names)) else ""


def begin(
    request: HttpRequest,
    region: str,
    found: Found,
    add: str = "",
    lines_of: int | None = None,
    ask: Ask | None = None,
) -> HttpResponse:
    """To the payment of what was found: a new one, or the one that `add` names if it is of the same account.

    `lines_of` is the version of the bill whose lines this visit may read, for a link that was opened. `ask` is what was
    looked up: facts that registering would ask are not asked twice.
    """
    bills = [str(bill) for bill in access.scope_of(found)[:MOST_BILLS]]
    if not bills:
        return SeeOther(url("nothing_owed", region))
    before = visit.load(request, add) if add else None
    if before and before.helps:
        before = None  # somebody else's bills are paid apart from one's own
    if before and _join(before, str(found.account_id), bills):
        return _kept(request, before, url("amount", before.id))
    flow = Flow.new(region, str(found.account_id), found.scope, bills)
    flow.lines_open, flow.lines_version = lines_of is not None, lines_of or 0
    flow.proved = _proof(region, ask, found)
    if before:
        return _kept(request, flow, url("apart", before.id, flow.id))
    return _kept(request, flow, url("bill" if flow.lines_open else "amount", flow.id))


def _join(flow: Flow, account_id: str, bills: list[str]) -> bool:
    """Put the bills into a payment that was begun; not those of another account, nor more than it can hold."""
    together = [*flow.bills, *(bill for bill in bills if bill not in flow.bills)]
    if flow.account_id != account_id or len(together) > MOST_BILLS:
        return False
    flow.bills = together
    return True


def _kept(request: HttpRequest, flow: Flow, address: str) -> HttpResponse:
    response = SeeOther(address)
    visit.save(request, response, flow)
    return response
