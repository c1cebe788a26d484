"""What somebody is in the middle of who registers: their answers, kept in one sealed cookie and nowhere else.

Forty minutes after the last step it is gone. Nothing of it stands in an address. A page asks `way` what comes first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import wraps
from typing import Literal
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from caretill.core import ids, tokens
from caretill.people.register import Standing
from caretill.regions.catalog import organisation
from caretill.regions.models import Region, UnknownRegion
from caretill.web.jinja import url
from caretill.web.page import SeeOther

SECONDS = 2400
PURPOSE = "registering"


@dataclass
class Registering:
    """Answers in the order of the pages. `login_id` names the login to be, so that the last step sent twice is one."""

    login_id: str = ""
    region: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    account_id: str = ""
    person_id: str = ""
    level: Literal["", "holder", "own"] = ""
    proved_before: bool = False
    invited: bool = False
    terms: dict[str, str] = field(default_factory=dict)
    email: str = ""
    code: str = ""
    proved: bool = False
    person: dict[str, str] = field(default_factory=dict)
    password: str = ""
    whole: bool = False

    def found(self, held: Standing) -> None:
        """Take what the facts opened. Who turns out to be somebody else starts again with name and address."""
        told = (str(held.account_id), str(held.person_id), held.level)
        if told != (self.account_id, self.person_id, self.level):
            self.person = {}
        self.account_id, self.person_id, self.level = told

    def in_region(self, slug: str) -> None:
        """Take the place; another one asks for other facts."""
        if slug != self.region:
            self.region, self.facts, self.account_id, self.terms, self.person = slug, {}, "", {}, {}
            self.proved_before = False

    def write_to(self, email: str, code: str) -> None:
        """Take a mail address that a code went to; it is to be proved."""
        self.email, self.code, self.proved = email, code, False

    @property
    def standing(self) -> Standing | None:
        """What they register for; None for somebody who was invited and has no number of their own."""
        if not self.account_id or not self.level:
            return None
        return Standing(UUID(self.account_id), UUID(self.person_id), self.level)

    @property
    def skipped(self) -> int:
        """How many of the first pages are not asked: who was invited needs no place and no numbers."""
        return 2 if self.invited and not self.account_id else 0

    def way(self) -> str:
        """The name of the first page that has no answer yet."""
        answered = (
            ("register", self.region),
            ("register_fields", self.account_id or self.invited),
            ("register_terms", self.terms),
            ("register_email", self.code),
            ("register_code", self.proved),
            ("register_name", self.person),
            ("register_secret", self.password),
        )
        return next((name for name, answer in answered if not answer), "register_paper")


ORDER = (
    "register",
    "register_fields",
    "register_terms",
    "register_email",
    "register_code",
    "register_name",
    "register_secret",
    "register_paper",
)
Step = Callable[[HttpRequest, Registering, Region], HttpResponse]


def step(name: str) -> Callable[[Step], Callable[[HttpRequest], HttpResponse]]:
    """A page of registering: it gets the answers and the region, once all pages before it are answered."""

    def decorate(view: Step) -> Callable[[HttpRequest], HttpResponse]:
        @wraps(view)
        def asked(request: HttpRequest) -> HttpResponse:
            held = load(request)
            region = _region(held.region) if held else None
            if held is None or region is None:
                return SeeOther(url("register"))
            if ORDER.index(held.way()) < ORDER.index(name):
                return SeeOther(url(held.way()))
            return view(request, held, region)

        return asked

    return decorate


def load(request: HttpRequest) -> Registering | None:
    """The answers of this browser, if they are not too old."""
    try:
        return Registering(**tokens.unseal(PURPOSE, request.COOKIES.get(cookie(), "")))
    except (tokens.TokenError, TypeError):
        # Not ours, too old, or written by another release: start again.
        return None


def go(held: Registering, name: str = "") -> HttpResponse:
    """On to a page, or to the first one without an answer, with the answers kept."""
    response = SeeOther(url(name or held.way()))
    save(response, held)
    return response


def save(response: HttpResponse, held: Registering) -> None:
    """Write the answers into their cookie."""
    held.login_id = held.login_id or str(ids.uuid7())
    _set(response, tokens.seal(PURPOSE, asdict(held), SECONDS), SECONDS)


def forget(response: HttpResponse) -> None:
    """They are a login now."""
    _set(response, "", 0)


def cookie() -> str:
    """The name of the cookie."""
    return "__Host-register" if _secure() else "register"


def _region(slug: str) -> Region | None:
    try:
        return organisation().region(slug) if slug else None
    except UnknownRegion:
        return None


def _set(response: HttpResponse, value: str, age: int) -> None:
    response.set_cookie(cookie(), value, max_age=age, secure=_secure(), httponly=True, samesite="Lax")


def _secure() -> bool:
    return settings.CARETILL_PUBLIC_URL.startswith("https:")
