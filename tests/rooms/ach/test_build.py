"""A file of debits: what is in it, that it is kept before it is sent, and that nothing goes twice."""

from __future__ import annotations

import dataclasses
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from caretill.ach import build, locks, send, settle, writing
from caretill.core import clock, sql
from caretill.formats import nacha_read
from caretill.methods import change, mandates, validate
from caretill.payments import charge
from house.cast import a_bill
from house.debits import MONDAY, Bank, entry, filed, queued, settled, state
from house.nacha_reader import judge
from house.saved import a_bank, agreed
from house.wallet import the_amounts

PAYERS = "000123456789"


def test_a_debit_goes_settles_and_is_paid(db: None) -> None:
    with clock.fixed(MONDAY):
        bill, bank = a_bill(20_000), Bank()
        payment = queued(bill, 15_000)
        built = build.build()
        assert (built.planned, built.done, built.amount_cents, built.failed) == (1, 1, 15_000, 0)
        assert state(payment) == "pending" and bank.files == {}
        (sent,) = send.send(bank)
        assert (sent.name, sent.sha256, sent.effective_on) == ("ach-20261123-A.ach", built.sha256, date(2026, 11, 24))
        data = bank.files[sent.name]
        assert not (told := judge(data)).wrong and told.debits == 15_000
        (found,) = nacha_read.entries(io.BytesIO(data))
        assert (found.routing, found.account, found.amount_cents, found.code) == ("123456780", PAYERS, 15_000, 27)
        assert (found.batch.sec, found.discretionary, found.batch.description) == ("WEB", "S", "BILL PYMT")
        assert (found.batch.company_id, found.batch.effective) == ("1001000002", date(2026, 11, 24))
        assert found.trace == entry(payment)["trace"]
        assert send.send(bank) == [] and build.build().file_id is None
        assert settle.settle()["settled"] == 0
        assert settled() == {"settled": 1, "amount_cents": 15_000, "dropped": 0}
        assert state(payment) == "succeeded" and bill.figures()["payable_cents"] == 5_000
        assert settled(2)["settled"] == 0


def test_it_does_not_settle_before_its_hour_or_before_it_was_sent(db: None) -> None:
    with clock.fixed(MONDAY) as now:
        payment = queued(a_bill(20_000), 15_000)
        build.build()
        now.advance(days=2)
        assert settle.settle()["settled"] == 0, "it was not sent"
        # Sent on Wednesday after lunch: Thursday is a holiday, so it settles on Friday.
        (sent,) = send.send(Bank())
        assert sent.effective_on == date(2026, 11, 27) == entry(payment)["effective_on"]
        row = sql.one("SELECT posts_on FROM payments_payment WHERE id = %s", (payment,))
        assert row == {"posts_on": date(2026, 11, 27)}, "the payer reads the honest day"
        now.at = datetime(2026, 11, 27, 13, 29, tzinfo=UTC)
        assert settle.settle()["settled"] == 0
        now.advance(minutes=1)
        assert settle.settle()["settled"] == 1


@pytest.mark.parametrize("breaks", ["before", "middle", "after"])
def test_a_sending_that_breaks_is_repeated_with_the_same_bytes(db: None, breaks: str) -> None:
    with clock.fixed(MONDAY):
        queued(a_bill(20_000), 15_000)
        built, bank = build.build(), Bank(breaks=breaks)
        with pytest.raises(OSError):
            send.send(bank)
        before = dict(bank.files)
        bank.breaks = ""
        (sent,) = send.send(bank)
        first = bank.files[built.name]
        assert not before or before[built.name] == first
        assert not sent.again and send.send(bank, again=built.name)[0].again
        assert bank.files == {built.name: first} and bank.times == 3
        row = sql.one("SELECT sendings, sha256 FROM ach_file")
        assert row and row["sendings"] == 2 and bytes(row["sha256"]).hex() == built.sha256


def test_no_number_of_an_account_is_kept_in_the_open(db: None) -> None:
    with clock.fixed(MONDAY):
        queued(a_bill(20_000), 15_000)
        built = build.build()
    row = sql.one("SELECT string_agg(content, ''::bytea) AS kept FROM ach_chunk")
    assert row and PAYERS.encode() not in bytes(row["kept"])
    assert built.file_id and PAYERS.encode() in b"".join(writing.pieces(built.file_id))


def test_bytes_that_changed_are_not_sent(db: None, owner_connection: Any) -> None:
    with clock.fixed(MONDAY):
        queued(a_bill(20_000), 15_000)
        build.build()
        owner_connection.execute("UPDATE ach_file SET sha256 = '\\x00'")
        with pytest.raises(send.NotTheBytes):
            send.send(Bank())


def test_a_folder_gets_whole_files_that_only_its_owner_reads(db: None, tmp_path: Any) -> None:
    with clock.fixed(MONDAY):
        queued(a_bill(20_000), 15_000)
        build.build()
        (sent,) = send.send(send.Folder(tmp_path / "out"))
    (path,) = (tmp_path / "out").iterdir()
    assert path.name == sent.name and path.stat().st_size == sent.size and path.stat().st_mode & 0o777 == 0o600


