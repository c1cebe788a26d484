"""A family pays in a real browser: five bills of four accounts in one payment, start to finish.

With `CARETILL_TEST_PICTURES=folder` each page is also photographed, wide and narrow.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from caretill.core import sql
from caretill.core.words import say
from house.cast import Bill, a_bill
from house.families import forwarded
from house.member import a_member, grant
from house.till import CARD, Till, till_fixture

__all__ = ["till_fixture"]

pytestmark = pytest.mark.slow
PICTURES = os.environ.get("CARETILL_TEST_PICTURES", "")
PEOPLE = ("Juana", "Olmo", "Ana", "Iker")
LOOKS: dict[str, dict[str, Any]] = {
    "en": {"locale": "en-US"},
    "es": {"locale": "es-US", "width": 320, "color_scheme": "dark"},
    "plain": {"locale": "en-US", "width": 390, "java_script_enabled": False},
}


def bills_of_a_family() -> list[Bill]:
    bills = [a_bill(10_000 + 1_000 * n, family=f"f{n}", number=f"P00{n}7", due=date(2026, 12, 4 + n)) for n in range(4)]
    bills.append(a_bill(20_000, family="f0", number="H0081", kind="hospital", payee="hospital", due=date(2027, 1, 9)))
    for bill, name in zip(bills, PEOPLE, strict=False):
        sql.execute("UPDATE people_person SET first_name = %s WHERE account_id = %s", (name, bill.account_id))
    return bills


@pytest.mark.parametrize("look", LOOKS)
def test_five_bills_of_four_accounts_start_to_finish(
    till: Till, visit_as: Callable[..., Page], sound: Callable[..., None], site: str, look: str
) -> None:
    bills = bills_of_a_family()
    member = a_member(bills[0].account_id)
    for bill in bills[1:4]:
        grant(member.login_id, bill.account_id, "pay")
    page = visit_as(**LOOKS[look])
    page.context.add_cookies([{"name": "session", "value": member.token, "url": site}])
    language = "es" if look == "es" else "en"

    def looked_at(name: str) -> None:
        if look != "plain":
            sound(page)
        for width in (1280, 390) if PICTURES else ():
            page.set_viewport_size({"width": width, "height": 844})
            page.screenshot(path=f"{PICTURES}/family-{name}-{look}-{width}.png", full_page=True)

    def go_on(key: str, **figures: object) -> None:
        page.get_by_role("button", name=say(language, key, **figures)).last.click()

    page.goto("/account/pay/?" + "&".join(f"of={bill.bill_id}" for bill in bills))
    expect(page.get_by_text(say(language, "amount.several.title"))).to_have_count(0)
    looked_at("amounts")
    go_on("shell.continue")
    expect(page.get_by_role("heading", level=1)).to_have_text(say(language, "check.title"))
    looked_at("check")
    go_on("check.pay", amount="$660.00")
    expect(page).to_have_url(re.compile(re.escape(till.processor)))
    for field, value in CARD.items():
        page.fill(f"#{field}", value)
    page.locator("form button").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(say(language, "done.title", amount="$660.00"))
    looked_at("done")
    assert [bill.figures()["open_cents"] for bill in bills] == [0] * 5 and forwarded() == 0
    assert [charge["amount_cents"] for charge in till.charges()] == [66_000]
    page.goto(f"/account/bills/{bills[3].bill_id}/")
    looked_at("bill")
    page.goto("/account/history/")
    looked_at("history")
