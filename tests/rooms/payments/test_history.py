"""A family's history: each amount once, as the ledger has it, and nothing of people whom the viewer may not see."""

from __future__ import annotations

import contextlib
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connection
from django.test.utils import CaptureQueriesContext

from caretill.core import clock, sql
from caretill.letters import history as whole
from caretill.letters.statements import issue
from caretill.payments import callbacks, history, look, sweep, take
from caretill.payments.history import Entry, Find, Wanted
from caretill.people.viewer import Viewer
from house import ledgerbook as book
from house.cast import a_bill
from house.desk import Desk
from house.families import Killed, a_family, killed_after
from house.member import a_member, grant, person_of

ALL = Wanted()


def seen(viewer: Viewer, wanted: Wanted = ALL) -> list[Entry]:
    return whole.page(viewer, wanted, 100)[0]


def kinds(entries: list[Entry]) -> list[str]:
    return sorted(entry.kind for entry in entries)


def ledger(question: str) -> int:
    row = sql.one(
        "SELECT coalesce(sum(amount_cents), 0) AS n FROM ledger_transfer"
        f" WHERE phase IN ('posted', 'post') AND {question}"
    )
    assert row is not None
    return int(row["n"])


def test_every_kind_of_entry_and_the_sums_of_the_ledger(processor: Desk) -> None:
    first, second = a_bill(14_000, number="P1", desk_cents=2_500), a_bill(9_000, number="P2")
    viewer = book.viewer(a_member(first.account_id))
    paid = book.pay(processor, (first, 5_000), (second, 3_000))
    book.give_back(first, paid, 1_000)
    book.give_back(first, paid, 2_500)
    book.refuse(second, 1_200)
    book.begin(second, 700)
    issue(first.account_id, first.bill_id)
    found = seen(viewer)
    assert kinds(found) == ["desk", "failed", "on_its_way", "payment", "refund", "refund", "statement"]
    assert [entry.place for entry in found] == sorted(
        (entry.place for entry in found), key=lambda place: (place.day, place.at, place.id), reverse=True
    )
    here = ledger("debit_kind = 'clearing'")
    back = ledger("credit_kind = 'clearing'")
    desk = ledger("debit_kind = 'desk'")
    assert (here, back, desk) == (8_000, 3_500, 2_500)
    assert sum(entry.paid_cents for entry in found) == here + desk
    assert sum(entry.refunded_cents for entry in found) == back
    totals = history.sums(viewer, ALL)
    assert [(sum.year, sum.first_name, sum.paid_cents, sum.refunded_cents) for sum in totals] == [
        (2026, "Iker", here + desk, back)
    ]
    shown = [bill.figures() for bill in (first, second)]
    assert sum(bill["paid_here_cents"] for bill in shown) == here - back
    one = next(entry for entry in found if entry.kind == "payment")
    assert [(part.bill_number, part.amount_cents) for part in one.parts] == [("P1", 5_000), ("P2", 3_000)]


def test_what_a_feed_took_back_is_gone(db: None) -> None:
    bill = a_bill(14_000, desk_cents=2_500)
    viewer = book.viewer(a_member(bill.account_id))
    assert kinds(seen(viewer)) == ["desk"]
    a_bill(14_000, number=bill.number, version=2, desk_cents=0, desk_version=2)
    assert seen(viewer) == [] and history.sums(viewer, ALL) == []


