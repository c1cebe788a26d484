"""Home of a member: what is owed and by when, one action each, what is on its way, and when we last heard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from caretill.core import clock, sql
from caretill.core.words import say
from caretill.payments import look, take
from caretill.web.seek import MOST_BILLS
from house import wallet
from house.cast import a_bill
from house.desk import Desk, processor_desk
from house.member import a_login, a_member, grant, person_of
from house.payer import text, words
from house.scenes import NOON

__all__ = ["processor_desk"]


@pytest.fixture(autouse=True)
def time(db: None) -> Iterator[clock.FixedClock]:
    with clock.fixed(NOON) as fixed:
        yield fixed


def told(at: datetime) -> None:
    sql.execute(
        "INSERT INTO intake_delivery (id, kind, digest, files, options, state, summary, started_at, finished_at)"
        " VALUES (%s, 'csv', '', '[]', '{}', 'done', '{}', %s, %s)",
        (uuid4(), at, at),
    )


def test_what_is_owed_and_by_when() -> None:
    one = a_bill(14_000, number="P1", due=date(2026, 12, 4))
    a_bill(7_240, number="P2", due=date(2027, 1, 4))
    page = text(a_member(one.account_id).client().get("/account/"))
    assert "<h1>You owe $212.40</h1>" in page
    assert "$140.00 is due December 4, 2026." in page
    assert f'name="of" value="{one.bill_id}"' in page and "Pay $140.00" in page and "Pay $212.40" in page
    assert page.count("due_soon") == 0 and words("home.stale.title") not in page


def test_past_due_comes_first() -> None:
    late = a_bill(5_000, number="P1", due=date(2026, 11, 2))
    a_bill(14_000, number="P2")
    page = text(a_member(late.account_id).client().get("/account/"))
    assert "$50.00 was due November 2, 2026." in page and "$140.00 is due December 15, 2026." in page
    assert page.index("$50.00 is past due") < page.index("$140.00 is due December 15, 2026</h3>")


def test_more_bills_than_one_payment_holds() -> None:
    """All that is owed is said; a button pays as many as one payment holds, says for how much, and stands once."""
    made = [a_bill(1_000, number=f"P{n:03d}", due=date(2026, 11, 2)) for n in range(MOST_BILLS + 10)]
    page = text(a_member(made[0].account_id).client().get("/account/"))
    assert f"You owe ${10 * len(made):.2f}" in page and f"${10 * len(made):.2f} is past due" in page
    assert page.count('name="of"') == MOST_BILLS and page.count(f"Pay ${10 * MOST_BILLS:.2f}") == 1


def test_nothing_owed() -> None:
    bill = a_bill(14_000, desk_cents=14_000)
    page = text(a_member(bill.account_id).client().get("/account/"))
    assert words("home.nothing") in page and words("home.nothing_text") in page
    assert words("home.todo") not in page and words("home.happened.desk", amount="$140.00") in page
    assert words("home.see_all") in page and words("home.see_bills") not in page


def test_credit_is_theirs() -> None:
    bill = a_bill(14_000, desk_cents=15_000)
    page = text(a_member(bill.account_id).client().get("/account/"))
    assert "You have $10.00 with us" in page


def test_nothing_is_linked(db: None) -> None:
    page = text(a_member(None).client().get("/account/"))
    assert words("home.unlinked") in page and words("home.card.unlinked.title") in page


@pytest.mark.parametrize(("ago", "shown"), [(0, "home.as_of"), (1, "home.as_of_day"), (5, "home.stale.title")])
def test_as_of(ago: int, shown: str) -> None:
    told(datetime(2026, 11, 23 - ago, 17, 41, tzinfo=UTC))
    member = a_member(a_bill(14_000).account_id)
    page = text(member.client().get("/account/"))
    assert say("en", shown, time="9:41 a.m.", date=f"November {23 - ago}, 2026") in page.replace("\u00a0", " ")
    assert "Pay $140.00" in page


def test_a_payment_on_its_way_has_its_tracker(processor: Desk, time: clock.FixedClock) -> None:
    bill = a_bill(14_000)
    member = a_member(bill.account_id)
    answer = take.pay(bill.ask(14_000))
    page = text(member.client().get("/account/"))
    assert words("home.nothing") in page and words("home.on_way", amount="$140.00") in page
    assert "Somebody is paying this now." in page and words("home.todo") not in page
    assert "/account/#moving" in text(member.client().get(f"/account/bills/{bill.bill_id}/"))
    sql.execute("UPDATE payments_payment SET state = 'unknown', returned_at = %s", (clock.now(),))
    page = text(member.client().get("/account/"))
    assert words("states.unknown.sentence") in page and words("wait.track.step.checking") in page
    sql.execute("UPDATE payments_payment SET state = 'requires_action', returned_at = NULL")
    processor.card(answer.url)
    take.open_page(bill.account_id, answer.payment_id)  # type: ignore[arg-type]


def test_a_household_sees_who_owes_what() -> None:
    one, two = a_bill(14_000, family="1"), a_bill(7_000, family="2", due=date(2026, 11, 2))
    login = a_member(one.account_id)
    grant(login.login_id, two.account_id)
    sql.execute("UPDATE people_person SET first_name = 'Ana' WHERE account_id = %s", (two.account_id,))
    page = text(login.client().get("/account/"))
    assert "<h1>You owe $210.00</h1>" in page
    assert "Was due November 2, 2026" in page and f'?person={person_of(two.account_id)}">Ana</a>' in page


def test_who_may_only_see_gets_no_button_to_pay() -> None:
    bill = a_bill(14_000)
    page = text(a_member(bill.account_id, "see").client().get("/account/"))
    assert "You owe $140.00" in page and "Pay $140.00" not in page


def test_another_persons_bills_are_not_there() -> None:
    mine, other = a_bill(14_000, family="1"), a_bill(7_000, family="2")
    login = a_login("other@example.org")
    grant(login, other.account_id)
    member = a_member(mine.account_id, "see", person_of(mine.account_id))
    assert "<h1>You owe $140.00</h1>" in text(member.client().get("/account/"))


def test_reads_are_logged_one_an_account() -> None:
    one, two = a_bill(14_000, family="1"), a_bill(7_000, family="2")
    member = a_member(one.account_id)
    grant(member.login_id, two.account_id)
    member.client().get("/account/")
    rows = sql.query("SELECT account_id, viewer, what FROM core_read ORDER BY account_id")
    assert {row["account_id"] for row in rows} == {one.account_id, two.account_id} and len(rows) == 2
    assert {row["viewer"] for row in rows} == {f"member:{member.login_id}"}


def test_in_spanish() -> None:
    member = a_member(a_bill(14_000).account_id)
    page = text(member.client().get("/account/?lang=es"))
    assert "<h1>Usted debe $140.00</h1>" in page


def test_a_passkey_is_offered_until_somebody_says_not_now() -> None:
    member = a_member(a_bill(14_000).account_id)
    client = member.client()
    named = {"SERVER_NAME": "localhost", "HTTP_HOST": "localhost"}
    offered = words("home.card.passkey.title")
    assert offered in text(client.get("/account/", **named)) and offered not in text(client.get("/account/"))
    assert client.post("/account/later/", **named)["Location"] == "/account/"
    assert offered not in text(client.get("/account/", **named))


def test_a_card_that_ends_soon_is_told(time: clock.FixedClock) -> None:
    member = a_member(a_bill(14_000).account_id)
    account_id = sql.query("SELECT account_id FROM billing_bill")[0]["account_id"]
    soon = clock.now() + timedelta(days=7)  # NOON is late in its month
    wallet.a_card(account_id, member.login_id, last4="1111", month=soon.month, year=soon.year)
    wallet.a_card(account_id, member.login_id, last4="4242", year=soon.year + 3)
    page = text(member.client().get("/account/"))
    assert words("home.card.card_ends.title") in page and "ends in 1111" in page and "ends in 4242" not in page
    assert "/account/ways/" in page


def test_what_was_paid_leads_to_its_receipt(processor: Desk) -> None:
    bill = a_bill(14_000)
    answer = take.pay(bill.ask(4_000))
    processor.card(answer.url)
    assert answer.payment_id and look.look_again(bill.account_id, answer.payment_id) == "succeeded"
    client = a_member(bill.account_id).client()
    receipt = f"/account/history/receipts/{answer.payment_id}/"
    for path in ("/account/", f"/account/bills/{bill.bill_id}/"):
        assert f'href="{receipt}"' in text(client.get(path)), path
    assert client.get(receipt).status_code == 200
    limited = a_member(bill.account_id, "pay", person_of(bill.account_id), email="other@example.org").client()
    assert words("home.happened.here", amount="$40.00") in text(limited.get("/account/"))
    sql.execute("UPDATE billing_bill SET person_id = %s", (uuid4(),))
    assert words("home.happened.here", amount="$40.00") not in text(limited.get("/account/"))
    sql.execute("UPDATE billing_bill SET person_id = (SELECT id FROM people_person LIMIT 1)")
