"""A guest plans a payment for a day to come, without JavaScript: chosen, agreed to, changed, called off, taken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import Client

from caretill.autopay import guests, schedules, turn
from caretill.core import clock, outbox, sql
from caretill.letters import post, send
from caretill.methods import mandates, upkeep
from caretill.payments import charge
from house import debits
from house.cast import Bill, a_bill
from house.desk import at_once
from house.payer import HIDDEN, TYPED_BANK, Payer, payments, text, words
from house.saved import a_bank, saved_ask

AT = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)  # a Monday; Thursday is a holiday
DAY = "12/15/2026"


@pytest.fixture
def mails(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EmailMessage]]:
    """What was mailed."""
    sent: list[EmailMessage] = []
    monkeypatch.setattr(post, "transmit", sent.append)
    yield sent


def hidden(page: HttpResponse) -> dict[str, str]:
    return dict(HIDDEN.findall(page.content.decode()))


def chosen(payer: Payer, on: str = DAY) -> Any:
    """The answer to the account and the day."""
    payer.to_check()
    payer.post("how", {"how": "bank"})
    return payer.post("bank", TYPED_BANK | {"when": "day", "on": on})


def planned(bill: Bill, on: str = DAY) -> tuple[Payer, str]:
    """A payer who planned it, and the address of its page."""
    payer = Payer(bill)
    assert chosen(payer, on)["Location"] == payer.at("check")
    answer = payer.post("check", hidden(payer.get("check")))
    assert answer.status_code == 303 and answer["Location"].startswith("/planned/"), answer
    return payer, str(answer["Location"]).partition("?")[0]


def order() -> dict[str, Any]:
    row = sql.one("SELECT o.*, d.state AS due_state, d.due_on, d.take_on, d.closes_at FROM autopay_order o"
                  " JOIN autopay_due d ON d.account_id = o.account_id AND d.order_id = o.id")  # fmt: skip
    assert row is not None
    return row


def proved(time: clock.FixedClock) -> None:
    """Days go by: the account's prenote is filed, and no bank refuses it."""
    debits.filed()
    for _ in range(8):
        time.advance(hours=24)
        upkeep.turn()


def test_from_the_day_to_the_receipt(db: None) -> None:
    with clock.fixed(AT) as time:
        bill = a_bill(14_000)
        payer = Payer(bill)
        chosen(payer)
        agree = payer.get("check")
        body = text(agree)
        for shown in ("Authorization for bank payments (ACH)", "ends in 6789", "$140.00", "December 15, 2026"):
            assert shown in body
        assert words("planned.agree", amount="$140.00") in body
        assert payments() == 0 and sql.one("SELECT count(*) AS n FROM methods_method") == {"n": 0}
        answer = payer.post("check", hidden(agree))
        page = payer.get(answer["Location"])
        assert words("planned.state.waiting.title") in text(page) and "December 15, 2026" in text(page)
        assert payer.held().bank == {} and TYPED_BANK["number"] not in page.content.decode()
        assert payer.get("check")["Location"].startswith("/planned/")
        agreed = sql.one("SELECT sec_code, kind, email, channel, login_id FROM methods_mandate")
        assert agreed == {"sec_code": "WEB", "kind": "schedule", "email": "pat@example.org", "channel": "guest",
                          "login_id": None}  # fmt: skip
        assert bill.figures()["payable_cents"] == 14_000, "nothing is held until it is taken"
        proved(time)
        time.at = order()["closes_at"]
        assert schedules.take_due() == {"claimed": 1, "begun": 1}
        paid = sql.one("SELECT id, channel, login_id, posts_on, email FROM payments_payment")
        assert paid is not None and (paid["channel"], paid["login_id"]) == ("guest", None)
        assert paid["posts_on"] == date(2026, 12, 15)
        time.advance(hours=1)
        debits.filed()
        debits.settled(3)
        turn.follow()
        assert bill.figures()["open_cents"] == 0 and order()["due_state"] == "taken"
        assert words("planned.state.taken.title") in text(payer.get(answer["Location"]))
        assert sql.one("SELECT count(*) AS n FROM core_outbox WHERE topic = 'receipt_ready'") == {"n": 1}


