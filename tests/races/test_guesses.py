"""Strangers guess by the thousand at bills that are not theirs, and see none. Honest payers get through."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from caretill.billing import guard
from caretill.core import clock, sql, tokens, work
from caretill.core.words import say
from caretill.payments import look, take
from caretill.web.pages import find
from house.cast import a_bill
from house.desk import Desk
from house.faults import waiting_room
from house.faults.person import DECLINED
from house.faults.strangers import Guess, Strangers, World, bring_in
from house.faults.waiting_room import Honest

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
LINES = 12_000
# `CARETILL_TEST_GUESSES=10000` asks for a short run; the limits under test are the same.
GUESSES, HOURS, NETWORKS, KNOWN = int(os.environ.get("CARETILL_TEST_GUESSES", "100000")), 24, 2_000, 5
REGION, HONEST, MISTAKES = "oregon", 40, (0, 1, 0, 2, 0)
CARDS, ADDRESSES, HELD, PAYERS = 10_000, 1_000, 3, 100
SOLVED_FOR_REAL = {work.EASY_BITS: 100, work.HARD_BITS: 3}
MISSING = {name: say("en", f"find.error.{name}_missing").encode() for name in ("last_name", "zip")}


class Attack:
    """Posts guesses to the page itself, gives it all it asks for, and counts what became of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.factory = RequestFactory()
        self.counts: Counter[tuple[str, str]] = Counter()
        self.solved: Counter[int] = Counter()
        self.shown: list[Guess] = []
        self._honest = work.solved
        monkeypatch.setattr(work, "solved", self._work)

    def _work(self, purpose: str, given: str, answer: str) -> bool:
        """Strangers have all the machines there are: beyond the first, work is taken as done, and counted."""
        if answer == "paid":
            return bool(tokens.unseal("work", given)["p"] == purpose)
        return self._honest(purpose, given, answer)

    def try_(self, guess: Guess) -> None:
        fields = {"number": guess.number, **dict(guess.facts[:1])}
        answer = self._post(guess, fields)
        if answer.status_code == 422 and any(words in answer.content for words in MISSING.values()):
            self.counts[guess.kind, "asked for both facts"] += 1
            fields |= dict(guess.facts)
            answer = self._post(guess, fields)
        if answer.status_code == 200:
            self.counts[guess.kind, "asked for work"] += 1
            answer = self._post(guess, fields | self._solve(answer))
        if answer.status_code == 429:
            self.counts[guess.kind, "closed"] += 1
            return
        assert answer.status_code in (303, 422), answer.content[:2000]
        self.counts[guess.kind, "looked up"] += 1
        if answer.status_code == 303:
            self.shown.append(guess)

    def _post(self, guess: Guess, fields: dict[str, str]) -> HttpResponse:
        kind = "application/x-www-form-urlencoded"
        request = self.factory.post(f"/pay/{guess.region}/", urlencode(fields), kind, REMOTE_ADDR=guess.network)
        return find.find(request, guess.region)

    def _solve(self, answer: HttpResponse) -> dict[str, str]:
        text = answer.content.decode()
        given, bits = re.search(r'name="work" value="([^"]+)"', text), re.search(r'data-bits="(\d+)"', text)
        assert given and bits, text[:2000]
        much = int(bits[1])
        self.solved[much] += 1
        if self.solved[much] <= SOLVED_FOR_REAL[much]:
            return {"work": given[1], "answer": work.solve(given[1], much)}
        return {"work": given[1], "answer": "paid"}

    def lines(self) -> list[str]:
        """What became of every kind of guess, and what work it would have cost."""
        whats = ("looked up", "asked for both facts", "asked for work", "closed")
        counts = {kind: [f"{self.counts[kind, what]:>9,} {what}" for what in whats] for kind in Strangers.KINDS}
        found = [f"  {kind:<17}{''.join(told)}" for kind, told in counts.items()]
        digests = sum(count * 2**bits for bits, count in self.solved.items())
        return [
            *found,
            f"  work: {digests:,} digests asked in {self.solved.total():,} pieces; shown: {len(self.shown)}",
        ]


def known_bills(count: int) -> list[dict[str, str]]:
    return sql.query("SELECT region, number FROM billing_bill ORDER BY md5(number) LIMIT %s", (count,))


