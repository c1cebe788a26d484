"""Every page and state of paying, brought about for real: each scene leaves a browser in front of one of them.

A scene is a function of a desk (the processor inside the test's process) and a language; it answers with the payer and
the address to open. `at` holds the clock still where time has to pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from caretill.core import clock
from caretill.core.clock import FixedClock
from caretill.payments import look, refund, take
from caretill.payments.record import record
from caretill.web.flow import Made
from house.cast import Bill, a_bill
from house.desk import Desk
from house.payer import Payer

NOON = datetime(2026, 11, 23, 20, 4, tzinfo=UTC)  # a Monday, noon in Oregon
DECLINED = "4000000000000002"


@dataclass
class Scene:
    """The set of one scene."""

    desk: Desk
    language: str
    time: FixedClock

    def payer(self, *bills: Bill) -> Payer:
        return Payer(*bills, language=self.language)

    def bill(self, cents: int = 14_000, **more: object) -> Bill:
        return a_bill(cents, **more)  # type: ignore[arg-type]

    def paid(self, payer: Payer, **how: str) -> str:
        """Pay; the address of the done page."""
        url = payer.to_card(**how)
        answer = payer.get(self.desk.card(url))
        return str(answer["Location"])

    def begun(self, payer: Payer) -> Made:
        """On the processor's page."""
        payer.to_card()
        flow = payer.held()
        return Made.of(flow.account_id, flow.payment_id)


Play = Callable[[Scene], tuple[Payer, str]]
SCENES: dict[str, Play] = {}


def scene(play: Play) -> Play:
    SCENES[play.__name__] = play
    return play


def several(s: Scene, region: str = "oregon") -> Payer:
    """One bill overdue, two not, of two payees."""
    return s.payer(
        s.bill(9_000, region=region, number="H1", payee="hospital", kind="hospital", due=date(2026, 11, 2)),
        s.bill(14_000, region=region, number="P2"),
        s.bill(2_550, region=region, number="P3", due=date(2027, 1, 4)),
    )


@scene
def amount(s: Scene) -> tuple[Payer, str]:
    payer = s.payer(s.bill())
    return payer, payer.at("amount")


@scene
def amount_overdue(s: Scene) -> tuple[Payer, str]:
    payer = s.payer(s.bill(123_456, due=date(2026, 11, 2)))
    return payer, payer.at("amount")


@scene
def amount_each(s: Scene) -> tuple[Payer, str]:
    payer = several(s)
    return payer, payer.at("amount")


@scene
def amount_two_accounts(s: Scene) -> tuple[Payer, str]:
    payer = several(s, "hawaii")
    return payer, payer.at("amount")


@scene
def amount_one_of_them_paid(s: Scene) -> tuple[Payer, str]:
    payer = several(s)
    s.paid(s.payer(payer.bills[0]))
    s.begun(s.payer(payer.bills[1]))
    return payer, payer.at("amount")


@scene
def paid(s: Scene) -> tuple[Payer, str]:
    bill = s.bill()
    s.paid(s.payer(bill))
    payer = s.payer(bill)
    return payer, payer.at("amount")


@scene
def nothing_owed(s: Scene) -> tuple[Payer, str]:
    payer = s.payer(s.bill(5_000, plan_paid_cents=5_000))
    return payer, payer.at("amount")


@scene
def credit(s: Scene) -> tuple[Payer, str]:
    payer = s.payer(s.bill(5_000, desk_cents=6_000))
    return payer, payer.at("amount")


@scene
def being_paid(s: Scene) -> tuple[Payer, str]:
    bill = s.bill()
    s.begun(s.payer(bill))
    payer = s.payer(bill)
    return payer, payer.at("amount")


@scene
def begun_here(s: Scene) -> tuple[Payer, str]:
    payer = s.payer(s.bill())
    s.begun(payer)
    return payer, payer.at("amount")


@scene
def on_its_way(s: Scene) -> tuple[Payer, str]:
    bill = s.bill()
    unknown_to(s, s.payer(bill))
    payer = s.payer(bill)
    return payer, payer.at("amount")


@scene
def on_its_way_here(s: Scene) -> tuple[Payer, str]:
    payer = s.payer(s.bill())
    unknown_to(s, payer)
    return payer, payer.at("amount")


@scene
def details(s: Scene) -> tuple[Payer, str]:
    payer = s.payer(s.bill())
    payer.post("amount", {"amount": "all"})
    return payer, payer.at("details")


@scene
def check(s: Scene) -> tuple[Payer, str]:
    payer = s.payer(s.bill())
    payer.to_check()
    return payer, payer.at("check")


@scene
def check_two_payments(s: Scene) -> tuple[Payer, str]:
    payer = several(s, "hawaii")
    payer.to_check(email="")
    return payer, payer.at("check")


@scene
def cancel(s: Scene) -> tuple[Payer, str]:
    payer = s.payer(s.bill())
    return payer, f"/pay/cancel/{s.begun(payer).token}"


@scene
def cancel_declined(s: Scene) -> tuple[Payer, str]:
    payer = s.payer(s.bill())
    made = s.begun(payer)
    told = {"provider": "sandbox", "object_ref": "cs_scene", "evidence": "try:declined", "failure_code": "declined"}
    record(made.account_id, made.payment_id, "oregon", "try_declined", **told)
    return payer, f"/pay/cancel/{made.token}"


