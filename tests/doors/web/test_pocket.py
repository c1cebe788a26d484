"""The site as an app: the manifest, its pictures, the worker's script and the page for when there is no network."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from caretill.core.words import say
from caretill.regions.catalog import organisation
from house.cast import a_bill
from house.member import a_member


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_manifest_is_the_organisations_and_all_it_names_is_there(payer: Client, language: str) -> None:
    page = payer.get("/", HTTP_ACCEPT_LANGUAGE=language).content.decode()
    address = re.search(r'<link rel="manifest" href="([^"]+)">', page)
    assert address
    answer = payer.get(address[1])
    assert answer["Content-Type"] == "application/manifest+json"
    told = json.loads(answer.content)
    assert (told["name"], told["lang"]) == (organisation().name, language)
    assert told["theme_color"] == organisation().theme["light"]["brand"]
    assert [each["name"] for each in told["shortcuts"]] == [
        say(language, "pocket.shortcut.pay"),
        say(language, "pocket.shortcut.receipts"),
    ]
    for each in told["icons"]:
        picture = payer.get(each["src"])
        assert picture.status_code == 200 and picture["Content-Type"] == each["type"]
        if each["type"] == "image/png":
            wide = int(each["sizes"].partition("x")[0])
            assert picture.content[:8] == b"\x89PNG\r\n\x1a\n"
            assert [int.from_bytes(picture.content[at : at + 4], "big") for at in (16, 20)] == [wide, wide]
    assert {each["purpose"] for each in told["icons"]} == {"any", "maskable"}
    assert payer.get("/pay/").status_code == 200 and told["shortcuts"][0]["url"] == "/pay/"


def test_the_worker_keeps_no_page_but_the_one_for_no_network(payer: Client) -> None:
    answer = payer.get("/worker/en.js")
    assert answer["Service-Worker-Allowed"] == "/" and answer["Cache-Control"] == "no-cache"
    script = answer.content.decode()
    head = dict(re.findall(r"^const (\w+) = (.+);$", script, re.M))
    assert json.loads(head["OFFLINE"]) == "/offline/en/"
    kept = json.loads(head["FILES"])
    assert kept and all(re.fullmatch(r"/assets/\w+\.[0-9a-f]{12}\.\w+", each) for each in kept)
    assert ".put(" not in script, "nothing is kept beyond what stands in these two"
    assert all(payer.get(each).status_code == 200 for each in [*kept, "/offline/en/"])


def test_two_languages_keep_stores_of_their_own(payer: Client) -> None:
    stores = {payer.get(f"/worker/{each}.js").content.split(b"\n")[0] for each in ("en", "es")}
    assert len(stores) == 2


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_page_without_a_network_is_the_same_for_everybody(
    client: Client, parse: Callable[[bytes], Any], language: str
) -> None:
    path = f"/offline/{language}/"
    stranger = client.get(path)
    mine = a_member(a_bill(14_000).account_id).client().get(path)
    assert stranger.content == mine.content and not mine.cookies
    assert parse(mine.content).get("lang") == language
    body = mine.content.decode()
    for region in organisation().regions:
        assert region.contact("medical_bills").phone in body
    assert "csrf" not in body and "<script" not in body


def test_members_pages_start_the_worker_and_are_not_kept(client: Client) -> None:
    answer = a_member(a_bill(14_000).account_id).client().get("/account/")
    assert answer["Cache-Control"] == "no-store"
    assert re.search(r'<script src="/assets/pocket\.[0-9a-f]{12}\.js" data-worker="/worker/en\.js" defer>',
                     answer.content.decode())  # fmt: skip


@pytest.mark.parametrize(
    "path", ["/xx.webmanifest", "/worker/xx.js", "/offline/xx/", "/icon/plain/77.png", "/icon/soul/192.png"]
)
def test_there_is_nothing_else(payer: Client, path: str) -> None:
    assert payer.get(path).status_code == 404