def test_a_prenote_that_leaves_late_is_waited_for_from_the_day_it_settles(db: None) -> None:
    with clock.fixed(MONDAY) as now:
        bill = a_bill(20_000)
        method = a_bank(bill, validation="none")
        validate.begin(bill.account_id, method, "prenote")
        build.build()
        opens = "SELECT opens_on FROM methods_method WHERE id = %s"
        assert sql.one(opens, (method,)) == {"opens_on": date(2026, 11, 30)}
        now.advance(days=1)
        now.advance(hours=10)
        (sent,) = send.send(Bank())  # after Tuesday's cut-off: it settles on Friday, Thursday being a holiday
        assert sent.effective_on == date(2026, 11, 27)
        assert sql.one(opens, (method,)) == {"opens_on": date(2026, 12, 2)}


def test_each_class_and_payee_has_its_batch(db: None) -> None:
    with clock.fixed(MONDAY):
        bank = Bank()
        for number, kind in enumerate(("once", "recurring", "once")):
            bill = a_bill(20_000, family=str(number), payee="hospital" if number == 2 else "medical_group")
            queued(bill, 1_000 + number, kind=kind)
        filed(bank)
        rows = list(nacha_read.entries(io.BytesIO(bank.files["ach-20261123-A.ach"])))
    assert sorted((row.batch.company_id, row.discretionary, row.amount_cents) for row in rows) == [
        ("1001000001", "S", 1_002), ("1001000002", "R", 1_001), ("1001000002", "S", 1_000),
    ]  # fmt: skip
    assert len({row.batch.number for row in rows}) == 2


def test_what_its_payer_took_back_or_ended_is_in_no_file(db: None) -> None:
    with clock.fixed(MONDAY):
        bills = [a_bill(20_000, family=str(number)) for number in range(4)]
        methods = [a_bank(bill) for bill in bills]
        agreements = [agreed(bill, method) for bill, method in zip(bills, methods, strict=True)]
        made = [
            queued(bill, 5_000, method_id=method, mandate_id=mandate)
            for bill, method, mandate in zip(bills, methods, agreements, strict=True)
        ]
        assert charge.withdraw(bills[0].account_id, made[0]) == "withdrawn"
        mandates.end(bills[1].account_id, agreements[1], "cancelled")
        change.disable(bills[2].account_id, methods[2], "R02")
        built = build.build()
        assert (built.planned, built.done, built.failed, built.amount_cents) == (3, 1, 2, 5_000)
        assert [state(each) for each in made] == ["voided", "voided", "voided", "pending"]
        assert all(bill.figures()["payable_cents"] == 20_000 for bill in bills[:3])
        assert charge.withdraw(bills[3].account_id, made[3]) == "too_late"
        filed()


def test_a_debit_from_the_web_waits_until_its_account_is_proved(db: None) -> None:
    with clock.fixed(MONDAY) as now:
        bill, bank = a_bill(20_000), Bank()
        method = a_bank(bill, validation="none")
        sql.execute("UPDATE methods_method SET validation = 'none', state = 'checking' WHERE id = %s", (method,))
        assert validate.begin(bill.account_id, method, "prenote") == "begun"
        payment = queued(bill, 15_000, method_id=method)
        built = filed(bank)
        assert (built.proofs, built.done, built.planned) == (1, 0, 0)
        (prenote,) = nacha_read.entries(io.BytesIO(bank.files[built.name]))
        assert (prenote.code, prenote.amount_cents, prenote.batch.description) == (28, 0, "PRENOTE")
        assert build.build().file_id is None, "filed once"
        now.advance(days=4)
        assert build.build().planned == 0 and state(payment) == "submitting"
        now.at = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
        settle.settle()
        assert validate.ripen() == 1
        assert filed(bank).done == 1 and state(payment) == "pending"
        assert entry(payment)["validation"] == "valid"


def test_two_small_amounts_prove_an_account(db: None) -> None:
    with clock.fixed(MONDAY) as now:
        bill, bank = a_bill(20_000), Bank()
        method = a_bank(bill, validation="none")
        assert validate.begin(bill.account_id, method, "micro") == "begun"
        amounts = the_amounts(bill.account_id, method)
        built = filed(bank)
        rows = list(nacha_read.entries(io.BytesIO(bank.files[built.name])))
        assert sorted(row.amount_cents for row in rows) == sorted(amounts)
        assert {(row.code, row.batch.description, row.batch.sec) for row in rows} == {(22, "ACCTVERIFY", "PPD")}
        assert not judge(bank.files[built.name]).wrong
        assert validate.guess(bill.account_id, method, *amounts) == "not_yet"
        now.advance(days=1)
        assert settle.settle()["amount_cents"] == 0
        assert validate.guess(bill.account_id, method, *amounts) == "right"


