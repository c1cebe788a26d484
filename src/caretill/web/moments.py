"""Moments as the people of a region say them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from caretill.core import clock
from caretill.regions import rules
from caretill.regions.models import Region
from caretill.web import hours, preferences

_HALF_DAY = re.compile(r" ([ap]\.) ?(m\.)")


def teller(region: Region, language: str) -> Callable[[datetime], str]:
    """Tells the time on that region's clocks as it stands after a word: `12:34 p.m.`, `las 12:34 p. m.`"""
    return lambda moment: unbroken(rules.clock_words(moment.astimezone(region.zone).time(), language))


def said(request: HttpRequest, region: Region) -> dict[str, Any]:
    """For a page that tells times: the region, how its clocks are read out, and what its zone is called."""
    language = preferences.of(request).language
    return {"region": region, "clock": teller(region, language), "zone": hours.zone_text(region, language)}


def promise(region: Region, moment: datetime | None, language: str) -> str:
    """By when somebody is told, in words; empty where nothing was promised."""
    return unbroken(rules.promise_words(region, moment, clock.now(), language)) if moment else ""


def unbroken(text: str) -> str:
    """No line end cuts `12:34 p.m.` or `12:34 p. m.`"""
    return _HALF_DAY.sub(lambda half: half.group().replace(" ", "\u00a0"), text)
