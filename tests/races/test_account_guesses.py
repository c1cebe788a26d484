"""Strangers guess by the thousand at registering, at the ways back in and at the codes for a lost bill: nothing is
linked, shown or told.

The limits are the real ones and the clock lets a day pass. Half of the guesses hold a number that exists; of the codes
for lost bills, a quarter are asked for with a contact that is on file.
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
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection, reset_queries
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from caretill.billing.codes import TRIES, TRIES_A_DAY
from caretill.core import blind, clock, sql, tokens, work
from caretill.core.words import say
from caretill.regions import catalog
from caretill.web.account import recover, register, registering
from caretill.web.account.registering import Registering
from caretill.web.pages import codes
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


@dataclass(frozen=True)
class Contact:
    """A mail address and a ZIP code as strangers type them at the page for a lost bill."""

    kind: str
    region: str
    email: str
    zip: str


CONTACTS = ("on file", "another ZIP", "no address", "nobody")
MAILS_AN_HOUR = 3


def known_contacts(chance: random.Random) -> dict[str, list[Contact]]:
    """By kind, from the same regions: what strangers know of somebody on file, of somebody who has given no address for
    mail, and whom nobody knows.
    """
    rows = sql.query("SELECT account_id, region, email, left(zip, 5) AS zip FROM people_account ORDER BY number")
    held: dict[str, list[Contact]] = {kind: [] for kind in CONTACTS}
    for at, region in enumerate(chance.sample(sorted({row["region"] for row in rows}), KNOWN)):
        there, silent = chance.sample([row for row in rows if row["region"] == region], 2)
        sql.execute("UPDATE people_account SET email = '' WHERE account_id = %s", (silent["account_id"],))
        for kind, email, zip_code in (
            ("on file", there["email"], there["zip"]),
            ("another ZIP", there["email"], f"{there['zip'][:3]}99"),
            ("no address", silent["email"], silent["zip"]),
            ("nobody", f"nobody{at}@example.org", there["zip"]),
        ):
            held[kind].append(Contact(kind, region, email, zip_code))
    return held


class CodeThief:
    """Asks for codes and guesses at them, and keeps all that could tell one answer from another."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.factory = RequestFactory()
        self.chance = random.Random(20261122)
        self.counts: Counter[tuple[str, str]] = Counter()
        self.shown: list[Contact] = []
        self.asked: dict[object, set[str]] = {}
        self.entered: dict[object, set[str]] = {}
        self.digests = 0
        honest = blind.hmac.digest

        def counted(*given: Any) -> bytes:
            self.digests += 1
            return honest(*given)

        monkeypatch.setattr(blind.hmac, "digest", counted)

    def ask(self, contact: Contact, network: str) -> str:
        """Ask for a code; the token of the answer, empty where it was too often."""
        path = f"/pay/{contact.region}/code/"
        request = self._request(path, {"email": contact.email, "zip": contact.zip}, network)
        answer, looks = self._look(codes.ask, request, contact)
        if answer.status_code == 429:
            self.counts[contact.kind, "refused"] += 1
            return ""
        assert answer.status_code == 303, answer.content[:500]
        self.counts[contact.kind, "asked"] += 1
        self.asked.setdefault(looks, set()).add(contact.kind)
        return answer.cookies["code"].value

    def enter(self, contact: Contact, token: str, network: str) -> None:
        """Guess at the code."""
        typed = {"code": f"{self.chance.randrange(10**6):06d}"}
        request = self._request(f"/pay/{contact.region}/code/enter/", typed, network)
        request.COOKIES["code"] = token
        answer, looks = self._look(codes.enter, request, contact)
        self.counts[contact.kind, "guessed"] += 1
        if answer.status_code == 303:
            self.shown.append(contact)
        self.entered.setdefault(looks, set()).add(contact.kind)

    def _request(self, path: str, fields: dict[str, str], network: str) -> HttpRequest:
        return self.factory.post(path, urlencode(fields), KIND, REMOTE_ADDR=network)

    def _look(
        self, view: Callable[..., HttpResponse], request: HttpRequest, contact: Contact
    ) -> tuple[HttpResponse, object]:
        """The answer; and status, headers, cookies, page, statements and digests of it, without tokens and places."""
        before = self.digests
        reset_queries()  # the log holds the newest 9,000
        with CaptureQueriesContext(connection) as kept:
            answer = view(request, contact.region)
        statements = tuple(re.sub(r"'[^']*'|[0-9]+", "?", each["sql"]) for each in kept)
        heads = tuple(sorted((name, text.replace(contact.region, "REGION")) for name, text in answer.items()))
        cookies = tuple(
            (name, len(each.value), each["max-age"], each["path"]) for name, each in sorted(answer.cookies.items())
        )
        # The form keeps what was typed.
        body = re.sub(r'(csrfmiddlewaretoken|name="code")([^>]*) value="[^"]+', r"\1\2", answer.content.decode())
        page = (contact.region, len(answer.content), body) if body else ()
        return answer, (answer.status_code, heads, cookies, page, statements, self.digests - before)

    def lines(self) -> list[str]:
        """What became of every kind of contact."""
        whats = ("asked", "refused", "guessed")
        return [
            f"  {kind:<13}" + "".join(f"{self.counts[kind, what]:>9,} {what}" for what in whats) for kind in CONTACTS
        ]


