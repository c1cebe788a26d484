"""The list of bills: filters in the address, page by page, several chosen into one payment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from caretill.billing import member
from caretill.billing.member import STATES, Filters, Page
from caretill.people.sessions import Session
from caretill.regions.catalog import organisation
from caretill.web.account.member import member_form_page, signed_in
from caretill.web.forms.form import Form, Reader
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts

KINDS = ("professional", "hospital", "pharmacy")


@dataclass(frozen=True)
class PickForm(Form):
    """`picked` are the bills whose boxes are checked."""

    picked: frozenset[str] = frozenset()

    @classmethod
    def read(cls, request: HttpRequest) -> Self:
        """What was posted; of an address, nothing is chosen."""
        reader = Reader(request)
        picked = frozenset(str(each) for text in reader.post.getlist("bill") if (each := bare_id(text)))
        if not picked:
            reader.fault("bill", "bills.error.none")
        return cls(picked=picked, **reader.outcome())  # type: ignore[arg-type]


@accepts("GET", "POST")
@signed_in
def bills(request: HttpRequest, session: Session) -> HttpResponse:
    """A page of the list. A post goes on to pay what was chosen, or shows the list in another language or look."""
    filters = read(request.POST if request.method == "POST" else request.GET)
    form = PickForm.read(request)
    if form.sent:
        return SeeOther(f"{url('member_pay')}?{urlencode([('of', bill) for bill in sorted(form.picked)])}")
    page = member.bill_list(session.viewer, filters)
    return member_form_page(
        request,
        session,
        "account/bills.html",
        form,
        page=page,
        filters=filters,
        hidden=hidden(filters),
        states=[(state, address(filters, state=state)) for state in STATES],
        kinds=KINDS,
        regions=[organisation().region(slug) for slug in page.regions],
        more=address(filters, after=page.after) if page.after else "",
        first=address(filters) if filters.after else "",
        payable=any(row["payable_cents"] > 0 and row["pays"] and not row["held_by"] for row in page.rows),
        payees=organisation().payees,
        linked=bool(session.reaches),
        asks=_asks(page),
    )


def read(given: Mapping[str, str]) -> Filters:
    """The filters of an address. What makes no sense is no filter."""
    state, kind, place = given.get("state", ""), given.get("kind", ""), given.get("place", "")
    return Filters(
        person=bare_id(given.get("person", "")),
        region=place if place in {region.slug for region in organisation().regions} else "",
        kind=kind if kind in KINDS else "",
        state=state if state in STATES else "owed",
        after=bare_id(given.get("after", "")),
    )


def bare_id(text: str) -> UUID | None:
    """An id in an address or a form, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None


def hidden(filters: Filters) -> list[tuple[str, str]]:
    """The filters as fields, so that a form keeps them."""
    named: dict[str, Any] = {
        "state": filters.state,
        "person": filters.person,
        "place": filters.region,
        "kind": filters.kind,
        "after": filters.after,
    }
    return [(name, str(value)) for name, value in named.items() if value and (name, value) != ("state", "owed")]


def address(filters: Filters, state: str = "", after: UUID | None = None) -> str:
    """The list with these filters, from its beginning or after a bill."""
    named = dict(hidden(filters)) | ({"state": state} if state else {})
    named.pop("after", None)
    if after:
        named["after"] = str(after)
    return f"{url('bills')}?{urlencode(named)}" if named else url("bills")


def _asks(page: Page) -> bool:
    """Whether there is anything to filter by."""
    return bool(page.people)
