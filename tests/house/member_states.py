"""Every page and state of what a member owes and paid: home, bills, paying, history.

As in `house.matrix_states`: each leaves a browser in front of one. `MEMBER` has them all.
"""

from __future__ import annotations

import functools
from datetime import UTC, date, datetime
from uuid import uuid4

from django.conf import settings

from caretill.core import sql
from caretill.letters.statements import issue
from caretill.payments import look, take
from house import ledgerbook as book
from house import wallet
from house.cast import Bill, a_bill
from house.family import a_family
from house.matrix_states import Show, Stage
from house.member import MemberOf, a_member, grant
from house.scenes import NOON

HISTORY = "/account/history/"
MEMBER: dict[str, Show] = {}


def member(show: Show) -> Show:
    MEMBER[show.__name__] = show
    return show


def opened(s: Stage, who: MemberOf, address: str) -> None:
    """Signed in, in front of that page."""
    s.page.context.add_cookies([{"name": "session", "value": who.token, "url": s.site}])
    s.page.goto(address)


def told(at: datetime) -> None:
    """The last delivery of the feed was taken in then."""
    sql.execute(
        "INSERT INTO intake_delivery (id, kind, digest, files, options, state, summary, started_at, finished_at)"
        " VALUES (%s, 'csv', '', '[]', '{}', 'done', '{}', %s, %s)",
        (uuid4(), at, at),
    )


def two_accounts() -> tuple[MemberOf, list[Bill]]:
    """Two people on two accounts: a bill overdue, a private one, a large one, and one paid at the desk."""
    bills = [
        a_bill(7_240, number="P0012345671", discount_cents=1_200, plan_paid_cents=2_000, due=date(2026, 11, 4)),
        a_bill(14_000, number="P0012345672", due=date(2026, 12, 4)),
        a_bill(123_456, family="2", number="H0087654321", kind="hospital", payee="hospital", due=date(2027, 1, 20)),
        a_bill(3_000, family="2", number="P0012345673", desk_cents=3_000),
    ]
    sql.execute("UPDATE people_person SET first_name = 'Ana' WHERE account_id = %s", (bills[2].account_id,))
    sql.execute("UPDATE billing_bill SET private = true WHERE number = 'P0012345672'")
    made = a_member(bills[0].account_id)
    grant(made.login_id, bills[2].account_id)
    told(datetime(2026, 11, 23, 17, 41, tzinfo=UTC))
    return made, bills


# Home


@member
def home_owing(s: Stage) -> None:
    opened(s, two_accounts()[0], "/account/")


@member
def home_one_bill(s: Stage) -> None:
    bill = a_bill(14_000)
    told(NOON)
    opened(s, a_member(bill.account_id), "/account/")


@member
def home_card_ends(s: Stage) -> None:
    bill = a_bill(14_000)
    made = a_member(bill.account_id)
    wallet.a_card(bill.account_id, made.login_id, month=11, year=2026)
    opened(s, made, "/account/")


@member
def home_zero(s: Stage) -> None:
    bill = a_bill(14_000)
    book.pay(s.desk, (bill, 14_000))
    told(NOON)
    opened(s, a_member(bill.account_id), "/account/")


@member
def home_stale(s: Stage) -> None:
    told(datetime(2026, 11, 18, 17, 41, tzinfo=UTC))
    opened(s, a_member(a_bill(14_000).account_id), "/account/")


@member
def home_household(s: Stage) -> None:
    opened(s, a_member(a_family(private=("Olmo",)).account_id), "/account/")


@member
def home_moving(s: Stage) -> None:
    """A payment on its way, and another one begun by somebody else."""
    bill = a_bill(14_000)
    answer = take.pay(bill.ask(10_000))
    assert answer.payment_id
    s.desk.fault("retrieve_500", 100)
    look.came_back(bill.account_id, answer.payment_id)
    opened(s, a_member(bill.account_id), "/account/")


@member
def home_begun(s: Stage) -> None:
    bill = a_bill(14_000)
    take.pay(bill.ask(10_000))
    opened(s, a_member(bill.account_id), "/account/")


@member
def home_credit(s: Stage) -> None:
    bill = a_bill(5_000, desk_cents=6_000)
    told(NOON)
    opened(s, a_member(bill.account_id), "/account/")


@member
def home_unlinked(s: Stage) -> None:
    opened(s, a_member(None), "/account/")


# Bills


def bills_at(query: str, s: Stage) -> None:
    opened(s, two_accounts()[0], f"/account/bills/{query}")


MEMBER |= {
    "bills": functools.partial(bills_at, ""),
    "bills_all": functools.partial(bills_at, "?state=all"),
    "bills_paid": functools.partial(bills_at, "?state=paid"),
    "bills_sifted_to_none": functools.partial(bills_at, "?kind=pharmacy"),
}


@member
def bills_nothing_chosen(s: Stage) -> None:
    bills_at("", s)
    for box in s.page.locator("main input[name=of]:checked").all():
        box.uncheck()
    s.page.locator("main .ds-c-button--solid").last.click()
    s.page.wait_for_selector("[aria-labelledby=faults-title]")


@member
def bills_none(s: Stage) -> None:
    opened(s, a_member(None), "/account/bills/")


