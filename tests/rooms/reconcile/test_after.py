"""After the money is at the bank: nothing that a payer sees has moved, and what goes back then is booked too."""

from __future__ import annotations

import pytest

from caretill.core import clock, sql
from caretill.payments import callbacks, history
from caretill.reconcile import run
from caretill.reconcile.differences import differences
from house.bank import clearing
from house.cast import Bill, a_bill
from house.desk import Desk
from house.ledgerbook import give_back, pay, viewer
from house.member import a_member


def arrived(processor: Desk, time: clock.FixedClock, days: int = 4) -> int:
    """So many nights go by; what was booked then."""
    booked = 0
    for _ in range(days):
        time.advance(days=1)
        processor.shell.flush()
        callbacks.apply_due()
        booked += run.turn()["booked"]
    return booked


def test_nothing_that_a_payer_sees_has_moved(time: clock.FixedClock, processor: Desk) -> None:
    bill = a_bill(20_000)
    payment = pay(processor, (bill, 20_000))
    give_back(bill, payment, 2_500)
    looks = viewer(a_member(bill.account_id))

    def seen() -> tuple[object, ...]:
        wanted = history.Wanted()
        return bill.figures(), history.sums(looks, wanted), history.page(looks, wanted, 20)

    before = seen()
    assert arrived(processor, time) == 2 and clearing(payment) == 0
    assert seen() == before


def test_what_goes_back_after_it_settled_is_booked_too(time: clock.FixedClock, processor: Desk) -> None:
    first: Bill = a_bill(family="1")
    payment = pay(processor, (first, 20_000))
    assert arrived(processor, time) == 1
    give_back(first, payment, 7_000)
    assert clearing(payment) == -7_000
    pay(processor, (a_bill(family="2"), 20_000))
    assert arrived(processor, time) == 2 and clearing(payment) == 0
    assert differences() == []


@pytest.mark.parametrize("ends", ["won", "lost"])
def test_a_dispute_with_its_fee(time: clock.FixedClock, processor: Desk, ends: str) -> None:
    bill = a_bill(family="1")
    payment = pay(processor, (bill, 20_000))
    assert arrived(processor, time) == 1
    [charge] = processor.charges()
    dispute = processor.shell.admin("POST", "disputes", {"charge": charge["charge"], "amount_cents": 6_000})
    pay(processor, (a_bill(family="2"), 20_000))
    assert arrived(processor, time) == 2 and clearing(payment) == 0
    processor.shell.admin("POST", f"disputes/{dispute['id']}", {"status": ends})
    assert arrived(processor, time) == (1 if ends == "won" else 0)
    assert clearing(payment) == 0 and differences() == []
    rows = sql.query("SELECT amount_cents FROM ledger_transfer WHERE code = 'fee' ORDER BY amount_cents")
    assert [row["amount_cents"] for row in rows] == [610, 610, 1_500]
