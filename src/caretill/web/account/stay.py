"""What the page's clock asks: two more words with the server before the session ends, and at its end.

The page warns by itself (static/idle.js). "Stay signed in" is a request like any other, so the session is seen again.
When nobody answered, the page sends the form that stands open to here: it is kept, sealed, and the session ends.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse

from caretill.people import sessions
from caretill.web.account import kept, member
from caretill.web.page import SeeOther, accepts


@accepts("POST")
def stay(request: HttpRequest) -> HttpResponse:
    """Seconds that are left, as JSON for the script; without one, back to the page. `idle`: end it and keep this."""
    session = member.of(request)
    script = "application/json" in request.headers.get("Accept", "")
    if "idle" in request.POST:
        return _ended(request)
    if session is None:
        return JsonResponse({"left": 0}) if script else kept.sign_in_first(request)
    if script:
        return JsonResponse({"left": session.seconds_left})
    return SeeOther(kept.way(request.POST.get("next", "")))


def _ended(request: HttpRequest) -> HttpResponse:
    sessions.end(request.COOKIES.get(member.cookie(), ""))
    response = kept.again(request, kept.way(request.POST["idle"]))
    member.remember(response, "")
    return response
