"""Papers sent to us instead of by fax, by members and guests alike, and the receipt number for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse

from caretill.core import clock, tokens
from caretill.core.ids import show_pay_code
from caretill.intake import documents
from caretill.regions.models import Region
from caretill.web import network
from caretill.web.account import member
from caretill.web.forms.documents import ABOUT, DocumentsForm
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts, form_page, page, region_of
from caretill.web.pages import errors

SHOWN_SECONDS = 86_400


@accepts("GET", "POST")
def send(request: HttpRequest, slug: str) -> HttpResponse:
    """The form. What is wrong with a file is said; words are kept, files a browser gives only once."""
    region = region_of(slug)
    session = member.of(request)
    if session and request.POST.get("who", session.tag) != session.tag:
        return member.member_page(request, session, "account/sign_in_other.html", status=409)
    form = DocumentsForm.read(request)
    if not form.sent:
        return _shown(request, form, region)
    seconds = documents.allowed(network.of(request))
    if seconds:
        return errors.problem(request, 429, retry_seconds=seconds)
    paper = documents.Sent(slug, form.about, form.number, form.name, form.files)
    number = documents.keep(paper, session.login_id if session else None)
    held = {"n": number, "f": len(form.files), "t": clock.now().isoformat()}
    return SeeOther(url("documents_sent", slug, tokens.seal("documents", held, SHOWN_SECONDS)))


@accepts("GET")
def sent(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """The receipt number, for a day. It names nobody."""
    region = region_of(slug)
    try:
        held = tokens.unseal("documents", token)
    except tokens.TokenError:
        return errors.problem(request, 404)
    at = datetime.fromisoformat(held["t"]).astimezone(region.zone)
    figures: dict[str, Any] = {"number": show_pay_code(held["n"]), "count": held["f"], "at": at}
    session = member.of(request)
    if session:
        return member.member_page(request, session, "documents_sent.html", region=region, **figures)
    return page(request, "documents_sent.html", region=region, **figures)


def _shown(request: HttpRequest, form: DocumentsForm, region: Region) -> HttpResponse:
    session = member.of(request)
    figures: dict[str, Any] = {"abouts": ABOUT, "most": documents.MOST_FILES}
    if session:
        if request.method == "GET":
            form = replace(form, name=f"{session.first_name} {session.last_name}".strip())
        return member.member_form_page(request, session, "documents.html", form, region=region, **figures)
    return form_page(request, "documents.html", form, region=region, **figures)
