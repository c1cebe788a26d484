"""Payments of a family for tests of its history: paid at the desk of the sandbox, given back, under way, refused."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

from caretill.core import clock, sql
from caretill.core.ids import uuid7
from caretill.payments import callbacks, look, refund, take
from caretill.payments.record import record
from caretill.people import sessions
from caretill.people.viewer import Viewer
from house.cast import Bill
from house.desk import Desk
from house.member import MemberOf


def pay(processor: Desk, *parts: tuple[Bill, int]) -> UUID:
    """A payment that went through, for one bill or several of an account; its id."""
    first = parts[0][0]
    asked = first.ask(sum(cents for _, cents in parts), parts=tuple((bill.bill_id, cents) for bill, cents in parts))
    answer = take.pay(asked)
    assert answer.payment_id
    processor.card(answer.url)
    look.came_back(first.account_id, answer.payment_id)
    callbacks.apply_due()
    return answer.payment_id


def begin(bill: Bill, cents: int) -> UUID:
    """A payment whose payer is on the processor's page."""
    payment_id = take.pay(bill.ask(cents)).payment_id
    assert payment_id
    return payment_id


def give_back(bill: Bill, payment_id: UUID, cents: int) -> None:
    """A refund that the processor made."""
    assert refund.refund(bill.account_id, payment_id, cents, uuid4(), "asked")["code"] == "refunded"


def refuse(bill: Bill, cents: int) -> UUID:
    """A payment that the bank said no to."""
    payment_id = begin(bill, cents)
    told = {"provider": "sandbox", "object_ref": f"cs_{payment_id}", "evidence": "failed", "failure_code": "declined"}
    record(bill.account_id, payment_id, bill.region, "declined", **told)
    return payment_id


def come_late(bill: Bill, cents: int) -> UUID:
    """Money that came after its payment had been stopped."""
    payment_id = begin(bill, cents)
    take.stop(bill.account_id, payment_id)
    told = {"provider": "sandbox", "object_ref": "cs_late", "evidence": "paid:ch_late", "charge_ref": "ch_late"}
    record(bill.account_id, payment_id, bill.region, "succeeded", amount_cents=cents, **told)
    return payment_id


def another_person(
    bill: Bill, first_name: str = "Ana", *, birth: date = date(1985, 2, 3), relation: str = "spouse"
) -> UUID:
    """Somebody else on the account, whose bill this is from now on."""
    person_id = uuid7()
    sql.execute(
        "INSERT INTO people_person (account_id, id, health_record_number, first_name, last_name, last_norm, birth_date,"
        " relation, recorded_at) VALUES (%s, %s, %s, %s, 'Solano', 'solano', %s, %s, %s)",
        (bill.account_id, person_id, f"9{person_id.int % 10**8:08d}", first_name, birth, relation, clock.now()),
    )
    sql.execute(
        "UPDATE billing_bill SET person_id = %s WHERE account_id = %s AND id = %s",
        (person_id, bill.account_id, bill.bill_id),
    )
    return person_id


def more_lines(bill: Bill, *charges: int) -> None:
    """A bill that the feed would send with several lines: the first keeps what is left of its charge."""
    for place, cents in enumerate(charges, start=2):
        sql.execute(
            "INSERT INTO billing_line (account_id, bill_id, line_no, service_date, code_system, code, text, units,"
            " charge_cents, discount_cents, plan_paid_cents, written_off_cents, copay_cents, deductible_cents,"
            " coinsurance_cents, not_covered_cents)"
            " VALUES (%s, %s, %s, '2026-10-02', 'local', %s, %s, 1, %s, 0, 0, 0, 0, 0, 0, 0)",
            (bill.account_id, bill.bill_id, place, str(100 + place), f"Blood test {place}", cents),
        )
        sql.execute(
            "UPDATE billing_line SET charge_cents = charge_cents - %s"
            " WHERE account_id = %s AND bill_id = %s AND line_no = 1",
            (cents, bill.account_id, bill.bill_id),
        )


def viewer(member: MemberOf) -> Viewer:
    """A member as the rooms see them."""
    session = sessions.who(member.token)
    assert session is not None
    return session.viewer
