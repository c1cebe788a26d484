"""What a member is told, by which channel, when; and the mails about changes of a profile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings

from caretill.core import clock, outbox, sql
from caretill.core.ids import uuid7
from caretill.letters import links, send, wants
from caretill.payments import callbacks, take
from caretill.people import new_email, profile, topics
from house import cast
from house.desk import Desk
from house.member import MemberOf, a_login, a_member
from house.postbox import Postbox

pytestmark = pytest.mark.usefixtures("db")

NOON = datetime(2026, 11, 22, 20, tzinfo=UTC)  # noon in Oregon
NIGHT = datetime(2026, 11, 23, 6, tzinfo=UTC)  # 10 p.m. there


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Postbox]:
    box = Postbox()
    monkeypatch.setattr(settings, "CARETILL_SMTP_URL", box.url)
    monkeypatch.setattr(settings, "CARETILL_TEXTS", "mailbox")
    monkeypatch.setattr(settings, "CARETILL_PUSH", "mailbox")
    yield box
    box.close()


def work() -> None:
    while outbox.relay(send.deliver):
        pass


def to(box: Postbox) -> list[str]:
    return sorted(str(mail["To"]) for mail in box.mails)


def text_of(mail: Any) -> str:
    part = mail.get_payload(0) if mail.is_multipart() else mail
    return str(part.get_payload(decode=True).decode())


def a_family() -> tuple[cast.Bill, MemberOf]:
    """A bill whose guarantor signs in with another address than the one on file."""
    bill = cast.a_bill()
    return bill, a_member(bill.account_id, email="pat@example.org")


def bill_ready(bill: cast.Bill) -> UUID:
    sql.execute("DELETE FROM core_outbox")
    row_id = uuid7()
    outbox.put_once(bill.account_id, row_id, "statement_ready", {"bill_id": str(bill.bill_id)}, clock.now())
    return row_id


def test_without_a_login_the_address_on_file_hears(box: Postbox) -> None:
    bill_ready(cast.a_bill())
    work()
    assert to(box) == ["juana@example.org"] and box.mails[0]["List-Unsubscribe"] is None


def test_a_member_hears_at_their_own_address_in_their_language_and_may_stop_it(box: Postbox) -> None:
    bill, member = a_family()
    profile.change(member.login_id, "language", {"language": "es"})
    bill_ready(bill)
    work()
    assert to(box) == ["pat@example.org"]
    mail = box.mails[0]
    assert mail["Content-Language"] == "es" and mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = str(mail["List-Unsubscribe"])
    found = re.fullmatch(r"<http://[^ <>]+/stop/([^ <>?]+)\?lang=es>", url)
    assert found and url[1:-1] in text_of(mail)
    assert links.open_stop_link(found.group(1)) == (member.login_id, "bill_ready", "email")
    assert "bill_ready" not in url and str(member.login_id) not in url


def test_whoever_manages_the_account_hears_beside_the_address_on_file(box: Postbox) -> None:
    bill = cast.a_bill()
    a_member(bill.account_id, "manage", email="helper@example.org")
    a_member(bill.account_id, "pay", email="payer@example.org")
    bill_ready(bill)
    work()
    assert to(box) == ["helper@example.org", "juana@example.org"]


def test_who_managed_until_yesterday_hears_nothing(box: Postbox) -> None:
    bill = cast.a_bill()
    for email, hours in (("yesterday@example.org", -24), ("tomorrow@example.org", 24)):
        member = a_member(bill.account_id, "manage", email=email)
        ends = clock.now() + timedelta(hours=hours)
        sql.execute("UPDATE people_access SET ended_at = %s WHERE login_id = %s", (ends, member.login_id))
    bill_ready(bill)
    work()
    assert to(box) == ["juana@example.org", "tomorrow@example.org"]


def test_what_is_not_wanted_is_not_sent(box: Postbox) -> None:
    bill, member = a_family()
    topics.stop(member.login_id, "bill_ready", "email")
    bill_ready(bill)
    work()
    assert box.mails == []


def test_text_and_push_name_no_bill_and_a_text_says_how_to_stop(box: Postbox) -> None:
    bill, member = a_family()
    profile.change(member.login_id, "phone", {"phone": "503-555-0100"})
    topics.choose(member.login_id, {("bill_ready", "text"): True, ("bill_ready", "push"): True})
    with clock.fixed(NOON):
        bill_ready(bill)
        work()
    text, push = (next(mail for mail in box.mails if name in mail["To"]) for name in ("text", "push"))
    assert text["To"] == "5035550100@text.invalid" and push["To"] == f"{member.login_id}@push.invalid"
    assert "STOP" in text_of(text) and "STOP" not in text_of(push)
    for said in (text_of(text), text_of(push)):
        assert "/account/" in said and "$" not in said and bill.number not in said and len(said) < 160


def test_a_text_needs_a_number(box: Postbox) -> None:
    bill, member = a_family()
    topics.choose(member.login_id, {("bill_ready", "text"): True, ("bill_ready", "email"): False})
    bill_ready(bill)
    work()
    assert box.mails == []


def test_the_same_row_twice_tells_once(box: Postbox) -> None:
    bill, _ = a_family()
    row_id = bill_ready(bill)
    for _again in range(2):
        send.deliver("statement_ready", bill.account_id, row_id, {"bill_id": str(bill.bill_id)})
    work()
    assert to(box) == ["pat@example.org"]


def test_quiet_time_holds_a_message_until_its_end(box: Postbox) -> None:
    bill, member = a_family()
    profile.change(member.login_id, "quiet", {"quiet_from": 21, "quiet_to": 8})
    with clock.fixed(NIGHT) as time:
        bill_ready(bill)
        work()
        assert box.mails == []
        time.advance(hours=9, minutes=59)
        work()
        assert box.mails == []
        time.advance(minutes=1)
        work()
        assert to(box) == ["pat@example.org"]


def test_a_stop_while_a_text_waits_is_honoured(box: Postbox) -> None:
    bill, member = a_family()
    profile.change(member.login_id, "phone", {"phone": "503-555-0100"})
    topics.choose(member.login_id, {("bill_ready", "text"): True, ("bill_ready", "email"): False})
    with clock.fixed(NIGHT) as time:
        bill_ready(bill)
        work()
        assert topics.text_came("503 555 0100", "Stop") == 1
        time.advance(hours=12)
        work()
    assert box.mails == []


def test_quiet_time_holds_no_code_and_no_security(box: Postbox) -> None:
    with clock.fixed(NIGHT):
        login_id = a_login()
        profile.change(login_id, "quiet", {"quiet_from": 21, "quiet_to": 8})
        profile.change(login_id, "phone", {"phone": "503-555-0100"})
        topics.choose(login_id, {("security", "text"): True})
        new_email.ask(login_id, "new@example.org", "en")
        profile.change(login_id, "address", {"street": "2 B St", "city": "C", "state": "OR", "zip": "97201"})
        work()
        assert to(box) == [
            "5035550100@text.invalid",  # for the number, and for the address
            "5035550100@text.invalid",
            "juana@example.org",
            "juana@example.org",
            "new@example.org",
        ]


def test_a_changed_address_is_told_at_the_old_one_with_a_way_back(box: Postbox) -> None:
    login_id = a_login()
    made = profile.change(login_id, "email", {"email": "thief@example.org"})
    work()
    assert to(box) == ["juana@example.org"]
    said = text_of(box.mails[0])
    found = re.search(r"/undo/([^\s?]+)", said)
    assert found and links.open_undo_link(found.group(1)) == (login_id, made)
    assert "thief" not in said and "thief" not in str(box.mails[0])


def test_after_that_the_old_address_hears_of_everything_else_too(box: Postbox) -> None:
    login_id = a_login()
    profile.change(login_id, "email", {"email": "thief@example.org"})
    profile.change(login_id, "phone", {"phone": "503-555-0100"})
    work()
    assert to(box) == ["juana@example.org", "juana@example.org", "thief@example.org"]


def test_the_new_address_hears_that_it_was_undone(box: Postbox) -> None:
    login_id = a_login()
    made = profile.change(login_id, "email", {"email": "thief@example.org"})
    assert made is not None and profile.undo(login_id, made)
    work()
    told = {str(mail["To"]): text_of(mail) for mail in box.mails if "undone" in str(mail["Subject"])}
    assert list(told) == ["thief@example.org"] and "/undo/" not in told["thief@example.org"]


def test_who_tells_nobody_is_marked_done(box: Postbox) -> None:
    login_id = a_login()
    profile.change(login_id, "language", {"language": "es"})
    work()
    rows = sql.query("SELECT topic, sent_at IS NOT NULL AS sent FROM core_outbox")
    assert rows == [{"topic": "account_changed", "sent": True}] and box.mails == []


def test_news_of_the_household_are_asked_for_as_well(box: Postbox) -> None:
    with clock.fixed(NIGHT) as time:
        login_id = a_login()
        profile.change(login_id, "quiet", {"quiet_from": 21, "quiet_to": 8})
        topics.choose(login_id, {("household", "push"): True})
        outbox.put(login_id, "access_changed", {"to": "taker"})
        work()
        assert box.mails == []
        time.advance(hours=10)
        work()
        assert to(box) == sorted(["juana@example.org", f"{login_id}@push.invalid"])
        mail = next(mail for mail in box.mails if mail["To"] == "juana@example.org")
        found = re.search(r"/stop/([^>?]+)", str(mail["List-Unsubscribe"]))
        assert found and links.open_stop_link(found.group(1)) == (login_id, "household", "email")
        topics.stop(login_id, "household", "email")
        outbox.put(login_id, "access_ended", {"to": "taker"})
        work()
        assert to(box).count("juana@example.org") == 1


def receipt(processor: Desk, bill: cast.Bill, email: str) -> UUID:
    """A payment that went through; its row in the outbox waits."""
    answer = take.pay(bill.ask(5_000, email=email))
    assert answer.payment_id is not None
    processor.card(answer.url)
    callbacks.apply_due()
    return answer.payment_id


def test_a_members_receipt_goes_by_their_wishes(box: Postbox, processor: Desk) -> None:
    bill, member = a_family()
    receipt(processor, bill, "PAT@example.org")
    work()
    assert to(box) == ["pat@example.org"] and "/stop/" in str(box.mails[0]["List-Unsubscribe"])
    topics.stop(member.login_id, "receipt", "email")
    payment_id = receipt(processor, bill, "pat@example.org")
    work()
    assert len(box.mails) == 1
    outbox.put(bill.account_id, "receipt_ready", {"payment_id": str(payment_id), "email": "pat@example.org"})
    work()
    assert to(box) == ["pat@example.org"] * 2, "one that they just asked for is sent all the same"


def test_somebody_elses_receipt_goes_to_them(box: Postbox, processor: Desk) -> None:
    bill, member = a_family()
    topics.stop(member.login_id, "receipt", "email")
    receipt(processor, bill, "grandma@example.org")
    work()
    assert to(box) == ["grandma@example.org"] and box.mails[0]["List-Unsubscribe"] is None


def test_every_topic_of_ours_belongs_to_one_of_theirs() -> None:
    assert set(wants.TOPIC_OF.values()) <= set(topics.TOPICS)