def prefixes() -> dict[str, str]:
    rows = sql.query("SELECT region, left(min(zip), 3) AS prefix FROM people_account GROUP BY 1")
    return {row["region"]: row["prefix"] for row in rows}


@pytest.mark.slow
def test_strangers_are_shown_nothing_and_honest_payers_get_through(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, say_: Callable[[str], None]
) -> None:
    """The limits are the real ones; the clock lets a day pass. Numbers are drawn by lot, as Larkspur's are."""
    bring_in(tmp_path / "feed", LINES, World(drawn=True))
    bills = sql.query("SELECT count(*) AS n FROM billing_bill")[0]["n"]
    attack = Attack(monkeypatch)
    strangers = Strangers(known_bills(KNOWN), prefixes(), NETWORKS, seed=20261122)
    began = clock.monotonic()
    with clock.fixed(AT) as time:
        for guess in strangers.guesses(GUESSES):
            time.advance(seconds=HOURS * 3600 / GUESSES)
            attack.try_(guess)
        say_(
            f"\n  {GUESSES:,} guesses at {bills:,} bills in {HOURS} hours, which took {clock.monotonic() - began:.0f} s"
        )
        for line in attack.lines():
            say_(line)
        assert attack.shown == []
        assert sum(count for (_, what), count in attack.counts.items() if what in ("looked up", "closed")) == GUESSES
        # A number in strangers' hands is looked up as often as its limits say, whoever and however many they are.
        assert attack.counts["a known number", "looked up"] <= KNOWN * 24
        _honest(say_)


def _honest(say_: Callable[[str], None]) -> None:
    """While the strangers are at it: a waiting room of their region; and one whose address a stranger shares."""
    for address, strangers in (("192.0.2.7", 0), ("192.0.2.8", 95)):
        for turn in range(strangers):
            guard.missed(REGION, [f"P{turn:010d}"], address)
        ways = Counter(
            Honest(REGION, paper, address, mistakes=MISTAKES[place % len(MISTAKES)], seed=place).gets_through()
            for place, paper in enumerate(waiting_room.payers(REGION, HONEST))
        )
        say_(f"  {HONEST} honest payers behind one address, {strangers} misses of others there: {dict(ways)}")
        assert ways["door"] + ways["code"] == HONEST


@pytest.mark.slow
def test_ten_thousand_cards_from_a_thousand_addresses(processor: Desk, say_: Callable[[str], None]) -> None:
    """SEC-3. The thieves hold three bills; all others are paid meanwhile as on every other day."""
    held = [a_bill(900_000, family=f"held {number}") for number in range(HELD)]
    codes: Counter[str] = Counter()
    honest: Counter[str] = Counter()
    with clock.fixed(AT) as time:
        for turn in range(CARDS):
            time.advance(seconds=23 * 3600 / CARDS)
            bill, address = held[turn % HELD], f"10.0.{turn % ADDRESSES // 250}.{turn % 250}"
            answer = take.pay(bill.ask(100 + turn % 7, visit=address.encode(), network=address))
            codes[answer.code] += 1
            if answer.code == "open":
                for _ in range(5):
                    processor.card(answer.url, DECLINED)
                look.came_back(bill.account_id, answer.payment_id)
            if turn % (CARDS // PAYERS) == 0:
                honest[_pays(processor, turn, address)] += 1
    tried = [row["detail"] for row in processor.shell.log() if row["what"] == "attempt"]
    reached = tried.count("generic_decline")
    say_(f"\n  {CARDS:,} cards from {ADDRESSES:,} addresses at {HELD} bills: {reached} reached the processor")
    say_(f"  what the thieves were told: {dict(codes)}")
    say_(f"  {PAYERS} honest payers meanwhile, from the same addresses: {dict(honest)}")
    assert reached <= HELD * 15 <= 50
    assert honest == {"succeeded": PAYERS}


def _pays(processor: Desk, turn: int, address: str) -> str:
    bill = a_bill(9_000, family=f"honest {turn}")
    answer = take.pay(bill.ask(9_000, visit=f"honest {turn}".encode(), network=address))
    processor.card(answer.url)
    return look.came_back(bill.account_id, answer.payment_id)
