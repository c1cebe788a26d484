"""The list of bills and one bill of a member: filters, pages, what is hidden, and what a page costs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from caretill.core import clock, sql
from house.cast import Bill, a_bill
from house.member import a_member, grant, person_of
from house.payer import text, words
from house.scenes import NOON

MOST_STATEMENTS = 12


@pytest.fixture(autouse=True)
def time(db: None) -> Iterator[clock.FixedClock]:
    with clock.fixed(NOON) as fixed:
        yield fixed


def a_private_bill(bill: Bill) -> None:
    sql.execute("UPDATE billing_bill SET private = true WHERE id = %s", (bill.bill_id,))


def statements(page: Callable[[], Any]) -> int:
    count = 0

    def one_more(execute: Callable[..., Any], *given: Any) -> Any:
        nonlocal count
        count += 1
        return execute(*given)

    with connection.execute_wrapper(one_more):
        assert page().status_code == 200
    return count


@pytest.mark.parametrize("private", [False, True])
def test_whom_to_call_is_told_with_the_number_to_read_out(private: bool) -> None:
    bill = a_bill(14_000)
    if private:
        a_private_bill(bill)
    browser = a_member(bill.account_id, "pay", person_of(bill.account_id)).client()
    shown = browser.get(f"/account/bills/{bill.bill_id}/").content.decode()
    where = f"/account/bills/{bill.bill_id}/help/"
    assert f'href="{where}#wrong"' in shown and f'href="{where}#paying"' in shown
    page = browser.get(where)
    assert page.status_code == 200 and words("help.bill.ready", number=bill.number) in text(page)
    assert f'href="/account/bills/{bill.bill_id}/"' in page.content.decode() and "Prueba" not in text(page)
    assert a_member(None, email="else@example.org").client().get(where).status_code == 404


def test_bills_to_pay_stand_by_their_day() -> None:
    late = a_bill(5_000, number="P1", due=date(2026, 11, 2))
    a_bill(14_000, number="P2")
    a_bill(3_000, number="P3", desk_cents=3_000, due=date(2026, 10, 1))
    page = text(a_member(late.account_id).client().get("/account/bills/"))
    assert page.index("You owe $50.00. It was due November 2, 2026.") < page.index("You owe $140.00. Pay by December")
    assert "Iker: Larkspur Medical Group" in page and "Doctor bill, Dr. Rosa Prueba, October 1, 2026" in page
    assert words("bills.paid") not in page


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", {"P1", "P2", "H4"}),
        ("state=past_due", {"P1"}),
        ("state=paid", {"P3"}),
        ("state=all", {"P1", "P2", "P3", "H4"}),
        ("kind=hospital", {"H4"}),
        ("place=oregon&state=all&kind=professional", {"P1", "P2", "P3"}),
        ("place=hawaii", set()),
        ("state=nonsense&kind=nonsense&place=nowhere&person=x&after=y", {"P1", "P2", "H4"}),
    ],
)
def test_filters_stand_in_the_address(query: str, numbers: set[str]) -> None:
    bills = {
        "P1": a_bill(5_000, number="P1", due=date(2026, 11, 2)),
        "P2": a_bill(14_000, number="P2"),
        "P3": a_bill(3_000, number="P3", desk_cents=3_000),
        "H4": a_bill(9_000, number="H4", kind="hospital", payee="hospital"),
    }
    page = text(a_member(bills["P1"].account_id).client().get(f"/account/bills/?{query}"))
    assert {number for number, bill in bills.items() if f"/account/bills/{bill.bill_id}/" in page} == numbers
    assert (words("bills.empty.sifted") in page) is not bool(numbers)


def test_filter_by_person() -> None:
    one, two = a_bill(14_000, family="1"), a_bill(7_000, family="2")
    member = a_member(one.account_id)
    grant(member.login_id, two.account_id)
    page = text(member.client().get(f"/account/bills/?person={person_of(two.account_id)}"))
    assert str(two.bill_id) in page and str(one.bill_id) not in page
    assert str(two.bill_id) not in text(member.client().get(f"/account/bills/?person={uuid4()}"))


def test_every_empty_list_says_so() -> None:
    bill = a_bill(14_000, desk_cents=14_000)
    client = a_member(bill.account_id).client()
    assert words("bills.empty.owed") in text(client.get("/account/bills/"))
    assert words("bills.empty.past_due") in text(client.get("/account/bills/?state=past_due"))
    assert words("bills.empty.sifted") in text(client.get("/account/bills/?state=all&kind=pharmacy"))
    assert words("bills.empty.unlinked") in text(
        a_member(None, email="new@example.org").client().get("/account/bills/")
    )


def test_pages_go_on_where_the_last_one_ended() -> None:
    bills = [a_bill(1_000 + n, number=f"P{n:03d}", due=date(2026, 12, 1 + n % 28)) for n in range(25)]
    client = a_member(bills[0].account_id).client()
    seen: list[str] = []
    for state in ("owed", "all"):
        address, seen = f"/account/bills/?state={state}", []
        while address:
            page = text(client.get(address))
            seen += [str(bill.bill_id) for bill in bills if f"/account/bills/{bill.bill_id}/" in page]
            more = page.partition('" rel="next"')[0].rpartition('href="')[2] if 'rel="next"' in page else ""
            address = more.replace("&amp;", "&")
        assert sorted(seen) == sorted(str(bill.bill_id) for bill in bills), state


def test_none_chosen_is_said_and_the_filters_stay() -> None:
    bill = a_bill(14_000)
    client = a_member(bill.account_id).client()
    answer = client.post("/account/bills/", {"state": "all"})
    assert answer.status_code == 422 and words("bills.error.none") in text(answer)
    assert 'name="state" value="all"' in text(answer)
    switched = client.post("/account/bills/", {"state": "all", "bill": str(bill.bill_id), "language": "es"})
    assert switched.status_code == 200 and "Sus facturas" in text(switched) and " checked" in text(switched)
    went = client.post("/account/bills/", {"bill": str(bill.bill_id)})
    assert went.status_code == 303 and went["Location"] == f"/account/pay/?of={bill.bill_id}"


def test_one_bill_whole() -> None:
    bill = a_bill(20_000, discount_cents=4_000, plan_paid_cents=2_000, desk_cents=1_000)
    page = text(a_member(bill.account_id).client().get(f"/account/bills/{bill.bill_id}/"))
    for shown in ("You owe $130.00", "Office visit", "Dr. Rosa Prueba", "Iker Solano", "Your plan paid $20.00."):
        assert shown in page
    for step in ("visit", "sent", "answered", "bill", "paid"):
        assert words(f"bills.track.{step}") in page
    for door in ("pay", "help", "wrong"):
        assert words(f"bill.door.{door}.title") in page
    row = sql.one("SELECT what, ref FROM core_read")
    assert row == {"what": "lines", "ref": bill.bill_id}


def test_without_a_plans_answer_the_tracker_says_nothing_of_it() -> None:
    bill = a_bill(20_000)
    page = text(a_member(bill.account_id).client().get(f"/account/bills/{bill.bill_id}/"))
    assert words("bills.track.visit") in page and words("bills.track.answered") not in page


def test_the_letter() -> None:
    bill = a_bill(20_000)
    answer = a_member(bill.account_id).client().get(f"/account/bills/{bill.bill_id}.pdf")
    assert answer["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF-")
    assert answer["Cache-Control"] == "no-store"


CARE = ("Dr. Rosa Prueba", "October 1, 2026", "Office visit", "Doctor bill", "November 1, 2026")


@pytest.mark.parametrize("way", ["private", "grown"])
def test_care_that_is_not_open_shows_only_what_is_owed(way: str) -> None:
    bill = a_bill(20_000, desk_cents=1_000)
    if way == "private":
        a_private_bill(bill)
    else:
        sql.execute("UPDATE people_person SET birth_date = '2008-11-23'")
    client = a_member(bill.account_id).client()
    for path in ("/account/", "/account/bills/?state=all", f"/account/bills/{bill.bill_id}/"):
        page = text(client.get(path))
        assert "$190.00" in page
        said = re.sub(r"<option.*", "", page)
        assert not [shown for shown in CARE if shown in said], path
    assert "Private care" in page and "Iker" in page and "/account/pay/?of=" in page
    assert client.get(f"/account/bills/{bill.bill_id}.pdf").status_code == 404
    assert str(bill.bill_id) not in text(client.get("/account/bills/?state=all&kind=professional"))
    patient = a_member(bill.account_id, "own", person_of(bill.account_id), email="iker@example.org").client()
    assert "Office visit" in text(patient.get(f"/account/bills/{bill.bill_id}/"))


def test_given_by_name_a_grown_childs_care_is_open() -> None:
    bill = a_bill(20_000)
    sql.execute("UPDATE people_person SET birth_date = '2008-11-23'")
    member = a_member(bill.account_id)
    grant(member.login_id, bill.account_id, "see", person_of(bill.account_id))
    assert "Office visit" in text(member.client().get(f"/account/bills/{bill.bill_id}/"))


def test_missing_and_forbidden_are_one_answer() -> None:
    bill = a_bill(20_000)
    stranger = a_member(a_bill(1_000, family="2").account_id).client()
    for found in (bill.bill_id, uuid4()):
        for path in (f"/account/bills/{found}/", f"/account/bills/{found}.pdf", f"/account/pay/?of={found}"):
            assert stranger.get(path).status_code == 404, path
    gone = a_member(bill.account_id, email="gone@example.org")
    sql.execute("UPDATE people_access SET ended_at = %s WHERE login_id = %s", (clock.now(), gone.login_id))
    assert gone.client().get(f"/account/bills/{bill.bill_id}/").status_code == 404
    assert Client(SERVER_NAME="127.0.0.1").get(f"/account/bills/{bill.bill_id}/").status_code in (302, 303)


def test_what_a_page_costs() -> None:
    """A family of four accounts and 40 bills: at most twelve statements a page."""
    families = [a_bill(1_000, family=str(n)) for n in range(4)]
    for n in range(36):
        a_bill(1_000 + n, family=str(n % 4), number=f"P9{n:03d}", due=date(2026, 12, 1 + n % 28))
    member = a_member(families[0].account_id)
    for bill in families[1:]:
        grant(member.login_id, bill.account_id)
    client = member.client()
    of = "&of=".join(str(bill.bill_id) for bill in families)
    one = families[0].bill_id
    for path in ("/account/", "/account/bills/", f"/account/bills/{one}/", f"/account/pay/?of={of}"):
        count = statements(lambda path=path: client.get(path))  # type: ignore[misc]
        assert count <= MOST_STATEMENTS, (path, count)
        print(path[:16], count)


def test_the_pages_are_valid_html(parse: Callable[[bytes], Any]) -> None:
    one, two = a_bill(14_000, plan_paid_cents=1_000), a_bill(7_000, family="2", due=date(2026, 11, 2))
    member = a_member(one.account_id)
    grant(member.login_id, two.account_id)
    client = member.client()
    paths = ["/account/", "/account/bills/?state=all&kind=hospital", "/account/bills/?state=all"]
    paths += [f"/account/bills/{one.bill_id}/", f"/account/pay/?of={one.bill_id}"]
    for path in [*paths, f"/account/pay/?of={one.bill_id}&of={two.bill_id}"]:
        for language in ("en", "es"):
            parse(client.get(f"{path}{'&' if '?' in path else '?'}lang={language}").content)
    parse(client.post("/account/bills/", {}).content)
    a_private_bill(one)
    parse(client.get(f"/account/bills/{one.bill_id}/").content)
