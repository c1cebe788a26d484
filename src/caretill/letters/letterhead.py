"""What every paper of one region and language shares: names, addresses, look, hours, help. Made once, then kept."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from caretill.core.words import say
from caretill.letters import pdf
from caretill.letters.dates import day_range, span
from caretill.letters.glyphs import AnyScript, covered
from caretill.regions.catalog import Organisation, Region, Span, organisation

# Han characters are drawn differently in each of these; other scripts find their font by themselves.
FACES = {"zh-Hant": "Noto Sans CJK TC", "ja": "Noto Sans CJK JP", "ko": "Noto Sans CJK KR"}

# A telephone number keeps its order inside a line that runs from right to left.
LTR, END = "\u2066", "\u2069"


@dataclass(frozen=True, eq=False)
class Letterhead:
    """The standing part of a paper. `frame` is the JSON that the templates read; the rest goes into sentences."""

    name: str
    legal_name: str
    language: str
    frame: str
    brand: str
    on_brand: str
    time_zone: str
    public_url: str
    site: str
    phone: str
    tty: str
    email: str
    help_title: str
    help_text: str
    billing_title: str
    billing_text: str
    hours: tuple[str, ...]
    mail_address: tuple[str, ...]
    payees: Mapping[str, str]
    labels: Mapping[str, str]
    places: Mapping[str, str]


def letterhead(region: str, language: str) -> Letterhead:
    """The letterhead of a region of the organisation in use. Raises UnknownRegion."""
    return _made(organisation(), region, language, settings.CARETILL_PUBLIC_URL.rstrip("/"))


@functools.lru_cache(maxsize=256)
def _made(org: Organisation, slug: str, language: str, public_url: str) -> Letterhead:
    region = org.region(slug)
    return make_letterhead(org, region, language, public_url)


def make_letterhead(org: Organisation, region: Region, language: str, public_url: str) -> Letterhead:
    """The same from given parts; no setting is asked."""
    bills, help_paying = region.contact("medical_bills"), region.contact("help_paying")
    site = urlsplit(public_url).netloc or public_url
    fills = {
        "name": org.name,
        "short_name": org.short_name,
        "website": site,
        "phone": bills.phone,
        "tty": bills.tty,
        "email": bills.email,
        "mail_address": ", ".join(region.mail_address_lines),
    }
    help_fills = {**fills, "phone": help_paying.phone, "tty": help_paying.tty, "email": help_paying.email}
    texts = org.texts[language]
    return Letterhead(
        name=org.name,
        legal_name=org.legal_name,
        language=language,
        frame=pdf.dump({**_frame(org, language), "languages": _language_lines(org, language, fills)}),
        brand=org.theme["light"]["brand"],
        on_brand=org.theme["light"]["on_brand"],
        time_zone=region.time_zone,
        public_url=public_url,
        site=site,
        phone=bills.phone,
        tty=bills.tty,
        email=bills.email,
        help_title=texts["assistance_notice"]["title"].format(**help_fills),
        help_text=texts["assistance_notice"]["text"].format(**help_fills),
        billing_title=texts["billing_notice"]["title"].format(**fills),
        billing_text=texts["billing_notice"]["text"].format(**fills),
        hours=hours_in_words(region, language),
        mail_address=region.mail_address_lines,
        payees={key: payee.legal_name for key, payee in org.payees.items()},
        labels={name: field.label[language] for name, field in region.fields.items()},
        places={name: field.place for name, field in region.fields.items()},
    )


def _frame(org: Organisation, language: str) -> dict[str, Any]:
    colours = org.theme["light"]
    return {
        "lang": language,
        "name": org.name,
        "address": list(org.address_lines),
        "logo": Path(org.logo_paper_svg).read_text(encoding="utf-8"),
        "logo_alt": say(language, "statement.logo", organisation=org.name),
        "brand": colours["brand"],
        "text": colours["text"],
        "quiet": colours["text_quiet"],
        "ring": colours["paper_ring"],
    }


def _language_lines(org: Organisation, language: str, fills: Mapping[str, str]) -> list[dict[str, str]]:
    """The offers of help in other languages (rules.md ACC-2), those with pages of their own first."""
    fonts = pdf.font_folders()
    lines = sorted(org.language_lines, key=lambda each: (each.language not in org.languages, each.language))
    return [
        {
            "lang": line.language.partition("-")[0],
            "face": FACES.get(line.language, ""),
            "dir": line.direction,
            "text": AnyScript(_one_piece(line.text).format(**fills)),
        }
        for line in lines
        if line.language != language and covered(line.text, fonts)
    ]


def _one_piece(text: str) -> str:
    """The text with its telephone number and the relay service's each in a piece that reads from left to right."""
    for piece in ("{phone}", "TTY {tty}"):
        text = text.replace(piece, f"{LTR}{piece}{END}")
    return text


def lines_without_font(org: Organisation) -> list[str]:
    """The languages whose offer of help cannot be printed: no font has all of its characters."""
    fonts = pdf.font_folders()
    return [line.language for line in org.language_lines if not covered(line.text, fonts)]


def hours_in_words(region: Region, language: str) -> tuple[str, ...]:
    """`Monday to Friday: 8 a.m. to 6 p.m.`, days with the same hours together, closed days left out."""
    said = []
    for spans, days in groupby(range(7), key=lambda day: region.hours.get(day, ())):
        if spans:
            named = day_range(days, language)
            said.append(f"{named[0].upper()}{named[1:]}: {_spans(spans, language)}")
    return tuple(said)


def _spans(spans: tuple[Span, ...], language: str) -> str:
    return ", ".join(span(each.opens, each.closes, language) for each in spans)
