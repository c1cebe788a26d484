"""The link that undoes a change of a profile, for 48 hours, for whoever still reads the old contact's mail."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from caretill.core import tokens
from caretill.letters import links
from caretill.people import profile
from caretill.web.page import accepts, page


@accepts("GET", "POST")
def undo(request: HttpRequest, token: str) -> HttpResponse:
    """One button. A mail program that only looks at links undoes nothing."""
    try:
        login_id, change_id = links.open_undo_link(token)
    except tokens.TokenError:
        return _page(request, "over", status=410)
    found = profile.undoable(login_id, change_id)
    if found is None or not found.open:
        return _page(request, "over", status=410)
    if request.method != "POST":
        return _page(request, "ask", field=found.field)
    try:
        done = profile.undo(login_id, change_id)
    except profile.EmailTaken:
        return _page(request, "taken", status=409)
    return _page(request, "done" if done else "over", status=200 if done else 410)


def _page(request: HttpRequest, state: str, *, status: int = 200, field: str = "") -> HttpResponse:
    return page(request, "account/undo.html", status=status, state=state, field=field)
