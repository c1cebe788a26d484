"""The threshold of the account: the browser's device cookie, who is halfway in, and the session that begins."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from caretill.core import tokens
from caretill.people import sessions, signin
from caretill.people.sessions import Session
from caretill.people.tries import Place
from caretill.web import network, preferences
from caretill.web.account import kept, member
from caretill.web.page import SeeOther

HALF_SECONDS = 600
DEVICE_SECONDS = 400 * 86_400  # the longest that browsers keep a cookie
_DEVICE = re.compile(r"[0-9a-f]{32}")
# What a browser says of itself names others as well: the first that fits is the one.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)


def place(request: HttpRequest) -> Place:
    """Where a try comes from."""
    told = request.COOKIES.get(_device_cookie(), "")
    return Place(_digest(told) if _DEVICE.fullmatch(told) else b"", network.of(request))


@dataclass(frozen=True)
class Begun:
    """A session that just began: its cookie, and the one by which this browser is known from now on."""

    request: HttpRequest
    session: Session
    token: str
    device: str

    def onto(self, response: HttpResponse) -> HttpResponse:
        """The answer with both cookies, and the language of who is in; whoever is halfway in is in."""
        preferences.keep(self.request, response)
        member.remember(response, self.token)
        _set(response, _device_cookie(), self.device, DEVICE_SECONDS)
        _set(response, _half_cookie(), "", 0)
        return response


def begin(request: HttpRequest, login_id: UUID, *, second: bool) -> Begun:
    """Sign this browser in; the caller has checked everything. The answer needs `Begun.onto`."""
    device = _device(request)
    before = request.COOKIES.get(member.cookie(), "")
    token = signin.enter(login_id, _digest(device), browser(request), second=second, before=before)
    session = sessions.who(token)
    assert session is not None
    preferences.of(request).follow(session.language)
    return Begun(request, session, token, device)


def enter(request: HttpRequest, login_id: UUID, *, second: bool, next: str = "", keep: str = "") -> HttpResponse:
    """Sign this browser in and go on: back to the form that was broken off, to the page that was asked, or home."""
    begun = begin(request, login_id, second=second)
    return begun.onto(onward(request, begun.session, next, keep))


def onward(request: HttpRequest, session: Session, next: str, keep: str) -> HttpResponse:
    """Where somebody goes who is in."""
    held = kept.opened(keep) if keep else None
    if held is None:
        return SeeOther(kept.way(next))
    path, fields = held
    return member.member_page(request, session, "account/sign_in_back.html", way=path, fields=fields)


def trust(request: HttpRequest, response: HttpResponse, login_id: UUID) -> None:
    """Know this browser as one of the login's own without signing it in: it is not shut out by what strangers tried.

    For whoever just proved by other means whose login it is, as in a recovery.
    """
    device = _device(request)
    signin.trust(login_id, _digest(device))
    _set(response, _device_cookie(), device, DEVICE_SECONDS)


def half(request: HttpRequest) -> UUID | None:
    """Who gave the right password here a short while ago and has a second step to take."""
    try:
        held = tokens.unseal("half", request.COOKIES.get(_half_cookie(), ""))
    except tokens.TokenError:
        return None
    login_id = UUID(held["l"])
    return login_id if held["m"] == signin.mark(login_id) else None


def set_half(response: HttpResponse, login_id: UUID) -> None:
    """Remember for ten minutes that the password was right."""
    token = tokens.seal("half", {"l": str(login_id), "m": signin.mark(login_id)}, HALF_SECONDS)
    _set(response, _half_cookie(), token, HALF_SECONDS)


def browser(request: HttpRequest) -> str:
    """The browser in words for the list of devices: `Firefox, Windows`."""
    agent = request.headers.get("User-Agent", "")
    found = (next((name for mark, name in marks if mark in agent), "") for marks in (_BROWSERS, _SYSTEMS))
    return ", ".join(part for part in found if part)


def _device(request: HttpRequest) -> str:
    told = request.COOKIES.get(_device_cookie(), "")
    return told if _DEVICE.fullmatch(told) else secrets.token_hex(16)


def _digest(device: str) -> bytes:
    return hashlib.sha256(device.encode()).digest()[:16]


def _secure() -> bool:
    return settings.CARETILL_PUBLIC_URL.startswith("https:")


def _device_cookie() -> str:
    return "__Host-device" if _secure() else "device"


def _half_cookie() -> str:
    return "__Host-half" if _secure() else "half"


def _set(response: HttpResponse, name: str, value: str, age: int) -> None:
    response.set_cookie(name, value, max_age=age, secure=_secure(), httponly=True, samesite="Lax")
