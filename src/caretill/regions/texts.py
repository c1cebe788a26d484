"""The organisation's own words on a page or paper, filled for a region (rules.md BIL-1, ACC-2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from caretill.regions.models import Organisation, Region


@dataclass(frozen=True)
class Text:
    """A title and its paragraphs."""

    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class HelpLine:
    """Free help with the language, said in that language: `language` and `direction` go into its element."""

    language: str
    name: str
    direction: str
    text: str


def own_text(organisation: Organisation, region: Region, language: str, key: str) -> Text:
    """One of the organisation's texts (`billing_notice`, `assistance_notice`, `assistance_summary`) for a region."""
    fills = _fills(organisation, region)
    text = organisation.texts[language][key]
    return Text(text["title"].format(**fills), tuple(text["text"].format(**fills).split("\n\n")))


def help_lines(organisation: Organisation, region: Region) -> tuple[HelpLine, ...]:
    """The line that offers free language help, in every language the organisation has it in; English first."""
    fills = _fills(organisation, region)
    lines = sorted(organisation.language_lines, key=lambda line: (line.language != "en", line.language))
    return tuple(HelpLine(line.language, line.name, line.direction, line.text.format(**fills)) for line in lines)


def _fills(organisation: Organisation, region: Region) -> Mapping[str, str]:
    contact = region.contact("help_paying")
    return {
        "name": organisation.name,
        "short_name": organisation.short_name,
        "website": organisation.website_host,
        "phone": contact.phone,
        "tty": contact.tty,
        "email": contact.email,
        "mail_address": ", ".join(region.mail_address_lines),
    }