WRONG = (
    ("12/01/2026", "too_soon", "December 2, 2026"),
    ("12/13/2026", "rest", "December 14, 2026"),
    ("12/25/2026", "rest", "December 28, 2026"),
    ("11/20/2026", "past", "December 2, 2026"),
    ("02/31/2027", "no_such_day", "March 1, 2027"),
    ("12/15/2029", "too_far", ""),
    ("soon", "date_shape", ""),
    ("", "date_missing", ""),
)


def test_a_day_that_cannot_be_is_answered_with_the_next(db: None) -> None:
    with clock.fixed(AT):
        payer = Payer(a_bill(14_000))
        for typed, code, day in WRONG:
            page = chosen(payer, typed)
            assert page.status_code == 422, typed
            assert words(f"later.error.{code}", date=day) in text(page), typed
        assert payer.held().bank == {}


def test_nobody_signed_in_and_no_helper_is_asked_for_a_day(db: None) -> None:
    payer = Payer(a_bill(14_000))
    payer.to_check()
    assert words("bank.when.label") in text(payer.get("bank"))
    flow = payer.held()
    flow.login = "00000000-0000-4000-8000-000000000001"
    payer.keep(flow)
    assert words("bank.when.label") not in text(payer.get("bank"))


def test_it_is_called_off_by_its_link(db: None) -> None:
    with clock.fixed(AT):
        bill = a_bill(14_000)
        _, page = planned(bill)
        stranger = Client(SERVER_NAME="127.0.0.1")
        ask = stranger.get(f"{page}call-off/")
        assert words("later.cancel.title") in text(ask) and order()["due_state"] == "waiting"
        answer = stranger.post(f"{page}call-off/")
        told = text(stranger.get(answer["Location"]))
        assert words("planned.done.cancelled.title") in told and words("planned.state.called_off.title") in told
        assert order()["due_state"] == "skipped" and order()["state"] == "ended"
        assert sql.one("SELECT count(*) AS n FROM methods_mandate WHERE ended_at IS NULL") == {"n": 0}
        again = stranger.post(f"{page}call-off/")
        assert words("planned.done.repeat.title") in text(stranger.get(again["Location"]))


def test_it_is_taken_back_before_its_file_leaves(db: None) -> None:
    with clock.fixed(AT) as time:
        bill = a_bill(14_000)
        payer, page = planned(bill)
        time.at = order()["closes_at"]
        schedules.take_due()
        assert words("planned.state.begun.title") in text(payer.get(page)) and "call-off" in str(
            payer.get(page).content
        )
        answer = payer.client.post(f"{page}call-off/")
        turn.follow()
        told = text(payer.client.get(answer["Location"]))
        assert words("planned.done.withdrawn.title") in told and words("planned.state.skipped.title") in told
        assert bill.figures()["payable_cents"] == 14_000


def test_another_day_is_agreed_to_anew(db: None) -> None:
    with clock.fixed(AT):
        bill = a_bill(14_000)
        payer, page = planned(bill)
        bad = payer.client.post(f"{page}day/", {"on": "12/13/2026"})
        assert bad.status_code == 422 and "December 14, 2026" in text(bad)
        check = payer.client.post(f"{page}day/", {"on": "01/04/2027"})
        assert "January 4, 2027" in text(check) and order()["due_on"] == date(2026, 12, 15)
        answer = payer.client.post(f"{page}day/", hidden(check))
        told = text(payer.client.get(answer["Location"]))
        assert words("planned.done.changed.title") in told and "January 4, 2027" in told
        assert order()["take_on"] == date(2027, 1, 4)
        kept = sql.query("SELECT ended_why FROM methods_mandate ORDER BY agreed_at, id")
        assert sorted(row["ended_why"] for row in kept) == ["", "changed"]
        forged = payer.client.post(f"{page}day/", {"on": "01/05/2027", "mark": "0" * 16})
        assert forged.status_code == 200 and order()["take_on"] == date(2027, 1, 4), "words that were not shown"


