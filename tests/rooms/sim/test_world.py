"""The world: the same from the same seed, complete in every region, and lawful."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from caretill.billing import access, lookup
from caretill.core import clock, seals, sql
from caretill.regions import catalog
from caretill.regions.numbers import stored_value
from caretill.sim.processor import keys
from caretill.sim.world import feed, live, ready
from house.cast import a_bill

AT = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


def files(folder: Path, seed: str, at: datetime = AT) -> dict[str, str]:
    books = live.tell(seed, at)
    feed.write(folder / "first", [(book.region.slug, book.first) for book in books])
    feed.write(folder / "second", [(book.region.slug, book.second) for book in books])
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*.csv"))}


def test_the_same_seed_and_day_tell_the_same(tmp_path: Path) -> None:
    first = files(tmp_path / "a", "larkspur")
    assert first == files(tmp_path / "b", "larkspur", AT.replace(hour=19))
    assert first.keys() == {
        *(f"first/{table}.csv" for table in ("accounts", "people", "bills", "lines", "payments")),
        *(f"second/{table}.csv" for table in ("bills", "lines", "payments")),
    }
    other = files(tmp_path / "c", "lupine")
    assert all(first[name] != other[name] for name in first)


def test_every_price_is_shared_out_to_the_cent() -> None:
    for book in live.tell("larkspur", AT):
        for delivery in (book.first, book.second):
            for _, bill in delivery.bills:
                for line in bill.lines:
                    shares = line.discount_cents + line.plan_paid_cents + line.written_off_cents + line.patient_cents
                    assert line.charge_cents == shares, (bill.number, line)


@pytest.fixture
def world(db: None, tmp_path: Path) -> Iterator[live.Made]:
    with clock.fixed(AT):
        yield live.make(tmp_path, tmp_path / "processor.db", keys.make())


def test_the_world_stands_whole_in_every_region(world: live.Made) -> None:
    found: dict[str, set[str]] = defaultdict(set)
    figures = []
    for row in sql.query("SELECT account_id, id FROM billing_bill"):
        one = access.bill_figures(row["account_id"], row["id"])
        figures.append(one)
        found[one["region"]] |= {one["status"], one["kind"], one["language"]}
        found[one["region"]] |= {f"paid {payment['kind']}" for payment in one["payments"]}
        found[one["region"]] |= {"changed"} if one["changes"] else set()
    assert len(figures) == world.bills and world.bills > 150
    everywhere = {
        "open",
        "partly_paid",
        "paid",
        "overdue",
        "credit",
        "hospital",
        "professional",
        "pharmacy",
        "en",
        "es",
    }
    everywhere |= {"hospital", "professional", "pharmacy", "changed"}
    everywhere |= {"paid desk", "paid elsewhere", "paid here", "paid refund"}
    for region in catalog.regions():
        assert everywhere <= found[region.slug], (region.slug, everywhere - found[region.slug])
    states = sql.query("SELECT state, count(*) AS n FROM payments_payment GROUP BY 1 ORDER BY 1")
    assert [row["state"] for row in states] == ["failed", "succeeded"]
    assert sum(row["n"] for row in states) == world.payments
    assert sql.one("SELECT 1 AS found FROM payments_claim") is None, "nobody is in the middle of paying"


def test_making_it_again_changes_nothing_and_a_killed_one_goes_on(world: live.Made, tmp_path: Path) -> None:
    def rows() -> list[dict[str, object]]:
        return sql.query("SELECT count(*) AS n, sum(amount_cents) AS cents FROM ledger_transfer")

    before = rows()
    assert live.make(tmp_path, tmp_path / "none.db", keys.make()) == world
    note = tmp_path / "world.json"
    note.write_text(note.read_text().replace('"done": true', '"done": false'))
    with clock.fixed(AT.replace(day=25)):
        again = live.make(tmp_path, tmp_path / "processor.db", keys.make())
    assert (again.at, again.done, rows()) == (world.at, True, before)


def test_a_sealed_past_is_left_alone(db: None, tmp_path: Path) -> None:
    with clock.fixed(AT) as time:
        a_bill(14_000)
        time.advance(minutes=10)
        assert seals.seal_all() > 0
        time.advance(minutes=10)
        live.make(tmp_path, tmp_path / "processor.db", keys.make())
        assert seals.seal_all() > 0, "and the law of seals is asked after the test"


def test_ready_bills_are_found_by_what_is_listed_and_owe_it(world: live.Made) -> None:
    bills = ready.ready_bills()
    listed = {(bill.region.slug, bill.lookup.name) for bill in bills}
    assert listed == {(region.slug, one.name) for region in catalog.regions() for one in region.lookups}
    for bill in bills:
        facts = {name: stored_value(bill.region, name, text) for name, text in bill.typed.items()}
        number = facts.pop(bill.lookup.number_field)
        assert number
        facts["last_norm"] = facts.pop("last_name", None)
        hit = lookup.find(bill.region.slug, [(bill.lookup.number_field, number)], facts)
        assert hit, bill
        scope = access.scope_of(hit)
        assert len(scope) == 1
        figures = access.bill_figures(hit.account_id, scope[0])
        assert figures["payable_cents"] == bill.amount_due_cents > 0
        assert figures["kind"] == bill.kind
    kinds = {bill.kind for bill in bills}
    assert kinds == {"hospital", "professional", "pharmacy"}
