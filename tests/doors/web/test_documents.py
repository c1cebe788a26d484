"""Sending papers from a page: guests and members, a receipt number, and what is refused is said."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from caretill.core import sql
from caretill.core.words import say
from caretill.formats.papers import LARGEST_BYTES
from caretill.intake import documents
from house.cast import a_bill
from house.member import a_member
from house.sent_papers import jpeg, pdf

SEND = "/help/oregon/send/"
WORDS = {"about": "bill", "name": "Juana Solano", "number": "H0012345678"}


def file(body: bytes, name: str = "bill.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, body)


def stored() -> int:
    row = sql.one("SELECT count(*) AS n FROM intake_document")
    assert row is not None
    return int(row["n"])


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_guest_sends_papers_and_gets_a_number(client: Client, parse: Callable[[bytes], Any], language: str) -> None:
    speak = {"HTTP_ACCEPT_LANGUAGE": language}
    assert SEND in client.get("/help/oregon/").content.decode()
    parse(client.get(SEND, **speak).content)
    answer = client.post(SEND, WORDS | {"files": [file(pdf()), file(jpeg(), "a.jpg")]})
    assert answer.status_code == 303
    page = client.get(answer["Location"], **speak)
    parse(page.content)
    shown = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{3}", page.content.decode())
    assert shown and say(language, "documents.sent.title") in page.content.decode()
    assert [each.number for each in documents.waiting()] == [shown[0].replace("-", "")]
    assert "Solano" not in answer["Location"] and "Solano" not in page.content.decode()


def test_a_large_file_comes_in_whole(client: Client) -> None:
    large = pdf(stream=b"5 0 obj\n<< >>\nstream\n" + b"0" * (9 * 1024 * 1024) + b"\nendstream\nendobj\n")
    assert client.post(SEND, WORDS | {"files": [file(large)]}).status_code == 303
    assert documents.waiting()[0].size_bytes > len(large)


def test_what_is_too_large_for_all_gets_a_page_and_leaves_nothing(client: Client) -> None:
    answer = client.post(SEND, WORDS | {"files": [file(b"%PDF-" + b"0" * (LARGEST_BYTES + 70_000))]})
    assert answer.status_code == 413 and say("en", "errors.s413.title") in answer.content.decode()
    assert stored() == 0


def test_only_this_page_takes_large_posts(client: Client) -> None:
    for path in ("/pay/oregon/", "/help/oregon/", "/sign-in/", "/help/oregon/send/more/"):
        assert client.post(path, {"files": [file(b"0" * 70_000)]}).status_code == 413, path


@pytest.mark.parametrize(
    ("files", "key"),
    [
        ([], "none"),
        ([file(b"MZ", "bill.exe")], "kind"),
        ([file(pdf(), "bill.pdf.exe")], "name_wrong"),
        ([file(pdf(b"/S /JavaScript"))], "active"),
        ([file(pdf(b"/Encrypt 1 0 R"))], "locked"),
        ([file(jpeg()[:20], "a.jpg")], "broken"),
        ([file(b"")], "empty"),
        ([file(pdf()) for _ in range(6)], "many"),
    ],
)
@pytest.mark.parametrize("language", ["en", "es"])
def test_what_is_wrong_is_said_and_words_are_kept(
    client: Client, parse: Callable[[bytes], Any], files: list[SimpleUploadedFile], key: str, language: str
) -> None:
    for each in files:
        each.seek(0)
    answer = client.post(SEND, WORDS | {"files": files}, HTTP_ACCEPT_LANGUAGE=language)
    body = answer.content.decode()
    assert answer.status_code == 422 and stored() == 0
    parse(answer.content)
    assert body.count(say(language, f"documents.error.{key}").format(place=1, most=5)) == 2
    assert 'value="Juana Solano"' in body and 'value="H0012345678"' in body and 'value="bill" checked' in body
    assert '<a href="#files">' in body


def test_a_members_papers_are_the_logins_own(client: Client) -> None:
    member = a_member(a_bill(14_000).account_id)
    browser = member.client()
    assert say("en", "account.nav.home") in browser.get(SEND).content.decode()
    answer = browser.post(SEND, WORDS | {"files": [file(pdf())]})
    assert answer.status_code == 303 and browser.get(answer["Location"]).status_code == 200
    row = sql.one("SELECT owner_id FROM intake_document")
    assert row is not None and row["owner_id"] == member.login_id


def test_a_form_of_somebody_elses_page_sends_nothing(client: Client) -> None:
    browser = a_member(None).client()
    answer = browser.post(SEND, WORDS | {"who": "somebody else", "files": [file(pdf())]})
    assert answer.status_code == 409 and stored() == 0


def test_more_than_ten_an_hour_from_one_network_are_refused(client: Client) -> None:
    answers = [client.post(SEND, WORDS | {"files": [file(pdf())]}).status_code for _ in range(11)]
    assert answers == [303] * 10 + [429] and stored() == 10


def test_a_receipt_nobody_was_given_is_not_there(client: Client) -> None:
    assert client.get("/help/oregon/sent/abc/").status_code == 404
    assert client.get("/help/narnia/send/").status_code == 404
