"""Links by which somebody else pays: never more than was asked, not after they end, and nothing but an initial."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from unittest import mock
from uuid import UUID, uuid4

import pytest

from caretill.core import clock, outbox, sql
from caretill.letters import post, send
from caretill.payments import access, helping, history, look, motion, refund, take, velocity
from caretill.payments.helping import Link
from caretill.people import household
from caretill.people.viewer import Hidden
from house.cast import Bill, a_bill
from house.desk import Desk, at_once
from house.member import a_member, person_of

AT = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


def a_link(*bills: Bill, cents: int = 5_000, **given: Any) -> Link:
    made = helping.make(bills[0].account_id, bills[0].region, [(bill.bill_id, cents) for bill in bills], **given)
    assert made is not None
    return made


def helps(bill: Bill, link: Link, cents: int, **changes: Any) -> take.Answer:
    given = {"help_id": link.id, "channel": "helper", "payer_name": "Ruth Helper", "visit": uuid4().bytes} | changes
    return take.pay(bill.ask(cents, **given))


def again(link: Link) -> Link:
    return helping.read(link.account_id, link.id)


def paid(processor: Desk, bill: Bill, link: Link, cents: int) -> UUID:
    answer = helps(bill, link, cents)
    assert answer.code == "open" and answer.payment_id
    processor.card(answer.url)
    assert look.came_back(bill.account_id, answer.payment_id) == "succeeded"
    return answer.payment_id


def test_what_was_asked_is_the_most_however_many_help(processor: Desk) -> None:
    bill = a_bill(14_000)
    link = a_link(bill)
    paid(processor, bill, link, 3_000)
    assert (again(link).left_cents, again(link).state) == (2_000, "open")
    assert helps(bill, link, 2_001).code == "above_owed"
    paid(processor, bill, link, 2_000)
    assert (again(link).left_cents, again(link).state) == (0, "paid")
    assert helps(bill, link, 1).code == "above_owed"
    assert bill.figures()["open_cents"] == 9_000


def test_two_at_once_never_pay_more_than_was_asked(processor: Desk) -> None:
    """Of one bill and of all: what was asked for each is the most that it gets."""
    first, second = a_bill(14_000, number="P0000000011"), a_bill(14_000, number="P0000000022")
    link = a_link(first, second, cents=2_500)
    asked = [(first, 2_501), (second, 2_500), (first, 2_500), (second, 2_501), (first, 5_000)]
    answers = at_once([lambda each=each: helps(each[0], link, each[1]) for each in asked])  # type: ignore[misc]
    assert {answer.code for answer in answers} <= {"above_owed", "being_paid", "open"}
    assert [answer.code for answer in answers].count("open") <= 2 and again(link).paid_cents <= 5_000
    assert all(cents <= 2_500 for cents in again(link).paid.values())


def test_each_bill_gets_what_was_asked_for_it_and_no_more(processor: Desk) -> None:
    """Two who help one after the other: the second does not pay the first bill over again."""
    first, second = a_bill(14_000, number="P0000000011"), a_bill(14_000, number="P0000000022")
    link = a_link(first, second, cents=2_500)
    paid(processor, first, link, 2_500)
    payable = {first.bill_id: 11_500, second.bill_id: 14_000}
    assert again(link).split(2_500, payable) == {second.bill_id: 2_500}
    assert helps(first, link, 1).code == "above_owed"
    payment_id = paid(processor, second, link, 2_500)
    assert again(link).state == "paid"
    assert refund.refund(first.account_id, payment_id, 700, uuid4(), "asked")["code"] == "refunded"
    assert again(link).split(5_000, payable) == {second.bill_id: 700}
    assert helps(second, link, 701).code == "above_owed"


def test_it_pays_no_family(processor: Desk) -> None:
    bill, other = a_bill(14_000), a_bill(9_000, family="2")
    link = a_link(bill)
    asked = bill.ask(1_000, others=((other.account_id, other.bill_id, 9_000),), help_id=link.id)
    assert take.pay(asked).code == "not_found"
    assert sql.one("SELECT count(*) AS n FROM payments_payment") == {"n": 0}


def test_a_link_ends_with_the_right_of_who_made_it(processor: Desk) -> None:
    """Who may pay no more learns no more of what is left, and is told of nothing."""
    bill = a_bill(14_000)
    member = a_member(bill.account_id, "pay", person_of(bill.account_id), email="pay@example.org")
    link = a_link(bill, login_id=member.login_id)
    assert again(link).state == "open"
    paid(processor, bill, link, 1_000)
    sql.execute("UPDATE people_access SET ended_at = %s WHERE login_id = %s", (clock.now(), member.login_id))
    assert again(link).state == "ended"
    assert [each.state for each in helping.of_bills(bill.account_id, [bill.bill_id])] == ["ended"]
    mails: list[Any] = []
    with mock.patch.object(post, "transmit", mails.append):
        for _ in range(4):
            outbox.relay(send.deliver)
    assert [str(mail["To"]) for mail in mails] == ["pat@example.org"], "the helper's receipt alone"


def test_what_was_given_up_or_sent_back_is_asked_again(processor: Desk) -> None:
    bill = a_bill(14_000)
    link = a_link(bill)
    answer = helps(bill, link, 5_000)
    assert again(link).left_cents == 0
    assert answer.payment_id and take.stop(bill.account_id, answer.payment_id) == "voided"
    assert again(link).left_cents == 5_000
    payment_id = paid(processor, bill, link, 5_000)
    assert refund.refund(bill.account_id, payment_id, 1_500, uuid4(), "asked")["code"] == "refunded"
    assert again(link).left_cents == 1_500


def test_it_ends_by_time_and_by_its_maker_and_what_began_goes_on(processor: Desk) -> None:
    with clock.fixed(AT) as time:
        bill, other = a_bill(14_000), a_bill(9_000, family="2")
        link, late = a_link(bill), a_link(other)
        begun = helps(bill, link, 1_000)
        helping.take_back(link.account_id, link.id)
        first_time = again(link).taken_back_at
        time.advance(seconds=5)
        helping.take_back(link.account_id, link.id)
        assert again(link).taken_back_at == first_time
        assert helps(bill, link, 1_000).code == "help_ended"
        processor.card(begun.url)
        assert begun.payment_id and look.came_back(bill.account_id, begun.payment_id) == "succeeded"
        time.advance(days=30)
        assert again(late).state == "ended" and helps(other, late, 1_000).code == "help_ended"


def test_it_pays_its_own_bills_alone(processor: Desk) -> None:
    asked, other = a_bill(14_000, number="P0000000011"), a_bill(14_000, number="P0000000022")
    link = a_link(asked)
    assert helps(other, link, 1_000).code == "not_found"
    assert helps(asked, link, 1_000, help_id=uuid4()).code == "help_ended"
    assert sql.one("SELECT count(*) AS n FROM payments_payment") == {"n": 0}
    with pytest.raises(Hidden):
        helping.read(asked.account_id, uuid4())
    with pytest.raises(Hidden):
        helping.take_back(uuid4(), link.id)


def test_its_bills_are_paid_in_order_each_up_to_what_was_asked() -> None:
    first, second = uuid4(), uuid4()
    link = Link(
        uuid4(), uuid4(), "oregon", ((first, 3_000), (second, 2_000)), 5_000, 0, None, "", "en", AT, AT, None, "J."
    )
    assert link.split(4_000, {first: 9_000, second: 9_000}) == {first: 3_000, second: 1_000}
    assert link.split(5_000, {first: 500, second: 9_000}) == {first: 500, second: 2_000}
    assert link.split(5_000, {second: 100}) == {second: 100}


def test_links_are_found_by_their_bills_until_they_end(db: None) -> None:
    with clock.fixed(AT) as time:
        bill, other = a_bill(14_000, number="P0000000011"), a_bill(14_000, number="P0000000022")
        link = a_link(bill)
        assert [each.id for each in helping.of_bills(bill.account_id, [bill.bill_id, other.bill_id])] == [link.id]
        assert helping.of_bills(bill.account_id, [other.bill_id]) == []
        time.advance(days=30)
        assert helping.of_bills(bill.account_id, [bill.bill_id]) == []


def test_an_account_makes_so_many_a_day_and_no_more(db: None) -> None:
    with clock.fixed(AT) as time:
        bill = a_bill(14_000)
        parts = [(bill.bill_id, 100)]
        made = [helping.make(bill.account_id, bill.region, parts) for _ in range(helping.MOST_A_DAY + 1)]
        assert [each is None for each in made] == [False] * helping.MOST_A_DAY + [True]
        time.advance(days=1)
        assert helping.make(bill.account_id, bill.region, parts)


def test_the_helpers_payment_tells_an_amount_and_an_initial(processor: Desk) -> None:
    bill = a_bill(14_000)
    payment_id = paid(processor, bill, a_link(bill), 5_000)
    for figures in (
        access.payment_figures(bill.account_id, payment_id),
        access.receipt_figures(bill.account_id, payment_id),
    ):
        assert figures["parts"] == [] and figures["masked_name"] == "J." and figures["amount_cents"] == 5_000
        told = repr(figures)
        assert not [each for each in (bill.number, "Solano", "Juana", "Medical Group") if each in told]
    own = bill.ask(1_000)
    answer = take.pay(own)
    assert answer.payment_id and len(access.payment_figures(bill.account_id, answer.payment_id)["parts"]) == 1


def test_the_family_sees_who_helped_and_not_their_card(processor: Desk) -> None:
    bill = a_bill(14_000)
    member = a_member(bill.account_id, "holder", email="holder@example.org")
    payment_id = paid(processor, bill, a_link(bill), 5_000)
    viewer = household.viewer_of(member.login_id)
    entry = history.page(viewer, history.Wanted(), 10)[0]
    assert (entry.helper, entry.method_last4, entry.paid_cents) == ("Ruth Helper", "", 5_000)
    assert entry.payment_id == payment_id
    assert sql.one("SELECT help_id IS NOT NULL AS found FROM payments_payment") == {"found": True}
    assert motion.of_bill(bill.account_id, bill.bill_id)[0]["amount_cents"] == 5_000


DECLINED = "4000000000000002"


def refused(processor: Desk, bill: Bill, link: Link | None = None) -> str:
    answer = helps(bill, link, 1_000) if link else take.pay(bill.ask(1_000))
    if answer.code != "open":
        return answer.code
    assert answer.payment_id
    for _ in range(5):
        processor.card(answer.url, DECLINED)
    return look.came_back(bill.account_id, answer.payment_id)


def test_cards_of_helpers_leave_the_family_a_try_and_add_none(processor: Desk) -> None:
    """Whoever holds a link knows nothing of the family: they must not shut it out, nor be a thief's further cards."""
    bill = a_bill(14_000)
    links = [a_link(bill) for _ in range(3)]
    assert [refused(processor, bill, link) for link in links] == ["failed", "failed", "too_many"]
    assert [refused(processor, bill) for _ in range(2)] == ["failed", "too_many"]


def test_pages_opened_by_helpers_leave_the_family_half_of_them(processor: Desk) -> None:
    bill = a_bill(14_000)
    link = a_link(bill)

    def opened(answer: take.Answer) -> str:
        if answer.code == "open" and answer.payment_id:
            take.stop(bill.account_id, answer.payment_id)
        return answer.code

    most = velocity.SESSIONS_A_BILL // 2
    assert [opened(helps(bill, link, 1_000)) for _ in range(most + 1)] == ["open"] * most + ["too_many"]
    assert [opened(take.pay(bill.ask(1_000))) for _ in range(most + 1)] == ["open"] * most + ["too_many"]