def test_a_link_that_is_none_opens_nothing(db: None) -> None:
    with clock.fixed(AT):
        _, page = planned(a_bill(14_000))
        client = Client(SERVER_NAME="127.0.0.1")
        other = page[:-8] + ("AAAA" if page[-8:-4] != "AAAA" else "BBBB") + page[-4:]
        for path in ("/planned/x/", other, f"{other}day/", f"{other}call-off/"):
            assert client.get(path).status_code == 404


def test_what_was_paid_another_way_is_not_taken_again(db: None) -> None:
    with clock.fixed(AT) as time:
        bill = a_bill(14_000)
        payer, page = planned(bill)
        charge.charge(saved_ask(bill, 14_000, a_bank(bill)))
        debits.filed()
        debits.settled(4)
        time.at = order()["closes_at"]
        schedules.take_due()
        assert order()["due_state"] == "not_needed" and payments() == 1
        assert words("planned.state.not_needed.text") in text(payer.get(page))


def test_more_than_is_owed_cannot_be_planned(db: None) -> None:
    with clock.fixed(AT):
        bill = a_bill(14_000)
        late = Payer(bill)
        chosen(late)
        told = hidden(late.get("check"))
        planned(bill)
        assert late.post("check", told).status_code in (409, 422)
        assert sql.one("SELECT count(*) AS n FROM autopay_order") == {"n": 1}
        assert sql.one("SELECT count(*) AS n FROM methods_method") == {"n": 1}, "its number is not kept either"


def test_an_account_that_its_bank_refuses_stops_it_and_the_payer_hears(db: None, mails: list[EmailMessage]) -> None:
    with clock.fixed(AT) as time:
        planned(a_bill(14_000))
        outbox.relay(send.deliver)
        [copy] = [mail for mail in mails if mail["Subject"].startswith("Your payment is planned")]
        plain = copy.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        [path] = re.findall(r"http://[^/]+(/planned/\S+/)", plain)
        assert "$140.00" in plain and "Authorization for bank payments (ACH)" in plain
        client = Client(SERVER_NAME="127.0.0.1")
        assert words("planned.state.waiting.title") in text(client.get(path))
        row = order()
        mandates.end(row["account_id"], row["mandate_id"], "R03")
        turn.follow()
        time.advance(seconds=60)
        outbox.relay(send.deliver)
        assert any("was called off" in mail["Subject"] and mail["To"] == "pat@example.org" for mail in mails)
        assert words("planned.state.stopped.title") in text(client.get(path))


@pytest.mark.slow
def test_the_same_form_64_times_at_once_is_one_order(db: None) -> None:
    with clock.fixed(AT):
        bill = a_bill(14_000)
        payer = Payer(bill)
        chosen(payer)
        told = hidden(payer.get("check"))

        def press() -> Any:
            browser = Client(SERVER_NAME="127.0.0.1")
            browser.cookies.update(payer.client.cookies)
            return browser.post(payer.at("check"), told)

        answers = at_once([press] * 64)
    assert {answer.status_code for answer in answers} == {303}
    for table in ("autopay_order", "autopay_due", "methods_method", "methods_mandate"):
        assert sql.one(f"SELECT count(*) AS n FROM {table}") == {"n": 1}, table


def test_the_first_day_is_after_the_banks_answer(db: None) -> None:
    with clock.fixed(AT):
        assert guests.first_day() == date(2026, 12, 2)
        assert guests.judge_day("oregon", guests.first_day()).code == "free"
        assert guests.judge_day("oregon", guests.first_day() - timedelta(days=1)).code == "too_soon"
        assert guests.held(UUID(int=1), UUID(int=2)) is None
