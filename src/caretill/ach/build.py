"""A file of bank debits: what waits is taken into it, then its bytes are written and kept (money.md, Exactly once 7).

A build may die anywhere. What it took stays in its file, which the next build goes on with; the bytes are kept in one
transaction, so they are there whole or not at all. A debit is taken by the compare-and-set by which its payer takes it
back: exactly one of the two happens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import OperationalError, transaction

from caretill.ach import locks, proofs, refunds, writing
from caretill.core import clock, sql
from caretill.core.ids import uuid7
from caretill.methods import mandates
from caretill.payments.record import record
from caretill.regions import bankdays, catalog
from caretill.regions.models import DebitBank

SET_ROWS = 1_000
MOST_FILES_A_DAY = 36
DESCRIPTION = "BILL PYMT"  # what the payer's bank shows beside our name, ten characters
NOTHING = UUID(int=0)
_LOST = {"40P01", "40001", "55P03"}  # deadlock, serialisation, lock not available
_TRIES = 5
LOCK = "ach build or send"
Progress = Callable[[int], None]
_WAITS = """
    SELECT 1 AS found WHERE EXISTS (SELECT 1 FROM ach_file WHERE state = 'building')
        OR EXISTS (SELECT 1 FROM payments_attempt a JOIN payments_payment q ON q.account_id = a.account_id
            AND q.id = a.payment_id WHERE a.gateway = 'ach' AND a.state = 'queued' AND q.state = 'submitting'
            AND q.posts_on <= %(standard)s)
        OR EXISTS (SELECT 1 FROM methods_method WHERE validation IN ('micro', 'prenote') AND filed_at IS NULL
            AND state = 'checking')
        OR EXISTS (SELECT 1 FROM payments_refund r JOIN payments_attempt a ON a.account_id = r.account_id
            AND a.payment_id = r.payment_id AND a.gateway = 'ach' WHERE r.state = 'submitting'
            AND r.not_before <= %(today)s)
