"""What banks send back: one disposition a line, the money where it belongs, nothing lost and nothing twice."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

import pytest

from caretill.ach import build, changes, decide, handling, returns, send, settle, together
from caretill.core import clock, sealed, sql
from caretill.methods import access, mandates, validate
from caretill.payments import returns as payment_returns
from house.cast import Bill, a_bill
from house.debits import (
    MONDAY,
    Bank,
    a_change,
    a_return,
    entry,
    filed,
    kept,
    queued,
    returned_file,
    settled,
    state,
    took,
)  # fmt: skip
from house.saved import a_bank, agreed


def _line(line: int = 1) -> dict[str, Any]:
    rows = sql.query("SELECT * FROM ach_returned_line ORDER BY decided_at, line")
    return rows[line - 1]


def _method(payment_id: UUID) -> access.Method:
    row = entry(payment_id)
    found = access.by_id(row["account_id"], row["method_id"])
    assert found
    return found


def _debit(family: str = "1", cents: int = 15_000, kind: str = "recurring") -> tuple[Bill, UUID]:
    bill = a_bill(20_000, family=family)
    method = a_bank(bill)
    return bill, queued(bill, cents, method_id=method, mandate_id=agreed(bill, method, kind))


def test_before_it_settled_the_payment_failed_and_the_bill_is_open(db: None) -> None:
    with clock.fixed(MONDAY):
        bill, payment = _debit()
        filed()
        told = took(a_return(entry(payment), "R02"))
        assert (told.lines, told.applied, told.reopened_cents, told.state) == (1, 1, 15_000, "done")
        assert (state(payment), entry(payment)["state"], entry(payment)["return_code"]) == ("failed", "returned", "R02")
        assert bill.figures()["payable_cents"] == 20_000
        assert (_method(payment).state, _method(payment).why) == ("disabled", "R02")
        assert settled(days=5)["settled"] == 0 and state(payment) == "failed"


def test_after_sixty_days_the_bill_is_open_again(db: None) -> None:
    with clock.fixed(MONDAY) as now:
        bill, payment = _debit()
        filed()
        now.advance(days=1)
        assert settle.settle()["settled"] == 1 and bill.figures()["payable_cents"] == 5_000
        now.advance(days=60)
        told = took(a_return(entry(payment), "R10"))
        assert (told.applied, told.reopened_cents, _line()["note"]) == (1, 15_000, "")
        assert bill.figures()["payable_cents"] == 20_000
        assert not mandates.live(bill.account_id, entry(payment)["mandate_id"])
        assert state(payment) == "succeeded" and entry(payment)["state"] == "returned"


def test_a_late_return_is_booked_and_shown_to_the_office(db: None) -> None:
    with clock.fixed(MONDAY) as now:
        _, payment = _debit()
        filed()
        now.advance(days=15)
        settle.settle()
        told = took(a_return(entry(payment), "R01"))
        assert (told.applied, _line()["note"]) == (1, "late")
        assert returns.seen(bytes(_line()["sha256"]), _line()["line"])
        assert not returns.seen(bytes(_line()["sha256"]), _line()["line"])


def test_the_same_file_again_and_the_same_return_in_another(db: None) -> None:
    with clock.fixed(MONDAY):
        bill, payment = _debit()
        filed()
        row = entry(payment)
        data = returned_file(a_return(row, "R03"))
        first = returns.take(io.BytesIO(data), "a.ach")
        second = returns.take(io.BytesIO(data), "b.ach")
        assert (first.known, second.known) == (False, True)
        assert {**vars(first), "known": 0} == {**vars(second), "known": 0}
        third = took(a_return(row, "R03", information="again"))
        assert (third.applied, third.repeated) == (0, 1)
        fourth = took(a_return(row, "R10"))
        assert fourth.reasons == {"returned_with_another_code": 1}
        assert bill.figures()["payable_cents"] == 20_000
        row_ = sql.one("SELECT count(*) AS returns FROM payments_return")
        assert row_ == {"returns": 1}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"trace": "125099990009999"}, "unknown_trace"),
        ({"amount_cents": 15_001}, "other_amount"),
        ({"trace": ""}, "unknown_trace"),
    ],
)
def test_what_nobody_knows_is_kept_aside(db: None, change: dict[str, Any], reason: str) -> None:
    with clock.fixed(MONDAY):
        _, payment = _debit()
        filed()
        told = took(a_return(entry(payment) | change, "R01"))
        assert (told.applied, told.quarantined, told.reasons) == (0, 1, {reason: 1})
        assert state(payment) == "pending" and entry(payment)["state"] == "filed"


@pytest.mark.parametrize("code", ["R48", "R99", "XXX", "C92", "C55"])
def test_an_unknown_code_is_kept_aside_with_its_line(db: None, code: str) -> None:
    with clock.fixed(MONDAY):
        _, payment = _debit()
        filed()
        line = a_change(entry(payment), code, "1") if code[0] == "C" else a_return(entry(payment), code)
        told = took(line)
        assert (told.quarantined, told.reasons) == (1, {"unknown_code": 1})
        assert (_line()["line"], _line()["code"]) == (4, code) and state(payment) == "pending"


def test_before_it_was_sent_nothing_can_come_back(db: None) -> None:
    with clock.fixed(MONDAY):
        _, payment = _debit()
        build.build()
        assert took(a_return(entry(payment), "R01")).reasons == {"never_sent": 1}
        send.send(Bank())


def test_what_was_booked_by_hand_is_for_a_person(db: None) -> None:
    with clock.fixed(MONDAY) as now:
        bill, payment = _debit()
        filed()
        now.advance(days=1)
        settle.settle()
        payment_returns.apply_return(bill.account_id, payment, 1, "R10", "by hand")
        told = took(a_return(entry(payment), "R10"))
        assert told.reasons == {"above_captured": 1}, "somebody booked it by hand: a person looks"
        assert entry(payment)["state"] == "settled"


def test_a_broken_file_is_refused_whole(db: None, tmp_path: Any) -> None:
    with clock.fixed(MONDAY):
        _, payment = _debit()
        filed()
        path = kept(tmp_path, a_return(entry(payment), "R01"))
        data = path.read_bytes()
        path.write_bytes(data[:300])
        told = returns.read(path)
        assert told.state == "rejected" and told.lines == 0
        assert told.faults[-1].endswith("The file ends without its control: the rest is missing.")
        assert returns.read(path).known and state(payment) == "pending"
        path.write_bytes(data)
        assert returns.read(path).applied == 1


def test_a_return_kills_no_settlement_and_a_settlement_no_return(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The return arrives while the settlement has claimed the entry and not booked it: it settles, then comes back."""
    with clock.fixed(MONDAY) as now:
        bill, payment = _debit()
        filed()
        now.advance(days=1)
        book = settle._book

        def meanwhile(rows: list[dict[str, Any]]) -> None:
            monkeypatch.setattr(settle, "_book", book)
            assert took(a_return(entry(payment), "R02")).applied == 1
            book(rows)

        monkeypatch.setattr(settle, "_book", meanwhile)
        settle.settle()
        assert (state(payment), entry(payment)["state"]) == ("succeeded", "returned")
        assert bill.figures()["payable_cents"] == 20_000


