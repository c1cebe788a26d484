"""Please do not pay again: every door says that a bill is held, why, and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from caretill.core import clock, sql
from caretill.payments import charge, helping, holds
from caretill.payments.record import record
from caretill.web.flow import help_token
from house.cast import Bill, a_bill
from house.desk import Desk, processor_desk
from house.member import a_member
from house.payer import Payer, text, words
from house.saved import a_bank, a_card, saved_ask

__all__ = ["processor_desk"]

AT = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
LEAVES = "November 24, 2026"


def _doors(bill: Bill) -> dict[str, str]:
    """What a guest and a member read about this bill."""
    browser = a_member(bill.account_id, email=f"{bill.number}@example.org").client()
    return {
        "guest": text(Payer(bill).get("amount")),
        "list": text(browser.get("/account/bills/")),
        "bill": text(browser.get(f"/account/bills/{bill.bill_id}/")),
        "pay": text(browser.get(f"/account/pay/?of={bill.bill_id}")),
        "home": text(browser.get("/account/")),
    }


def test_a_bank_debit_is_told_at_every_door_with_its_day(db: None) -> None:
    with clock.fixed(AT):
        bill = a_bill(20_000)
        charge.charge(saved_ask(bill, 20_000, a_bank(bill)))
        doors = _doors(bill)
        title = words("amount.state.debit.title")
        assert [name for name in ("guest", "bill", "pay") if title not in doors[name]] == []
        assert [name for name in ("guest", "bill", "pay", "home") if LEAVES not in doors[name]] == []
        assert words("bills.by_bank", amount="$200.00", date="November 25, 2026") in doors["list"]
        assert words("states.bank_planned.sentence") in doors["home"]


def test_an_unknown_outcome_is_told_at_every_door_with_when_we_know(processor: Desk) -> None:
    with clock.fixed(AT):
        bill = a_bill(20_000)
        processor.fault("charge_lost")
        charge.charge(saved_ask(bill, 20_000, a_card(processor, bill), mandate_id=None))
        doors = _doors(bill)
        told = "We do not know yet if it went through. Please do not pay again. We will know by"
        assert told in doors["guest"] and told in doors["pay"]
        assert words("amount.state.on_way.text") in doors["bill"]
        assert words("states.unknown.sentence") in doors["home"]


def test_a_run_that_holds_a_bill_is_told(db: None) -> None:
    with clock.fixed(AT):
        bill, waiting = a_bill(20_000), a_bill(9_000, family="2")
        ask = saved_ask(bill, 20_000, a_bank(bill), initiator="merchant", reason="recurring", kind="recurring")
        [begun] = charge.begin_set([ask])
        assert begun["code"] == "begun"
        assert words("amount.state.debit.title") in _doors(bill)["guest"]
        holds.hold(waiting.account_id, waiting.bill_id, "run", AT + timedelta(days=1), "run 7")
        doors = _doors(waiting)
        assert words("holds.run.title") in doors["guest"] and words("holds.run.title") in doors["pay"]
        assert words("holds.run.title") in doors["bill"] and words("holds.in_list.run") in doors["list"]


def test_a_guest_says_that_a_cheque_is_in_the_post(db: None) -> None:
    with clock.fixed(AT) as time:
        bill = a_bill(20_000)
        payer = Payer(bill)
        here = payer.at("check-in-mail/0/")
        assert here in payer.get("amount").content.decode()
        wrong = payer.post(here, {"amount": "999.00", "days": "3"})
        assert wrong.status_code == 422 and words("holds.say.choose") in text(wrong)
        said = payer.post(here, {"amount": "150.00", "days": "14"})
        assert words("holds.say.kept", amount="$150.00", date="December 7, 2026") in text(payer.get(said["Location"]))
        doors = _doors(bill)
        assert [name for name in ("guest", "bill", "pay") if words("holds.cheque.title") not in doors[name]] == []
        assert words("holds.in_list.cheque") in doors["list"]
        assert payer.to_check().status_code == 200, "it warns, and stops nobody"
        assert words("holds.say.stop") in text(payer.get(here))
        payer.post(here, {"do": "stop"})
        assert holds.standing(bill.account_id, [bill.bill_id]) == {}
        payer.post(here, {"amount": "150.00", "days": "7"})
        time.advance(days=7, seconds=1)
        assert words("holds.cheque.title") not in text(Payer(bill).get("amount"))


def test_a_member_says_it_of_a_bill_they_may_pay(db: None) -> None:
    bill, strange = a_bill(20_000), a_bill(20_000, family="2")
    browser = a_member(bill.account_id).client()
    here = f"/account/bills/{bill.bill_id}/check-in-mail/"
    assert here in browser.get(f"/account/bills/{bill.bill_id}/").content.decode()
    assert browser.post(here, {"amount": "200.00", "days": "7"}).status_code == 303
    assert words("holds.say.stop") in text(browser.get(here))
    row = sql.one("SELECT why, amount_cents, by LIKE 'login:%%' AS member FROM payments_announced")
    assert row == {"why": "cheque", "amount_cents": 20_000, "member": True}
    seeing = a_member(bill.account_id, "see", email="see@example.org").client()
    assert seeing.post(here, {"do": "stop"}).status_code == 404
    assert browser.get(f"/account/bills/{strange.bill_id}/check-in-mail/").status_code == 404
    assert sql.one("SELECT count(*) AS n FROM payments_announced") == {"n": 1}


def test_whoever_helps_reads_that_a_bank_pays_it(db: None) -> None:
    with clock.fixed(AT):
        bill = a_bill(20_000)
        link = helping.make(bill.account_id, bill.region, [(bill.bill_id, 20_000)])
        assert link is not None
        here = f"/h/{help_token(bill.account_id, link.id)}"
        holds.hold(bill.account_id, bill.bill_id, "cheque", AT + timedelta(days=7), "guest")
        assert words("holds.helper.title") in text(Payer(bill).get(here))
        charge.charge(saved_ask(bill, 20_000, a_bank(bill)))
        told = text(Payer(bill).get(here))
        assert words("helping.held_bank", date=LEAVES) in told and bill.number[-4:] not in told


def test_once_it_came_back_nothing_is_held(db: None) -> None:
    bill = a_bill(20_000)
    made = charge.charge(saved_ask(bill, 20_000, a_bank(bill))).payment_id
    assert made is not None
    for event in ("filed", "returned"):
        record(bill.account_id, made, bill.region, event, provider="ach", object_ref="trace", evidence=event)
    assert "You owe $200.00" in text(Payer(bill).get("amount"))
