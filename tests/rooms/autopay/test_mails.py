"""Notices: amount and date, three links with one button each, counted from the day on which the mail left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from email.message import EmailMessage
from typing import Any

import pytest

from caretill.autopay import enrol, notice, runs, turn
from caretill.core import clock, outbox, sql
from caretill.letters import post, send
from house import later
from house.cast import a_bill
from house.desk import Desk

NOON = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


@pytest.fixture
def mails(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EmailMessage]]:
    sent: list[EmailMessage] = []
    monkeypatch.setattr(post, "transmit", sent.append)
    yield sent


def relayed() -> None:
    while outbox.relay(send.deliver, most=50):
        pass


def about(sent: list[EmailMessage], words: str) -> list[EmailMessage]:
    return [each for each in sent if words in str(each["Subject"])]


def body(message: EmailMessage) -> str:
    part: Any = message.get_body(("plain",))
    return str(part.get_content())


def test_a_notice_leaves_and_counts(processor: Desk, mails: list[EmailMessage]) -> None:
    with clock.fixed(NOON) as time:
        payer = later.a_payer(a_bill(20_000), processor)
        order = later.enrolled(payer, day=7)
        turn.plan()
        assert turn.tell() == {"put": 1} and turn.tell() == {"put": 0}
        assert later.dues(order)[0]["noticed_on"] is None
        relayed()
        [mail] = about(mails, "payment is coming")
        text = body(mail)
        assert "We will take $200.00 on December 7, 2026" in text and "until 11:59 p.m. on December 6, 2026" in text
        assert text.replace("account/autopay/", "").count("/autopay/") == 3 and mail["List-Unsubscribe"] is None
        for hidden in ("Solano", "Juana", "Rosa", "Iker", "P00", "Office"):
            assert hidden not in text
        assert later.dues(order)[0]["noticed_on"] == date(2026, 11, 23)
        time.at = datetime(2026, 12, 7, 20, tzinfo=UTC)
        assert later.ran().done == 1


def test_a_mail_server_that_is_away_moves_the_day_before_the_mail_says_it(
    processor: Desk, mails: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: EmailMessage) -> None:
        raise OSError("away")

    with clock.fixed(NOON) as time:
        order = later.enrolled(later.a_payer(a_bill(20_000), processor), day=7)
        turn.plan()
        turn.tell()
        with monkeypatch.context() as broken:
            broken.setattr(post, "transmit", away)
            relayed()
        assert later.dues(order)[0]["noticed_on"] is None
        time.at = datetime(2026, 12, 2, 18, tzinfo=UTC)
        relayed()
        [mail] = about(mails, "payment is coming")  # ten days later is a Saturday
        assert "We will take $200.00 on December 14, 2026" in body(mail)
        [due] = later.dues(order)
        assert (due["take_on"], due["noticed_on"]) == (date(2026, 12, 14), date(2026, 12, 2))


def test_above_the_cap_the_mail_says_that_nothing_is_taken(processor: Desk, mails: list[EmailMessage]) -> None:
    with clock.fixed(NOON):
        later.enrolled(later.a_payer(a_bill(20_000), processor), day=7, cap_cents=10_000)
        turn.plan()
        turn.tell()
        relayed()
        [mail] = about(mails, "above your limit")
        assert "$100.00" in body(mail) and "/autopay/" not in body(mail).replace("account/autopay/", "")


def test_who_else_hears_of_it_cannot_stop_it(processor: Desk, mails: list[EmailMessage]) -> None:
    with clock.fixed(NOON):
        bill = a_bill(20_000)
        later.a_member(bill.account_id, email="other@example.org")
        payer = later.a_payer(bill, processor, level="manage")
        later.enrolled(payer, day=7, tell_also=True)
        turn.plan()
        turn.tell()
        relayed()
        found = {str(each["To"]): body(each) for each in about(mails, "payment is coming")}
        assert set(found) == {"juana@example.org", "other@example.org"}
        links = {to: text.replace("account/autopay/", "").count("/autopay/") for to, text in found.items()}
        assert links == {"juana@example.org": 3, "other@example.org": 0}


def test_nothing_is_told_of_what_was_skipped_meanwhile(processor: Desk, mails: list[EmailMessage]) -> None:
    with clock.fixed(NOON):
        payer = later.a_payer(a_bill(20_000), processor)
        order = later.enrolled(payer, day=7)
        turn.plan()
        turn.tell()
        enrol.skip(payer.bill.account_id, order, date(2026, 12, 7))
        relayed()
        assert not about(mails, "payment is coming")
        assert notice.left(payer.bill.account_id, order, date(2026, 12, 7), date(2026, 12, 7)) == 0


def test_a_failure_is_told_once(processor: Desk, mails: list[EmailMessage]) -> None:
    with clock.fixed(NOON) as time:
        payer = later.a_payer(a_bill(20_000), processor, number="4000000000000341")
        later.enrolled(payer, day=7)
        runs.plan_dues()
        later.told()
        processor.fault("account_closed", 9)
        time.at = datetime(2026, 12, 7, 20, tzinfo=UTC)
        later.ran()
        turn.follow()
        relayed()
        [mail] = about(mails, "An automatic payment did not go through")
        assert "/account/scheduled/" in body(mail) and "$" not in body(mail)
        assert sql.one("SELECT state FROM autopay_due") == {"state": "failed"}