def test_who_may_see_one_person_sees_that_persons_part_and_no_other(processor: Desk) -> None:
    theirs, hers = a_bill(14_000, number="P1", desk_cents=400), a_bill(9_000, number="P2", desk_cents=300)
    ana = book.another_person(hers)
    paid = book.pay(processor, (theirs, 5_000), (hers, 3_000))
    book.give_back(theirs, paid, 4_000)
    issue(theirs.account_id, theirs.bill_id)
    viewer = book.viewer(a_member(theirs.account_id, "see", ana, email="ana@example.org"))
    found = seen(viewer)
    assert kinds(found) == ["desk", "payment", "refund"]
    assert {part.person_id for entry in found for part in entry.parts} == {ana}
    assert [(total.first_name, total.paid_cents, total.refunded_cents) for total in history.sums(viewer, ALL)] == [
        ("Ana", 3_300, 3_000)
    ]
    assert [name for _, name, _ in history.choices(viewer).people] == ["Ana"]
    assert seen(viewer, Wanted(person=person_of(theirs.account_id))) == []


def test_late_money_is_credit_of_the_account_and_of_nobody(processor: Desk) -> None:
    bill = a_bill(14_000)
    book.come_late(bill, 2_000)
    viewer = book.viewer(a_member(bill.account_id))
    (entry,) = seen(viewer)
    assert (entry.kind, entry.paid_cents, entry.parts[0].bill_id) == ("payment", 2_000, None)
    assert [(total.person_id, total.paid_cents) for total in history.sums(viewer, ALL)] == [(None, 2_000)]
    one = book.viewer(a_member(bill.account_id, "see", person_of(bill.account_id), email="b@example.org"))
    assert seen(one) == []


def test_nobody_sees_anything_without_access(processor: Desk) -> None:
    book.pay(processor, (a_bill(14_000), 5_000))
    viewer = book.viewer(a_member(None))
    assert seen(viewer) == [] and history.sums(viewer, ALL) == [] and history.choices(viewer).people == ()
    stranger = book.viewer(a_member(a_bill(1_000, family="2").account_id, email="b@example.org"))
    assert seen(stranger) == []


def test_filters(processor: Desk) -> None:
    mine, hers = a_bill(14_000, number="P1", desk_cents=400), a_bill(9_000, number="P2")
    ana = book.another_person(hers)
    paid = book.pay(processor, (mine, 5_000), (hers, 3_000))
    book.give_back(mine, paid, 100)
    issue(hers.account_id, hers.bill_id)
    viewer = book.viewer(a_member(mine.account_id))

    def of(**wanted: Any) -> list[str]:
        return kinds(seen(viewer, Wanted(**wanted)))

    assert of(kind="payment") == ["payment"] and of(kind="refund") == ["refund"]
    assert of(kind="outside") == ["desk"] and of(kind="statement") == ["statement"]
    assert of(person=ana) == ["payment", "refund", "statement"]
    (payment,) = seen(viewer, Wanted(person=ana, kind="payment"))
    assert payment.paid_cents == 3_000
    assert of(year=2026) == of() and of(year=2025) == []
    reference = payment.reference.replace("-", "")
    for find, wanted in (
        (Find(cents=8_000), ["payment"]),
        (Find(cents=5_000), ["payment"]),
        (Find(cents=100), ["refund"]),
        (Find(cents=1), []),
        (Find(number=reference), ["payment", "refund"]),
        (Find(number="P2"), ["payment", "refund", "statement"]),
        (Find(number="NOPE"), []),
        (Find(days=((date(2026, 10, 1), date(2026, 10, 1)),)), ["desk"]),
        (Find(cents=100, days=((date(2026, 10, 1), date(2026, 10, 31)),)), ["desk", "refund"]),
    ):
        assert of(find=find) == wanted, find
    assert [total.paid_cents for total in history.sums(viewer, Wanted(find=Find(cents=40_000)))] == []


def test_pages_leave_nothing_out_and_repeat_nothing(processor: Desk) -> None:
    bill = a_bill(14_000, desk_cents=100)
    for cents in (100, 200, 300):
        book.give_back(bill, book.pay(processor, (bill, cents + 500)), cents)
    issue(bill.account_id, bill.bill_id)
    viewer = book.viewer(a_member(bill.account_id))
    everything, last = whole.page(viewer, ALL, 100)
    assert len(everything) == 8 and last is None
    turned: list[Entry] = []
    before = None
    for _ in range(8):
        found, before = whole.page(viewer, ALL, 3, before)
        turned += found
        if before is None:
            break
    assert turned == everything
    assert list(whole.entries(viewer, ALL)) == everything


