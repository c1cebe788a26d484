"""My cheque is in the post: said on a member's bill, by whoever may pay it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from caretill.billing import member
from caretill.payments import holds
from caretill.people.sessions import Session
from caretill.people.viewer import Hidden
from caretill.web.account.member import member_form_page, signed_in
from caretill.web.forms.cheque import ChequeForm
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts, region_of
from caretill.web.pages.cheque import say, told


@accepts("GET", "POST")
@signed_in
def member_cheque(request: HttpRequest, session: Session, bill: UUID) -> HttpResponse:
    """How much, and in how many days; or that none is coming."""
    figures = member.read_bill(session.viewer, bill)
    if not figures["pays"]:
        raise Hidden
    payable, here = figures["payable_cents"], url("member_cheque", bill)
    if payable <= 0:
        return SeeOther(url("member_bill", bill))
    form = ChequeForm.read(request, payable)
    if form.sent:
        say(figures["account_id"], bill, form, f"login:{session.login_id}")
        return SeeOther(f"{here}?{'stopped' if form.stop else 'kept'}=1")
    stands = standing(figures)
    shown: dict[str, Any] = told(request, payable, here, url("member_bill", bill))
    shown["said"] = stands if stands and stands.why == "cheque" else None
    return member_form_page(request, session, "cheque.html", form, region=region_of(figures["region"]), **shown)


def standing(figures: dict[str, Any]) -> holds.Hold | None:
    """What holds a bill, or is announced for it."""
    account_id, bill_id = UUID(str(figures["account_id"])), UUID(str(figures["bill_id"]))
    return holds.standing(account_id, [bill_id]).get(bill_id)
