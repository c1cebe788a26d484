"""Paying as a member: fewer questions, the same machine; a flow of theirs is theirs alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from caretill.core import clock, sql
from house.cast import Bill, a_bill
from house.desk import Desk, processor_desk
from house.member import MemberOf, a_member, grant
from house.payer import HIDDEN, Payer, text, words
from house.scenes import NOON

__all__ = ["processor_desk"]


@pytest.fixture(autouse=True)
def time(db: None) -> Iterator[clock.FixedClock]:
    with clock.fixed(NOON) as fixed:
        yield fixed


def of(*bills: Bill) -> list[str]:
    return [str(bill.bill_id) for bill in bills]


def choose(client: Client, *bills: Bill, **amounts: str) -> Any:
    """Pay these amounts, in dollars, of these bills; or all of the one."""
    if len(bills) == 1:
        return client.post("/account/pay/", {"of": of(*bills), "amount": "all"} | amounts)
    fields: dict[str, Any] = {"of": of(*bills), "bill": [str(n) for n in range(len(bills))]}
    for n, bill in enumerate(bills):
        cents = bill.figures()["payable_cents"]
        fields[f"amount_{n}"] = f"{cents // 100}.{cents % 100:02d}"
    return client.post("/account/pay/", fields | amounts)


def press(client: Client, address: str) -> Any:
    page = client.get(address)
    assert page.status_code == 200, page.content.decode()
    return client.post(address, {"key": dict(HIDDEN.findall(page.content.decode()))["key"]})


def inside(address: str) -> str:
    return "/" + address.split("/", 3)[3]


def pay(client: Client, processor: Desk, address: str) -> Any:
    """From the check page to the done page."""
    went = press(client, address)
    assert went.status_code == 303, went.content.decode()
    back = client.get(inside(processor.card(went["Location"])))
    return client.get(back["Location"])


def owner(*bills: Bill) -> tuple[MemberOf, Client]:
    member = a_member(bills[0].account_id)
    for account in {bill.account_id for bill in bills[1:]} - {bills[0].account_id}:
        grant(member.login_id, account)
    return member, member.client()


def test_one_bill_from_its_page_to_paid(processor: Desk) -> None:
    bill = a_bill(14_000)
    member, client = owner(bill)
    page = text(client.get(f"/account/pay/?of={bill.bill_id}"))
    assert "<h1>You owe $140.00</h1>" in page and "<dd>Iker</dd>" in page
    went = choose(client, bill)
    assert went.status_code == 303
    check = text(client.get(went["Location"]))
    assert "Juana Solano" in check and member.email in check and "Step 5" not in check
    done = text(pay(client, processor, went["Location"]))
    assert "You paid $140.00" in done and words("member_pay.back") in done
    row = sql.one("SELECT channel, payer_name, email, state FROM payments_payment")
    assert row == {"channel": "member", "payer_name": "Juana Solano", "email": member.email, "state": "succeeded"}
    home = text(client.get("/account/"))
    assert words("home.nothing") in home and words("home.happened.here", amount="$140.00") in home
    assert words("bills.track.paid") in text(client.get(f"/account/bills/{bill.bill_id}/"))


def test_several_bills_of_two_payees_one_after_the_other(processor: Desk) -> None:
    bills = a_bill(9_000, number="H1", payee="hospital", kind="hospital"), a_bill(14_000, number="P2")
    _, client = owner(*bills)
    page = text(client.get("/account/pay/?of=" + "&of=".join(of(*bills))))
    assert "You owe $230.00 on 2 bills" in page and "Larkspur Hospitals, Iker" in page
    went = choose(client, *bills, amount_1="100.00")
    done = text(pay(client, processor, went["Location"]))
    assert sum(bill.figures()["open_cents"] for bill in bills) in (4_000, 13_000, 14_000)
    if "Next: pay" in done:
        pay(client, processor, went["Location"])
    assert [bill.figures()["open_cents"] for bill in bills] == [0, 4_000]


def test_bills_of_several_accounts_are_one_payment(processor: Desk) -> None:
    bills = a_bill(9_000, family="1"), a_bill(14_000, family="2"), a_bill(1_000, family="3")
    _, client = owner(*bills)
    went = choose(client, *bills, amount_1="100.00")
    check = text(client.get(went["Location"]))
    assert "$200.00" in check and words("check.several.title", n=2) not in check
    address = press(client, went["Location"])["Location"]
    for bill in bills:
        assert bill.figures()["payable_cents"] == (4_000 if bill is bills[1] else 0)
    (guest,) = [Payer(bills[2])]
    assert words("amount.state.waits.title") in text(guest.get("amount")), "another door waits for it"
    assert words("amount.state.mine.title") in text(client.get(f"/account/pay/?of={bills[2].bill_id}"))
    done = text(client.get(client.get(inside(processor.card(address)))["Location"]))
    assert "You paid $200.00" in done and "Next: pay" not in done
    assert all(bill.number in done for bill in bills)
    assert [bill.figures()["open_cents"] for bill in bills] == [0, 4_000, 0]
    assert [row["amount_cents"] for row in processor.charges()] == [20_000]
    row = sql.one("SELECT account_id, id, family FROM payments_payment")
    assert row is not None and row["family"] and row["account_id"] == bills[0].account_id
    receipt = text(client.get(f"/account/history/receipts/{row['id']}/"))
    assert all(bill.number in receipt for bill in bills)
    for bill in bills:
        page = text(client.get(f"/account/bills/{bill.bill_id}/"))
        assert f"/account/history/receipts/{row['id']}/" in page
    assert "$200.00" in text(client.get("/account/"))


def test_two_regions_are_paid_one_after_the_other(processor: Desk) -> None:
    bills = a_bill(9_000, family="1"), a_bill(14_000, family="2"), a_bill(1_000, family="3", region="washington")
    _, client = owner(*bills)
    went = choose(client, *bills)
    check = text(client.get(went["Location"]))
    assert words("check.several.title", n=2) in check and "$230.00 to Larkspur" in check
    done = text(pay(client, processor, went["Location"]))
    assert "Next: pay" in done
    pay(client, processor, done.partition(f'">{words("done.next.button")}')[0].rpartition('href="')[2])
    assert [row["amount_cents"] for row in processor.charges()] == [23_000, 1_000]
    assert [bill.figures()["open_cents"] for bill in bills] == [0, 0, 0]


def test_a_right_that_is_taken_back_on_one_account_ends_the_whole_choice(processor: Desk) -> None:
    bills = a_bill(9_000, family="1"), a_bill(14_000, family="2")
    member, client = owner(*bills)
    address = choose(client, *bills)["Location"]
    assert client.get(address).status_code == 200
    sql.execute(
        "UPDATE people_access SET ended_at = %s WHERE login_id = %s AND account_id = %s",
        (clock.now(), member.login_id, bills[1].account_id),
    )
    assert client.get(address).status_code == 404
    assert client.post(address, {"key": "x"}).status_code == 404
    assert sql.one("SELECT count(*) AS n FROM payments_payment") == {"n": 0}


def test_less_is_owed_in_another_account_by_now(processor: Desk) -> None:
    bills = a_bill(9_000, family="1", number="P1"), a_bill(14_000, family="2", number="P2")
    _, client = owner(*bills)
    went = choose(client, *bills)
    a_bill(10_000, family="2", number="P2", version=2)
    page = text(client.get(press(client, went["Location"])["Location"]))
    assert words("member_pay.fallen.title") in page and "You owe $190.00" in page
    assert [bill.figures()["pending_cents"] for bill in bills] == [0, 0]


def test_somebody_else_pays_a_bill_of_another_account_meanwhile(processor: Desk) -> None:
    bills = a_bill(9_000, family="1"), a_bill(14_000, family="2")
    _, client = owner(*bills)
    went = choose(client, *bills)
    guest = Payer(bills[1])
    card = guest.to_card()
    answer = press(client, went["Location"])
    page = text(client.get(answer["Location"]))
    assert words("member_pay.fallen.title") in page and words("amount.state.waits.title") in page
    assert "You owe $90.00" in page and bills[0].figures()["pending_cents"] == 0
    processor.card(card)


def test_back_and_forth_pays_once(processor: Desk) -> None:
    bills = a_bill(9_000, number="P1"), a_bill(14_000, number="P2")
    _, client = owner(*bills)
    went = choose(client, *bills, amount_0="50.00")
    back = client.get(went["Location"].replace("/check", "/amount"))
    assert back["Location"].startswith("/account/pay/?flow=")
    page = client.get(back["Location"])
    assert 'value="50.00"' in text(page)
    flow = dict(HIDDEN.findall(page.content.decode()))["flow"]
    again = choose(client, *bills, amount_0="50.00", flow=flow)
    assert again["Location"] == went["Location"]
    first, second = press(client, went["Location"]), press(client, again["Location"])
    assert first["Location"] == second["Location"]
    processor.card(first["Location"])


def test_mistakes_keep_what_was_typed() -> None:
    bills = a_bill(9_000, number="P1"), a_bill(14_000, number="P2")
    _, client = owner(*bills)
    answer = choose(client, *bills, amount_0="1e3", amount_1="90.00")
    assert answer.status_code == 422 and 'value="1e3"' in text(answer) and 'value="90.00"' in text(answer)
    spanish = choose(client, *bills, amount_0="1e3", language="es")
    assert spanish.status_code == 200 and 'value="1e3"' in text(spanish) and "Usted debe" in text(spanish)
    nothing = client.get("/account/pay/")
    assert nothing["Location"] == "/account/bills/"


def test_what_is_being_paid_cannot_be_paid_again(processor: Desk) -> None:
    bill = a_bill(14_000)
    _, client = owner(bill)
    went = choose(client, bill)
    url = press(client, went["Location"])["Location"]
    page = text(client.get(f"/account/pay/?of={bill.bill_id}"))
    assert words("amount.state.mine.title") in page and words("home.unfinished.button") in page
    assert words("home.unfinished.mine") in text(client.get("/account/"))
    assert words("bills.being_paid", amount="$140.00") in text(client.get("/account/bills/"))
    processor.card(url)


def test_less_is_owed_by_now(processor: Desk) -> None:
    bill = a_bill(14_000, number="P1")
    _, client = owner(bill)
    went = choose(client, bill)
    a_bill(10_000, number="P1", version=2)
    answer = press(client, went["Location"])
    page = text(client.get(answer["Location"]))
    assert words("member_pay.fallen.title") in page and "You owe $100.00" in page


def test_a_flow_is_its_members_alone() -> None:
    bill = a_bill(14_000)
    member, client = owner(bill)
    address = choose(client, bill)["Location"]
    stranger = a_member(bill.account_id, "manage", email="other@example.org")
    with_cookies = Client(SERVER_NAME="127.0.0.1")
    with_cookies.cookies.update(client.cookies)
    with_cookies.cookies["session"] = stranger.token
    assert with_cookies.get(address).status_code == 404
    del with_cookies.cookies["session"]
    out = with_cookies.get(address)
    assert out.status_code == 303 and out["Location"].startswith("/sign-in/?next=%2Faccount%2Fpay%2F")
    sql.execute("UPDATE people_access SET ended_at = %s WHERE login_id = %s", (clock.now(), member.login_id))
    assert client.get(address).status_code == 404


def test_who_may_see_may_not_pay() -> None:
    bill = a_bill(14_000)
    client = a_member(bill.account_id, "see").client()
    assert client.get(f"/account/pay/?of={bill.bill_id}").status_code == 404
    assert choose(client, bill).status_code == 404
    assert "/account/pay/?of=" not in text(client.get(f"/account/bills/{bill.bill_id}/"))


def test_what_was_paid_at_the_desk_for_private_care_tells_no_day() -> None:
    bill = a_bill(14_000, desk_cents=14_000)
    client = a_member(bill.account_id).client()
    path = f"/account/pay/?of={bill.bill_id}"
    assert "October 1, 2026" in text(client.get(path))
    sql.execute("UPDATE billing_bill SET private = true")
    assert "October 1, 2026" not in text(client.get(path))
