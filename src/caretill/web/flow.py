"""Pages of a payment in the making and of one that was made: who may open them, and whose turn it is to be paid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from caretill.billing.member import may_pay
from caretill.core import tokens
from caretill.payments.access import payment_figures
from caretill.payments.states import ENDED
from caretill.people.viewer import Hidden, Viewer
from caretill.regions.catalog import organisation
from caretill.web import visit
from caretill.web.account import member
from caretill.web.jinja import url
from caretill.web.page import SeeOther, View
from caretill.web.pages import errors
from caretill.web.visit import Flow


@dataclass(frozen=True)
class Turn:
    """One payment: the chosen bills whose payees share an account at the processor, with an amount in cents each."""

    processor_account: str
    parts: tuple[tuple[str, int], ...]
    payees: tuple[str, ...]
    ends: tuple[str, ...]
    helps: bool = False

    @property
    def total_cents(self) -> int:
        """All of it."""
        return sum(cents for _, cents in self.parts)

    @property
    def statement_name(self) -> str:
        """The billing name that the processor and a card statement show: the payee's; for several or a helper ours."""
        names = sorted(set(self.payees))
        return names[0] if len(names) == 1 and not self.helps else organisation().name


@dataclass(frozen=True)
class Made:
    """A payment, as its sealed token names it."""

    token: str
    account_id: UUID
    payment_id: UUID

    @classmethod
    def of(cls, account_id: UUID | str, payment_id: UUID | str) -> Made:
        """With a new token; it means the same as every other one of this payment."""
        token = tokens.seal("payment", {"a": str(account_id), "p": str(payment_id)}, None)
        return cls(token, UUID(str(account_id)), UUID(str(payment_id)))

    @classmethod
    def opened(cls, token: str) -> Made:
        """Raises TokenError."""
        kept = tokens.unseal("payment", token)
        return cls(token, UUID(kept["a"]), UUID(kept["p"]))


FlowView = Callable[..., HttpResponse]


def with_flow(view: FlowView) -> View:
    """The view gets the flow that the address names, if this browser holds it.

    A member's is theirs alone, while they are signed in and may pay each of its bills. A helper's goes to the page of
    its link instead: what this view shows is not for them.
    """

    def own(request: HttpRequest, flow: Flow, **more: Any) -> HttpResponse:
        return SeeOther(help_address(flow)) if flow.helps else view(request, flow, **more)

    return with_any_flow(own)


def with_any_flow(view: FlowView) -> View:
    """As `with_flow`, for a view that knows what a helper may not see."""

    @wraps(view)
    def found(request: HttpRequest, flow: str, **more: Any) -> HttpResponse:
        held = visit.load(request, flow)
        if held is not None and held.login and member.of(request) is None:
            asked = {"next": f"{url('member_pay')}?flow={held.id}"}
            return SeeOther(f"{url('sign_in')}?{urlencode(asked)}")
        if held is None or (held.login and not theirs(request, held)):
            return errors.problem(request, 404, "flow_gone")
        return view(request, held, **more)

    return found


def theirs(request: HttpRequest, flow: Flow) -> bool:
    """Whether who is signed in made this flow, and may still pay all of it."""
    session = member.of(request)
    if session is None or flow.login != str(session.login_id):
        return False
    return all(
        may_pay(session.viewer, UUID(account), [UUID(bill) for bill in bills]) for account, bills in flow.homes.items()
    )


def with_payment(view: Callable[[HttpRequest, Made], HttpResponse]) -> View:
    """The view gets the payment that the token means. A bad token and a payment that is not there get one answer."""

    @wraps(view)
    def found(request: HttpRequest, token: str) -> HttpResponse:
        try:
            return view(request, Made.opened(token))
        except (tokens.TokenError, Hidden):
            return errors.problem(request, 404, "link_bad")

    return found


def kept(request: HttpRequest, response: HttpResponse, flow: Flow) -> HttpResponse:
    """The response with the flow in its cookie."""
    visit.save(request, response, flow)
    return response


def help_token(account_id: UUID | str, help_id: UUID | str) -> str:
    """What stands in the address of a link to help. Each means the same; the row of the link ends it."""
    return tokens.seal("help", {"a": str(account_id), "h": str(help_id)}, None)


def help_opened(token: str) -> tuple[UUID, UUID]:
    """Billing account and link. Raises TokenError."""
    kept = tokens.unseal("help", token)
    return UUID(kept["a"]), UUID(kept["h"])


def help_of(flow: Flow) -> tuple[UUID, UUID]:
    """Billing account and link of a helper's flow."""
    return UUID(flow.account_id), UUID(flow.helps)


def help_address(flow: Flow) -> str:
    """The page of the link that a helper's flow came by."""
    return url("helping", help_token(flow.account_id, flow.helps))


def viewers(flow: Flow) -> list[Viewer]:
    """Who sees the bills of the flow and nothing else: one for each account."""
    kind: Literal["guest", "helper"] = "helper" if flow.helps else "guest"
    return [Viewer(kind, UUID(account), frozenset(map(UUID, bills))) for account, bills in flow.homes.items() if bills]


def turns(flow: Flow) -> tuple[Turn, ...]:
    """The payments that what was chosen takes, in the order of the bills; each may be for several accounts."""
    region, payees = organisation().region(flow.region), organisation().payees
    chosen: dict[str, list[str]] = {}
    for bill in flow.bills:
        if bill in flow.amounts:
            chosen.setdefault(region.processor_accounts[flow.payees[bill]], []).append(bill)
    return tuple(
        Turn(
            account,
            tuple((bill, flow.amounts[bill]) for bill in bills),
            tuple(payees[flow.payees[bill]].name for bill in bills),
            tuple(flow.ends.get(bill, "") for bill in bills),
            bool(flow.helps),
        )
        for account, bills in chosen.items()
    )


def following(request: HttpRequest, flow: Flow | None) -> list[Flow]:
    """The flows that a member chose to pay after this one, in order."""
    found: list[Flow] = []
    while flow and flow.then and (flow := visit.load(request, flow.then)) and flow.id not in {f.id for f in found}:
        found.append(flow)
    return found


def signed(request: HttpRequest, flow: Flow | None) -> dict[str, Any]:
    """For the pages that guests and members share: who is signed in, where the flow is a member's own."""
    session = member.of(request) if flow and flow.login else None
    return {"member": session, "rooms": member.ROOMS} if session else {}


def settle(flow: Flow) -> str:
    """The state of the payment under way. What it paid is taken off what is asked; one that failed is let go."""
    if not flow.payment_id:
        return ""
    try:
        figures = payment_figures(UUID(flow.account_id), UUID(flow.payment_id))
    except Hidden:
        flow.renew()
        return ""
    if figures["state"] == "succeeded":
        flow.settle(flow.bills if flow.helps else [part["bill_id"] for part in figures["parts"]])
    elif figures["state"] in ENDED:
        flow.renew()
    return str(figures["state"])


def over_to(name: str, made: Made) -> SeeOther:
    """To a page of that payment."""
    return SeeOther(url(name, made.token))
