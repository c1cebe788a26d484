"""What the page's clock asks: two more words with the server before the session ends, and at its end.

The page warns by itself (static/idle.js). "Stay signed in" is a request like any other, so the session is seen again.
When nobody answered, the page sends the form that stands open to here: it is kept, sealed, and the session ends. It
ends just so where nothing was typed. A page that slept while another one of the browser was used ends nothing.
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse

from caretill.people import sessions
from caretill.web.account import kept, member
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts

# A page's clock is early by so much at most: it was told whole seconds, and the page was on its way.
SLACK_SECONDS = 10


@accepts("POST")
def stay(request: HttpRequest) -> HttpResponse:
    """Seconds that are left, as JSON for the script; without one, back to the page. `idle`: end it and keep this."""
    if "idle" in request.POST:
        return _ended(request)
    session = member.of(request)
    script = "application/json" in request.headers.get("Accept", "")
    if session is None:
        return JsonResponse({"left": 0}) if script else kept.sign_in_first(request)
    if script:
        return JsonResponse({"left": session.seconds_left})
    return SeeOther(kept.way(request.POST.get("next", "")))


def _ended(request: HttpRequest) -> HttpResponse:
    token, way = request.COOKIES.get(member.cookie(), ""), kept.way(request.POST["idle"])
    nothing = "nothing" in request.POST
    if nothing and sessions.idles_in(token) > SLACK_SECONDS:
        return SeeOther(way)
    sessions.end(token)
    response = SeeOther(f"{url('sign_in')}?{urlencode({'next': way})}") if nothing else kept.again(request, way)
    member.remember(response, "")
    return response
