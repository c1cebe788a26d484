"""Have somebody else pay what was chosen: make a link for it, send it, see what came of it, take it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from caretill.billing.member import may_pay
from caretill.core.words import say
from caretill.payments import helping
from caretill.payments.helping import Link
from caretill.regions.catalog import organisation, region
from caretill.web import preferences
from caretill.web.account import member
from caretill.web.bills import read as read_bills
from caretill.web.flow import following, help_token, kept, signed, with_flow
from caretill.web.forms.helping import AskHelpForm
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts, form_page, region_of
from caretill.web.pages import errors
from caretill.web.visit import Flow


@dataclass(frozen=True)
class Wanted:
    """What one link would ask for: bills of one account whose payees share an account at the processor."""

    region: str
    account_id: UUID
    parts: tuple[tuple[UUID, int], ...]

    @property
    def total_cents(self) -> int:
        """All of it."""
        return sum(cents for _, cents in self.parts)


@dataclass(frozen=True)
class Shared:
    """A link with its address, and ways to send it that need nothing but a press."""

    link: Link
    address: str
    mail: str
    text: str


@accepts("GET", "POST")
@with_flow
def ask_help(request: HttpRequest, flow: Flow) -> HttpResponse:
    """Everything about links for the chosen bills; a post makes what is missing, or takes one back."""
    if not flow.amounts:
        return SeeOther(url("amount", flow.id))
    flows = [flow, *following(request, flow)]
    wanted, links = [each for one in flows for each in wanted_of(one)], links_of(request, flows)
    asked = [
        owed
        for chosen, owed in zip(wanted, still_owed(request, flows, wanted), strict=True)
        if owed.parts and not any(serves(link, chosen, owed) for link in links)
    ]
    if not asked and not links:
        return SeeOther(url("amount", flow.id))
    form = AskHelpForm.read(request, flow)
    if form.sent and form.back:
        return taken_back(flow, links, form.back)
    if form.sent:
        for each in asked:
            made = helping.make(
                each.account_id,
                each.region,
                each.parts,
                login_id=UUID(flow.login) if flow.login else None,
                email=form.email,
                language=preferences.of(request).language,
            )
            if made is None:
                return errors.problem(request, 429, "help_often", retry_seconds=24 * 3600)
        flow.email = flow.email or form.email
        return kept(request, SeeOther(f"{url('ask_help', flow.id)}#links"), flow)
    return form_page(
        request,
        "ask_help.html",
        form,
        region=region_of(flow.region),
        flow=flow,
        wanted=asked,
        links=[shared(request, link) for link in links],
        **signed(request, flow),
    )


def wanted_of(flow: Flow) -> list[Wanted]:
    """The links that what was chosen takes, in the order of the bills."""
    accounts = region(flow.region).processor_accounts
    parts: dict[tuple[str, str], list[tuple[UUID, int]]] = {}
    for bill in flow.bills:
        if bill in flow.amounts:
            home = (flow.account_of(bill), accounts[flow.payees[bill]])
            parts.setdefault(home, []).append((UUID(bill), flow.amounts[bill]))
    return [Wanted(flow.region, UUID(account), tuple(chosen)) for (account, _), chosen in parts.items()]


def still_owed(request: HttpRequest, flows: Sequence[Flow], wanted: Sequence[Wanted]) -> list[Wanted]:
    """The same, of each bill no more than can be paid of it now: it was chosen a while ago."""
    payable = {UUID(bill.id): bill.payable_cents for flow in flows for bill in read_bills(request, flow).open}
    return [
        replace(
            each, parts=tuple((bill, most) for bill, cents in each.parts if (most := min(cents, payable.get(bill, 0))))
        )
        for each in wanted
    ]


def links_of(request: HttpRequest, flows: Sequence[Flow]) -> list[Link]:
    """The links there are for the bills of these flows. One that is for others as well, which a guest did not find or a
    member may not pay, is left out: its sum would tell what is owed there.
    """
    session = member.of(request) if flows[0].login else None
    found = {bill for flow in flows for bill in flow.bills}
    return [
        link
        for flow in flows
        for account, bills in flow.homes.items()
        if bills
        for link in helping.of_bills(UUID(account), [UUID(bill) for bill in bills])
        if found.issuperset(map(str, link.bills)) or (session and may_pay(session.viewer, link.account_id, link.bills))
    ]


def serves(link: Link, wanted: Wanted, owed: Wanted) -> bool:
    """Whether there is such a link already, so that a reload or a second press makes no other; where less is owed by
    now than was chosen, also one that asks for all that is left.
    """
    if link.state != "open" or link.account_id != wanted.account_id:
        return False
    asked = dict(link.parts)
    return link.parts == wanted.parts or (
        owed.parts != wanted.parts and all(asked.get(bill, 0) >= cents for bill, cents in owed.parts)
    )


def taken_back(flow: Flow, links: Sequence[Link], named: str) -> HttpResponse:
    """No new payment by that link."""
    for link in links:
        if str(link.id) == named:
            helping.take_back(link.account_id, link.id)
    return SeeOther(f"{url('ask_help', flow.id)}#links")


def shared(request: HttpRequest, link: Link) -> Shared:
    """The link, ready to be copied, mailed or sent as a text by its maker: we write to nobody."""
    language = preferences.of(request).language
    address = f"{settings.CARETILL_PUBLIC_URL}{url('helping', help_token(link.account_id, link.id))}"
    name = organisation().name
    message = say(language, "helping.message", organisation=name, url=address)
    subject = say(language, "helping.subject", organisation=name)
    # A blank is %20 in these addresses: mail and text programs take a plus sign for a plus sign.
    mail = urlencode({"subject": subject, "body": message}, quote_via=quote)
    return Shared(link, address, f"mailto:?{mail}", f"sms:?&{urlencode({'body': message}, quote_via=quote)}")
