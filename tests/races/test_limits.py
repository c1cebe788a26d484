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

from caretill.billing import lookup
from caretill.core import limits, sql
from caretill.payments import look, resend, take, velocity
from caretill.people import new_email, register
from caretill.web.account import recover
from caretill.web.pages import codes, find
from house.cast import a_bill
from house.desk import Desk, at_once
from house.member import a_login
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


def test_a_crowd_guesses_at_one_number(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of them is looked up with one fact; the others are asked for both, as they are one after the other."""
    bill, looked = a_bill(14_000), []
    usual = lookup.find

    def counted(*given: Any) -> Any:
        looked.append(given)
        sql.query("SELECT pg_sleep(0.05)")
        return usual(*given)

    monkeypatch.setattr(lookup, "find", counted)
    posts = [
        _post("/pay/oregon/", {"number": bill.number, "zip": f"972{at:02d}"}, f"192.0.2.{at}")
        for at in range(2, CROWD + 2)
    ]
    assert _statuses(find.find, posts, "oregon") == {422: CROWD}
    assert len(looked) == 1


@pytest.mark.parametrize("room", ["register", "recover"])
def test_a_crowd_guesses_at_one_number_elsewhere(db: None, monkeypatch: pytest.MonkeyPatch, room: str) -> None:
    """Here two facts are asked at once: five are looked up, then work is asked for."""
    bill = a_bill(14_000)
    found: list[object] = []
    usual = register.standing

    def counted(*given: Any) -> Any:
        found.append(given)
        sql.query("SELECT pg_sleep(0.05)")
        return usual(*given)

    monkeypatch.setattr(register, "standing", counted)
    typed = [facts(bill, last_name=f"Wrong{chr(65 + at)}") for at in range(CROWD)]
    if room == "register":
        browsers = [Registrant() for _ in range(CROWD)]
        for at, each in enumerate(browsers):
            each.client.defaults["REMOTE_ADDR"] = f"192.0.2.{at}"
            each.place()
        at_once([partial(each.client.post, "/register/facts/", one) for each, one in zip(browsers, typed, strict=True)])
    else:
        posts = [_post("/forgot/email/oregon/", one, f"192.0.2.{at}") for at, one in enumerate(typed)]
        _statuses(recover.forgot_email_facts, posts, "oregon")
    assert len(found) == 5


def test_a_crowd_asks_for_a_new_address_of_one_login(db: None) -> None:
    login_id = a_login("juana@example.org")
    asks = [partial(new_email.ask, login_id, f"n{at}@example.org", "en") for at in range(CROWD)]
    assert Counter(bool(token) for token, _ in at_once(asks)) == {True: ROOM, False: CROWD - ROOM}
