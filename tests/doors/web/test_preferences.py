"""Language and look: asked of the browser at first, then as chosen, and never a way to another site."""

from __future__ import annotations

import pytest
from django.test import Client

from caretill.web.preferences import accepted


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("es-MX,es;q=0.9,en;q=0.8", "es"),
        ("en;q=0.5,es;q=0.6", "es"),
        ("fr-FR,fr;q=0.9", "en"),
        ("de,es;q=0.1", "es"),
        ("", "en"),
        ("*;q=x,;;;,\x00", "en"),
    ],
)
def test_the_browser_is_asked_first(payer: Client, header: str, language: str) -> None:
    assert f'<html lang="{language}"' in payer.get("/help/", HTTP_ACCEPT_LANGUAGE=header).content.decode()


def test_weights_rank_languages() -> None:
    assert accepted("en;q=0.2, es-US, fr;q=0.7") == ("es", "fr", "en")


def test_an_address_may_bring_the_language_and_it_stays(payer: Client) -> None:
    assert '<html lang="es"' in payer.get("/help/?lang=es").content.decode()
    assert '<html lang="es"' in payer.get("/pay/").content.decode()
    assert '<html lang="es"' in payer.get("/pay/?lang=xx").content.decode()


def test_a_page_without_a_form_links_to_itself_in_the_other_language(payer: Client) -> None:
    assert '<a href="?lang=es" lang="es" hreflang="es">Español</a>' in payer.get("/help/").content.decode()


@pytest.mark.parametrize("name", ["language", "look"])
@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "\thttp:x"]
)
def test_a_choice_leads_back_to_us_only(payer: Client, name: str, back: str) -> None:
    answer = payer.get(f"/{name}", {"to": "es", "back": back})
    assert (answer.status_code, answer["Location"]) == (303, "/")


def test_a_choice_leads_back_and_is_kept(payer: Client) -> None:
    answer = payer.get("/look", {"to": "light", "back": "/help/hawaii/"})
    assert answer["Location"] == "/help/hawaii/"
    assert answer.cookies["theme"].value == "light" and answer.cookies["theme"]["httponly"]
    assert 'data-theme="light"' in payer.get("/help/").content.decode()
    payer.get("/language", {"to": "es"})
    assert '<html lang="es"' in payer.get("/help/").content.decode()
    assert "language" not in payer.get("/language", {"to": "xx"}).cookies
