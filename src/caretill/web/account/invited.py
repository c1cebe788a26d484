"""The invitation that this browser opened, until its visitor is signed in and says yes or no: one sealed cookie."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from caretill.core import tokens
from caretill.people import household
from caretill.people.household import Offer

SECONDS = 86_400
_PURPOSE = "invited"


def token_of(request: HttpRequest) -> str:
    """The token of the link that was opened; empty where there was none, or too long ago."""
    try:
        return str(tokens.unseal(_PURPOSE, request.COOKIES.get(_cookie(), ""))["t"])
    except tokens.TokenError:
        return ""


def offer_of(request: HttpRequest) -> Offer | None:
    """What it would give now."""
    token = token_of(request)
    try:
        return household.offer(token) if token else None
    except household.Gone:
        return None


def remember(response: HttpResponse, token: str) -> None:
    """Keep the token of a link that works."""
    _set(response, tokens.seal(_PURPOSE, {"t": token}, SECONDS), SECONDS)


def forget(response: HttpResponse) -> None:
    """Yes or no was said."""
    _set(response, "", 0)


def _set(response: HttpResponse, value: str, age: int) -> None:
    response.set_cookie(_cookie(), value, max_age=age, secure=_secure(), httponly=True, samesite="Lax", path="/")


def _cookie() -> str:
    return "__Host-invited" if _secure() else "invited"


def _secure() -> bool:
    return settings.CARETILL_PUBLIC_URL.startswith("https:")
