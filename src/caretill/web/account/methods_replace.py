"""Putting another way to pay in the place of one: what moves is listed, and agreed to anew, before the press."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from caretill.ach import handling
from caretill.autopay import depends
from caretill.methods import access, change, mandates, pause
from caretill.methods.access import Method
from caretill.people.sessions import Session
from caretill.web import network, preferences
from caretill.web.account.member import member_form_page, member_page, signed_in
from caretill.web.account.methods import mine, shown, there, used
from caretill.web.forms.methods import ByForm
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts


@accepts("GET", "POST")
@signed_in
def replace(request: HttpRequest, session: Session, method: UUID) -> HttpResponse:
    """First the choice; with it in the address, what moves and the words; the press moves all of it in one step."""
    one = mine(session, method)
    others = [
        each
        for each in access.listed(session.viewer)
        if each.id != one.id and each.state == "ready" and each.account_id == one.account_id
    ]
    form = ByForm.read(request, frozenset(str(each.id) for each in others))
    by = next((each for each in others if str(each.id) == form.by), None)
    if form.sent and by is not None and "agree" in request.POST:
        return _moved(request, session, one, by)
    if form.sent and by is not None:
        return SeeOther(f"{url('method_replace', str(one.id))}?by={by.id}")
    if by is not None and not form.faults:
        language = preferences.of(request).language
        figures: dict[str, Any] = {
            "one": shown(request, one),
            "by": shown(request, by),
            **used(one),
            "texts": [text for _, text in mandates.taken_over(one.account_id, one.id, by.id, language)],
        }
        return member_page(request, session, "account/method_replace_check.html", **figures)
    options = [shown(request, each) for each in others]
    told: dict[str, Any] = {
        "one": shown(request, one),
        "options": options,
        "by_bank": pause.bank_door(),
    }
    return member_form_page(request, session, "account/method_replace.html", form, **told)


def _moved(request: HttpRequest, session: Session, one: Method, by: Method) -> HttpResponse:
    """Agreements, what is taken by them, and the old one itself: all of it or nothing."""
    language = preferences.of(request).language
    with transaction.atomic():
        mandates.take_over(one.account_id, one.id, by.id, session.login_id, network.of(request), language)
        depends.move(one.account_id, one.id, by.id)
        code = change.replace(one.account_id, one.id, by.id)
        if code not in ("replaced", "repeat"):
            transaction.set_rollback(True)
    if code == "replaced":
        handling.withdraw(one.account_id, method_id=one.id)
    return there(by, "replaced") if code in ("replaced", "repeat") else SeeOther(url("method_replace", str(one.id)))
