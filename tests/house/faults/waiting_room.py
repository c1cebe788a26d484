"""Honest payers behind one address, without JavaScript: they mistype, correct themselves, and ask for a code."""

from __future__ import annotations

import random
from typing import Any

from django.test import Client

from caretill.core import sql, tokens
from caretill.core.words import say

MOST_TRIES = 6


def payers(region: str, count: int) -> list[dict[str, Any]]:
    """Holders of a bill each, with what stands on their paper and the address on file."""
    return sql.query(
        "SELECT DISTINCT ON (a.account_id) b.number, b.id, a.account_id, a.last_name, left(a.zip, 5) AS zip, a.email"
        " FROM people_account a JOIN billing_bill b ON b.account_id = a.account_id"
        " WHERE a.region = %s ORDER BY a.account_id LIMIT %s",
        (region, count),
    )


class Honest:
    """One of them. `mistakes` is how many tries begin with a typing error."""

    def __init__(self, region: str, paper: dict[str, Any], address: str, mistakes: int, seed: int) -> None:
        self.client = Client(SERVER_NAME="127.0.0.1", HTTP_ACCEPT_LANGUAGE="en", REMOTE_ADDR=address)
        self.region, self.paper, self.mistakes = region, paper, mistakes
        self.chance = random.Random(seed)

    def gets_through(self) -> str:
        """`door` or `code`, by which the payer came to the page with the amount; otherwise what stopped them."""
        fields = {"number": self.paper["number"], "zip": self.paper["zip"]}
        if self.chance.random() < 0.5:
            fields = {"number": self.paper["number"], "last_name": self.paper["last_name"]}
        for turn in range(MOST_TRIES):
            answer = self.client.post(
                f"/pay/{self.region}/", self._mistyped(fields) if turn < self.mistakes else fields
            )
            if answer.status_code == 303:
                return "door"
            if answer.status_code != 422:
                return self._by_code()
            # The page says what is missing or did not fit, and asks for both facts.
            assert say("en", "find.second.both") in answer.content.decode()
            fields |= {"last_name": self.paper["last_name"], "zip": self.paper["zip"]}
        return "never"

    def _mistyped(self, fields: dict[str, str]) -> dict[str, str]:
        """One digit or one letter of one field is another."""
        name = self.chance.choice(list(fields))
        text = fields[name]
        place = self.chance.randrange(1, len(text))
        other = "7" if text[place] != "7" else "3"
        if text[place].isalpha():
            other = "e" if text[place] != "e" else "a"
        return fields | {name: text[:place] + other + text[place + 1 :]}

    def _by_code(self) -> str:
        """What the page offers where it asks for work, or is closed: a code to the address on file."""
        asked = self.client.post(f"/pay/{self.region}/code/", {"email": self.paper["email"], "zip": self.paper["zip"]})
        if asked.status_code != 303:
            return f"code: {asked.status_code}"
        row = sql.one(
            "SELECT body FROM core_outbox WHERE account_id = %s AND topic = 'lookup_code' ORDER BY id DESC LIMIT 1",
            (self.paper["account_id"],),
        )
        if row is None:
            return "no mail"
        code = tokens.unseal("lookup_code", sql.answer(row["body"])["sealed"])["code"]
        opened = self.client.post(asked["Location"], {"code": code})
        return "code" if opened.status_code == 303 else f"code: {opened.status_code}"
