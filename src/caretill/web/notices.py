"""The organisation's own texts with a region's telephone and addresses in them (rules.md BIL-1, ACC-2)."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings
from markupsafe import Markup, escape

from caretill.regions.models import LanguageLine, Organisation, Region

# What a text is about, where it is not help with paying.
_ABOUT = {"terms": "technical", "paperless": "medical_bills"}


@functools.lru_cache(maxsize=64)
def texts(organisation: Organisation, region: Region, language: str) -> Mapping[str, Mapping[str, str]]:
    """Every text of `notices/`, its title and its text, filled with the region's contact for what it is about."""
    return {
        key: {part: words.format(**_fills(organisation, region, key)).strip() for part, words in parts.items()}
        for key, parts in organisation.texts[language].items()
    }


def _fills(organisation: Organisation, region: Region, key: str) -> dict[str, str]:
    contact = region.contact(_ABOUT.get(key, "help_paying"))
    return {
        "name": organisation.name,
        "short_name": organisation.short_name,
        "website": urlsplit(settings.CARETILL_PUBLIC_URL).netloc,
        "phone": contact.phone,
        "tty": contact.tty,
        "email": contact.email,
        "mail_address": ", ".join(region.mail_address_lines),
    }


def lines(organisation: Organisation, region: Region) -> tuple[tuple[LanguageLine, str], ...]:
    """The offers of free help in other languages, with a region's telephone."""
    contact = region.contact("medical_bills")
    ranked = sorted(
        organisation.language_lines, key=lambda each: (each.language not in organisation.languages, each.name)
    )
    # A telephone number keeps its order in scripts that run right to left.
    phone, tty = (Markup('<bdi dir="ltr">{}</bdi>').format(each) for each in (contact.phone, contact.tty))
    return tuple((each, Markup(escape(each.text)).format(phone=phone, tty=tty)) for each in ranked if each.text)