"""


class NoDebitBank(Exception):
    """The organisation names no bank for its debits: organisation.toml has no [ach]."""


class TooManyFiles(Exception):
    """The letters and digits that tell apart the files of one day are used up."""


@dataclass(frozen=True)
class Built:
    """What a build did. `file_id` None: nothing waited. `failed`: debits that no file will take, each ended with a
    reason. `waiting`: their accounts are still being proved. `dropped`: taken, but the account went before the bytes.
    """

    file_id: UUID | None
    name: str
    planned: int
    done: int
    failed: int
    waiting: int
    dropped: int
    proofs: int
    amount_cents: int
    effective_on: date | None
    sha256: str


@dataclass
class _Counts:
    seen: int = 0
    taken: int = 0
    failed: int = 0
    waiting: int = 0


def debit_bank() -> DebitBank:
    """The bank that takes our files. Raises NoDebitBank."""
    found = catalog.organisation().debit_bank
    if found is None:
        raise NoDebitBank("organisation.toml names no bank for debits: [ach] is missing")
    return found


def build(same_day: bool | None = None, progress: Progress | None = None, most: int | None = None) -> Built:
    """Take what waits for today's file, write the file and keep it. Does not send it: `send.send`.

    Taken are debits whose day the bank can still reach with this file, and accounts to be proved; a debit from the web
    only once its account is. `same_day` (as the organisation says, where None): what is due already settles today where
    a window is open. Raises NoDebitBank, TooManyFiles, locks.Busy.
    """
    bank = debit_bank()
    with locks.alone(LOCK):
        if not _anything_waits(bank):
            finish_dropped()
            return Built(None, "", 0, 0, 0, 0, 0, 0, 0, None, "")
        file = _open_file(bank, bank.same_day if same_day is None else same_day)
        proved = proofs.take(file, bank)
        refunds.take(file, bank)
        counts = _take(file, bank, progress, most)
        kept = writing.write(file["id"], bank)
    finish_dropped()
    sum_ = kept.sums
    return Built(
        file_id=file["id"] if sum_ else None,
        name=file["name"] if sum_ else "",
        planned=counts.seen,
        done=sum_.entries - kept.proofs if sum_ else 0,
        failed=counts.failed,
        waiting=counts.waiting,
        dropped=kept.dropped,
        proofs=proved,
        amount_cents=sum_.debit_cents if sum_ else 0,
        effective_on=kept.effective_on,
        sha256=sum_.sha256 if sum_ else "",
    )


def _anything_waits(bank: DebitBank) -> bool:
    """Whether a file would hold anything, or one was begun: a build that comes often mostly finds nothing."""
    now = clock.now()
    days = {
        "standard": bankdays.effective_entry_date(now, cut_off=bank.cut_off),
        "today": bankdays.eastern_day(now),
    }
    return sql.one(_WAITS, days) is not None


def _open_file(bank: DebitBank, same_day: bool) -> dict[str, Any]:
    """The file that a build died with, else a new one. Its days are those of the moment: they may have moved."""
    now = clock.now()
    day = bankdays.eastern_day(now)
    days = (
        bankdays.effective_entry_date(now, cut_off=bank.cut_off),
        bankdays.effective_entry_date(now, same_day=True) if same_day else date.max,
    )
    with transaction.atomic():
        begun = sql.one(
            "UPDATE ach_file SET standard_on = %s, soonest_on = least(%s, standard_on), same_day = %s"
            " WHERE state = 'building' RETURNING *",
            (days[0], min(days), same_day),
        )
        if begun:
            return begun
        row = sql.one("SELECT coalesce(max(number), 0) AS number FROM ach_file WHERE day = %s", (day,))
        number = (row["number"] if row else 0) + 1
        if number > MOST_FILES_A_DAY:
            raise TooManyFiles(f"{MOST_FILES_A_DAY} files were made today; the next goes tomorrow")
        name = f"ach-{day:%Y%m%d}-{writing.modifier(number)}.ach"
        made = sql.one(
            "INSERT INTO ach_file (id, state, day, number, name, begun_at, same_day, standard_on, soonest_on, entries,"
            " batches, debit_cents, credit_cents, size, chunks, sendings)"
            " VALUES (%s, 'building', %s, %s, %s, %s, %s, %s, %s, 0, 0, 0, 0, 0, 0, 0) RETURNING *",
            (uuid7(), day, number, name, now, same_day, days[0], min(days)),
        )
    assert made is not None
    return made


def _take(file: dict[str, Any], bank: DebitBank, progress: Progress | None, most: int | None) -> _Counts:
    counts = _Counts()
    after = (NOTHING, NOTHING)
    while most is None or counts.seen < most:
        rows = SET_ROWS if most is None else min(SET_ROWS, most - counts.seen)
        answer = _one_set(file, bank, after, rows)
        if not answer["seen"]:
            break
        counts.seen += answer["seen"]
        counts.taken += answer["taken"]
        for other in answer["others"]:
            if other["why"] == "waits":
                counts.waiting += 1
            else:
                counts.failed += 1
                account_id, payment_id = UUID(other["account_id"]), UUID(other["payment_id"])
                _not_taken(account_id, payment_id, other["region"], "withdrawn", other["why"])
        after = (UUID(answer["last_account"]), UUID(answer["last_id"]))
        if progress:
            progress(counts.seen)
    return counts


def _one_set(file: dict[str, Any], bank: DebitBank, after: tuple[UUID, UUID], rows: int) -> dict[str, Any]:
    asked = sql.dumps(
        {
            "file_id": file["id"],
            "now": clock.now(),
            "day": bankdays.eastern_day(clock.now()),
            "odfi": bank.routing[:8],
            "description": DESCRIPTION,
            "standard_on": file["standard_on"],
            "soonest_on": file["soonest_on"],
            "same_day_most_cents": bankdays.SAME_DAY_MOST_CENTS if file["same_day"] else 0,
            "after_account": after[0],
            "after_id": after[1],
            "most": rows,
        }
    )
    for tried in range(_TRIES):
        try:
            with transaction.atomic():
                sql.execute(sql.load(__file__, "take_tables.sql"))
                row = sql.one("SELECT ach_take_set(%s::jsonb) AS answer", (asked,))
                assert row is not None
                answer = sql.answer(row["answer"])
                # Each mandate is kept two years past its last debit (ACH-1).
                mandates.debited(
                    (UUID(each["account_id"]), UUID(each["mandate_id"]), date.fromisoformat(each["day"]))
                    for each in answer.pop("debited")
                )
            return answer
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) not in _LOST or tried == _TRIES - 1:
                raise
    raise AssertionError("not reached")


def finish_dropped() -> int:
    """Payments whose entry never left, because the account was taken away before the file was written; how many."""
    rows = sql.query(
        "SELECT p.account_id, p.id, p.region FROM ach_entry e JOIN payments_payment p"
        " ON p.account_id = e.account_id AND p.id = e.payment_id WHERE e.state = 'dropped' AND p.state = 'pending'"
    )
    for row in rows:
        _not_taken(row["account_id"], row["id"], row["region"], "returned", "method_gone")
    return len(rows)


def _not_taken(account_id: UUID, payment_id: UUID, region: str, event: str, why: str) -> None:
    """The payment ends, its bills are let go: nothing was taken, and nothing will be."""
    record(
        account_id, payment_id, region, event,
        provider="ach", object_ref=str(payment_id), evidence=f"not_taken:{why}", failure_code=why,
    )  # fmt: skip
