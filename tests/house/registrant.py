"""Somebody who registers or finds the way back, in a browser without JavaScript."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client

from caretill.core import sql, tokens
from caretill.people.register import MAIL
from house.cast import Bill

PASSWORD = "seven quiet otters swim"
EMAIL = "new.member@example.org"
ADDRESS = {"first_name": "Juana", "last_name": "Solano", "street": "1 Example Street", "city": "Sampleton"}
WHERE = {"state": "OR", "zip": "97201"}


def facts(bill: Bill, **changes: str) -> dict[str, str]:
    """What Oregon asks of who registers, from a bill's paper."""
    return {"account_number": bill.account_number, "last_name": bill.last_name, "zip": bill.zip} | changes


def mails(topic: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Every mail of the account in the outbox: topic and what it says, the oldest first."""
    rows = sql.query(
        "SELECT topic, body FROM core_outbox WHERE topic LIKE %s ORDER BY due_at, id", (f"{topic or 're'}%",)
    )
    bodies = [(row["topic"], sql.answer(row["body"])) for row in rows]
    return [(name, tokens.unseal(MAIL, body["sealed"])) for name, body in bodies if "sealed" in body]


def mailed_code() -> str:
    """The digits of the newest mail."""
    row = sql.one("SELECT body FROM core_outbox WHERE topic = 'register_code' ORDER BY id DESC LIMIT 1")
    assert row is not None
    return str(tokens.unseal(MAIL, sql.answer(row["body"])["sealed"])["code"])


class Registrant:
    """One browser; each verb is one page, answered."""

    def __init__(self, region: str = "oregon", language: str = "en") -> None:
        self.client = Client(SERVER_NAME="127.0.0.1", HTTP_ACCEPT_LANGUAGE=language)
        self.region = region

    def place(self) -> HttpResponse:
        return self._post("/register/", {"slug": self.region})

    def facts(self, typed: dict[str, str]) -> HttpResponse:
        self.place()
        return self._post("/register/facts/", typed)

    def terms(self) -> HttpResponse:
        return self._post("/register/terms/", {"agreed": "yes"})

    def email(self, email: str = EMAIL) -> HttpResponse:
        return self._post("/register/email/", {"email": email})

    def code(self, code: str = "") -> HttpResponse:
        return self._post("/register/code/", {"code": code or mailed_code()})

    def name(self, **changes: str) -> HttpResponse:
        return self._post("/register/name/", ADDRESS | WHERE | changes)

    def secret(self, password: str = PASSWORD) -> HttpResponse:
        return self._post("/register/password/", {"new_password": password})

    def paper(self, **changes: str) -> HttpResponse:
        return self._post("/register/paper/", {"speak": "en", "paper": "paper"} | changes)

    def to_code(self, typed: dict[str, str], email: str = EMAIL) -> HttpResponse:
        """As far as the code that comes by mail."""
        self.facts(typed)
        self.terms()
        return self.email(email)

    def whole(self, typed: dict[str, str], email: str = EMAIL, password: str = PASSWORD, **paper: str) -> HttpResponse:
        """All of it: the answer to the last step."""
        self.to_code(typed, email)
        self.code()
        self.name()
        self.secret(password)
        return self.paper(**paper)

    def get(self, path: str) -> HttpResponse:
        return self.client.get(path)  # type: ignore[return-value]

    def _post(self, path: str, fields: dict[str, str]) -> HttpResponse:
        return self.client.post(path, fields)  # type: ignore[return-value]


def bare(answer: HttpResponse) -> str:
    """A page without what is new on every page: the forgery token and what is sealed."""
    text = re.sub(r'(name="(?:csrfmiddlewaretoken|work|who)" value=")[^"]+', r"\1", answer.content.decode())
    text = re.sub(r'data-(left|until|seconds|who)="[^"]*"', "", text)
    return re.sub(r'value="[^"]*@[^"]*"', "", text)
