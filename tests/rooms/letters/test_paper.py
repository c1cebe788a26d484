"""Pictures of the paper: every spot of every region is on it, ringed by the template, small enough to send."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from caretill.core.words import LANGUAGES
from caretill.letters import paper, pdf
from caretill.letters.crop import Box, crop
from caretill.letters.letterhead import letterhead
from caretill.letters.statement_page import statement_page
from caretill.regions import catalog

SVG = "{http://www.w3.org/2000/svg}"
SPOTS = [(each.slug, spot) for each in catalog.regions() for spot in sorted(each.spots)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("slug", "spot"), SPOTS)
def test_every_spot_of_every_region_has_its_ring(slug: str, spot: str, language: str) -> None:
    made = paper.picture(slug, spot, language)
    assert len(made) <= 40 * 1024
    root = ET.fromstring(made)
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == paper.alt_text(slug, spot, language)
    ring = catalog.organisation().theme["light"]["paper_ring"]
    assert [each for each in root.iter(f"{SVG}path") if each.get("stroke") == ring], "the ring is drawn"
    assert any(each.get("data-typst-label") == f"spot-{spot}" for each in root.iter(f"{SVG}g"))


@pytest.mark.parametrize("slug", [each.slug for each in catalog.regions()])
def test_without_a_spot_the_numbers_are_shown_without_a_ring(slug: str) -> None:
    made = paper.picture(slug, None, "en")
    assert len(made) <= 40 * 1024
    assert catalog.organisation().theme["light"]["paper_ring"] not in made.decode()


def test_ring_and_crop_follow_the_element() -> None:
    """The template tells where the ring is: the number it surrounds stands at that place of the whole page."""
    page = statement_page(paper.sample_figures("california"), "en", letterhead("california", "en"))
    marks = {}
    for spot in ("bill_number", "account_number", "zip"):
        _, rings = pdf.svg_with_marks(
            "statement.typ", {**page, "ring": spot}, letterhead("california", "en").frame, "<ring>"
        )
        assert len(rings) == 1
        marks[spot] = rings[0]
    assert marks["bill_number"]["y"] < marks["account_number"]["y"]
    assert marks["zip"]["x"] < marks["bill_number"]["x"]
    view = ET.fromstring(paper.picture("california", "zip", "en")).get("viewBox", "").split()
    x, y, width, height = (float(each) for each in view)
    assert x <= marks["zip"]["x"] and marks["zip"]["x"] + marks["zip"]["width"] <= x + width
    assert y <= marks["zip"]["y"] and marks["zip"]["y"] + marks["zip"]["height"] <= y + height


def test_the_alternative_text_names_the_field() -> None:
    assert paper.alt_text("california", "health_record_number", "en") == (
        "Part of a sample bill. A ring marks this: Health record number."
    )
    assert "Número de historia clínica" in paper.alt_text("california", "health_record_number", "es")


def test_unknown_places() -> None:
    with pytest.raises(paper.UnknownSpot):
        paper.picture("california", "moon", "en")
    with pytest.raises(paper.UnknownSpot):
        paper.picture("colorado", "group_number", "en")
    with pytest.raises(catalog.UnknownRegion):
        paper.picture("atlantis", None, "en")


def test_the_key_changes_with_what_is_drawn() -> None:
    keys = {
        paper.picture_key(slug, spot, language)
        for slug in ("california", "georgia")
        for spot in (None, "pay_code")
        for language in LANGUAGES
    }
    assert len(keys) == 8
    assert all(re.fullmatch("[0-9a-f]{16}", key) for key in keys)


def test_a_region_file_moves_the_ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings_folder: Path) -> None:
    source = settings_folder / "regions" / "california.toml"
    text = source.read_text()
    moved = text.replace('place = "bill_group"', 'place = "group_block"')
    assert moved != text
    for path in settings_folder.rglob("*"):
        if path.is_file():
            target = tmp_path / path.relative_to(settings_folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    (tmp_path / "regions" / "california.toml").write_text(moved)
    before = paper.picture("california", "bill_group", "en")
    monkeypatch.setattr("django.conf.settings.CARETILL_ORGANISATION", tmp_path)
    place = catalog.region("california").fields["bill_group"].place
    assert place == "group_block"
    assert paper.picture("california", place, "en") != before


@pytest.fixture
def settings_folder() -> Path:
    return catalog.DEFAULT_FOLDER


def test_crop_keeps_only_what_is_inside() -> None:
    drawn = (
        '<svg viewBox="0 0 100 100" width="100pt" height="100pt" xmlns="http://www.w3.org/2000/svg"'
        ' xmlns:xlink="http://www.w3.org/1999/xlink">'
        '<g transform="translate(10 10)"><path fill="#000000" d="M 0 0h 5v 5Z "/></g>'
        '<g transform="translate(80 80)"><path fill="#000000" d="M 0 0l 5 5Z "/></g>'
        '<a xlink:href="https://example.org"><g transform="matrix(1 0 0 -1 12 12)">'
        '<use xlink:href="#long1" x="0" y="0" fill="#111111"/>'
        '<use xlink:href="#long2" x="90" y="0" fill="#111111"/></g></a>'
        '<defs><symbol id="long1" overflow="visible"><path d="M 0 0m 0.126 0l -0.5 1.0Z "/></symbol>'
        '<symbol id="long2" overflow="visible"><path d="M 0 0"/></symbol></defs></svg>'
    )
    made = crop(drawn, Box(0, 0, 50, 50), "A <title>")
    assert "long" not in made and "example.org" not in made and made.count("<use") == 1
    assert "<title>A &lt;title&gt;</title>" in made
    assert "m.13 0l-.5 1" in made
    assert "translate(80" not in made and 'viewBox="0 0 50 50"' in made
