"""The browsers that are signed in as a member, and signing them out from here."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from caretill.people import sessions
from caretill.people.sessions import Session
from caretill.regions.catalog import organisation
from caretill.web.account.member import fresh, member_page
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts


@accepts("GET", "POST")
@fresh
def devices(request: HttpRequest, session: Session) -> HttpResponse:
    """Each with a button that ends it, and one for all but this."""
    if request.method == "POST" and ("all" in request.POST or "end" in request.POST):
        if "all" in request.POST:
            sessions.end_all(session.login_id, but=session.id)
        else:
            sessions.end_one(session, _id(request.POST["end"]))
        return SeeOther(f"{url('devices')}?done=1")
    zone = organisation().region(session.region).time_zone
    listed, done = sessions.listed(session), "done" in request.GET
    return member_page(request, session, "account/devices.html", listed=listed, zone=zone, done=done)


def _id(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
