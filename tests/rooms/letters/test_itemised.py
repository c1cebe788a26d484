"""The itemised receipt: patient, provider, day, service and amount on each line that was paid; exact sums."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from pypdf.generic import BooleanObject

from caretill.core import sql
from caretill.core.money import show
from caretill.letters import history as whole
from caretill.letters.history_pdf import BYTE_ORDER, Cover, csv_lines, history_pdf
from caretill.letters.itemised import itemised_page, itemised_pdf
from caretill.letters.letterhead import letterhead
from caretill.letters.receipts import receipt_pdf
from caretill.letters.statements import issue
from caretill.payments import history, look, take
from caretill.payments.access import receipt_figures
from caretill.payments.history import Wanted
from caretill.payments.itemised import read_receipt, share_out
from caretill.people.viewer import Hidden, Viewer
from house import ledgerbook as book
from house.cast import Bill, a_bill
from house.desk import Desk
from house.families import a_family
from house.member import a_member, grant, person_of
from house.seen import alone
from rooms.letters.reading import amounts, reader, tags, text

CLINICAL = ("Iker", "Dr. Rosa Prueba", "Office visit", "Blood test", "Oct 1", "October 1")


def member_of(bill: Bill, level: str = "holder", **more: Any) -> Viewer:
    return book.viewer(a_member(bill.account_id, level, **more))


def set_private(bill: Bill) -> None:
    sql.execute("UPDATE billing_bill SET private = true WHERE id = %s", (bill.bill_id,))


def read(viewer: Viewer, payment_id: UUID) -> dict[str, Any]:
    return read_receipt(viewer, payment_id)


# The rule


@given(st.integers(0, 10**10), st.lists(st.integers(-50, 10**9), min_size=1, max_size=40))
def test_shares_are_exact_fair_and_the_same_each_time(amount: int, weights: list[int]) -> None:
    shares = share_out(amount, weights)
    assert sum(shares) == amount and min(shares) >= 0
    held = [max(weight, 0) for weight in weights]
    held = held if any(held) else [1] * len(held)
    for share, weight in zip(shares, held, strict=True):
        assert amount * weight // sum(held) <= share <= amount * weight // sum(held) + 1, "no line is off by a cent"
        assert weight or not share
    assert share_out(amount, weights) == shares


@pytest.mark.parametrize(
    ("amount", "weights", "shares"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (101, [1, 1, 1], [34, 34, 33]),
        (5, [1, 2, 2], [1, 2, 2]),
        (10, [0, 0, 0], [4, 3, 3]),
        (7, [-5, 3], [0, 7]),
        (1, [1, 2, 3], [0, 0, 1]),
        (2, [10, 20, 30], [0, 1, 1]),
    ],
)
def test_the_rule_by_example(amount: int, weights: list[int], shares: list[int]) -> None:
    assert share_out(amount, weights) == shares


def test_a_bill_paid_whole_pays_each_line_what_it_asked(processor: Desk) -> None:
    bill = a_bill(14_000)
    book.more_lines(bill, 3_333, 1)
    receipt = read(member_of(bill), book.pay(processor, (bill, 14_000)))
    assert [line["amount_cents"] for line in receipt["care"][0]["lines"]] == [10_666, 3_333, 1]


# Five of five, and nought


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_five_fields_stand_on_every_line(processor: Desk, language: str) -> None:
    bill = a_bill(14_000)
    book.more_lines(bill, 4_000, 2_000)
    figures = read(member_of(bill), book.pay(processor, (bill, 5_000)))
    page = itemised_page(figures, language, letterhead("oregon", language))
    (one,) = page["care"]["bills"]
    assert len(one["rows"]) == 3
    for row in one["rows"]:
        assert row[0] == "Iker Solano" and row[1] == "Dr. Rosa Prueba" and all(row) and len(row) == 5
    assert [row[3] for row in one["rows"]] == ["Office visit", "Blood test 2", "Blood test 3"]
    cents = [int(row[4].replace("$", "").replace(".", "").replace(",", "")) for row in one["rows"]]
    assert sum(cents) == 5_000 and one["total"][1] == "$50.00"
    made = itemised_pdf(figures, language)
    printed = text(made)
    for field in ("Iker Solano", "Dr. Rosa Prueba", "Office visit", "Blood test 2", one["rows"][0][2]):
        assert field in printed, field
    for row in one["rows"]:
        assert row[4] in amounts(made)
    assert reader(made).root_object["/MarkInfo"]["/Marked"] == BooleanObject(True)
    assert {"/H1", "/H2", "/Table", "/TH"} <= {name for name, _ in tags(made)}


def test_a_guests_receipt_has_none_of_them(processor: Desk) -> None:
    bill = a_bill(14_000)
    payment_id = book.pay(processor, (bill, 5_000))
    printed = text(receipt_pdf(receipt_figures(bill.account_id, payment_id), "en"))
    assert "$50.00" in printed
    assert not [field for field in CLINICAL if field in printed]


@pytest.mark.parametrize("why", ["private", "grown"])
def test_who_may_not_open_the_care_gets_the_plain_receipt(processor: Desk, why: str) -> None:
    bill = a_bill(14_000)
    payment_id = book.pay(processor, (bill, 5_000))
    if why == "private":
        set_private(bill)
    else:
        sql.execute("UPDATE people_person SET birth_date = '2000-01-01' WHERE account_id = %s", (bill.account_id,))
    figures = read(member_of(bill), payment_id)
    assert figures["care"] == []
    printed = text(itemised_pdf(figures, "en"))
    assert "$50.00" in printed and not [field for field in CLINICAL if field in printed]
    reads = sql.query("SELECT what, ref FROM core_read")
    assert [(row["what"], row["ref"]) for row in reads] == [("receipt", payment_id)]
    own = member_of(bill, "own", person_id=person_of(bill.account_id), email="iker@example.org")
    assert len(read(own, payment_id)["care"]) == 1, "the patient sees their own"


def test_one_bill_open_and_one_private(processor: Desk) -> None:
    first, second = a_bill(14_000, number="P1"), a_bill(9_000, number="P2")
    ana = book.another_person(second)
    set_private(second)
    payment_id = book.pay(processor, (first, 5_000), (second, 2_000))
    figures = read(member_of(first), payment_id)
    assert [care["bill_number"] for care in figures["care"]] == ["P1"]
    assert [(one["bill_number"], one["first_name"], one["amount_cents"]) for one in figures["closed"]] == [
        ("P2", "Ana", 2_000)
    ]
    printed = text(itemised_pdf(figures, "en"))
    assert "Ana: private care" in printed and printed.count("Dr. Rosa Prueba") == 1 and alone("P1", printed)
    hers = read(member_of(first, "see", person_id=ana, email="b@example.org"), payment_id)
    assert (hers["amount_cents"], hers["whole"], len(hers["parts"])) == (2_000, False, 1)
    assert hers["care"] == [] and not alone("P1", text(itemised_pdf(hers, "en")))


def test_a_refund_is_in_the_sums_of_who_sees_a_part(processor: Desk) -> None:
    first, second = a_bill(14_000, number="P1"), a_bill(9_000, number="P2")
    ana = book.another_person(second)
    payment_id = book.pay(processor, (first, 5_000), (second, 2_000))
    book.give_back(first, payment_id, 2_500)
    all_of_it = read(member_of(first), payment_id)
    assert (all_of_it["amount_cents"], all_of_it["refunded_cents"]) == (7_000, 2_500)
    hers = read(member_of(first, "see", person_id=ana, email="b@example.org"), payment_id)
    assert (hers["amount_cents"], hers["refunded_cents"]) == (2_000, 2_000)


def test_late_money_has_no_lines(processor: Desk) -> None:
    bill = a_bill(14_000)
    figures = read(member_of(bill), book.come_late(bill, 2_000))
    assert figures["late"] and figures["care"] == [] and figures["closed"] == []


def test_a_familys_receipt_has_the_lines_of_all_accounts_and_others_see_their_own(processor: Desk) -> None:
    made = a_family(accounts=3)
    payer = a_member(made.bills[0].account_id)
    for bill in made.bills[2:]:
        grant(payer.login_id, bill.account_id, "see")
    begun = take.pay(made.ask(100, 200, 300, 400))
    assert begun.payment_id
    processor.card(begun.url)
    look.came_back(made.bills[0].account_id, begun.payment_id)
    figures = read(book.viewer(payer), begun.payment_id)
    assert figures["whole"] and sorted(care["amount_cents"] for care in figures["care"]) == [100, 200, 300, 400]
    other = read(member_of(made.bills[3], email="b@example.org"), begun.payment_id)
    assert (other["amount_cents"], other["whole"], len(other["care"])) == (400, False, 1)
    assert "Visa" not in text(itemised_pdf(other, "en")) and "4242" not in text(itemised_pdf(other, "en"))


def test_strangers_and_payments_under_way_are_hidden_alike(processor: Desk) -> None:
    bill = a_bill(14_000)
    payment_id = book.pay(processor, (bill, 5_000))
    stranger = member_of(a_bill(1_000, family="2"), email="b@example.org")
    for viewer, wanted in ((stranger, payment_id), (book.viewer(a_member(None, email="c@example.org")), payment_id)):
        with pytest.raises(Hidden):
            read(viewer, wanted)
    begun = book.begin(bill, 1_000)
    with pytest.raises(Hidden):
        read(member_of(bill), begun)
    assert sql.query("SELECT 1 FROM core_read") == []


def test_four_questions_however_many_lines(processor: Desk) -> None:
    bills = [a_bill(9_000, number=f"P{place}") for place in range(4)]
    for bill in bills:
        book.more_lines(bill, 10, 20, 30)
    payment_id = book.pay(processor, *((bill, 1_000) for bill in bills))
    viewer = member_of(bills[0])
    with CaptureQueriesContext(connection) as asked:
        read(viewer, payment_id)
    assert len(asked) == 4


# The history as files


def _family(processor: Desk) -> Viewer:
    first, second = a_bill(14_000, number="P1", desk_cents=2_500), a_bill(9_000, number="P2")
    book.another_person(second, "=Ána")
    book.give_back(first, book.pay(processor, (first, 5_000), (second, 3_000)), 1_000)
    book.begin(second, 700)
    issue(first.account_id, first.bill_id)
    return member_of(first)


def test_the_table_has_the_sums_of_the_page_and_no_formula(processor: Desk) -> None:
    viewer = _family(processor)
    lines = "".join(csv_lines(whole.entries(viewer, Wanted()), "en"))
    assert lines.startswith(BYTE_ORDER)
    rows = list(csv.DictReader(io.StringIO(lines.removeprefix(BYTE_ORDER))))
    assert len(rows) == 5
    totals = history.sums(viewer, Wanted())
    paid = sum(int(row["You paid"].replace(".", "")) for row in rows)
    back = sum(int(row["We sent back"].replace(".", "")) for row in rows)
    assert (paid, back) == (sum(one.paid_cents for one in totals), sum(one.refunded_cents for one in totals))
    assert (paid, back) == (10_500, 1_000)
    cells = [cell for row in rows for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert any("'=Ána Solano" in cell for cell in cells)


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_paper_has_the_sums_of_the_page(processor: Desk, language: str) -> None:
    viewer = _family(processor)
    entries, totals = list(whole.entries(viewer, Wanted())), history.sums(viewer, Wanted())
    made = history_pdf(entries, totals, Cover("oregon", "Juana Solano", "", date(2026, 11, 22)), language)
    shown = amounts(made)
    for total in totals:
        assert show(total.paid_cents) in shown and show(total.refunded_cents) in shown
    assert show(sum(total.paid_cents for total in totals)) in shown
    assert {"/H1", "/Table", "/TH"} <= {name for name, _ in tags(made)}
    assert "Office visit" not in text(made) and "Dr. Rosa" not in text(made)


def test_an_empty_history_is_a_paper_too() -> None:
    made = history_pdf([], [], Cover("oregon", "Juana Solano", "2025", date(2026, 11, 22)), "en")
    assert "There is nothing to list." in text(made)
