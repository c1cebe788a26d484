"""Strangers guess by the thousand at registering and at the ways back in: nothing is linked, shown or told.

The limits are the real ones and the clock lets a day pass. Half of the guesses hold a number that exists.
"""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from caretill.core import clock, sql, tokens, work
from caretill.core.words import say
from caretill.regions import catalog
from caretill.web.account import recover, register, registering
from caretill.web.account.registering import Registering
from house.cast import a_bill
from house.faults.strangers import LAST_NAMES, World, bring_in, frequent_zips
from house.registrant import EMAIL, Registrant, facts

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
LINES = 12_000
GUESSES, HOURS, NETWORKS, KNOWN = int(os.environ.get("CARETILL_TEST_GUESSES", "10000")), 24, 2_000, 5
KINDS = ("any number", "a known number")
PAGES = ("register", "email", "password")
KIND = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Guess:
    """Facts for one of the three pages, from one network."""

    page: str
    kind: str
    region: str
    typed: dict[str, str]
    network: str


class Strangers:
    """Last names and ZIP codes by how often they occur; numbers of people drawn by lot, or known ones."""

    def __init__(self, known: list[dict[str, str]], prefixes: dict[str, str]) -> None:
        self.chance = random.Random(20261122)
        self.known, self.prefixes = known, prefixes

    def guesses(self, count: int) -> Iterator[Guess]:
        for turn in range(count):
            kind = self.chance.choice(KINDS)
            held = self.chance.choice(self.known)
            region = held["region"] if kind == "a known number" else self.chance.choice(list(self.prefixes))
            asked = catalog.region(region).register
            typed = {name: self._fact(name, region) for name in asked.fields}
            if kind == "a known number":
                typed[asked.number_field] = held[asked.number_field]
            address = int(self.chance.random() ** 2 * NETWORKS)
            page = PAGES[turn % len(PAGES)]
            yield Guess(page, kind, region, typed, f"10.0.{address >> 8}.{address & 255}")

    def _fact(self, name: str, region: str) -> str:
        if name == "last_name":
            return self.chance.choices(list(LAST_NAMES), list(LAST_NAMES.values()))[0]
        if name == "zip":
            zips, full = frequent_zips(self.prefixes[region])
            return self.chance.choices(zips, full)[0]
        shapes = {
            "account_number": lambda: f"F{self.chance.randrange(10**8):08d}",
            "health_record_number": lambda: f"{self.chance.randrange(10**9):09d}",
            "group_number": lambda: f"{self.chance.randrange(10**6):06d}",
            "subgroup": lambda: f"{self.chance.randrange(1000):03d}",
            "bill_group": lambda: f"{self.chance.choice('ABCDEF')}{self.chance.randrange(10)}",
        }
        return shapes[name]()


