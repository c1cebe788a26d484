"""What a visitor chose about the look of pages: the language, and light or dark. Two small cookies, nothing else.

A link changes it on pages that only show; on pages with a form the switch is a button of that form, so what was
typed goes along and comes back.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from caretill.core import clock
from caretill.regions.catalog import organisation

THEMES = ("system", "light", "dark")
YEAR_SECONDS = 365 * 86_400
# How long a language that was chosen holds against that of a login: one visit, as long as a payment in the making.
VISIT_SECONDS = 4 * 3600
_ON_REQUEST = "_caretill_preferences"


@dataclass
class Preferences:
    """The language and the look of this answer, and what of it this request chose anew.

    `spoken_at` is the second in which the visitor chose the language; 0 where they did not, or long ago.
    """

    language: str
    theme: str
    chosen: dict[str, str] = field(default_factory=dict)
    spoken_at: int = 0

    def choose(self, name: str, wish: str) -> bool:
        """Take a wish for `language` or `theme`; whether there is such a one."""
        if wish not in {"language": organisation().languages, "theme": THEMES}[name]:
            return False
        setattr(self, name, wish)
        self.chosen[name] = wish
        if name == "language":
            self.spoken_at = int(clock.now().timestamp())
        return True

    def follow(self, language: str) -> None:
        """Speak the language of who signed in, unless another one was chosen on this visit."""
        here = self.spoken_at and clock.now().timestamp() - self.spoken_at < VISIT_SECONDS
        if language in organisation().languages and not here:
            self.language = self.chosen["language"] = language
            self.spoken_at = 0


@functools.lru_cache(maxsize=512)
def accepted(header: str) -> tuple[str, ...]:
    """The languages of an Accept-Language header, best first, without their regions."""
    ranked: list[tuple[float, str]] = []
    for part in header[:500].split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            ranked.append((-float(weight or 1), tag.split("-")[0].lower()))
        except ValueError:
            continue
    return tuple(tag for _, tag in sorted(ranked, key=lambda each: each[0]))


def of(request: HttpRequest) -> Preferences:
    """From the address (`?lang=es`, printed on Spanish letters), the cookies, then what the browser asks for."""
    found: Preferences | None = getattr(request, _ON_REQUEST, None)
    if found is None:
        known = organisation().languages
        kept, _, second = request.COOKIES.get("language", "").partition(".")
        wishes = (kept, *accepted(request.headers.get("Accept-Language", "")))
        language = next((wish for wish in wishes if wish in known), known[0])
        theme = request.COOKIES.get("theme", "")
        found = Preferences(language, theme if theme in THEMES else "system")
        if kept == language and second.isascii() and second.isdecimal():
            found.spoken_at = int(second[:12])
        if request.META.get("QUERY_STRING"):
            found.choose("language", request.GET.get("lang", ""))
        setattr(request, _ON_REQUEST, found)
    return found


def switched(request: HttpRequest) -> bool:
    """Whether this post only changes language or look; if so, they are changed from here on."""
    chooser = of(request)
    return request.method == "POST" and any(
        chooser.choose(name, request.POST.get(name, "")) for name in ("language", "theme")
    )


def keep(request: HttpRequest, response: HttpResponse) -> None:
    """Write what was chosen in this request into its cookie; beside a language stands the second of its choice."""
    wanted = of(request)
    for name, value in wanted.chosen.items():
        response.set_cookie(
            name,
            f"{value}.{wanted.spoken_at}" if name == "language" and wanted.spoken_at else value,
            max_age=YEAR_SECONDS,
            samesite="Lax",
            httponly=True,
            secure=settings.CARETILL_PUBLIC_URL.startswith("https:"),
        )
