"""The calendar feed: made, renewed and closed by the member; read by whoever holds its secret address."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from caretill.autopay import calendar
from caretill.people.household import viewer_of
from caretill.people.sessions import Session
from caretill.people.viewer import Hidden
from caretill.web import preferences
from caretill.web.account.member import signed_in
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts, page


@accepts("POST")
@signed_in
def calendar_change(request: HttpRequest, session: Session) -> HttpResponse:
    """A new address, with or without amounts, or none any more."""
    if not preferences.switched(request):
        if request.POST.get("do") == "close":
            calendar.close(session.login_id)
        else:
            calendar.renew(session.login_id, amounts="amounts" in request.POST)
    return SeeOther(f"{url('schedules')}#calendar")


@accepts("GET")
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar; an address that was renewed or closed is one that never was."""
    try:
        found = calendar.opened(token)
    except Hidden:
        return page(request, "error.html", status=404, problem="s404")
    text = calendar.feed(
        viewer_of(found.login_id), amounts=found.amounts, language=preferences.of(request).language
    )  # fmt: skip
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'inline; filename="calendar.ics"'
    response.headers["Cache-Control"] = "private, max-age=900"
    return response