class Attack:
    """Posts guesses to the pages themselves, gives them the work they ask for, and counts what became of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.factory = RequestFactory()
        self.counts: Counter[tuple[str, str, str]] = Counter()
        self.shown: list[Guess] = []
        self.sent: set[tuple[str, str]] = set()
        monkeypatch.setattr(work, "solved", self._work)

    def _work(self, purpose: str, given: str, answer: str) -> bool:
        """Strangers have all the machines there are: work is taken as done."""
        return answer == "paid" and bool(tokens.unseal("work", given)["p"] == purpose)

    def try_(self, guess: Guess) -> None:
        answer = self._post(guess, guess.typed)
        if answer.status_code == 200 and b'name="work"' in answer.content:
            self.counts[guess.page, guess.kind, "asked for work"] += 1
            given = re.search(r'name="work" value="([^"]+)"', answer.content.decode())
            assert given
            answer = self._post(guess, guess.typed | {"work": given[1], "answer": "paid"})
        if answer.status_code == 429:
            self.counts[guess.page, guess.kind, "closed"] += 1
            return
        self.counts[guess.page, guess.kind, "looked up"] += 1
        if guess.page == "register":
            assert answer.status_code in (303, 422), answer.content[:500]
            if answer.status_code == 303:
                self.shown.append(guess)
            return
        assert answer.status_code == 200 and say("en", "recover.sent.title").encode() in answer.content
        body = re.sub(r'csrfmiddlewaretoken" value="[^"]+', "", answer.content.decode())
        self.sent.add((guess.page + guess.region, body))

    def _post(self, guess: Guess, fields: dict[str, str]) -> HttpResponse:
        if guess.page == "register":
            request = self._request("/register/facts/", fields, guess)
            request.COOKIES[registering.cookie()] = tokens.seal(
                registering.PURPOSE, {**vars(Registering(region=guess.region))}, registering.SECONDS
            )
            return register.fields(request)
        if guess.page == "email":
            return recover.forgot_email_facts(self._request("/forgot/email/", fields, guess), guess.region)
        fields = fields | {"email": "owner0@example.org"}
        return recover.forgot_password_facts(self._request("/forgot/password/", fields, guess), guess.region)

    def _request(self, path: str, fields: dict[str, str], guess: Guess) -> HttpRequest:
        return self.factory.post(path, urlencode(fields), KIND, REMOTE_ADDR=guess.network)

    def lines(self) -> list[str]:
        """What became of every kind of guess at every page."""
        whats = ("looked up", "asked for work", "closed")
        return [
            f"  {page:<9}{kind:<16}" + "".join(f"{self.counts[page, kind, what]:>9,} {what}" for what in whats)
            for page in PAGES
            for kind in KINDS
        ]


def known_people(count: int) -> list[dict[str, str]]:
    """Numbers of accounts and people that strangers hold."""
    return sql.query(
        "SELECT a.region, a.number AS account_number, p.health_record_number FROM people_account a"
        " JOIN people_person p USING (account_id) ORDER BY md5(a.number) LIMIT %s",
        (count,),
    )


@pytest.fixture
def say_(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    def told(line: str) -> None:
        with capsys.disabled():
            print(line, flush=True)

    return told


@pytest.mark.slow
def test_strangers_register_for_nothing_and_learn_nothing(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, say_: Callable[[str], None]
) -> None:
    bring_in(tmp_path / "feed", LINES, World(drawn=True))
    prefixes = {
        row["region"]: row["prefix"]
        for row in sql.query("SELECT region, left(min(zip), 3) AS prefix FROM people_account GROUP BY 1")
    }
    attack = Attack(monkeypatch)
    began = clock.monotonic()
    with clock.fixed(AT) as time:
        for guess in Strangers(known_people(KNOWN), prefixes).guesses(GUESSES):
            time.advance(seconds=HOURS * 3600 / GUESSES)
            attack.try_(guess)
    people = sql.query("SELECT count(*) AS n FROM people_account")[0]["n"]
    say_(f"\n  {GUESSES:,} guesses at {people:,} accounts in {HOURS} h, which took {clock.monotonic() - began:.0f} s")
    for line in attack.lines():
        say_(line)
    told = Counter(row["topic"] for row in sql.query("SELECT topic FROM core_outbox"))
    say_(f"  shown: {len(attack.shown)}; mails: {dict(told)}; answers by page and region: {len(attack.sent)}")
    assert attack.shown == []
    assert sql.query("SELECT 1 FROM people_login") == [] and sql.query("SELECT 1 FROM core_read") == []
    # Every answer of a page is one, whatever was typed.
    assert len(attack.sent) == len({page for page, _ in attack.sent})
    # A number in strangers' hands is looked up as often as its limits say, whoever and however many they are.
    looked_up = sum(attack.counts[page, "a known number", "looked up"] for page in PAGES)
    assert looked_up <= KNOWN * 24


@pytest.mark.slow
def test_codes_are_not_guessed(db: None, say_: Callable[[str], None]) -> None:
    """Somebody with the facts, and an address that is not theirs: codes are asked for and guessed all day."""
    from_paper = facts(a_bill(14_000))
    proved, tried, refused = 0, 0, 0
    with clock.fixed(AT) as time:
        one = Registrant()
        one.facts(from_paper)
        one.terms()
        chance = random.Random(7)
        for _ in range(HOURS * 4):
            time.advance(minutes=15)
            if one.get("/register/email/").status_code != 200:
                one.facts(from_paper)
                one.terms()
            refused += one.email(EMAIL).status_code == 429
            for _ in range(10):
                tried += 1
                proved += one.code(f"{chance.randrange(10**6):06d}").get("Location") == "/register/name/"
    mails = sql.query("SELECT count(*) AS n FROM core_outbox")[0]["n"]
    say_(f"\n  {tried:,} codes tried in {HOURS} h: {mails} mails went out, {refused} were refused, {proved} proved")
    assert proved == 0 and mails <= 20