@pytest.mark.slow
def test_codes_for_lost_bills_are_not_guessed(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, say_: Callable[[str], None]
) -> None:
    bring_in(tmp_path / "feed", LINES // 10, World(drawn=True))
    thief = CodeThief(monkeypatch)
    contacts = known_contacts(thief.chance)
    began, turns = clock.monotonic(), 0
    with clock.fixed(AT) as time:
        while turns < GUESSES:
            contact = thief.chance.choice(contacts[thief.chance.choice(CONTACTS)])
            address = int(thief.chance.random() ** 2 * NETWORKS)
            network = f"10.0.{address >> 8}.{address & 255}"
            token = thief.ask(contact, network)
            # One more than a code bears: the last one meets a code that is dead.
            tries = TRIES + 1 if token else 0
            for _ in range(tries):
                thief.enter(contact, token, network)
            turns += 1 + tries
            time.advance(seconds=HOURS * 3600 / GUESSES * (1 + tries))
        _stopped_alike(thief, contacts)
        time.advance(days=1)
        _owner_gets_in(contacts["on file"][0])
    mails = sql.query("SELECT count(*) AS n FROM core_outbox WHERE topic = 'lookup_code'")[0]["n"]
    say_(f"\n  {turns:,} asks and guesses at codes for lost bills in {HOURS} h, in {clock.monotonic() - began:.0f} s")
    for line in thief.lines():
        say_(line)
    most = min(mails * TRIES, KNOWN * 2 * TRIES_A_DAY)
    say_(f"  shown: {len(thief.shown)}; codes that went out: {mails}; of a million, at most {most:,} could be tried")
    assert thief.shown == []
    # All kinds of contacts meet one answer, and one page in each region.
    assert list(thief.asked.values()) == [set(CONTACTS)]
    assert list(thief.entered.values()) == [set(CONTACTS)] * KNOWN
    # Codes that fit anything go out as seldom as their limit says, whoever asks from wherever.
    assert 0 < mails <= KNOWN * MAILS_AN_HOUR * (HOURS + 3)


def _stopped_alike(thief: CodeThief, contacts: dict[str, list[Contact]]) -> None:
    """Asked too often, all kinds of contacts are refused by one answer."""
    seen = set()
    for kind in CONTACTS:
        contact = contacts[kind][-1]
        for turn in range(6):
            request = thief._request(
                "/pay/oregon/code/", {"email": contact.email, "zip": contact.zip}, f"192.0.2.{turn}"
            )
            answer, looks = thief._look(codes.ask, request, Contact(kind, "oregon", "", ""))
        assert answer.status_code == 429 and answer["Retry-After"]
        seen.add(looks)
    assert len(seen) == 1


def _owner_gets_in(contact: Contact) -> None:
    """On the next day, by the code that came to them: the tries of this one may all be used up."""
    client = Client(SERVER_NAME="127.0.0.1", REMOTE_ADDR="198.51.100.9")
    asked = client.post(f"/pay/{contact.region}/code/", {"email": contact.email, "zip": contact.zip})
    row = sql.one("SELECT body FROM core_outbox WHERE topic = 'lookup_code' ORDER BY due_at DESC, id DESC LIMIT 1")
    assert asked.status_code == 303 and row is not None
    code = tokens.unseal("lookup_code", sql.answer(row["body"])["sealed"])["code"]
    assert "/pay/v/" in client.post(asked["Location"], {"code": code})["Location"]
