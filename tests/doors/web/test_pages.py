"""The pages before a bill is found: what stands on them, in both languages, with and without faults."""

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

PAGES = (
    "/",
    "/pay/",
    "/help/",
    "/help-paying",
    *(f"/pay/{region.slug}/" for region in regions()),
    *(f"/pay/{region.slug}/paper/" for region in regions()),
    *(f"/pay/{region.slug}/fields/{lookup.name}/" for region in regions() for lookup in region.lookups),
    *(f"/help/{region.slug}/" for region in regions()),
    *(f"/help/{region.slug}/languages/" for region in regions()),
)
XHTML = "{http://www.w3.org/1999/xhtml}"


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_sound_html_with_one_heading(
    payer: Client, parse: Callable[[bytes], Any], path: str, language: str
) -> None:
    answer = payer.get(path, HTTP_ACCEPT_LANGUAGE=language)
    assert answer.status_code == 200
    tree = parse(answer.content)
    assert tree.get("lang") == language == answer["Content-Language"]
    assert len(list(tree.iter(f"{XHTML}h1"))) == 1
    ids = [each.get("id") for each in tree.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    labelled = {each.get("for") for each in tree.iter(f"{XHTML}label")}
    typed = [each for each in tree.iter(f"{XHTML}input") if each.get("type") != "hidden"]
    assert {each.get("id") for each in typed} <= labelled
    for each in tree.iter():
        for name in ("aria-describedby", "aria-labelledby"):
            assert set((each.get(name) or "").split()) <= set(ids)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_brings_no_script_no_style_of_its_own_and_no_other_host(payer: Client, path: str) -> None:
    body = payer.get(path).content.decode()
    assert "<script" not in body and "<style" not in body and " style=" not in body
    assert not re.search(r"\son[a-z]+=", body)
    # Pages of the organisation's own may be linked; nothing is fetched from them.
    for address in organisation().links.values():
        body = body.replace(f'<a href="{address}" rel="noreferrer">', "<a>")
    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", body)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_kept_to_itself(payer: Client, path: str) -> None:
    answer = payer.get(path)
    assert answer["Cache-Control"] == "no-store"
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert len(answer.content) <= 12 * 1024


@pytest.mark.parametrize(
    ("typed", "slug"),
    [
        ("94110", "california"),
        ("94110-1234", "california"),
        ("hawaii", "hawaii"),
        ("Hawái", "hawaii"),
        ("dc", "district-of-columbia"),
    ],
)
def test_a_place_leads_to_its_region(payer: Client, typed: str, slug: str) -> None:
    answer = payer.post("/pay/", {"place": typed})
    assert (answer.status_code, answer["Location"]) == (303, f"/pay/{slug}/")


@pytest.mark.parametrize(
    ("typed", "key"), [("", "missing"), ("   ", "missing"), ("Narnia", "unknown"), ("99999", "unknown")]
)
def test_a_place_we_do_not_know_is_said_and_kept(payer: Client, typed: str, key: str) -> None:
    answer = payer.post("/pay/", {"place": typed})
    body = answer.content.decode()
    assert answer.status_code == 422
    assert body.count(say("en", f"find.where.error.{key}")) == 2
    assert '<a href="#place">' in body and 'aria-invalid="true"' in body and "autofocus" in body
    assert "<title>Error: " in body
    assert f'value="{typed.strip()}"' in body


def test_every_region_is_in_the_list(payer: Client) -> None:
    body = payer.get("/pay/").content.decode()
    for region in organisation().regions:
        assert f'<a href="/pay/{region.slug}/">{region.name["en"]}</a>' in body


def test_an_unknown_region_or_lookup_has_no_page(payer: Client) -> None:
    for path in ("/pay/narnia/", "/pay/narnia/paper/", "/help/narnia/", "/pay/california/fields/horoscope/"):
        assert payer.get(path).status_code == 404


def test_the_find_page_names_every_number_of_the_region(payer: Client) -> None:
    for region in regions():
        body = payer.get(f"/pay/{region.slug}/").content.decode()
        for kind in region.number_kinds:
            assert region.fields[kind].label["en"] in body
        assert region.contact("medical_bills").phone in body


def test_help_says_whether_somebody_answers_the_telephone(payer: Client) -> None:
    with clock.fixed(datetime(2026, 3, 4, 20, 0, tzinfo=UTC)):  # a Wednesday, noon in California
        assert "We are open now." in payer.get("/help/california/").content.decode()
    with clock.fixed(datetime(2026, 3, 4, 11, 0, tzinfo=UTC)):
        assert "We are closed now." in payer.get("/help/california/").content.decode()


def test_help_in_fifteen_languages_more(payer: Client) -> None:
    body = payer.get("/help/hawaii/languages/").content.decode()
    for line in organisation().language_lines:
        assert f'lang="{line.language}" dir="{line.direction}"' in body
    assert body.count('<bdi dir="ltr">(808) 555-0110</bdi>') >= 15


def test_files_may_be_kept_for_ever_and_pages_name_them(payer: Client) -> None:
    body = payer.get("/").content.decode()
    for path in re.findall(r"/assets/[\w.]+", body):
        answer = payer.get(path, HTTP_ACCEPT_ENCODING="gzip")
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer["Content-Encoding"] == "gzip"
        assert "Content-Encoding" not in payer.get(path)
    assert payer.get("/assets/site.000000000000.css").status_code == 404
    assert payer.get("/assets/../settings.py").status_code == 404


@pytest.mark.parametrize("language", ["en", "es"])
def test_beside_each_field_stands_the_paper_with_its_place_ringed(payer: Client, language: str) -> None:
    body = payer.get("/pay/maryland/fields/bill/", HTTP_ACCEPT_LANGUAGE=language).content.decode()
    pictures = re.findall(r'<img class="paper" src="([^"]+)" alt="([^"]+)"', body)
    assert len(pictures) == 3
    for path, shows in pictures:
        answer = payer.get(path, HTTP_ACCEPT_ENCODING="gzip")
        assert (answer["Content-Type"], answer["Content-Encoding"]) == ("image/svg+xml", "gzip")
        assert "immutable" in answer["Cache-Control"]
        assert shows and len(answer.content) <= 16 * 1024


def test_a_picture_of_an_older_page_is_shown_and_not_kept(payer: Client) -> None:
    answer = payer.get("/pay/oregon/paper/en/zip.0000000000000000.svg")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")


@pytest.mark.parametrize(
    "path", ["narnia/paper/en/zip.0.svg", "oregon/paper/xx/zip.0.svg", "oregon/paper/en/soul.0.svg"]
)
def test_there_is_no_picture_of_anything_else(payer: Client, path: str) -> None:
    assert payer.get(f"/pay/{path}").status_code == 404


def test_the_first_page_with_all_it_fetches_is_small(payer: Client) -> None:
    body = payer.get("/").content
    paths = set(re.findall(rb"/assets/[\w.]+", body))
    total = len(body) + sum(len(payer.get(path.decode(), HTTP_ACCEPT_ENCODING="gzip").content) for path in paths)
    assert len(paths) + 1 <= 10
    assert total <= 60 * 1024
