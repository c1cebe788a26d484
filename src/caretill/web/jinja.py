"""Templates: one compiled environment per language, so that a page pays nothing for choosing its words."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from caretill.core import money
from caretill.core.words import LANGUAGES, WordsMissing, catalogue
from caretill.letters import paper
from caretill.letters.dates import clock_time, long_date
from caretill.regions.models import Region
from caretill.web import hours

TEMPLATES = Path(__file__).parent / "templates"
_PHONE = re.compile(r"\(\d{3}\) \d{3}-\d{4}")


@functools.lru_cache(maxsize=1024)
def url(name: str, *parts: str) -> str:
    """The address of a page by its name."""
    return reverse(name, args=parts)


def speaker(language: str) -> Callable[..., str]:
    """`t(key, **figures)` in one language. Figures are escaped, except marked-up ones (an amount, a link)."""
    words = catalogue(language)

    def t(key: str, **figures: object) -> str:
        try:
            text = words[key]
        except KeyError:
            raise WordsMissing(f"{language}: {key}") from None
        return Markup(escape(text)).format(**figures) if figures else text

    return t


def time_text(value: datetime | str, zone: str, language: str) -> str:
    """The hour on the clocks of that zone: `5 p.m.`, `12:34 p.m.`."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return clock_time(moment.astimezone(ZoneInfo(zone)).time(), language)


def money_mark(cents: int, language: str) -> Markup:
    """An amount that keeps its order of signs and digits in every direction of writing."""
    return Markup(f'<bdi dir="ltr">{money.show(cents, language)}</bdi>')


def linked(text: str) -> Markup:
    """A text of the organisation's, where a telephone number is a link that calls it and does not break in two, and the
    address of our page about help with paying leads to it.
    """
    path = url("help_paying")
    written = urlsplit(settings.CARETILL_PUBLIC_URL).netloc + path
    told = escape(text).replace(written, Markup('<a href="{}">{}</a>').format(path, written))
    return Markup(_PHONE.sub(_call, told))


def _call(found: re.Match[str]) -> str:
    digits = "".join(each for each in found[0] if each.isdigit())
    return f'<a href="tel:+1{digits}"><bdi dir="ltr">{found[0]}</bdi></a>'


@functools.lru_cache(maxsize=512)
def _picture(region: Region, spot: str | None, language: str) -> tuple[str, str]:
    """The address of a picture of the region's paper and what it shows."""
    key = paper.picture_key(region.slug, spot, language)
    return url("picture", region.slug, language, spot or "numbers", key), paper.alt_text(region.slug, spot, language)


def _globals(language: str) -> dict[str, Any]:
    t = speaker(language)

    def counted(key: str, count: int, **figures: object) -> str:
        return t(f"{key}.{'one' if count == 1 else 'other'}", n=count, **figures)

    return {
        "t": t,
        "counted": counted,
        "language": language,
        "other_languages": tuple(other for other in LANGUAGES if other != language),
        "money": lambda cents: money_mark(cents, language),
        "money_text": lambda cents: money.show(cents, language),
        "date": functools.lru_cache(maxsize=512)(lambda value: long_date(value, language)),
        "time": lambda value, zone: time_text(value, zone, language),
        "picture": lambda region, spot: _picture(region, spot, language),
        "hours": lambda region: hours.line(region, language),
        "url": url,
        "linked": linked,
    }


@functools.cache
def environment(language: str) -> Environment:
    """The environment whose templates speak that language."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        cache_size=-1,
    )
    made.globals.update(_globals(language))

    @functools.lru_cache(maxsize=64)
    def help_part(region: Region | None) -> Markup:
        """The same on every page of a region, so it is made once."""
        return Markup(made.get_template("_help.html").render(region=region))

    made.globals["help_part"] = help_part
    return made
