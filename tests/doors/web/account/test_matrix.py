"""Every address and every paper, for everybody who may come: the table of `docs/access.md`, 0 wrong answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.urls import get_resolver, reverse

from caretill.core import clock, sql
from caretill.people.viewer import Reach
from caretill.web import urls
from house import who_sees
from house.desk import Desk, processor_desk
from house.matrix_world import CARE, NAMES, World, care_in, names_in, said, world
from house.who_sees import VIEWERS, Line

__all__ = ["processor_desk"]
NOON = datetime(2026, 11, 22, 20, tzinfo=UTC)
DOCS = Path(__file__).resolve().parents[4] / "docs"
CHOSEN = ("member_pay", "schedule", "plan_offer")  # a bill is named behind the address
# Parts of addresses that name nobody's.
PLAIN: dict[str, tuple[object, ...]] = {
    "find": ("oregon",), "fields": ("oregon", "zip"), "paper": ("oregon",), "nothing_owed": ("oregon",),
    "code": ("oregon",), "code_enter": ("oregon",), "picture": ("oregon", "en", "numbers", "x"),
    "callbacks": ("sandbox",), "paycode": ("0000000000000",), "receipt_scanned": ("0000",), "help": ("oregon",),
    "languages": ("oregon",), "send_documents": ("oregon",), "documents_sent": ("oregon", "x"), "icon": ("any", 1),
    "manifest": ("en",), "worker_script": ("en",), "offline": ("en",), "asset": ("nothing.css",),
    "reset_password": ("x",), "undo": ("x",), "stop": ("x",),
    "forgot_email_facts": ("oregon",), "forgot_password_facts": ("oregon",), "forgot_invited": ("oregon",),
    "paper_sample": ("oregon", "en"),
}  # fmt: skip


def names() -> set[str]:
    """Every address the site has."""
    return {str(name) for name in get_resolver(urls.__name__).reverse_dict if isinstance(name, str)}


def test_every_address_has_a_line() -> None:
    told = {line.name for line in who_sees.lines()}
    assert names() - told == set(), "say in tests/house/who_sees.txt what each visitor gets there"
    assert told - names() == set()


def test_answers_are_words_that_are_explained() -> None:
    used = {answer for line in who_sees.lines() for answer in line.answers.values()}
    assert used <= who_sees.ANSWERS.keys()


def test_the_page_is_what_the_table_says() -> None:
    assert (DOCS / "access.md").read_text(encoding="utf-8") == who_sees.document()


@pytest.fixture
def made(processor: Desk) -> Iterator[World]:
    with clock.fixed(NOON):
        yield world(processor)


def path(made: World, line: Line) -> str:
    parts = made.parts.get((line.name, line.about)) or PLAIN.get(line.name, ())
    return reverse(line.name, args=parts, urlconf=urls.__name__)


def asked(made: World, line: Line, viewer: str) -> tuple[str, list[str]]:
    """The answer in a word, and what it says that is not the viewer's. Nothing that it changes stays."""
    browser = made.browsers[viewer]
    kept = browser.cookies.copy()
    with transaction.atomic():
        sent = made.chosen(line.about) if line.name in CHOSEN and line.about != "-" else {}
        answer = getattr(browser, line.method.lower())(path(made, line), sent)
        transaction.set_rollback(True)
    browser.cookies = kept
    text = said(answer)
    care, named = care_in(text), names_in(text)
    wrong = [f"care of {name}" for name in sorted(care - CARE[viewer])]
    wrong += [f"name of {name}" for name in sorted(named - NAMES[viewer])]
    return word(answer, line, care), wrong


def word(answer: Any, line: Line, care: frozenset[str]) -> str:
    status = answer.status_code
    if status in (302, 303):
        return "in" if answer["Location"].startswith("/sign-in/") else "on"
    if status == 200:
        if line.about in ("-", "account") or line.name.startswith(("household", "invite")):
            return "page"
        return "care" if line.about in care else "owed"
    return {401: "in", 404: "none", 410: "over"}.get(status, "not" if status < 500 else f"{status}")


def test_everybody_gets_what_is_theirs_and_nothing_else(made: World) -> None:
    wrong = []
    for line in who_sees.lines():
        for viewer in VIEWERS:
            got, leaks = asked(made, line, viewer)
            if got != line.answers[viewer]:
                wrong.append(f"{line.method} {line.name} {line.about}, {viewer}: {got}, not {line.answers[viewer]}")
            wrong += [f"{line.method} {line.name} {line.about}, {viewer}: tells the {leak}" for leak in leaks]
    assert not wrong, f"{len(wrong)} wrong:\n" + "\n".join(wrong)


def test_a_door_left_open_is_seen(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reach, "opens", lambda *_, **__: True)
    private = Line("GET", "member_bill", "Olmo", {})
    assert asked(made, private, "holder") == ("care", ["care of Olmo"])
    monkeypatch.setattr(Reach, "level", lambda *_: "manage")
    assert asked(made, Line("GET", "member_bill", "Ane", {}), "see") == ("care", ["care of Ane", "name of Ane"])


@pytest.mark.slow
def test_what_is_taken_back_is_gone_everywhere(made: World) -> None:
    sql.execute("UPDATE people_access SET ended_at = %s WHERE level IN ('see', 'pay', 'manage')", (clock.now(),))
    wrong = []
    for line in who_sees.lines():
        if line.about == "-":
            continue
        for viewer in ("see", "pay", "manage"):
            got, _ = asked(made, line, viewer)
            if got != line.answers["stranger"]:
                wrong.append(f"{line.method} {line.name} {line.about}, {viewer}: {got} as if nothing was taken back")
    assert not wrong, "\n".join(wrong)
