"""Twenty press at the same moment where a limit has room for five: five get through, whatever they press.

Every limit takes a place before the work it stands for; where it is full, nothing is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from caretill.core import limits, sql
from caretill.payments import look, resend, take, velocity
from caretill.web.account import recover
from caretill.web.pages import codes
from house.cast import a_bill
from house.desk import Desk, at_once
from house.registrant import Registrant, facts

CROWD, ROOM = 20, 5
HERE = "192.0.2.1"


def _post(path: str, fields: dict[str, str], network: str = HERE) -> HttpRequest:
    kind = "application/x-www-form-urlencoded"
    return RequestFactory().post(path, urlencode(fields), kind, REMOTE_ADDR=network)


def _fill(name: str, value: str, most: int) -> None:
    """Leave room for five."""
    limits.take([limits.Limit(name, value, most, 3600)], most - ROOM)


def _statuses(view: Callable[..., HttpResponse], requests: list[HttpRequest], *args: Any) -> Counter[int]:
    return Counter(answer.status_code for answer in at_once([partial(view, each, *args) for each in requests]))


def test_a_crowd_asks_for_codes_of_one_address(db: None) -> None:
    a_bill(14_000)
    typed = {"email": "juana@example.org", "zip": "97201"}
    seen = _statuses(codes.ask, [_post("/pay/oregon/code/", typed, f"192.0.2.{at}") for at in range(CROWD)], "oregon")
    assert seen == {303: ROOM, 429: CROWD - ROOM}
    assert sql.one("SELECT count(*) AS n FROM core_outbox") == {"n": ROOM}


def test_a_crowd_asks_for_codes_of_many_addresses_from_one_network(db: None) -> None:
    _fill("code_ask_network", HERE, 40)
    posts = [_post("/pay/oregon/code/", {"email": f"n{at}@example.org", "zip": "97201"}) for at in range(CROWD)]
    assert _statuses(codes.ask, posts, "oregon") == {303: ROOM, 429: CROWD - ROOM}


def test_a_crowd_asks_for_the_way_back_in_from_one_network(db: None) -> None:
    bill = a_bill(14_000)
    _fill("recover_network", HERE, 40)
    posts = [_post("/forgot/email/oregon/", facts(bill, account_number=f"F{at:08d}")) for at in range(CROWD)]
    seen = _statuses(recover.forgot_email_facts, posts, "oregon")
    assert seen[429] >= CROWD - ROOM and sum(seen.values()) == CROWD
    # Beyond five misses of a network more is asked of it, so fewer may be told; never more.
    assert sql.query("SELECT count(*) AS n FROM core_outbox")[0]["n"] <= 2 * ROOM


def test_a_crowd_asks_for_codes_to_register_with(db: None) -> None:
    bill = a_bill(14_000)
    browsers = [Registrant() for _ in range(CROWD)]
    for each in browsers:
        each.facts(facts(bill))
        each.terms()
    seen = Counter(answer.status_code for answer in at_once([each.email for each in browsers]))
    assert seen == {303: ROOM, 429: CROWD - ROOM}
    assert sql.one("SELECT count(*) AS n FROM core_outbox") == {"n": ROOM}


def test_a_crowd_has_a_receipt_mailed(processor: Desk) -> None:
    bill = a_bill(14_000)
    paid = take.pay(bill.ask(1_000))
    processor.card(paid.url)
    look.came_back(bill.account_id, paid.payment_id)
    assert paid.payment_id is not None
    before = sql.query("SELECT count(*) AS n FROM core_outbox")[0]["n"]
    asks = [
        partial(resend.resend, bill.account_id, paid.payment_id, "p@example.org", f"192.0.2.{at}")
        for at in range(CROWD)
    ]
    assert Counter(at_once(asks)) == {"queued": ROOM, "too_many": CROWD - ROOM}
    assert sql.one("SELECT count(*) AS n FROM core_outbox") == {"n": before + ROOM}


def test_a_crowd_pays_the_bills_of_one_account(processor: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each a bill of its own: nothing but the limit is in their way."""
    monkeypatch.setattr(velocity, "SESSIONS_AN_ACCOUNT", ROOM)
    bills = [a_bill(14_000, number=f"P{at}") for at in range(CROWD)]
    codes_ = Counter(answer.code for answer in at_once([partial(take.pay, bill.ask(1_000)) for bill in bills]))
    assert codes_ == {"open": ROOM, "too_many": CROWD - ROOM}
    assert len([row for row in processor.shell.log() if row["what"] == "session.created"]) == ROOM


def test_a_crowd_pays_from_one_network(processor: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(velocity, "SESSIONS_A_NETWORK", ROOM)
    bills = [a_bill(14_000, family=f"family {at}") for at in range(CROWD)]
    asks = [partial(take.pay, bill.ask(1_000, network=HERE)) for bill in bills]
    assert Counter(answer.code for answer in at_once(asks)) == {"open": ROOM, "too_many": CROWD - ROOM}
