"""What a visitor chose about the look of pages: the language, and light or dark. Two small cookies, nothing else.

A link changes it on pages that only show; on pages with a form the switch is a button of that form, so what was
typed goes along and comes back.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from caretill.regions.catalog import organisation

THEMES = ("system", "light", "dark")
YEAR_SECONDS = 365 * 86_400
_ON_REQUEST = "_caretill_preferences"


@dataclass
class Preferences:
    """The language and the look of this answer, and what of it this request chose anew."""

    language: str
    theme: str
    chosen: dict[str, str] = field(default_factory=dict)

    def choose(self, name: str, wish: str) -> bool:
        """Take a wish for `language` or `theme`; whether there is such a one."""
        if wish not in {"language": organisation().languages, "theme": THEMES}[name]:
            return False
        setattr(self, name, wish)
        self.chosen[name] = wish
        return True


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
        wishes = (request.COOKIES.get("language", ""), *accepted(request.headers.get("Accept-Language", "")))
        language = next((wish for wish in wishes if wish in known), known[0])
        theme = request.COOKIES.get("theme", "")
        found = Preferences(language, theme if theme in THEMES else "system")
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
    """Write what was chosen in this request into its cookie."""
    for name, value in of(request).chosen.items():
        response.set_cookie(
            name,
            value,
            max_age=YEAR_SECONDS,
            samesite="Lax",
            httponly=True,
            secure=settings.CARETILL_PUBLIC_URL.startswith("https:"),
        )
