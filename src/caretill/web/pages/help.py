"""Whom to call, where to write, how to get help with a bill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse

from caretill.core import clock
from caretill.letters.letterhead import hours_in_words
from caretill.regions import rules
from caretill.regions.catalog import organisation
from caretill.regions.models import TOPICS, Contact, Region
from caretill.web import hours, moments, notices, preferences
from caretill.web.account.member import open_page
from caretill.web.flow import with_flow
from caretill.web.jinja import url
from caretill.web.page import accepts, page, region_of
from caretill.web.pages import bill
from caretill.web.visit import Flow


@dataclass(frozen=True)
class Desk:
    """Whom to reach about one topic, whether somebody answers just now, and its hours where they are its own."""

    contact: Contact
    is_open: bool
    now: str
    hour_lines: tuple[str, ...]


@dataclass(frozen=True)
class About:
    """The bill that somebody wants to talk about: its number, to be read out, and the way back to it."""

    number: str
    back: str


def _in_order(region: Region) -> list[Contact]:
    return sorted(region.contacts, key=lambda each: TOPICS.index(each.topic))


def _desk(region: Region, contact: Contact, language: str) -> Desk:
    there, at = region.desk(contact), clock.now()
    own = hours_in_words(there, language) if contact.hours is not None else ()
    return Desk(contact, rules.support_open(there, at), moments.unbroken(rules.opening_words(there, at, language)), own)


def reach(region: Region, language: str, about: About | None = None) -> dict[str, Any]:
    """All that help.html says of a region; `about` is a bill that the reader has opened."""
    return {
        "region": region,
        "desks": [_desk(region, contact, language) for contact in _in_order(region)],
        "hour_lines": hours_in_words(region, language),
        "zone": hours.zone_text(region, language),
        "texts": notices.texts(organisation(), region, language),
        "about": about,
    }


@accepts("GET")
def help_region(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything about reaching one region."""
    return open_page(request, "help.html", **reach(region_of(slug), preferences.of(request).language))


@accepts("GET")
@with_flow
def bill_help(request: HttpRequest, flow: Flow) -> HttpResponse:
    """The same beside the bill of a visit that was opened by its link: its number stands there, not in the address."""
    figures = bill.opened(flow)
    if figures["version"] != flow.lines_version:
        return bill.ended(request, figures)
    about = About(figures["number"], url("bill", flow.id))
    return page(request, "help.html", **reach(region_of(figures["region"]), preferences.of(request).language, about))


@accepts("GET")
def help_regions(request: HttpRequest) -> HttpResponse:
    """Choose a region to see its numbers."""
    return open_page(request, "help_regions.html", spot="")


@accepts("GET")
def help_paying(request: HttpRequest) -> HttpResponse:
    """The address that every bill prints for help with paying; each region has its own telephone for it."""
    return open_page(request, "help_regions.html", spot="#paying")


@accepts("GET")
def languages(request: HttpRequest, slug: str) -> HttpResponse:
    """Free help in other languages (rules.md ACC-2), with the region's telephone."""
    region = region_of(slug)
    return open_page(request, "languages.html", region=region, lines=notices.lines(organisation(), region))
