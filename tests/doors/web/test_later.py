"""Pages of what is taken later: each flow from the form to the press, and back out of it; nobody else's is open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from html import unescape
from typing import Any

import pytest
from django.test import Client

from caretill.autopay import calendar, runs
from caretill.core import clock, sql
from caretill.letters.autopay_mails import link
from house import later
from house.cast import a_bill
from house.member import a_member

NOON = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


@pytest.fixture
def time(db: None) -> Iterator[clock.FixedClock]:
    with clock.fixed(NOON) as fixed:
        yield fixed


def payer() -> tuple[later.Payer, Client]:
    made = later.a_payer(a_bill(20_000))
    return made, made.member.client()


def shown(response: Any) -> str:
    text = re.sub(r"<[^>]*>", "", re.sub(r"</(?:p|h\d|li|td|th|dt|dd|a|button|label)>", " ", response.content.decode()))
    return unescape(re.sub(r"\s+", " ", text))


def kept(response: Any) -> str:
    assert response.status_code == 200, shown(response)
    return response.content.decode().partition('name="kept" value="')[2].partition('"')[0]


def key(response: Any) -> str:
    return response.content.decode().partition('name="key" value="')[2].partition('"')[0]


def test_several_days_are_planned_changed_and_called_off(time: clock.FixedClock) -> None:
    made, client = payer()
    page = client.get(f"/account/schedule/?of={made.bill.bill_id}")
    assert "You can plan $200.00" in shown(page) and "The first day you can choose is November 24, 2026" in shown(page)
    typed = {"of": str(made.bill.bill_id), "key": key(page), "method": str(made.method_id), "on_0": "12/1/2026",
             "amount_0": "50"}  # fmt: skip
    more = client.post("/account/schedule/", typed | {"more": "1"})
    assert 'name="on_1"' in more.content.decode() and more.status_code == 200
    check = client.post("/account/schedule/", typed | {"on_1": "2/1/2027", "amount_1": "150.00"})
    text = shown(check)
    assert "We take $200.00 in all, on 2 days" in text and "until 11:59 a.m. on November 30, 2026" in text
    assert "I authorize Larkspur Health" in text
    done = client.post("/account/schedule/", {"kept": kept(check), "agree": "1"})
    assert done["Location"] == "/account/scheduled/?done=made"
    again = client.post("/account/schedule/", {"kept": kept(check), "agree": "1"})  # pressed twice
    assert again["Location"] == "/account/scheduled/?done=made"
    page = client.get(done["Location"])
    assert "$50.00 on December 1, 2026" in shown(page) and "$150.00 on February 1, 2027" in shown(page)
    [first, _] = re.findall(r"/account/scheduled/([0-9a-f-]{36})/cancel/", page.content.decode())
    form = {"key": key(page), "method": str(made.method_id), "on_0": "12/3/2026", "amount_0": "50"}
    check = client.post(f"/account/scheduled/{first}/", form)
    done = client.post(f"/account/scheduled/{first}/", {"kept": kept(check), "agree": "1"})
    assert "$50.00 on December 3, 2026" in shown(client.get(done["Location"]))
    assert "Call this payment off?" in shown(client.get(f"/account/scheduled/{first}/cancel/"))
    assert len(sql.query("SELECT 1 FROM autopay_due WHERE state = 'waiting'")) == 2  # looking changes nothing
    done = client.post(f"/account/scheduled/{first}/cancel/")
    assert "The payment is called off" in shown(client.get(done["Location"]))


@pytest.mark.parametrize(
    ("on", "words"),
    [
        ("11/20/2026", "That day is over. The first day you can choose is November 24, 2026."),
        ("12/25/2026", "Banks rest on that day. The next day you can choose is December 28, 2026."),
        ("2/31/2027", "There is no such day. The next one is March 1, 2027."),
        ("3/14/2027", "Banks rest on that day. The next day you can choose is March 15, 2027."),  # summer time begins
        ("soon", "Type the day as month, day and year"),
        ("", "Type a day, like"),
        ("13/1/2026", "Type the day as month"),
        ("12/3/2029", "Choose a day within one year."),
    ],
)
def test_a_day_that_cannot_be_is_answered_with_the_next(time: clock.FixedClock, on: str, words: str) -> None:
    made, client = payer()
    typed = {"of": str(made.bill.bill_id), "method": str(made.method_id), "on_0": on, "amount_0": "50"}
    page = client.post("/account/schedule/", typed)
    assert words in shown(page), shown(page)
    assert page.status_code == 422 and f'value="{on}"' in page.content.decode()


def test_more_than_is_owed_and_a_stranger(time: clock.FixedClock) -> None:
    made, client = payer()
    typed = {"of": str(made.bill.bill_id), "method": str(made.method_id), "on_0": "12/1/2026", "amount_0": "200.01"}
    assert client.post("/account/schedule/", typed).status_code == 422
    stranger = a_member(None, email="else@example.org").client()
    assert stranger.get(f"/account/schedule/?of={made.bill.bill_id}").status_code == 404
    assert Client(SERVER_NAME="127.0.0.1").get("/account/scheduled/").status_code == 303


def set_up(made: later.Payer, client: Client, **typed: str) -> Any:
    page = client.get("/account/autopay/add/")
    form = {"key": key(page), "what": f"{made.bill.account_id}|all|", "when": "day", "day": "7",
            "method": str(made.method_id), "cap": ""} | typed  # fmt: skip
    return client.post("/account/autopay/add/", form)


def test_automatic_payment_is_set_up_skipped_moved_stopped(time: clock.FixedClock) -> None:
    made, client = payer()
    check = set_up(made, client)
    assert "As things stand, we first take $200.00 on December 7, 2026" in shown(check)
    done = client.post("/account/autopay/add/", {"kept": kept(check), "agree": "1"})
    assert done["Location"] == "/account/autopay/?done=made"
    runs.plan_dues()
    page = client.get("/account/autopay/")
    assert "Next: $200.00 on December 7, 2026" in shown(page)
    [order] = set(re.findall(r"/account/autopay/([0-9a-f-]{36})/", page.content.decode()))
    address = f"/account/autopay/{order}/2026-12-07"
    page = client.post(f"{address}/move/", {"on": "12/2/2026"})
    assert page.status_code == 422 and "We must tell you 10 days ahead" in shown(page)
    done = client.post(f"{address}/move/", {"on": "12/9/2026"})
    assert "Next: $200.00 on December 9, 2026" in shown(client.get(done["Location"]))
    assert "Skip this payment?" in shown(client.get(f"{address}/skip/"))
    done = client.post(f"{address}/skip/")
    assert "The payment is skipped" in shown(client.get(done["Location"]))
    done = client.post("/account/autopay/", {"order": order})
    assert "Paused" in shown(client.get(done["Location"]))
    client.post("/account/autopay/", {"order": order})
    check = client.post(f"/account/autopay/{order}/", {"what": f"{made.bill.account_id}|kind|professional", "day": "",
                        "when": "before", "days_before": "5", "method": str(made.method_id), "cap": "150"})  # fmt: skip
    assert "That is more than $150.00" in shown(check)
    done = client.post(f"/account/autopay/{order}/", {"kept": kept(check), "agree": "1"})
    assert "Doctor bills" in shown(client.get(done["Location"]))
    assert client.get(f"{address}/fly/").status_code == 404
    done = client.post(f"{address}/stop/")
    assert done["Location"] == "/account/autopay/?done=stopped"
    assert "ended on" in shown(client.get(done["Location"]))


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"day": "32"}, "Type a day from 1 to 31."),
        ({"when": "before", "days_before": "29"}, "Type a number of days from 0 to 28."),
        ({"cap": "-5"}, "Type an amount like 250.00"),
        ({"what": "x|all|"}, "Choose what is paid."),
        ({"method": "x"}, "Choose how you want to pay."),
    ],
)
def test_terms_that_cannot_be(time: clock.FixedClock, typed: dict[str, str], words: str) -> None:
    made, client = payer()
    page = set_up(made, client, **typed)
    assert page.status_code == 422 and words in shown(page)


def test_the_mails_link_changes_nothing_until_its_button_is_pressed(time: clock.FixedClock) -> None:
    made, _ = payer()
    order = later.enrolled(made, day=7)
    runs.plan_dues()
    links = {what: link(what, made.bill.account_id, order, "2026-12-07", "en").partition("127.0.0.1")[2] for what in
             ("skip", "move", "stop")}  # fmt: skip
    paths = {what: "/" + each.split("/", 1)[1] for what, each in links.items()}
    scanner = Client(SERVER_NAME="127.0.0.1")
    for path in paths.values():
        page = scanner.get(path)
        assert page.status_code == 200 and page.content.decode().count("<button") >= 1
    [due] = later.dues(order)
    assert (due["state"], due["take_on"]) == ("waiting", date(2026, 12, 7))
    assert "The payment is moved" in shown(scanner.post(paths["move"], {"on": "12/8/2026"}))
    assert "The payment is skipped" in shown(scanner.post(paths["skip"]))
    assert "That was done before" in shown(scanner.get(paths["skip"]))
    assert "Automatic payment has stopped" in shown(scanner.post(paths["stop"]))
    time.advance(days=61)
    assert scanner.get(paths["stop"]).status_code == 410
    assert scanner.get(paths["stop"][:-3] + "x/").status_code == 410


def test_a_plan_is_offered_signed_and_changed(time: clock.FixedClock) -> None:
    made, client = payer()
    assert f'value="{made.bill.bill_id}"' in client.get("/account/plans/").content.decode()
    page = client.get(f"/account/plans/offer/?of={made.bill.bill_id}")
    text = shown(page)
    assert "2 payments of $100.00 a month" in text and "4 payments of $50.00 a month" in text
    assert "it moves to one month after the last" in text  # what a miss means, before signing
    typed = {"of": str(made.bill.bill_id), "offer": "monthly", "monthly": "10", "first": "12/1/2026",
             "method": str(made.method_id)}  # fmt: skip
    page = client.post("/account/plans/offer/", typed)
    assert page.status_code == 422 and "It must be at least $50.00 a month" in shown(page)
    check = client.post("/account/plans/offer/", typed | {"monthly": "70"})
    text = shown(check)
    assert "3 payments of $70.00 a month. In all $200.00. The last is on February 1, 2027." in text
    assert "3. $60.00 on February 1, 2027" in text and "There is no interest and no fee. In all I pay $200.00." in text
    done = client.post("/account/plans/sign/", {"kept": kept(check), "agree": "1"})
    page = client.get(done["Location"])
    assert "Your plan is signed" in shown(page)
    address = done["Location"].partition("?")[0]
    assert "Put the plan off by a month" in shown(client.get(f"{address}?ask=pause"))
    done = client.post(address, {"do": "pause"})
    assert "Next: $70.00 on January 4, 2027" in shown(client.get(done["Location"]))
    done = client.post(address, {"do": "ahead"})
    assert "We take it now" in shown(client.get(done["Location"]))
    done = client.post(address, {"do": "end"})
    assert "Your plan has ended" in shown(client.get(done["Location"]))
    assert a_member(None, email="else@example.org").client().get(address).status_code == 404


def test_a_plan_by_hand_needs_no_saved_way_to_pay(time: clock.FixedClock) -> None:
    bill = a_bill(20_000)
    client = a_member(bill.account_id).client()
    typed = {"of": str(bill.bill_id), "offer": "2", "first": "12/1/2026", "method": "hand"}
    check = client.post("/account/plans/offer/", typed)
    done = client.post("/account/plans/sign/", {"kept": kept(check), "agree": "1"})
    assert "You make each payment yourself" in shown(client.get(done["Location"]))
    page = client.post("/account/plans/offer/", typed)
    assert page.status_code == 200
    page = client.post("/account/plans/sign/", {"kept": kept(page), "agree": "1"})
    assert page.status_code == 422 and "in a plan already" in shown(page)


def feed_of(client: Client, **typed: str) -> str:
    client.post("/account/scheduled/calendar/", {"do": "renew", **typed})
    page = client.get("/account/scheduled/").content.decode()
    return re.findall(r'href="[^"]*(/calendar/[^"]+)"', page)[0]


def test_the_calendar_is_secret_renewed_and_well_formed(time: clock.FixedClock) -> None:
    made, client = payer()
    later.enrolled(made, day=7)
    runs.plan_dues()
    address = feed_of(client)
    served = Client(SERVER_NAME="127.0.0.1").get(address)
    text = served.content.decode()
    assert served["Content-Type"].startswith("text/calendar") and "$" not in text
    assert "DTSTART;VALUE=DATE:20261207" in text and "SUMMARY:A payment is planned" in text
    assert "SUMMARY:A bill is due" in text
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n")) and "\n" not in text.replace("\r\n", "")
    for hidden in ("Solano", "Iker", "Rosa", "P00", str(made.bill.account_id)):
        assert hidden not in text
    uids = re.findall("UID:(.*)\r", text)
    time.advance(minutes=5)
    assert uids == re.findall("UID:(.*)\r", Client(SERVER_NAME="127.0.0.1").get(address).content.decode())
    newer = feed_of(client, amounts="1")
    assert Client(SERVER_NAME="127.0.0.1").get(address).status_code == 404
    assert "SUMMARY:Larkspur: $200.00 will be taken" in Client(SERVER_NAME="127.0.0.1").get(newer).content.decode()
    client.post("/account/scheduled/calendar/", {"do": "close"})
    assert Client(SERVER_NAME="127.0.0.1").get(newer).status_code == 404
    assert Client(SERVER_NAME="127.0.0.1").get("/calendar/abc.ics").status_code == 404


def test_lines_are_folded_between_characters() -> None:
    line = "SUMMARY:" + "ñ" * 100
    pieces = list(calendar._folded(line))
    assert all(len(each.encode()) <= 75 for each in pieces) and len(pieces) > 1
    assert pieces[0] + "".join(each[1:] for each in pieces[1:]) == line