@pytest.mark.parametrize("where", ["_mark", "apply", "handle", "write"])
def test_killed_at_any_step_a_line_is_finished_by_the_next_turn(
    db: None, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    with clock.fixed(MONDAY):
        bill, payment = _debit()
        filed()
        data = returned_file(a_return(entry(payment), "R07"))

        def dies_after(whole: Any) -> Any:
            def call(*given: Any, **named: Any) -> Any:
                whole(*given, **named)
                raise KeyboardInterrupt

            return call

        place: tuple[Any, str] = {
            "_mark": (decide, "_mark"),
            "apply": (payment_returns, "apply_return"),
            "handle": (handling, "handle"),
            "write": (decide, "line"),
        }[where]
        whole = getattr(*place)
        monkeypatch.setattr(*place, dies_after(whole))
        with pytest.raises(KeyboardInterrupt):
            returns.take(io.BytesIO(data), "a.ach")
        monkeypatch.setattr(*place, whole)
        assert settled()["settled"] == 0, "what is marked as returned does not settle"
        returns.finish()
        told = returns.take(io.BytesIO(data), "a.ach")
        assert (told.state, told.applied) == ("done", 1)
        assert (state(payment), bill.figures()["payable_cents"]) == ("failed", 20_000)
        assert not mandates.live(bill.account_id, entry(payment)["mandate_id"])


def test_what_waits_under_a_revoked_mandate_is_let_go(db: None) -> None:
    with clock.fixed(MONDAY):
        _, payment = _debit()
        filed()
        row = entry(payment)
        second = a_bill(9_000, number="P2")
        waiting = queued(second, 2_000, method_id=row["method_id"], mandate_id=row["mandate_id"])
        took(a_return(row, "R07"))
        assert state(waiting) == "voided" and second.figures()["payable_cents"] == 9_000


def test_dishonoured_and_contested(db: None) -> None:
    with clock.fixed(MONDAY) as now:
        bill, payment = _debit()
        filed()
        now.advance(days=1)
        settle.settle()
        row = entry(payment)
        took(a_return(row, "R01"))
        more = {"return_trace": "091499990000001", "return_settlement": "328", "return_code": "R01"}
        assert took(a_return(row, "R68", **more)).applied == 1
        assert bill.figures()["payable_cents"] == 5_000
        row_ = sql.one("SELECT state, why FROM ach_again")
        assert row_ == {"state": "dropped", "why": "dishonoured"}
        more |= {"dishonoured_trace": "125099990000003", "dishonoured_settlement": "330", "dishonoured_code": "R68"}
        assert took(a_return(row, "R73", **more)).applied == 1
        assert bill.figures()["payable_cents"] == 20_000
        more["returned"] = "261130"
        assert took(a_return(row, "R73", **more)).noted == 1, "it stands already"
        _, other = _debit(family="2")
        filed()
        assert took(a_return(entry(other), "R68", **more)).reasons == {"not_returned": 1}


@pytest.mark.parametrize(
    ("code", "corrected", "number", "routing", "kind"),
    [
        ("C01", "1918171614", "1918171614", "123456780", "checking"),
        ("C02", "231399991", "000123456789", "231399991", "checking"),
        ("C03", "231399991   1918171614", "1918171614", "231399991", "checking"),
        ("C05", "37", "000123456789", "123456780", "savings"),
        ("C06", "1918171614          37", "1918171614", "123456780", "savings"),
        ("C07", "2313999911918171614       37", "1918171614", "231399991", "savings"),
    ],
)
def test_a_change_is_there_for_the_next_debit(
    db: None, code: str, corrected: str, number: str, routing: str, kind: str
) -> None:
    with clock.fixed(MONDAY):
        bill, payment = _debit()
        filed()
        told = took(a_change(entry(payment), code, corrected))
        assert (told.applied, told.quarantined, _line()["corrected"]) == (1, 0, None)
        row = sql.one("SELECT account_id, id, account_sealed, routing, account_type FROM methods_method")
        assert row is not None
        opened = sealed.unseal(row["account_sealed"], access.number_row(row["account_id"], row["id"]))
        assert (opened, row["routing"], row["account_type"]) == (number, routing, kind)
        assert state(payment) == "pending" and bill.figures()["payable_cents"] == 5_000


@pytest.mark.parametrize(
    ("code", "corrected", "disposition", "reason"),
    [
        ("C01", "", "quarantined", "corrected_empty"),
        ("C01", "12X4567", "quarantined", "corrected_account"),
        ("C02", "231399992", "quarantined", "corrected_routing"),
        ("C05", "99", "quarantined", "corrected_account_type"),
        ("C09", "A1", "noted", "about_our_file"),
        ("C13", "", "noted", "about_our_file"),
        ("C61", "1918171614", "noted", "refused_change"),
    ],
)
def test_a_change_that_cannot_be_used(db: None, code: str, corrected: str, disposition: str, reason: str) -> None:
    with clock.fixed(MONDAY):
        _, payment = _debit()
        filed()
        took(a_change(entry(payment), code, corrected, refused_code="C01" if code == "C61" else ""))
        assert (_line()["disposition"], _line()["reason"]) == (disposition, reason)
        kept_ = _line()["corrected"]
        if disposition == "quarantined" and corrected:
            assert sealed.unseal(kept_, changes.line_row(_line()["sha256"], _line()["line"])) == corrected
        else:
            assert kept_ is None


def test_a_proof_that_comes_back_has_failed(db: None) -> None:
    with clock.fixed(MONDAY):
        bill = a_bill(20_000)
        method = a_bank(bill, validation="none")
        assert validate.begin(bill.account_id, method, "micro") == "begun"
        filed()
        row = sql.one("SELECT * FROM ach_entry WHERE place = 1")
        assert row is not None
        assert took(a_return(row, "R03")).applied == 1
        found = access.by_id(bill.account_id, method)
        assert found and (found.validation, found.state, found.why) == ("failed", "disabled", "R03")


def test_one_disposition_for_each_line_of_a_mixed_file(db: None) -> None:
    with clock.fixed(MONDAY):
        made = [_debit(family=str(number), cents=1_000 + number)[1] for number in range(3)]
        filed()
        rows = [entry(each) for each in made]
        told = took(
            a_return(rows[0], "R01"), a_return(rows[1] | {"trace": "1" * 15}, "R01"),
            a_change(rows[1], "C01", "99887766"), a_return(rows[2], "R99"), a_return(rows[0], "R01"),
        )  # fmt: skip
        assert (told.lines, told.applied, told.repeated, told.quarantined) == (5, 2, 1, 2)
        assert [state(each) for each in made] == ["failed", "pending", "pending"]


def test_debits_of_others_in_the_file_are_named(db: None) -> None:
    with clock.fixed(MONDAY):
        _, payment = _debit()
        bank = Bank()
        built = filed(bank)
        told = returns.take(io.BytesIO(bank.files[built.name]), "our own file.ach")
        assert told.reasons == {"not_a_return": 1} and state(payment) == "pending"


def test_a_set_that_races_is_decided_line_by_line(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of them is brought in by another file while the set is being marked: nothing is booked twice."""
    with clock.fixed(MONDAY):
        made = [_debit(family=str(number), cents=1_000 + number) for number in range(4)]
        filed()
        rows = [entry(payment) for _, payment in made]
        plain = together._plain

        def meanwhile(lines: list[dict[str, Any]]) -> list[together.Plain]:
            found = plain(lines)
            monkeypatch.setattr(together, "_plain", plain)
            sql.execute(
                "UPDATE ach_entry SET state = 'settling' WHERE account_id = %s AND id = %s",
                (rows[1]["account_id"], rows[1]["id"]),
            )
            return found

        monkeypatch.setattr(together, "_plain", meanwhile)
        told = took(*(a_return(row, code) for row, code in zip(rows, ("R01", "R02", "R10", "R16"), strict=True)))
        assert (told.applied, told.quarantined) == (4, 0)
        assert [state(payment) for _, payment in made] == ["failed", "succeeded", "failed", "failed"]
        assert [bill.figures()["payable_cents"] for bill, _ in made] == [20_000] * 4


def test_killed_between_the_money_and_the_accounts_of_a_set(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with clock.fixed(MONDAY):
        made = [_debit(family=str(number), cents=1_000 + number) for number in range(3)]
        filed()
        rows = [entry(payment) for _, payment in made]
        whole = handling.change.disable

        def dies(*given: Any) -> Any:
            raise KeyboardInterrupt

        monkeypatch.setattr(handling.change, "disable", dies)
        with pytest.raises(KeyboardInterrupt):
            took(a_return(rows[0], "R01"), a_return(rows[1], "R02"), a_return(rows[2], "R16"))
        monkeypatch.setattr(handling.change, "disable", whole)
        assert returns.finish() == {"decided": 2}
        assert [_method(payment).state for _, payment in made] == ["ready", "disabled", "disabled"]
        assert [state(payment) for _, payment in made] == ["failed"] * 3
        row = sql.one("SELECT count(*) AS returns FROM payments_return")
        assert row == {"returns": 3}