def test_two_questions_a_page_for_a_family_of_four_accounts(processor: Desk) -> None:
    bills = [a_bill(9_000, family=str(family)) for family in range(4)]
    member = a_member(bills[0].account_id)
    for bill in bills[1:]:
        grant(member.login_id, bill.account_id, "pay")
    for bill in bills:
        book.pay(processor, (bill, 1_000))
        issue(bill.account_id, bill.bill_id)
    viewer = book.viewer(member)
    with CaptureQueriesContext(connection) as asked:
        found, _ = whole.page(viewer, ALL, 100)
    assert len(found) == 8 and len(asked) == 2
    assert [total.paid_cents for total in history.sums(viewer, ALL)] == [1_000] * 4


def test_a_familys_payment_is_one_entry_to_who_sees_all_of_it_and_a_part_to_others(processor: Desk) -> None:
    made = a_family(accounts=3)
    payer = a_member(made.bills[0].account_id)
    for bill in made.bills[2:]:
        grant(payer.login_id, bill.account_id, "pay")
    other = book.viewer(a_member(made.bills[3].account_id, email="b@example.org"))
    begun = take.pay(made.ask(100, 200, 300, 400))
    assert begun.payment_id
    (entry,) = seen(book.viewer(payer))
    assert (entry.kind, entry.amount_cents, entry.paid_cents, len(entry.parts)) == ("on_its_way", 1_000, 0, 4)
    assert seen(other) == []
    processor.card(begun.url)
    look.came_back(made.bills[0].account_id, begun.payment_id)
    callbacks.apply_due()
    book.give_back(made.bills[0], begun.payment_id, 500)
    sweep.sweep()
    refund, payment = seen(book.viewer(payer))
    assert (payment.kind, payment.paid_cents, len(payment.parts)) == ("payment", 1_000, 4)
    assert (refund.kind, refund.refunded_cents) == ("refund", 500)
    totals = history.sums(book.viewer(payer), ALL)
    assert (sum(one.paid_cents for one in totals), sum(one.refunded_cents for one in totals)) == (1_000, 500)
    theirs = seen(other)
    assert [entry.paid_cents for entry in theirs if entry.kind == "payment"] == [400]
    assert {entry.reference for entry in theirs} == {payment.reference}
    net = sum(entry.paid_cents - entry.refunded_cents for entry in theirs)
    assert net == made.bills[3].figures()["paid_here_cents"]


def test_what_a_family_paid_is_never_out_of_sight_between_two_steps(processor: Desk) -> None:
    made = a_family(accounts=3)
    payer = a_member(made.bills[0].account_id)
    for bill in made.bills[2:]:
        grant(payer.login_id, bill.account_id, "pay")
    begun = take.pay(made.ask(100, 200, 300, 400))
    assert begun.payment_id
    processor.card(begun.url)
    for steps in (1, 1, 1, 1):
        with contextlib.suppress(Killed), killed_after(steps):
            look.came_back(made.bills[0].account_id, begun.payment_id)
            sweep.sweep()
        entries = seen(book.viewer(payer))
        assert sum(entry.amount_cents for entry in entries) == 1_000, kinds(entries)
    with clock.fixed(clock.now() + timedelta(hours=1)):
        sweep.sweep()
    assert kinds(seen(book.viewer(payer))) == ["payment"]


def test_a_made_up_person_finds_nothing(processor: Desk) -> None:
    bill = a_bill(9_000)
    book.pay(processor, (bill, 1_000))
    viewer = book.viewer(a_member(bill.account_id))
    assert seen(viewer, Wanted(person=uuid4())) == [] and isinstance(viewer.login_id, UUID)
