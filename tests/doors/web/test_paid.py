"""A bill that is paid: who lost the receipt has it sent to the contact on file, and learns nothing by asking."""

from __future__ import annotations

import re
from typing import Any

import pytest

from caretill.core import clock, outbox, sql
from caretill.core.words import say
from caretill.letters import post, send
from caretill.payments import helping, paid_bill
from house.cast import Bill, a_bill
from house.desk import Desk, processor_desk
from house.payer import Payer, text, words
from house.scenes import NOON
from house.seen import alone

__all__ = ["processor_desk"]


def paid(processor: Desk, **how: Any) -> Bill:
    bill = a_bill(14_000, **how)
    payer = Payer(bill)
    payer.get(processor.card(payer.to_card()))
    sql.execute("DELETE FROM core_outbox")
    return bill


def rows() -> list[tuple[str, dict[str, Any]]]:
    found = sql.query("SELECT topic, body FROM core_outbox ORDER BY id")
    return [(row["topic"], sql.answer(row["body"])) for row in found]


def mails(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What goes out, once all that waits is told."""
    sent: list[Any] = []
    monkeypatch.setattr(post, "transmit", sent.append)
    while outbox.relay(send.deliver):
        pass
    return sent


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_receipt_goes_to_the_contact_on_file(
    processor: Desk, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    bill = paid(processor)
    finder = Payer(bill, language=language)
    page = text(finder.get("amount"))
    assert say(language, "amount.state.paid.receipt") in page
    answer = finder.post("receipt")
    assert answer.status_code == 303 and answer["Location"] == finder.at("amount") + "?sent=1"
    assert say(language, "amount.state.paid.sent") in text(finder.get(answer["Location"]))
    [mail] = mails(monkeypatch)
    assert mail["To"] == "juana@example.org", "not where the payer's own went, which is pat@example.org"
    words_of = mail.get_body(("plain",)).get_content()
    link = re.search(r"http://\S+/receipt/\S+", words_of)
    assert link and bill.number not in words_of and not alone("140", words_of)
    assert f'<html lang="{language}"' in mail.get_body(("html",)).get_content()
    assert mails(monkeypatch) == [], "once"


@pytest.mark.parametrize("why", ["desk", "no address", "helper", "private"])
def test_what_cannot_be_sent_reads_the_same_and_nothing_goes_out(
    processor: Desk, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    bill = a_bill(14_000, desk_cents=14_000) if why == "desk" else paid(processor)
    if why == "no address":
        sql.execute("UPDATE people_account SET email = ''")
    elif why == "helper":
        link = helping.make(bill.account_id, bill.region, [(a_bill(9_000, number="P7").bill_id, 1_000)])
        assert link is not None
        sql.execute("UPDATE payments_payment SET help_id = %s", (link.id,))
    elif why == "private":
        sql.execute("UPDATE billing_bill SET private = true")
    finder = Payer(bill)
    sql.execute("DELETE FROM core_outbox")
    answer = finder.post("receipt")
    assert [topic for topic, _ in rows()] == ["bill_receipts"] and answer["Location"].endswith("?sent=1")
    assert words("amount.state.paid.sent_text") in text(finder.get(answer["Location"]))
    assert mails(monkeypatch) == []


def test_a_bill_that_is_not_paid_sends_nothing(processor: Desk) -> None:
    finder = Payer(a_bill(14_000))
    assert words("amount.state.paid.receipt") not in text(finder.get("amount"))
    answer = finder.post("receipt")
    assert answer.status_code == 303 and answer["Location"] == finder.at("amount") and rows() == []
    assert finder.get("receipt").status_code == 405


def test_asking_is_counted(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        bill = paid(processor)
        for _ in range(paid_bill.MAILS_A_BILL):
            assert Payer(bill).post("receipt").status_code == 303
        page = Payer(bill).post("receipt")
        assert page.status_code == 429 and words("errors.receipt_often.money") in text(page)
        assert len(rows()) == paid_bill.MAILS_A_BILL
        time.advance(hours=25)
        assert Payer(bill).post("receipt").status_code == 303


def test_asked_again_after_a_fault_no_receipt_is_sent_twice(processor: Desk) -> None:
    bill = paid(processor)
    Payer(bill).post("receipt")
    row = sql.one("SELECT account_id, id, body FROM core_outbox")
    assert row is not None
    for _ in range(2):
        send.deliver("bill_receipts", row["account_id"], row["id"], sql.answer(row["body"]))
    assert [topic for topic, _ in rows()].count("receipt_ready") == 1
