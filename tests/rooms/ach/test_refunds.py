"""A bank debit given back: a credit of the next file, once; arrived, sent back, or of an account that is gone."""

from __future__ import annotations

import io
from datetime import timedelta
from uuid import UUID, uuid4

from caretill.ach import build, send, settle
from caretill.core import clock, sql
from caretill.formats import nacha_read
from caretill.methods import change
from caretill.payments import refund, returns
from house.cast import Bill, a_bill
from house.debits import MONDAY, Bank, a_return, filed, queued, settled, state, took
from house.nacha_reader import judge

PAYERS = "000123456789"


def paid(bank: Bank) -> tuple[Bill, UUID]:
    """A bill that was paid by a bank debit, and the payment."""
    bill = a_bill(20_000)
    payment = queued(bill, 15_000)
    filed(bank)
    settled()
    assert state(payment) == "succeeded"
    return bill, payment


def refunds() -> list[tuple[str, int]]:
    rows = sql.query("SELECT state, amount_cents FROM payments_refund ORDER BY id")
    return [(row["state"], row["amount_cents"]) for row in rows]


def credit() -> int:
    row = sql.one("SELECT coalesce(sum(credits_posted - debits_posted), 0)::int AS n FROM ledger_balance"
                  " WHERE kind = 'credit'")  # fmt: skip
    assert row is not None
    return int(row["n"])


def test_it_leaves_after_the_days_of_returns_and_arrives(db: None) -> None:
    with clock.fixed(MONDAY) as now:
        bank = Bank()
        bill, payment = paid(bank)
        now.at = clock.now()
        answer = refund.refund(bill.account_id, payment, 4_000, uuid4(), "asked")
        assert (answer["code"], bill.figures()["open_cents"]) == ("queued", 9_000)
        assert build.build().file_id is None, "the bank may still take the debit back"
        now.advance(days=8)
        built = build.build()
        assert (built.done, built.amount_cents, refunds()) == (0, 0, [("pending", 4_000)])
        (sent,) = send.send(bank)
        assert not (told := judge(bank.files[sent.name])).wrong and (told.debits, told.credits) == (0, 4_000)
        (entry,) = nacha_read.entries(io.BytesIO(bank.files[sent.name]))
        assert (entry.account, entry.amount_cents, entry.code) == (PAYERS, 4_000, 22)
        assert entry.batch.description == "REFUND"
        assert build.build().file_id is None, "it leaves once"
        now.advance(days=1)
        settle.settle()
        assert refunds() == [("pending", 4_000)], "its bank may still send it back"
        now.advance(days=7)
        settle.settle()
        assert refunds() == [("succeeded", 4_000)]
        topics = [row["topic"] for row in sql.query("SELECT topic FROM core_outbox WHERE topic LIKE 'refund%%'")]
        assert topics == ["refund_made"]


def test_of_an_account_that_is_gone_it_is_credit(db: None) -> None:
    with clock.fixed(MONDAY) as now:
        bill, payment = paid(Bank())
        refund.refund(bill.account_id, payment, 4_000, uuid4(), "asked")
        assert change.delete(bill.account_id, _method(payment)) == "deleted"
        sql.execute("UPDATE methods_method SET account_sealed = NULL, number_blind = NULL, routing = ''")
        now.advance(days=8)
        assert build.build().file_id is None
        assert (refunds(), credit()) == ([("failed", 4_000)], 4_000)


def test_one_that_its_bank_sends_back_is_credit(db: None) -> None:
    with clock.fixed(MONDAY) as now:
        bill, payment = paid(Bank())
        refund.refund(bill.account_id, payment, 4_000, uuid4(), "asked")
        now.advance(days=8)
        filed()
        row = sql.one("SELECT * FROM ach_entry WHERE kind = 'credit'")
        assert row is not None
        now.advance(days=2)
        settle.settle()
        for _ in range(2):
            took(a_return(row, "R03"))
        assert (refunds(), credit()) == ([("failed", 4_000)], 4_000)
        now.advance(days=9)
        settle.settle()
        assert refunds() == [("failed", 4_000)]


def _method(payment: UUID) -> UUID:
    row = sql.one("SELECT method_id FROM payments_payment WHERE id = %s", (payment,))
    assert row is not None
    return UUID(str(row["method_id"]))


def test_taken_and_then_gone_before_the_bytes(db: None) -> None:
    with clock.fixed(MONDAY) as now:
        bill, payment = paid(Bank())
        refund.refund(bill.account_id, payment, 4_000, uuid4(), "asked")
        now.advance(days=8)
        build.build()
        sql.execute("UPDATE ach_entry SET state = 'dropped' WHERE kind = 'credit'")
        sql.execute("UPDATE ach_file SET entries = 0, credit_cents = 0 WHERE entries = 1 AND credit_cents > 0")
        settle.settle()
        assert (refunds(), credit()) == ([("failed", 4_000)], 4_000)


def test_a_debit_that_comes_back_after_its_refund_is_owed(db: None) -> None:
    with clock.fixed(MONDAY) as now:
        bill, payment = paid(Bank())
        refund.refund(bill.account_id, payment, 4_000, uuid4(), "asked")
        now.at = now.at + timedelta(days=1)
        answer = returns.apply_return(bill.account_id, payment, 15_000, "R10", "by hand")
        assert (answer["reopened_cents"], answer["owed_back_cents"]) == (11_000, 4_000)
