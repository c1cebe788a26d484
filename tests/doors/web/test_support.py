"""Help by region and topic: every way to reach somebody, whether anybody answers just now, and pages besides bills."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from caretill.core import clock
from caretill.core.words import say
from caretill.regions.catalog import organisation, regions
from caretill.regions.models import LINKS, TOPICS

XHTML = "{http://www.w3.org/1999/xhtml}"
EVENING = datetime(2026, 3, 5, 3, 30, tzinfo=UTC)  # a Wednesday, 7:30 p.m. in California
AFTERNOON = datetime(2026, 3, 5, 2, 30, tzinfo=UTC)  # the same, 4:30 p.m. in Hawaii


def cards(tree: Any) -> dict[str, str]:
    """The words of each topic's card."""
    return {
        each.get("id"): " ".join("".join(each.itertext()).split())
        for each in tree.iter(f"{XHTML}li")
        if each.get("id") in TOPICS
    }


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("slug", [region.slug for region in regions()])
def test_every_topic_of_every_region_says_all_ways_to_reach_it(
    payer: Client, parse: Callable[[bytes], Any], slug: str, language: str
) -> None:
    found = cards(parse(payer.get(f"/help/{slug}/", HTTP_ACCEPT_LANGUAGE=language).content))
    region = organisation().region(slug)
    assert list(found) == ["medical_bills", "help_paying", "technical", "premium", "employer"]
    for contact in region.contacts:
        card = found[contact.topic]
        assert say(language, f"help.topic.{contact.topic}") in card
        assert contact.phone in card and contact.tty in card and contact.email in card
        assert not contact.fax or contact.fax in card
        assert all(line in card for line in contact.mail_address_lines)
        assert not contact.spoken or contact.spoken[language] in card
    assert sum(bool(contact.fax) for contact in region.contacts) == 3


@pytest.mark.parametrize(
    ("slug", "at", "bills", "premium"),
    [
        ("california", EVENING, "We are closed now. We open tomorrow at 7 a.m.", "We are open now. We close at 8 p.m."),
        ("hawaii", AFTERNOON, "We are open now. We close at 5 p.m.", "We are open now. We close at 8 p.m."),
        (
            "hawaii",
            datetime(2026, 12, 25, 20, 0, tzinfo=UTC),
            "We are closed today for Christmas Day. We open tomorrow at 8 a.m.",
            "We are closed today for Christmas Day. We open Monday, December 28, at 8 a.m.",
        ),
    ],
)
def test_a_desk_is_open_by_its_own_hours_on_the_regions_clock(
    payer: Client, parse: Callable[[bytes], Any], slug: str, at: datetime, bills: str, premium: str
) -> None:
    with clock.fixed(at):
        found = cards(parse(payer.get(f"/help/{slug}/").content))
    assert bills in found["medical_bills"]
    assert premium in found["premium"]


def test_the_organisations_own_pages_are_named_and_open_without_telling_where_from(payer: Client) -> None:
    body = payer.get("/help/oregon/").content.decode()
    assert list(organisation().links) == list(LINKS)
    for name, address in organisation().links.items():
        link = re.search(rf'<a href="{re.escape(address)}" rel="noreferrer">([^<]+)</a>', body)
        assert link and link[1] == say("en", f"help.elsewhere.{name}")