def bill_page(place: int, s: Stage) -> None:
    made, found = two_accounts()
    opened(s, made, f"/account/bills/{found[place].bill_id}/")
    s.page.evaluate("for (const each of document.querySelectorAll('main details')) each.open = true")


MEMBER |= {
    "bill_whole": functools.partial(bill_page, 0),
    "bill_private": functools.partial(bill_page, 1),
    "bill_hospital_member": functools.partial(bill_page, 2),
    "bill_paid_at_desk": functools.partial(bill_page, 3),
}


@member
def bill_history(s: Stage) -> None:
    """A second version, a payment of a part and a refund."""
    first = a_bill(20_000, discount_cents=6_000, plan_paid_cents=5_000)
    payment = book.pay(s.desk, (first, 5_000))
    book.give_back(first, payment, 1_000)
    bill = a_bill(21_000, version=2, discount_cents=6_000, plan_paid_cents=5_000)
    opened(s, a_member(bill.account_id), f"/account/bills/{bill.bill_id}/")
    s.page.evaluate("for (const each of document.querySelectorAll('main details')) each.open = true")


# Paying


def pay_at(places: tuple[int, ...], s: Stage) -> None:
    made, found = two_accounts()
    opened(s, made, "/account/pay/?" + "&".join(f"of={found[place].bill_id}" for place in places))


MEMBER |= {
    "member_pay_one": functools.partial(pay_at, (0,)),
    "member_pay_several": functools.partial(pay_at, (0, 1, 2)),
    "member_pay_shut": functools.partial(pay_at, (3,)),
}


@member
def member_pay_wrong(s: Stage) -> None:
    pay_at((0, 1, 2), s)
    s.page.locator("#amount_0").fill("9999")
    s.page.locator("main .ds-c-button--solid").last.click()
    s.page.wait_for_selector("[aria-labelledby=faults-title]")


@member
def member_pay_check(s: Stage) -> None:
    pay_at((0, 1, 2), s)
    with s.page.expect_navigation():
        s.page.locator("main .ds-c-button--solid").last.click()


@member
def member_pay_done(s: Stage) -> None:
    made, found = two_accounts()
    client = made.client()
    answer = client.post("/account/pay/", {"of": str(found[0].bill_id), "amount": "all"})
    page = client.get(answer["Location"])
    hidden = page.content.decode().partition('name="key" value="')[2].partition('"')[0]
    card = client.post(answer["Location"], {"key": hidden})
    done = s.desk.card(card["Location"]).removeprefix(settings.CARETILL_PUBLIC_URL)
    held = [{"name": name, "value": each.value, "url": s.site} for name, each in client.cookies.items()]
    s.page.context.add_cookies(held)  # type: ignore[arg-type]
    s.page.goto(done)


# History


def everything(s: Stage) -> MemberOf:
    """A family in which everything happened once."""
    first, second = a_bill(14_000, number="P0012345678", desk_cents=2_500), a_bill(9_000, number="H0087654321")
    book.another_person(second)
    book.more_lines(first, 4_000, 2_000)
    payment = book.pay(s.desk, (first, 5_000), (second, 3_000))
    book.give_back(first, payment, 1_000)
    book.refuse(second, 1_200)
    book.begin(second, 700)
    issue(first.account_id, first.bill_id)
    issue(second.account_id, second.bill_id)
    sql.execute("UPDATE billing_bill SET private = true WHERE id = %s", (second.bill_id,))
    return a_member(first.account_id)


@member
def history(s: Stage) -> None:
    opened(s, everything(s), HISTORY)


@member
def history_found(s: Stage) -> None:
    opened(s, everything(s), HISTORY)
    s.page.locator("details summary").first.click()
    s.send(find="$80.00")


@member
def history_not_found(s: Stage) -> None:
    opened(s, everything(s), HISTORY)
    s.page.locator("details summary").first.click()
    s.send(find="$81.00")


@member
def history_wrong(s: Stage) -> None:
    """Dates that no calendar has, and the later one first."""
    opened(s, everything(s), HISTORY)
    s.page.locator("details summary").first.click()
    s.send(**{"from": "13/45/2026"}) if s.page.locator("#from").count() else s.send(find="x")


@member
def history_empty(s: Stage) -> None:
    opened(s, a_member(a_bill(14_000).account_id), HISTORY)


@member
def statements(s: Stage) -> None:
    opened(s, everything(s), f"{HISTORY}statements/")


@member
def statements_none(s: Stage) -> None:
    opened(s, a_member(a_bill(14_000).account_id), f"{HISTORY}statements/")


@member
def statement_gone(s: Stage) -> None:
    made = everything(s)
    sql.execute("UPDATE letters_statement SET sha256 = 'x'")
    rows = sql.query("SELECT s.id FROM letters_statement s JOIN billing_bill b ON b.id = s.bill_id WHERE NOT private")
    opened(s, made, f"{HISTORY}statements/{rows[0]['id']}/bill.pdf")


@member
def member_receipt(s: Stage) -> None:
    made = everything(s)
    payment = sql.query("SELECT id FROM payments_payment WHERE state = 'succeeded'")[0]["id"]
    opened(s, made, f"{HISTORY}receipts/{payment}/")
