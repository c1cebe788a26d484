"""Every page and state of the money on an account, and of what went back of a payment. As in `house.matrix_states`."""

from __future__ import annotations

from uuid import UUID, uuid4

from caretill.payments import callbacks, deposits, look, refund, returns, take
from caretill.regions import catalog
from house.cast import Bill, a_bill
from house.ledgerbook import pay
from house.matrix_states import Show, Stage
from house.member import a_member
from house.member_states import opened

AT = "/account/money/"
PENDING, FAILS = "4000000000007726", "4000000000005126"
MONEY: dict[str, Show] = {}


def shown(show: Show) -> Show:
    MONEY[show.__name__] = show
    return show


def put(s: Stage, bill: Bill, cents: int, card: str = "") -> UUID:
    """Money onto the account, by card."""
    account = catalog.region(bill.region).processor_accounts["medical_group"]
    return _paid(s, bill.ask(0, parts=(), deposit_cents=cents, processor_account=account), card)


def _paid(s: Stage, ask: take.Ask, card: str) -> UUID:
    answer = take.pay(ask)
    assert answer.payment_id
    s.desk.card(answer.url, *([card] if card else []))
    assert look.came_back(ask.account_id, answer.payment_id) == "succeeded"
    callbacks.apply_due()
    return answer.payment_id


def receipt_of(s: Stage, bill: Bill, payment: UUID) -> None:
    opened(s, a_member(bill.account_id), f"/account/history/receipts/{payment}/")


@shown
def money_none(s: Stage) -> None:
    opened(s, a_member(a_bill(14_000).account_id), AT)


@shown
def money_both(s: Stage) -> None:
    """A deposit, credit of a bill that was lowered, and bills they can go onto."""
    bill = a_bill(14_000)
    pay(s.desk, (bill, 14_000))
    a_bill(9_000, version=2)
    a_bill(3_000, number="P0000000102")
    a_bill(20_000, number="P0000000103")
    put(s, bill, 8_000)
    opened(s, a_member(bill.account_id), AT)


@shown
def money_wrong(s: Stage) -> None:
    money_none(s)
    s.send(amount="a lot")


@shown
def money_wish(s: Stage) -> None:
    bill = a_bill(14_000)
    put(s, bill, 8_000)
    opened(s, a_member(bill.account_id), f"{AT}wish/")


@shown
def money_wish_wrong(s: Stage) -> None:
    money_wish(s)
    s.send(floor="a bit")


@shown
def money_take_back(s: Stage) -> None:
    bill = a_bill(14_000)
    put(s, bill, 8_000)
    opened(s, a_member(bill.account_id), f"{AT}back/")


@shown
def money_no_credit(s: Stage) -> None:
    opened(s, a_member(a_bill(14_000).account_id), f"{AT}credit/")


@shown
def money_sent_back(s: Stage) -> None:
    bill = a_bill(14_000)
    put(s, bill, 8_000)
    deposits.refund_rest(bill.account_id, uuid4())
    opened(s, a_member(bill.account_id), f"{AT}?done=back")


@shown
def back_pending(s: Stage) -> None:
    bill = a_bill(14_000)
    payment = _paid(s, bill.ask(14_000), PENDING)
    refund.refund(bill.account_id, payment, 4_000, uuid4(), "asked")
    receipt_of(s, bill, payment)


@shown
def back_failed(s: Stage) -> None:
    bill = a_bill(14_000)
    payment = _paid(s, bill.ask(14_000), FAILS)
    refund.refund(bill.account_id, payment, 4_000, uuid4(), "asked")
    s.desk.shell.admin("POST", "clock", {"advance_seconds": 7200})
    s.desk.shell.flush()
    callbacks.apply_due()
    receipt_of(s, bill, payment)


@shown
def back_returned(s: Stage) -> None:
    """A debit that came back after some of it had been refunded."""
    bill = a_bill(14_000)
    payment = pay(s.desk, (bill, 14_000))
    refund.refund(bill.account_id, payment, 4_000, uuid4(), "asked")
    returns.apply_return(bill.account_id, payment, 14_000, "R10", "line")
    receipt_of(s, bill, payment)


@shown
def back_disputed(s: Stage) -> None:
    bill = a_bill(14_000)
    payment = pay(s.desk, (bill, 14_000))
    charges = s.desk.charges()
    s.desk.shell.admin("POST", "disputes", {"charge": charges[-1]["charge"]})
    s.desk.shell.flush()
    callbacks.apply_due()
    receipt_of(s, bill, payment)
