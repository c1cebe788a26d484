"""The processor of simulations: two lives of one seed are the same to the letter, and its figures always close."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from caretill.core import clock
from caretill.formats import payout_csv
from caretill.payments import gateways
from caretill.payments.gateways.base import ChargeRequest, GatewayRefused, GatewayUnknown, SessionRequest
from caretill.sim.inside import InsideProcessor
from caretill.sim.processor.faults import CATALOGUE
from caretill.sim.processor.schema import TABLES
from caretill.sim.processor.shell import NoAnswer
from caretill.sim.processor.store import Store

START = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
CARDS = ("4242424242424242", "5200828282828210", "4000000000009995", "4000000000000259", "4000000000007726")
FAULTS = sorted(name for name in CATALOGUE if name != "dark")


class Month:
    """Some weeks of a merchant with one processor: each step drawn from the seed, each broken answer asked again."""

    def __init__(self, seed: str, path: Path | None = None) -> None:
        self.draw = random.Random(seed)
        self.got: list[bytes] = []
        with clock.fixed(START):
            self.there = InsideProcessor.seeded(seed, receive=self.receive, path=path)
        self.step = 0
        self.methods: list[tuple[str, str]] = []
        self.charges: list[str] = []
        self.ends: Counter[str] = Counter()

    def receive(self, body: bytes, headers: Any) -> int | None:
        self.got.append(repr(sorted(headers.items())).encode() + body)
        self.there.admin("GET", "clock")
        return self.draw.choice([200, 200, 200, 500, None])

    def live(self, steps: int) -> None:
        with clock.fixed(START) as held:
            for self.step in range(steps):
                if self.draw.random() < 0.3:
                    self.there.admin("POST", "faults", {"fault": self.draw.choice(FAULTS), "seconds": 20})
                deed = self.draw.choice(
                    [self.open, self.open, self.charge, self.charge, self.refund, self.void, self.bank]
                )
                try:
                    deed()
                    self.ends[deed.__name__] += 1
                except (GatewayUnknown, NoAnswer):
                    self.ends["unknown"] += 1
                    with suppress(GatewayRefused, GatewayUnknown, NoAnswer):
                        deed()
                except GatewayRefused as refused:
                    self.ends[refused.code] += 1
                held.advance(hours=self.draw.choice([0, 1, 7, 30]))
                self.there.deliver()
            self.there.admin("POST", "faults/clear")
            held.advance(days=20)
            self.there.deliver()

    def open(self) -> None:
        save = self.draw.random() < 0.3
        request = SessionRequest(
            key=f"open-{self.step}",
            reference=f"open-{self.step}",
            amount_cents=0 if save else self.draw.randint(100, 90_000),
            currency="USD",
            processor_account=self.draw.choice(["acct_hospital", "acct_clinic"]),
            return_url="https://m.test/r",
            cancel_url="https://m.test/c",
            expires_at=clock.now() + timedelta(minutes=30),
            language="en",
            statement_name="Larkspur Health",
            save=True,
            purpose="save" if save else "pay",
        )
        session = self.there.create_session(request)
        self.there.person_pays(session.id, keep=True, number=self.draw.choice(CARDS))
        after = self.there.retrieve_session(session.id)
        if after.method_ref and after.network_ref:
            self.methods.append((after.method_ref, after.network_ref))
        if after.charge_id:
            self.charges.append(after.charge_id)

    def charge(self) -> None:
        if not self.methods:
            return
        method_ref, network_ref = self.draw.choice(self.methods)
        cents = self.draw.randint(100, 90_000)
        flags = ("merchant", "recurring")
        key = f"charge-{self.step}"
        asked = ChargeRequest(
            key, key, cents, "USD", "acct_hospital", method_ref, network_ref, *flags, "Larkspur Health"
        )  # fmt: skip
        result = self.there.charge_saved(asked)
        if result.status == "succeeded":
            self.charges.append(result.id)

    def refund(self) -> None:
        if self.charges:
            key = f"refund-{self.step}"
            self.there.refund(key, self.draw.choice(self.charges), self.draw.randint(1, 20_000), key)

    def void(self) -> None:
        if self.charges:
            self.there.void(f"void-{self.step}", self.charges[-1])

    def bank(self) -> None:
        """What banks do: dispute, decide, give a card another date."""
        if self.charges:
            self.there.admin("POST", "disputes", {"charge": self.draw.choice(self.charges)})
        for row in self.there.admin("GET", "disputes")["data"][-2:]:
            self.there.admin("POST", f"disputes/{row['id']}", {"status": self.draw.choice(["won", "lost", "open"])})
        if self.methods:
            self.there.admin("POST", f"methods/{self.methods[-1][0]}", {"expiry_year": 2030})

    def files(self) -> list[bytes]:
        return [self.there.payout_file(payout.id) for payout in self.there.list_payouts()]


@pytest.fixture(scope="module")
def month() -> Iterator[Month]:
    made = Month("larkspur")
    made.live(150)
    yield made
    made.there.close()


def test_the_same_seed_twice_is_the_same_life_to_the_letter(month: Month) -> None:
    again = Month("larkspur")
    again.live(150)
    assert again.there.admin("GET", "log") == month.there.admin("GET", "log")
    assert (again.got, again.files(), again.ends) == (month.got, month.files(), month.ends)
    again.there.close()
    other = Month("another")
    other.live(3)
    assert {line.get("session") for line in other.there.admin("GET", "log")} - {None} != set()
    assert not {line.get("event") for line in other.there.admin("GET", "log")} & {
        line["event"] for line in month.there.admin("GET", "log") if "event" in line
    }
    other.there.close()


def test_a_life_has_everything_in_it(month: Month) -> None:
    seen = {line["what"] for line in month.there.admin("GET", "log")}
    assert seen >= {
        "charge.captured", "charge.declined", "refund.made", "dispute.opened", "payout.created", "payout.paid",
        "method.saved", "method.updated", "fault.struck", "callback.sent",
    }  # fmt: skip
    assert month.ends["unknown"] > 3 and len(month.files()) > 5


def test_what_came_in_and_went_out_is_what_was_paid_out_or_waits(month: Month) -> None:
    """Counted from charges, refunds and disputes alone, never from what the payouts are made of."""
    there, money = month.there, 0
    for charge in _all(there.find_charges):
        assert charge.refunded_cents + charge.disputed_cents <= charge.amount_cents
        money += 0 if charge.voided else charge.amount_cents - charge.refunded_cents
    for dispute in _all(there.list_disputes):
        money -= dispute.fee_cents + (0 if dispute.status == "won" else dispute.amount_cents)
    fees = paid = 0
    seen: Counter[tuple[str, str]] = Counter()
    for payout in _all(there.list_payouts):
        total = payout_csv.PayoutTotal()
        rows = list(payout_csv.read(there.payout_file(payout.id), total))
        seen.update((row.kind, row.operation_id) for row in rows)
        assert total.net_cents == payout.amount_cents > 0
        paid += payout.amount_cents
        fees += sum(row.fee_cents for row in rows if row.kind == "charge")
    assert set(seen.values()) == {1}
    waits = there.core.parts.store.one(
        "SELECT coalesce(sum(gross_cents - fee_cents), 0) AS net,"
        " coalesce(sum(fee_cents * (kind = 'charge')), 0) AS fee FROM operation WHERE payout IS NULL"
    )
    assert waits is not None and money == paid + waits["net"] + fees + waits["fee"]


def test_the_log_tells_one_effect_a_key(month: Month) -> None:
    lines = month.there.admin("GET", "log")
    for what in ("session.created", "refund.made"):
        keys = [line["key"] for line in lines if line["what"] == what]
        assert len(keys) == len(set(keys)) > 5
    keys = [line["key"] for line in lines if line["what"] in ("charge.captured", "charge.declined") and "key" in line]
    assert len(keys) == len(set(keys)) > 5


def test_made_again_over_its_file_it_goes_on_where_it_was(tmp_path: Path) -> None:
    first = Month("file", tmp_path / "p.db")
    first.live(20)
    log = first.there.admin("GET", "log")
    first.there.close()
    again = InsideProcessor.seeded("file", path=tmp_path / "p.db")
    assert again.admin("GET", "log")[: len(log)] == log
    with clock.fixed(START + timedelta(days=90)):
        request = SessionRequest(
            "k", "r", 100, "USD", "a", "https://m.test/r", "https://m.test/c", clock.now() + timedelta(minutes=5),
            "en", "Larkspur",
        )  # fmt: skip
        assert again.create_session(request).id not in {line.get("session") for line in log}
    again.close()


def test_a_processor_is_put_in_for_a_block() -> None:
    made = InsideProcessor.seeded("block")
    usual = gateways.GATEWAYS["sandbox"]
    with gateways.installed("sandbox", made) as there, gateways.installed("another", made):
        assert gateways.gateway() is there is made is gateways.gateway("another")
        with pytest.raises(KeyError), gateways.installed("sandbox", InsideProcessor.seeded("inner")):
            raise KeyError
        assert gateways.gateway() is made
    assert gateways.GATEWAYS["sandbox"] is usual
    with pytest.raises(gateways.UnknownGateway):
        gateways.gateway("another")
    made.close()


def _all(listed: Any) -> list[Any]:
    """Every page of a list."""
    found: list[Any] = []
    while page := listed(after=found[-1].id if found else None, limit=7):
        found += page
    return found


BEFORE = Path(__file__).with_name("processor_before.sql")


def test_a_file_whose_maker_was_killed_is_made_whole(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    with sqlite3.connect(path) as killed:
        killed.executescript(TABLES[: TABLES.index("CREATE TABLE IF NOT EXISTS operation")])
    killed.close()
    with clock.fixed(START):
        for _ in range(2):
            there = InsideProcessor.seeded("killed", path=path)
            assert there.find_charges() == []
            assert {line["what"] for line in there.admin("GET", "log")} == {"processor.started"}
            there.close()


def test_a_file_of_the_release_before_is_brought_along(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    with sqlite3.connect(path) as old:
        old.executescript(BEFORE.read_text(encoding="utf-8"))
    old.close()
    with clock.fixed(START):
        for _ in range(2):
            there = InsideProcessor.seeded("before", path=path)
            session = there.retrieve_session("cs_1")
            assert (session.outcome, session.charge_id, session.refunded_cents) == ("paid", "ch_1", 4_000)
            assert (session.method_ref, session.voided, session.card_last4) == (None, False, "4242")
            assert there.retrieve_session("cs_2").status == "expired"
            [charge] = there.find_charges()
            assert [(one.id, one.status) for one in charge.refunds] == [("re_1", "succeeded")]
            assert there.admin("GET", "log")[0]["what"] == "session.created"
            there.close()
        there = InsideProcessor.seeded("before", path=path)
        assert there.refund("r", "ch_1", 10_000, "refund-2").status == "succeeded"
        assert there.create_session(_later()).amount_cents == 0
        there.admin("POST", "clock", {"advance_seconds": 24 * 3600})
        assert there.list_payouts() == [], "nothing is left of it but its fee"
        store = there.core.parts.store
        assert [tuple(row) for row in store.all("SELECT kind, gross_cents, fee_cents FROM operation")] == [
            ("charge", 14_000, 436), ("refund", -4_000, 0), ("refund", -10_000, 0),
        ]  # fmt: skip
        there.close()


def _later() -> SessionRequest:
    return SessionRequest(
        "k", "r", 0, "USD", "a", "https://m.test/r", "https://m.test/c", clock.now() + timedelta(minutes=5),
        "en", "Larkspur", purpose="save",
    )  # fmt: skip


def test_a_file_that_cannot_be_brought_along_is_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    with sqlite3.connect(path) as old:
        old.executescript(BEFORE.read_text(encoding="utf-8"))
        old.execute("CREATE TABLE charge_before (id TEXT)")
    old.close()
    with pytest.raises(sqlite3.Error):
        Store(path)
    with sqlite3.connect(path) as same:
        assert same.execute("PRAGMA user_version").fetchone() == (0,)
        assert same.execute("SELECT count(*) FROM session").fetchone() == (2,)
        assert "method" not in {row[1] for row in same.execute("PRAGMA table_info(log)")}
    same.close()
