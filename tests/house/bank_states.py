"""Every page and state of paying from a bank account or a saved card, and of bills that are held. As in
`house.matrix_states`: each leaves a browser in front of one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from caretill.core import clock
from caretill.core.words import say
from caretill.methods import pause
from caretill.payments import charge, holds
from caretill.payments.record import record
from house import wallet
from house.cast import Bill, a_bill
from house.matrix_states import Show, Stage
from house.member import a_member
from house.member_states import opened
from house.payer import HIDDEN, TYPED_BANK, Payer
from house.saved import a_bank, saved_ask

BANK: dict[str, Show] = {}


def shown(show: Show) -> Show:
    BANK[show.__name__] = show
    return show


def to_agree(s: Stage, bill: Bill | None = None) -> Payer:
    """In front of the words that are agreed to by pressing."""
    payer = Payer(bill or a_bill(14_000), language=s.language)
    payer.to_check()
    payer.post("bank", TYPED_BANK)
    return payer


def agreed(s: Stage) -> tuple[Payer, UUID]:
    """The debit is planned: the payer, and its payment."""
    payer = to_agree(s)
    payer.post("check", dict(HIDDEN.findall(payer.get("check").content.decode())))
    return payer, UUID(payer.held().payment_id)


def told(payer: Payer, payment_id: UUID, *events: str) -> None:
    for event in events:
        figures = {"amount_cents": 14_000} if event == "succeeded" else {}
        record(
            payer.bills[0].account_id, payment_id, payer.bills[0].region, event,
            provider="ach", object_ref="trace", evidence=event, **figures,
        )  # fmt: skip


def goes(s: Stage, payer: Payer, address: str) -> None:
    s.enter(payer)
    s.page.goto(address)


@shown
def bank_how(s: Stage) -> None:
    payer = Payer(a_bill(14_000), language=s.language)
    payer.to_check()
    goes(s, payer, payer.at("how"))


@shown
def bank_paused(s: Stage) -> None:
    pause.keep([wallet.TOO_MANY])
    bank_how(s)


@shown
def bank_typed(s: Stage) -> None:
    payer = Payer(a_bill(14_000), language=s.language)
    payer.to_check()
    goes(s, payer, payer.at("bank"))


@shown
def bank_typed_wrong(s: Stage) -> None:
    bank_typed(s)
    s.page.locator("#holder_name").fill("")
    s.page.locator("#routing").fill("123456789")
    s.send(number="123456789012345678")


@shown
def bank_agree(s: Stage) -> None:
    payer = to_agree(s)
    goes(s, payer, payer.at("check"))


@shown
def bank_words_changed(s: Stage) -> None:
    payer = to_agree(s)
    goes(s, payer, payer.at("check"))
    s.time.advance(hours=3)
    with s.page.expect_navigation():
        s.page.locator("#pay-form button").click()


def after(s: Stage, *events: str) -> None:
    payer, payment_id = agreed(s)
    told(payer, payment_id, *events)
    goes(s, payer, payer.at("check"))


for name, events in {
    "bank_planned": (),
    "bank_sent": ("filed",),
    "bank_settled": ("filed", "succeeded"),
}.items():
    BANK[name] = functools.partial(lambda s, events: after(s, *events), events=events)


@shown
def bank_returned(s: Stage) -> None:
    payer, payment_id = agreed(s)
    address = payer.get("check")["Location"]
    told(payer, payment_id, "filed", "returned")
    goes(s, payer, address)


@shown
def bank_withdrawn(s: Stage) -> None:
    payer, _ = agreed(s)
    goes(s, payer, payer.get("check")["Location"])
    with s.page.expect_navigation():
        s.page.locator("form.go button").click()


@shown
def held_debit(s: Stage) -> None:
    bill = a_bill(14_000)
    charge.charge(saved_ask(bill, 14_000, a_bank(bill)))
    payer = Payer(bill, language=s.language)
    goes(s, payer, payer.at("amount"))


@shown
def held_cheque(s: Stage) -> None:
    bill = a_bill(14_000)
    holds.hold(bill.account_id, bill.bill_id, "cheque", clock.now() + timedelta(days=7), "guest", amount_cents=14_000)
    payer = Payer(bill, language=s.language)
    goes(s, payer, payer.at("amount"))


@shown
def cheque(s: Stage) -> None:
    payer = Payer(a_bill(14_000), language=s.language)
    goes(s, payer, payer.at("check-in-mail/0/"))


@shown
def cheque_said(s: Stage) -> None:
    cheque(s)
    with s.page.expect_navigation():
        s.page.locator("#cheque-form button").first.click()


def with_wallet(s: Stage) -> tuple[Bill, str]:
    """A member with a card and a bank account in front of the check page; its address."""
    bill = a_bill(14_000)
    member = a_member(bill.account_id)
    wallet.a_card(bill.account_id, member.login_id)
    wallet.a_bank(bill.account_id, member.login_id)
    opened(s, member, f"/account/pay/?of={bill.bill_id}")
    with s.page.expect_navigation():
        s.page.locator("#amount-form button").first.click()
    return bill, s.page.url


@shown
def member_check_card(s: Stage) -> None:
    with_wallet(s)
    for each in s.page.locator("details").all():
        each.evaluate("each => { each.open = true }")


def chosen(s: Stage, label: str) -> None:
    with_wallet(s)
    s.page.goto(s.page.url.replace("/check", "/how"))
    if label:
        s.page.get_by_label(label).first.check()
        with s.page.expect_navigation():
            s.page.locator("#how-form button").click()


@shown
def member_how(s: Stage) -> None:
    chosen(s, "")


@shown
def member_saved_card(s: Stage) -> None:
    chosen(s, say(s.language, "how.saved_card", brand="visa", last4="4242"))


@shown
def member_saved_bank(s: Stage) -> None:
    chosen(s, say(s.language, "how.bank_end", last4="6789"))


def _member_bill(s: Stage, prepare: Callable[[Bill], object]) -> None:
    bill = a_bill(14_000)
    prepare(bill)
    opened(s, a_member(bill.account_id), f"/account/bills/{bill.bill_id}/")


@shown
def member_bill_debit(s: Stage) -> None:
    _member_bill(s, lambda bill: charge.charge(saved_ask(bill, 14_000, a_bank(bill))))


@shown
def member_bill_cheque(s: Stage) -> None:
    until = clock.now() + timedelta(days=7)
    _member_bill(s, lambda bill: holds.hold(bill.account_id, bill.bill_id, "cheque", until, "guest"))
