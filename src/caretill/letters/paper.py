"""Pictures of the paper for "Where do I find this?": the statement with a region's sample values, one spot ringed.

The ring is drawn by the statement's own template around the element that carries the spot's name, and the field's spot
comes from the region file. So paper, ring and form cannot drift apart.
"""

from __future__ import annotations

import functools
import hashlib
from typing import Any

from django.conf import settings

from caretill.core.ids import clean_pay_code, code_from
from caretill.core.words import say
from caretill.letters import pdf
from caretill.letters.crop import Box, crop
from caretill.letters.letterhead import Letterhead, letterhead
from caretill.letters.statement_page import statement_page
from caretill.regions.catalog import PAPER_SPOTS, Organisation, organisation, region

WIDTH, HEIGHT = 306.0, 190.0
_PAGE_WIDTH, _PAGE_HEIGHT, _MARGIN = 612.0, 792.0, 12.0
# Without a ring the picture shows the numbers: they stand at the top right.
_NUMBERS = Box(_PAGE_WIDTH - WIDTH, 0.0, WIDTH, HEIGHT)


class UnknownSpot(LookupError):
    """A spot that this region's paper does not have."""


def picture(region_slug: str, spot: str | None, language: str) -> bytes:
    """A part of the region's statement as SVG, `spot` ringed; without a spot, its box of numbers. At most 40 KB.

    Made at the first call and kept while organisation and address stay. Raises UnknownRegion, UnknownSpot.
    """
    return _picture(organisation(), region_slug, spot, language, settings.CARETILL_PUBLIC_URL)


def picture_key(region_slug: str, spot: str | None, language: str) -> str:
    """Sixteen hex digits that change whenever the picture would: for a file name that may be cached for good."""
    return _key(organisation(), region_slug, spot, language, settings.CARETILL_PUBLIC_URL)


@functools.lru_cache(maxsize=512)
def _key(org: Organisation, slug: str, spot: str | None, language: str, public_url: str) -> str:
    frame = letterhead(slug, language).frame
    parts = (pdf.layout(), org.slug, slug, str(spot), language, public_url, frame, repr(_examples(org, slug)))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


def alt_text(region_slug: str, spot: str | None, language: str) -> str:
    """What the picture shows, for who does not see it."""
    return _alt_text(letterhead(region_slug, language), spot, language)


def _alt_text(head: Letterhead, spot: str | None, language: str) -> str:
    if spot is None:
        return say(language, "statement.picture.plain")
    labels = [head.labels[name] for name, place in head.places.items() if place == spot]
    label = ", ".join(labels) or say(language, f"statement.numbers.{spot}")
    return say(language, "statement.picture.ring", label=label)


@functools.lru_cache(maxsize=512)
def _picture(org: Organisation, slug: str, spot: str | None, language: str, public_url: str) -> bytes:
    head = letterhead(slug, language)
    if spot is not None and spot not in PAPER_SPOTS:
        raise UnknownSpot(spot)
    page = statement_page(sample_figures(slug), language, head)
    page["ring"] = spot or ""
    drawn, rings = pdf.svg_with_marks("statement.typ", page, head.frame, "<ring>")
    if spot is not None and len(rings) != 1:
        raise UnknownSpot(spot)
    part = _around(rings[0]) if rings else _NUMBERS
    return crop(drawn, part, _alt_text(head, spot, language)).encode()


def _around(ring: dict[str, float]) -> Box:
    """The left or right half of the page with the ring at middle height; the ring's middle, where no half holds it."""
    x, y = ring["x"] + ring["width"] / 2 - WIDTH / 2, ring["y"] + ring["height"] / 2 - HEIGHT / 2
    for half in (0.0, _PAGE_WIDTH - WIDTH):
        if half + _MARGIN <= ring["x"] and ring["x"] + ring["width"] <= half + WIDTH - _MARGIN:
            x = half
    return Box(
        round(min(max(x, 0.0), _PAGE_WIDTH - WIDTH)), round(min(max(y, 0.0), _PAGE_HEIGHT - HEIGHT)), WIDTH, HEIGHT
    )


def _examples(org: Organisation, slug: str) -> dict[str, str]:
    return {name: field.example for name, field in org.region(slug).fields.items()}


def sample_figures(slug: str) -> dict[str, Any]:
    """The figures of a made-up bill with the region's own example for each of its fields."""
    place = region(slug)
    given = _examples(organisation(), slug)
    last = given.get("last_name", "Rivera")
    line = {"service_date": "2026-03-02", "text": "Office visit", "code": "", "units": "1"}
    money = {"charge_cents": 30_000, "discount_cents": 9_000, "plan_paid_cents": 15_000, "copay_cents": 6_000}
    return {
        "region": slug,
        "number": given.get("bill_number", "P0012345678"),
        "pay_code": clean_pay_code(given.get("pay_code", "")) or code_from(b"sample"),
        "kind": "professional",
        "payee": place.payees["professional"],
        "patient_name": f"Sam {last}",
        "guarantor_last": last,
        "provider_name": "Dr. Alex Sample",
        "service_from": "2026-03-02",
        "service_to": "2026-03-02",
        "issue_date": "2026-03-10",
        "due_date": "2026-04-09",
        "status": "open",
        "mail_to": {
            "name": f"Sam {last}",
            "lines": ["1 Sample Street", f"Sample Town, {place.code} {given.get('zip', '00000')}"],
        },
        **{name: given.get(name, "") for name in _NUMBERS_PRINTED},
        "charged_cents": 30_000,
        "discount_cents": 9_000,
        "plan_paid_cents": 15_000,
        "written_off_cents": 0,
        "desk_paid_cents": 0,
        "elsewhere_paid_cents": 0,
        "paid_here_cents": 0,
        "your_part_cents": 6_000,
        "open_cents": 6_000,
        "pending_cents": 0,
        "payable_cents": 6_000,
        "credit_cents": 0,
        "lines": [{**line, **money}],
        "changes": [],
        "payments": [],
    }


_NUMBERS_PRINTED = ("account_number", "health_record_number", "group_number", "subgroup", "bill_group")


def sample_pdf(region_slug: str, language: str) -> bytes:
    """A made-up bill of the region as PDF: who agrees to do without paper opens it first. Raises UnknownRegion."""
    return _sample_pdf(organisation(), region_slug, language, settings.CARETILL_PUBLIC_URL)


@functools.lru_cache(maxsize=64)
def _sample_pdf(org: Organisation, slug: str, language: str, public_url: str) -> bytes:
    head = letterhead(slug, language)
    return pdf.pdf("statement.typ", statement_page(sample_figures(slug), language, head), head.frame)
