"""Each way in which two sides can disagree is listed with its amount, its age and what to do; nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from caretill.core import clock, sql
from caretill.payments.gateways import installed
from caretill.reconcile import bank_files, differences, run
from house.bank import at_bank, bai2_text
from house.desk import Desk
from house.remitter import Remitter, a_charge


@pytest.fixture(name="remitter")
def remitter_fixture() -> Iterator[Remitter]:
    made = Remitter()
    with installed("sandbox", made):  # type: ignore[arg-type]
        yield made


def listed() -> list[tuple[str, int, int]]:
    return [(each.kind, each.amount_cents, each.age_days) for each in differences.differences()]


def test_operations_that_are_not_ours_or_not_as_we_have_them(time: clock.FixedClock, processor: Desk) -> None:
    _, right = a_charge(processor, 10_000, "1")
    _, wrong = a_charge(processor, 7_000, "2")
    remitter = Remitter()
    with installed("sandbox", remitter):  # type: ignore[arg-type]
        time.advance(days=1)
        remitter.pay_out(
            [
                ("charge", right, right, 10_000, 320),
                ("charge", wrong, wrong, 7_001, 233),
                ("charge", "ch_stranger", "ch_stranger", 500, 45),
                ("refund", "re_stranger", right, -200, 0),
                ("dispute", "dp_stranger", right, -300, 1500),
                ("fee", "fe_1", "", 0, 90),
            ],
            arrives=time.at.date(),
        )
        counts = run.turn()
        assert (counts["filed"], counts["operations"], counts["booked"]) == (1, 6, 1)
        assert sorted(listed()) == [
            ("fee_unexpected", -90, 0),
            ("missing_here", -300, 0),
            ("missing_here", -200, 0),
            ("missing_here", 500, 0),
            ("other_amount", 1, 0),
        ]
        time.advance(days=3)
        assert {age for _, _, age in listed()} == {3}
        # The same charge in a second payout is not booked a second time.
        remitter.pay_out([("charge", right, right, 10_000, 320)], arrives=time.at.date())
        assert run.turn()["booked"] == 0
        assert ("paid_out_twice", 10_000, 0) in listed()


def test_what_was_not_known_is_booked_once_it_is(time: clock.FixedClock, processor: Desk) -> None:
    payment_id, ref = a_charge(processor)
    sql.execute("UPDATE payments_payment SET charge_ref = '' WHERE id = %s", (payment_id,))
    with installed("sandbox", Remitter()) as remitter:  # type: ignore[arg-type]
        remitter.pay_out([("charge", ref, ref, 10_000, 320)], arrives=time.at.date())  # type: ignore[attr-defined]
        assert run.turn()["booked"] == 0 and [kind for kind, _, _ in listed()] == ["missing_here"]
        sql.execute("UPDATE payments_payment SET charge_ref = %s WHERE id = %s", (ref, payment_id))
        assert run.turn()["booked"] == 1 and listed() == []


def test_what_we_have_and_no_payout_names(time: clock.FixedClock, processor: Desk) -> None:
    _, first = a_charge(processor, 10_000, "1")
    a_charge(processor, 4_000, "2")
    with installed("sandbox", Remitter()) as made:  # type: ignore[arg-type]
        remitter: Remitter = made  # type: ignore[assignment]
        remitter.pay_out([("charge", first, first, 10_000, 320)], arrives=time.at.date())
        run.turn()
        time.advance(days=6)
        assert listed() == []  # nothing was paid out since, so it may still come
        remitter.pay_out([("fee", "fe_1", "", 0, -1)], arrives=time.at.date())
        run.turn()
        assert ("missing_at_processor", -4_000, 6) in listed()


def test_fees_above_what_was_agreed(time: clock.FixedClock, processor: Desk) -> None:
    _, ref = a_charge(processor, 10_000)
    with installed("sandbox", Remitter()) as made:  # type: ignore[arg-type]
        made.pay_out([("charge", ref, ref, 10_000, 321)], arrives=time.at.date())  # type: ignore[attr-defined]
        run.turn()
        assert listed() == [("fee_unexpected", 1, 0)]


def test_payouts_without_a_file_to_believe(time: clock.FixedClock, db: None, remitter: Remitter) -> None:
    good = remitter.pay_out([("fee", "fe_0", "", 0, -500)])
    cut, other = remitter.pay_out([("fee", "fe_1", "", 0, -600)]), remitter.pay_out([("fee", "fe_2", "", 0, -700)])
    lost = remitter.pay_out([("fee", "fe_3", "", 0, -800)])
    whole = dict(remitter.files)
    remitter.files[cut.id] = remitter.files[cut.id][:-30]
    remitter.files[other.id] = remitter.files[good.id]
    del remitter.files[lost.id]
    counts = run.turn()
    assert (counts["listed"], counts["filed"], counts["refused"]) == (4, 1, 3)
    found = {each.kind: [] for each in differences.differences()} | {"payout_file": []}
    for each in differences.differences():
        found[each.kind].append(each.about)
    assert sorted(found["payout_file"]) == [
        "po_000002 line 3: cut_off (the file has no total at its end)",
        f"po_000003 line 3: another_payout ({good.id} said, {other.id} listed)",
        "po_000004 no_such_payout",
    ]
    remitter.files |= whole
    assert run.turn()["filed"] == 0  # not before an hour is over
    time.advance(hours=2)
    assert run.turn()["filed"] == 3
    assert {each.kind for each in differences.differences()} == {"fee_unexpected"}
    remitter.change(good, amount_cents=501, status="paid")
    sql.execute("UPDATE reconcile_payout SET status = 'in_transit' WHERE payout_ref = %s", (good.id,))
    run.turn()
    assert ("payout_changed", 500, 0) in listed()


def test_a_processor_that_is_dark_fails_the_turn_and_nothing_else(
    time: clock.FixedClock, db: None, remitter: Remitter
) -> None:
    remitter.dark = True
    assert {name: count for name, count in run.turn().items() if count} == {"failed": 1}


def test_the_list_is_asked_from_the_first_that_has_not_arrived(
    time: clock.FixedClock, db: None, remitter: Remitter
) -> None:
    for number in range(250):
        remitter.pay_out([("fee", f"fe_{number}", "", 0, -1)], status="paid" if number < 200 else "in_transit")
    run.turn()
    assert [each for each in remitter.asked if each.startswith("list")] == [
        "list None",
        "list po_000100",
        "list po_000200",
    ]
    remitter.asked.clear()
    remitter.change(remitter.payouts[200], status="paid")
    run.turn()
    run.turn()
    assert remitter.asked == ["list po_000200", "list po_000201"]


def test_the_bank_has_another_amount_twice_or_nothing(time: clock.FixedClock, processor: Desk, tmp_path: Path) -> None:
    refs = [a_charge(processor, 10_000 + place, str(place))[1] for place in range(3)]
    with installed("sandbox", Remitter()) as made:  # type: ignore[arg-type]
        remitter: Remitter = made  # type: ignore[assignment]
        for place, ref in enumerate(refs):
            remitter.pay_out([("charge", ref, ref, 10_000 + place, 0)])
        run.turn()
        time.advance(days=2)
        moves = [(10_000, "remit-000001 x"), (9_999, "REMIT000002"), (10_000, "REMIT 000001 again REMIT000001")]
        path = tmp_path / "bank.bai"
        path.write_text(bai2_text(time.at.date(), moves))
        bank_files.bring_in("bai2", path)
        assert run.turn()["payouts"] == 1
        assert sorted(listed()) == [("at_bank_twice", 0, 0), ("other_at_bank", -2, 0)]
        time.advance(days=3)  # two banking days later the money of two payouts is still not there
        kinds = [each.kind for each in differences.differences()]
        assert kinds.count("payout_not_at_bank") == 2


def test_without_a_name_only_the_one_possible_pair_is_made(
    time: clock.FixedClock, processor: Desk, tmp_path: Path
) -> None:
    refs = [a_charge(processor, cents, str(place))[1] for place, cents in enumerate((5_000, 6_000, 6_000))]
    with installed("sandbox", Remitter()) as made:  # type: ignore[arg-type]
        for ref, cents in zip(refs, (5_000, 6_000, 6_000), strict=True):
            made.pay_out([("charge", ref, ref, cents, 0)])  # type: ignore[attr-defined]
        run.turn()
        time.advance(days=2)
        path = tmp_path / "bank.bai"
        path.write_text(bai2_text(time.at.date(), [(5_000, "CREDIT"), (6_000, "CREDIT"), (6_000, "CREDIT")]))
        bank_files.bring_in("bai2", path)
        counts = run.turn()
        assert (counts["payouts"], counts["booked"]) == (1, 1)
        assert sorted(listed()) == [("suspense", 6_000, 0), ("suspense", 6_000, 0)]


def test_statements_that_do_not_add_up_or_follow(time: clock.FixedClock, db: None, tmp_path: Path) -> None:
    def bring(day: date, opened: int, closed: int, *moves: tuple[int, str], status: int = 1, number: int = 1) -> None:
        path = tmp_path / f"{day}-{number}.bai"
        text = bai2_text(day, moves, opened=opened, closed=closed, status=status, number=number)
        path.write_text(text)
        bank_files.bring_in("bai2", path)

    day = time.at.date()
    bring(day, 1_000, 1_500, (500, "one"))
    bring(day + timedelta(days=1), 1_500, 1_900, (300, "two"))  # a hundred has no line
    bring(day + timedelta(days=3), 2_400, 2_400)  # the day between is not here
    bring(day + timedelta(days=3), 0, 0, (9, "oh"), status=3, number=2)
    kinds = sorted((kind, cents) for kind, cents, _ in listed() if kind != "suspense")
    assert kinds == [("bank_correction", -9), ("statement_gap", 100), ("statement_missing", 500)]
    bring(day + timedelta(days=2), 1_900, 2_400, (500, "three"))
    assert "statement_missing" not in {kind for kind, _, _ in listed()}


def test_a_difference_is_noted_once_with_a_reason(time: clock.FixedClock, db: None, tmp_path: Path) -> None:
    bank_files.bring_in("bai2", at_bank(tmp_path, time.at.date(), (-700, "RENT"), (120, "INTEREST")))
    rent = next(each for each in differences.differences() if each.amount_cents == -700)
    assert rent.kind == "suspense" and "whose" in rent.todo
    assert differences.note(rent.key, "  ", "pat") == "no_reason"
    assert differences.note("line nothing", "because", "pat") == "missing"
    assert differences.note(rent.key, "the rent of the office", "pat") == "noted"
    assert differences.note(rent.key, "again", "pat") == "repeat"
    assert [each.amount_cents for each in differences.differences()] == [120]
    (noted,) = differences.differences(noted=True)
    assert (noted.key, noted.because) == (rent.key, "the rent of the office")
