"""A guest in front of the pages: finds a bill, and goes through them as a browser without JavaScript does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.test import Client, RequestFactory

from caretill.core import sql
from caretill.core.words import say
from caretill.web import visit
from caretill.web.flow import Made
from caretill.web.visit import Flow
from house.cast import Bill

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
# A bank account as a guest types it.
TYPED_BANK = {
    "holder_name": "Pat Payer",
    "account_type": "checking",
    "routing": "123456780",
    "number": "000123456789",
    "number_again": "000123456789",
}


class Payer:
    """One browser. `flow` is the payment it is making; `steps` remembers the last page."""

    def __init__(self, *bills: Bill, language: str = "en", client: Client | None = None) -> None:
        self.client = client or Client(SERVER_NAME="127.0.0.1", HTTP_ACCEPT_LANGUAGE=language)
        self.bills = bills
        scope = "bill" if len(bills) == 1 else "account"
        self.flow = Flow.new(bills[0].region, str(bills[0].account_id), scope, [str(bill.bill_id) for bill in bills])
        self.keep(self.flow)

    def keep(self, flow: Flow) -> None:
        """Put a flow into the browser's cookies, as finding a bill does."""
        request, response = RequestFactory().get("/"), HttpResponse()
        request.COOKIES = {name: morsel.value for name, morsel in self.client.cookies.items()}
        visit.save(request, response, flow)
        self.client.cookies.update(response.cookies)

    def held(self) -> Flow:
        """The flow as the browser holds it now."""
        request = RequestFactory().get("/")
        request.COOKIES = {name: morsel.value for name, morsel in self.client.cookies.items()}
        found = visit.load(request, self.flow.id)
        assert found is not None
        return found

    def at(self, name: str) -> str:
        """The address of a page of the flow."""
        return f"/pay/v/{self.flow.id}/{name}"

    def get(self, path: str, **headers: Any) -> Any:
        """A page of the flow by its name, or any path or address of ours."""
        return self.client.get(self._path(path), **headers)

    def post(self, path: str, data: Mapping[str, Any] | None = None) -> Any:
        """What a button sends: the hidden fields of the page, and `data` on top."""
        return self.client.post(self._path(path), dict(data or {}))

    def _path(self, path: str) -> str:
        if path.startswith("/"):
            return path
        if path.startswith("http"):
            assert path.startswith(settings.CARETILL_PUBLIC_URL), path
            return path.removeprefix(settings.CARETILL_PUBLIC_URL)
        return self.at(path)

    def to_check(self, amount: str = "all", other: str = "", email: str = "pat@example.org") -> Any:
        """Through amount and details; the answer is the check page."""
        if len(self.bills) == 1:
            answer = self.post("amount", {"amount": amount, "other_amount": other})
        else:
            answer = self.post("amount", self.each())
        assert answer.status_code == 303, answer.content.decode()
        if answer["Location"] == self.at("details"):
            answer = self.post("details", {"payer_name": "Pat Payer", "email": email})
            assert answer.status_code == 303, answer.content.decode()
        assert answer["Location"] == self.at("check")
        return self.get("check")

    def each(self, **amounts: str) -> dict[str, Any]:
        """All of every bill, except those that are named: `amount_1="5.00"`, or empty to leave a bill out."""
        found: dict[str, Any] = {"bill": []}
        for place, bill in enumerate(self.bills):
            name = f"amount_{place}"
            cents = bill.figures()["payable_cents"]
            found[name] = amounts.get(name, f"{cents // 100}.{cents % 100:02d}")
            if found[name]:
                found["bill"].append(str(place))
        return found

    def press_pay(self, page: Any = None) -> Any:
        """The button of the check page; the answer leads to the processor's page."""
        page = page or self.get("check")
        hidden = dict(HIDDEN.findall(page.content.decode()))
        return self.post("check", {"key": hidden["key"]})

    def to_card(self, **how: str) -> str:
        """All the way; the address of the processor's page."""
        answer = self.press_pay(self.to_check(**how))
        assert answer.status_code == 303, answer.content.decode()
        return str(answer["Location"])


def made(payer: Payer) -> Made:
    """The payment under way in that browser."""
    flow = payer.held()
    return Made.of(flow.account_id, flow.payment_id)


def payments() -> int:
    """How many payments were ever begun."""
    row = sql.one("SELECT count(*) AS n FROM payments_payment")
    assert row is not None
    return int(row["n"])


def words(key: str, **figures: object) -> str:
    """In English, as pages of these tests are unless they say otherwise."""
    return say("en", key, **figures)


def text(answer: Any) -> str:
    """The page without the marks around amounts."""
    body: str = answer.content.decode()
    return body.replace('<bdi dir="ltr">', "").replace("</bdi>", "")