def test_a_number_that_went_before_the_bytes_were_written_is_left_out(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clock.fixed(MONDAY):
        first, second = a_bill(20_000), a_bill(20_000, family="2")
        gone, stays = queued(first, 1_000), queued(second, 2_000)
        whole = writing.write

        def forgetful(file_id: UUID, bank: Any) -> writing.Kept:
            sql.execute("UPDATE methods_method SET state = 'deleted' WHERE account_id = %s", (first.account_id,))
            sql.execute("UPDATE methods_method SET account_sealed = NULL WHERE account_id = %s", (first.account_id,))
            sql.execute("UPDATE methods_mandate SET ended_at = %s WHERE account_id = %s", (MONDAY, first.account_id))
            return whole(file_id, bank)

        monkeypatch.setattr(writing, "write", forgetful)
        built = build.build()
        assert (built.done, built.dropped, built.amount_cents) == (1, 1, 2_000)
        assert (state(gone), state(stays)) == ("failed", "pending")
        assert first.figures()["payable_cents"] == 20_000
        send.send(Bank())


@pytest.mark.parametrize("dies_in", ["ach_take_set", "ach_chunk", "state = 'built'"])
def test_a_build_that_dies_is_finished_by_the_next(db: None, monkeypatch: pytest.MonkeyPatch, dies_in: str) -> None:
    """Killed before any commit of a build: the next one files the same debits, each once, in one file."""
    with clock.fixed(MONDAY):
        made = [queued(a_bill(20_000, family=str(number)), 1_000 + number) for number in range(5)]
        monkeypatch.setattr(build, "SET_ROWS", 2)
        calls = {"left": 2 if dies_in == "ach_take_set" else 1}
        whole_one, whole_execute = sql.one, sql.execute

        def broken(whole: Any) -> Any:
            def call(text: str, params: Any = ()) -> Any:
                if dies_in in text:
                    calls["left"] -= 1
                    if calls["left"] == 0:
                        raise KeyboardInterrupt
                return whole(text, params)

            return call

        monkeypatch.setattr(sql, "one", broken(whole_one))
        monkeypatch.setattr(sql, "execute", broken(whole_execute))
        with pytest.raises(KeyboardInterrupt):
            build.build()
        monkeypatch.setattr(sql, "one", whole_one)
        monkeypatch.setattr(sql, "execute", whole_execute)
        bank = Bank()
        filed(bank)
        (data,) = bank.files.values()
        assert not (told := judge(data)).wrong
        assert (told.entries, told.debits) == (5, 5_010)
        assert {state(each) for each in made} == {"pending"}


def test_one_build_at_a_time(db: None, app_connection: Any) -> None:
    app_connection.execute("SELECT pg_advisory_lock(hashtextextended('ach build or send', 0))")
    with pytest.raises(locks.Busy):
        build.build()


def test_files_of_a_day_have_letters(db: None) -> None:
    with clock.fixed(MONDAY):
        bank = Bank()
        for number in range(3):
            queued(a_bill(20_000, family=str(number)), 1_000)
            filed(bank)
        assert sorted(bank.files) == [f"ach-20261123-{letter}.ach" for letter in "ABC"]
        assert bank.files["ach-20261123-C.ach"][33:34] == b"C"
        sql.execute("UPDATE ach_file SET number = 36 WHERE number = 3")
        queued(a_bill(20_000, family="9"), 1_000)
        with pytest.raises(build.TooManyFiles):
            build.build()


def test_on_the_same_day_where_the_organisation_wants_it(db: None) -> None:
    with clock.fixed(MONDAY) as now:
        early = queued(a_bill(20_000), 1_000)
        now.at = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)  # nine in New York, on its day
        bank = Bank()
        built = build.build(same_day=True)
        assert built.effective_on == date(2026, 11, 24)
        (sent,) = send.send(bank)
        assert sent.effective_on == date(2026, 11, 24)
        assert settle.settle()["settled"] == 0
        now.advance(hours=9)
        assert settle.settle()["settled"] == 1 and state(early) == "succeeded"


def test_what_is_for_later_waits_for_its_own_file(db: None) -> None:
    with clock.fixed(MONDAY) as now:
        payment = queued(a_bill(20_000), 1_000, take_on=date(2026, 12, 4))
        assert build.build().planned == 0
        now.at = datetime(2026, 12, 3, 15, 0, tzinfo=UTC)
        assert filed().done == 1 and entry(payment)["effective_on"] == date(2026, 12, 4)


def test_without_a_bank_there_are_no_debits(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    poor = dataclasses.replace(build.catalog.organisation(), debit_bank=None)
    monkeypatch.setattr(build.catalog, "organisation", lambda: poor)
    with pytest.raises(build.NoDebitBank):
        build.build()


def test_the_mandate_is_kept_two_years_past_its_last_debit(db: None) -> None:
    with clock.fixed(MONDAY):
        payment = queued(a_bill(20_000), 1_000)
        filed()
        row = sql.one(
            "SELECT g.last_debit_on, g.keep_until FROM methods_mandate g JOIN ach_entry e ON e.mandate_id = g.id"
            " WHERE e.payment_id = %s",
            (payment,),
        )
        assert row == {"last_debit_on": date(2026, 11, 24), "keep_until": date(2028, 11, 25)}
    assert timedelta(days=730) < row["keep_until"] - row["last_debit_on"]