@scene
def wait_checking(s: Scene) -> tuple[Payer, str]:
    payer = s.payer(s.bill())
    made = s.begun(payer)
    s.desk.fault("retrieve_500", 100)
    look.came_back(made.account_id, made.payment_id)
    return payer, f"/pay/wait/{made.token}"


@scene
def wait_not_finished(s: Scene) -> tuple[Payer, str]:
    payer = s.payer(s.bill())
    made = s.begun(payer)
    look.came_back(made.account_id, made.payment_id)
    s.time.advance(seconds=20)
    return payer, f"/pay/wait/{made.token}"


@scene
def wait_pending(s: Scene) -> tuple[Payer, str]:
    payer = s.payer(s.bill())
    made = s.begun(payer)
    look.came_back(made.account_id, made.payment_id)
    told = {"provider": "sandbox", "object_ref": "cs_scene", "evidence": "processing"}
    record(made.account_id, made.payment_id, "oregon", "processing", **told)
    s.desk.fault("retrieve_500", 100)
    return payer, f"/pay/wait/{made.token}"


@scene
def wait_unknown(s: Scene) -> tuple[Payer, str]:
    payer = s.payer(s.bill())
    return payer, f"/pay/wait/{unknown_to(s, payer).token}"


@scene
def wait_unknown_too_long(s: Scene) -> tuple[Payer, str]:
    payer = s.payer(s.bill())
    made = unknown_to(s, payer)
    s.time.advance(hours=3)
    return payer, f"/pay/wait/{made.token}"


def unknown_to(s: Scene, payer: Payer) -> Made:
    """Returned, and the processor keeps silent."""
    made = s.begun(payer)
    s.desk.fault("retrieve_500", 100)
    look.came_back(made.account_id, made.payment_id)
    s.time.advance(seconds=30)
    assert look.came_back(made.account_id, made.payment_id) == "unknown"
    return made


@scene
def declined(s: Scene) -> tuple[Payer, str]:
    payer = s.payer(s.bill())
    url = payer.to_card()
    for _ in range(5):
        s.desk.card(url, DECLINED)
    flow = payer.held()
    made = Made.of(flow.account_id, flow.payment_id)
    look.came_back(made.account_id, made.payment_id)
    return payer, f"/pay/wait/{made.token}"


@scene
def stopped(s: Scene) -> tuple[Payer, str]:
    payer = s.payer(s.bill())
    made = s.begun(payer)
    take.stop(made.account_id, made.payment_id)
    return payer, f"/pay/wait/{made.token}"


@scene
def ran_out(s: Scene) -> tuple[Payer, str]:
    payer = s.payer(s.bill())
    made = s.begun(payer)
    s.time.advance(minutes=31)
    look.look_again(made.account_id, made.payment_id)
    return payer, f"/pay/wait/{made.token}"


@scene
def refused(s: Scene) -> tuple[Payer, str]:
    bill = s.bill()
    payer = s.payer(bill)
    payer.to_check()
    answer = take.pay(bill.ask(14_000, processor_account=""))
    assert answer.payment_id is not None
    return payer, f"/pay/wait/{Made.of(bill.account_id, answer.payment_id).token}"


@scene
def done(s: Scene) -> tuple[Payer, str]:
    payer = s.payer(s.bill())
    return payer, s.paid(payer)


@scene
def done_in_part(s: Scene) -> tuple[Payer, str]:
    payer = s.payer(s.bill())
    return payer, s.paid(payer, amount="other", other="50.00", email="")


@scene
def done_first_of_two(s: Scene) -> tuple[Payer, str]:
    payer = several(s, "hawaii")
    return payer, s.paid(payer)


@scene
def done_refunded(s: Scene) -> tuple[Payer, str]:
    payer = s.payer(s.bill())
    address = s.paid(payer)
    flow = payer.held()
    refund.refund(UUID(flow.account_id), UUID(flow.payment_id), 4_000, uuid4(), "asked")
    return payer, address


@scene
def done_late(s: Scene) -> tuple[Payer, str]:
    payer = s.payer(s.bill())
    made = s.begun(payer)
    take.stop(made.account_id, made.payment_id)
    told = {"provider": "sandbox", "object_ref": "cs_scene", "evidence": "paid:ch_scene", "charge_ref": "ch_scene"}
    record(made.account_id, made.payment_id, "oregon", "succeeded", amount_cents=14_000, **told)
    return payer, f"/pay/done/{made.token}"


@scene
def receipt(s: Scene) -> tuple[Payer, str]:
    payer = several(s)
    return payer, s.paid(payer).replace("/pay/done/", "/r/")


@scene
def flow_gone(s: Scene) -> tuple[Payer, str]:
    payer = s.payer(s.bill())
    return payer, "/pay/v/0000000000000000/amount"


@scene
def link_bad(s: Scene) -> tuple[Payer, str]:
    payer = s.payer(s.bill())
    return payer, "/pay/return/nothing"


def play(name: str, desk: Desk, language: str, time: FixedClock) -> tuple[Payer, str]:
    """Bring a scene about."""
    return SCENES[name](Scene(desk, language, time))


def still() -> object:
    """The clock of every scene stands at noon."""
    return clock.fixed(NOON)
