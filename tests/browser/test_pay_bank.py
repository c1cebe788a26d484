"""In a real browser: a guest and a member pay from a bank account, a member with a card they saved. No axe fault."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from caretill.autopay import days, guests
from caretill.core import sql
from caretill.payments import charge
from caretill.web.account import member as door
from house import wallet
from house.cast import Bill, a_bill
from house.desk import Desk, processor_desk
from house.member import MemberOf, a_member
from house.payer import Payer, words
from house.saved import a_card

__all__ = ["processor_desk"]

pytestmark = pytest.mark.slow
Visit = Callable[..., Page]
Sound = Callable[..., None]


def heading(page: Page, says: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(says)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).last.click()


def at_check(bill: Bill, page: Page, site: str) -> tuple[Payer, Page]:
    """A guest who has only to press, and their browser."""
    payer = Payer(bill)
    payer.to_check()
    page.context.add_cookies(
        [{"name": name, "value": morsel.value, "url": site} for name, morsel in payer.client.cookies.items()]
    )
    return payer, page


@pytest.mark.parametrize("script", [True, False])
def test_a_guest_pays_from_a_bank_account_and_takes_it_back(
    db: None, visit_as: Visit, sound: Sound, site: str, script: bool
) -> None:
    bill = a_bill(14_000)
    payer, page = at_check(bill, visit_as(java_script_enabled=script), site)
    page.goto(payer.at("check"))
    page.get_by_role("link", name=words("how.other")).click()
    heading(page, words("how.title"))
    page.get_by_label(words("how.bank"), exact=True).check()
    press(page, "Continue")
    heading(page, words("bank.title"))
    page.get_by_label("Routing number").fill("123456789")
    page.get_by_label("Account number", exact=True).fill("000123456789")
    page.get_by_label("Account number again").fill("000123456789")
    press(page, "Continue")
    expect(page.get_by_role("link", name=words("bank.error.routing_wrong"))).to_be_visible()
    if script:
        sound(page)
    page.get_by_label("Routing number").fill("123456780")
    page.get_by_label("Account number", exact=True).fill("000123456789")
    page.get_by_label("Account number again").fill("000123456789")
    press(page, "Continue")
    expect(page.get_by_role("heading", name="Authorization for bank payments (ACH)")).to_be_visible()
    if script:
        sound(page)
    press(page, words("how.agree_pay", amount="$140.00"))
    heading(page, words("states.bank_planned.title"))
    if script:
        sound(page)
    assert bill.figures()["payable_cents"] == 0
    press(page, words("wait.take_back.button"))
    heading(page, words("states.withdrawn.title"))
    assert bill.figures()["payable_cents"] == 14_000


@pytest.mark.parametrize("script", [True, False])
def test_a_guest_plans_a_payment_changes_its_day_and_calls_it_off(
    db: None, visit_as: Visit, sound: Sound, site: str, script: bool
) -> None:
    bill = a_bill(14_000)
    payer, page = at_check(bill, visit_as(java_script_enabled=script), site)
    chosen = [days.slot(guests.first_day() + timedelta(days=ahead), "bank", bill.region).take_on for ahead in (9, 20)]
    first, second = (f"{day:%m/%d/%Y}" for day in chosen)

    def looked_at(says: str) -> None:
        heading(page, says)
        if script:
            sound(page)

    page.goto(payer.at("bank"))
    page.get_by_label("Routing number").fill("123456780")
    page.get_by_label("Account number", exact=True).fill("000123456789")
    page.get_by_label("Account number again").fill("000123456789")
    page.get_by_label(words("bank.when.day"), exact=True).check()
    page.get_by_label(words("bank.on.label")).fill(first)
    press(page, "Continue")
    looked_at(words("check.title"))
    press(page, words("planned.agree", amount="$140.00"))
    looked_at(words("planned.state.waiting.title"))
    page.get_by_role("link", name=words("planned.to_day")).click()
    looked_at(words("planned.to_day"))
    page.get_by_label(words("later.open.on")).fill(second)
    press(page, "Continue")
    looked_at(words("later.check.title"))
    press(page, words("planned.agree_day"))
    expect(page.get_by_text(words("planned.done.changed.title"))).to_be_visible()
    page.get_by_role("link", name=words("later.schedule.cancel")).click()
    looked_at(words("later.cancel.title"))
    press(page, words("later.cancel.button"))
    looked_at(words("planned.state.called_off.title"))
    assert bill.figures()["payable_cents"] == 14_000
    states = sql.query("SELECT d.state, d.take_on FROM autopay_due d")
    assert [(row["state"], row["take_on"]) for row in states] == [("skipped", chosen[1])]


def to_check(page: Page, bill: Bill, member: MemberOf, site: str) -> None:
    """Signed in, and through the amount."""
    page.context.add_cookies([{"name": door.cookie(), "value": member.token, "url": site}])
    page.goto(f"/account/pay/?of={bill.bill_id}")
    press(page, "Continue")
    heading(page, words("check.title"))


def test_a_member_pays_with_a_card_they_saved(processor: Desk, visit_as: Visit, sound: Sound, site: str) -> None:
    bill = a_bill(14_000)
    member = a_member(bill.account_id)
    a_card(processor, bill, login_id=member.login_id)
    page = visit_as()
    to_check(page, bill, member, site)
    page.get_by_role("link", name=words("how.other")).click()
    page.get_by_label("Visa card ending in 4242").check()
    sound(page)
    press(page, "Continue")
    expect(page.get_by_text(words("how.next.card_press"))).to_be_visible()
    sound(page)
    press(page, words("check.pay", amount="$140.00"))
    heading(page, "You paid $140.00")
    sound(page)
    assert bill.figures()["open_cents"] == 0 and len(processor.charges()) == 1


def test_a_member_pays_from_a_bank_account_they_saved_and_sees_it_at_home(
    db: None, visit_as: Visit, sound: Sound, site: str
) -> None:
    bill = a_bill(14_000)
    member = a_member(bill.account_id)
    wallet.a_bank(bill.account_id, member.login_id)
    page = visit_as()
    to_check(page, bill, member, site)
    page.get_by_role("link", name=words("how.other")).click()
    page.get_by_label("Bank account ending in 6789").check()
    press(page, "Continue")
    sound(page)
    press(page, words("how.agree_pay", amount="$140.00"))
    heading(page, words("states.bank_planned.title"))
    page.goto("/account/")
    expect(page.get_by_text(words("states.bank_planned.sentence"))).to_be_visible()
    sound(page)
    page.goto(f"/account/bills/{bill.bill_id}/")
    expect(page.get_by_text(words("amount.state.debit.title"))).to_be_visible()
    row = sql.one("SELECT id FROM payments_payment")
    assert row is not None and charge.withdraw(bill.account_id, row["id"]) == "withdrawn"
