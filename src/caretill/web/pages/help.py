"""Whom to call, where to write, how to get help with a bill."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from caretill.core import clock
from caretill.letters.letterhead import hours_in_words
from caretill.regions import rules
from caretill.regions.catalog import organisation
from caretill.web import hours, notices, preferences
from caretill.web.page import accepts, page, region_of


@accepts("GET")
def help_region(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything about reaching one region."""
    region = region_of(slug)
    language = preferences.of(request).language
    return page(
        request,
        "help.html",
        region=region,
        is_open=rules.support_open(region, clock.now()),
        hour_lines=hours_in_words(region, language),
        zone=hours.zone_text(region, language),
        texts=notices.texts(organisation(), region, language),
    )


@accepts("GET")
def help_regions(request: HttpRequest) -> HttpResponse:
    """Choose a region to see its numbers."""
    return page(request, "help_regions.html", spot="")


@accepts("GET")
def help_paying(request: HttpRequest) -> HttpResponse:
    """The address that every bill prints for help with paying; each region has its own telephone for it."""
    return page(request, "help_regions.html", spot="#paying")


@accepts("GET")
def languages(request: HttpRequest, slug: str) -> HttpResponse:
    """Free help in other languages (rules.md ACC-2), with the region's telephone."""
    region = region_of(slug)
    return page(request, "languages.html", region=region, lines=notices.lines(organisation(), region))
