"""Taking what is due: claim a set, begin its payments, charge the cards, keep what came of it.

A due is claimed by a compare-and-set of its state: before it the payer can cancel, after it they are told that it is
being taken. Every payment has a key made of its due, so a set that
was killed between two steps is brought to its end by whoever comes next, and begins nothing twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from caretill.autopay import days, misses
from caretill.core import clock, sql
from caretill.payments import charging
from caretill.payments.charge import SavedAsk, begin_set
from caretill.people.viewer import NOBODY
from caretill.regions import catalog

Row = dict[str, Any]
SET_ROWS = 1_000
LOOKED_AT = 10_000  # of what was begun, in a turn of the worker
LEFT_AFTER = timedelta(minutes=6)  # a set that was claimed so long ago is begun again by whoever looks
MOST_TRIES = 3  # of one due, whatever the cause (ACH-5; the networks' limit for cards is higher)
RETRY_DAYS = 14  # a card that was refused softly is tried again within these days
RETRY_AFTER = (4, 5)  # days after the first and second try
_REASONS: Mapping[str, Any] = {"autopay": "recurring", "plan": "installment", "schedule": "unscheduled"}
_HELD = ("being_paid", "above_owed", "too_many", "raced")  # nothing was begun, and it may be later


@dataclass
class Taken:
    """What a turn did. `causes` says why what was not begun was not."""

    claimed: int = 0
    begun: int = 0
    begun_cents: int = 0
    more: bool = False  # whether there may be more
    causes: Counter[str] = field(default_factory=Counter)

    def add(self, other: Taken) -> None:
        self.claimed += other.claimed
        self.begun += other.begun
        self.begun_cents += other.begun_cents
        self.causes += other.causes


def take_set(
    kinds: Sequence[str],
    until: datetime,
    *,
    run_id: UUID | None = None,
    most: int = SET_ROWS,
) -> Taken:
    """Claim up to `most` dues of these kinds that closed by `until`, begin their payments and charge their cards."""
    answer = claim(kinds, until, run_id=run_id, most=most)
    done = begin(answer["rows"])
    done.claimed += answer["ended"]
    done.causes.update(answer["causes"])
    done.more = answer["claimed"] > 0
    return done


def claim(
    kinds: Sequence[str],
    until: datetime,
    *,
    run_id: UUID | None = None,
    most: int = SET_ROWS,
) -> Row:
    """From here on these are taken: {rows, ended, causes, claimed} of `autopay_claim`, committed."""
    now = clock.now()
    told = {
        "kinds": list(kinds), "until": min(until, now), "now": now, "most": most, "run_id": run_id,
    }  # fmt: skip
    with transaction.atomic():
        row = sql.one("SELECT autopay_claim(%s::jsonb) AS answer", (sql.dumps(told),))
    assert row is not None
    return sql.answer(row["answer"])


def waits() -> bool:
    """Whether anything of automatic payment has closed and is not taken yet, or was left half-taken."""
    found = sql.one(
        "SELECT 1 AS yes WHERE EXISTS (SELECT 1 FROM autopay_due WHERE state = 'taking') OR EXISTS ("
        "SELECT 1 FROM autopay_due WHERE state = 'waiting' AND closes_at <= %s AND kind = 'autopay')",
        (clock.now(),),
    )
    return found is not None


def finish_left(waited: timedelta = LEFT_AFTER, most: int = SET_ROWS) -> Taken:
    """Begin again what somebody claimed and did not bring to an end: killed, or slower than `waited`."""
    row = sql.one(
        "SELECT autopay_left(%s::jsonb) AS answer", (sql.dumps({"before": clock.now() - waited, "most": most}),)
    )
    assert row is not None
    return begin(sql.answer(row["answer"])["rows"])


def begin(rows: Sequence[Row]) -> Taken:
    """Begin the payments of claimed dues, keep their ids, then charge the cards."""
    done = Taken(claimed=len(rows))
    if not rows:
        return done
    answers = begin_set([ask(row) for row in rows])
    settled = [_settled(row, _found(row, answer)) for row, answer in zip(rows, answers, strict=True)]
    with transaction.atomic():
        sql.one("SELECT autopay_settle(%s::jsonb)", (sql.dumps({"now": clock.now(), "rows": settled}),))
        for row, kept in zip(rows, settled, strict=True):
            if kept["state"] == "failed":
                misses.failed(row, kept["code"])
    for row, kept in zip(rows, settled, strict=True):
        if kept["state"] != "begun":
            done.causes[kept["code"]] += 1
            continue
        done.begun += 1
        done.begun_cents += sum(part["amount_cents"] for part in row["taking"])
        if row["method_kind"] == "card" or row["account_id"] != row["method_account_id"]:
            charging.send(UUID(row["method_account_id"]), UUID(kept["payment_id"]))
    return done


def follow() -> dict[str, int]:
    """Look at the payments of all that was begun: taken, tried again on another day, or failed and told."""
    counts: Counter[str] = Counter(taken=0, again=0, failed=0)
    after: str | None = None
    while True:
        part, after = follow_some(after)
        counts.update(part)
        if after is None:
            return dict(counts)


def follow_some(after: str | None, most: int = LOOKED_AT) -> tuple[dict[str, int], str | None]:
    """The same of the next `most` after an account; and the account to go on after, None at the end."""
    told = {"now": clock.now(), "most": most, "after": after}
    with transaction.atomic():
        row = sql.one("SELECT autopay_follow(%s::jsonb) AS answer", (sql.dumps(told),))
    assert row is not None
    answer = sql.answer(row["answer"])
    counts = {"taken": int(answer["taken"]), "again": 0, "failed": 0}
    if answer["over"]:
        accounts, orders = zip(*answer["over"], strict=True)
        told = {"accounts": list(accounts), "orders": list(orders)}
        for due in sql.query(sql.load(__file__, "not_taken.sql"), told):
            with transaction.atomic():
                counts[_not_taken(due)] += 1
    return counts, answer["last"]


def ask(row: Row) -> SavedAsk:
    """The payment of a claimed due, as the payment room wants it."""
    parts = tuple((UUID(part["bill_id"]), int(part["amount_cents"])) for part in row["taking"])
    account_id, payer = UUID(row["account_id"]), UUID(row["method_account_id"])
    own = account_id == payer
    return SavedAsk(
        key=UUID(row["key"]),
        account_id=payer,
        region=row["region"],
        parts=parts if own else (),
        others=() if own else tuple((account_id, bill, cents) for bill, cents in parts),
        payer_name=row["payer_name"],
        email=row["email"],
        language=row["language"],
        statement_name=statement_name(row["region"], row["processor_account"]),
        processor_account=row["processor_account"],
        channel="guest" if row["login_id"] == str(NOBODY) else "member",
        method_id=UUID(row["method_id"]),
        mandate_id=UUID(row["mandate_id"]) if row["mandate_id"] else None,
        origin=row["kind"],
        origin_id=UUID(row["order_id"]),
        initiator="merchant",
        reason=_REASONS[row["kind"]],
        login_id=None if row["login_id"] == str(NOBODY) else UUID(row["login_id"]),
        take_on=date.fromisoformat(row["take_on"]),
    )


def statement_name(region: str, processor_account: str) -> str:
    """What stands on the payer's bank statement: the first payee with that account at the processor."""
    payees = catalog.region(region).processor_accounts
    named = sorted(payee for payee, account in payees.items() if account == processor_account)
    return catalog.organisation().payees[named[0]].name if named else catalog.organisation().short_name


def _found(row: Row, answer: Row) -> Row:
    """The payment under a key that was begun with other words before: it is this due's all the same."""
    if answer["code"] != "key_conflict" or answer.get("payment_id"):
        return answer
    kept = sql.one(
        "SELECT payment_id FROM core_idempotency WHERE account_id = %s AND key = %s",
        (row["method_account_id"], row["key"]),
    )
    return {**answer, "payment_id": str(kept["payment_id"])} if kept else answer


def _settled(row: Row, answer: Row) -> Row:
    code, now = answer["code"], clock.now()
    kept: Row = {name: row[name] for name in ("account_id", "order_id", "due_on", "processor_account")}
    kept |= {"try": row["tries"], "code": code, "payment_id": None, "closes_at": None, "take_on": None}
    if code in ("begun", "repeat", "key_conflict"):
        return kept | {"state": "begun", "code": "", "payment_id": answer["payment_id"]}
    if code in ("mandate_ended", "method_gone") and _moved(row):
        return kept | {"state": "waiting"}  # another way to pay has just taken its place
    late = days.today(row["region"]) - date.fromisoformat(row["take_on"])
    if code in _HELD and late.days < RETRY_DAYS:
        # Somebody else is paying it, or was faster: look again when that is over.
        wait = timedelta(hours=1) if code == "above_owed" else timedelta(days=1)
        return kept | {"state": "waiting", "closes_at": now + wait}
    return kept | {"state": "failed"}


def _moved(row: Row) -> bool:
    """Whether the order is taken from something else than it was when this due was claimed."""
    found = sql.one(
        "SELECT mandate_id FROM autopay_order WHERE account_id = %s AND id = %s AND state = 'active'",
        (row["account_id"], row["order_id"]),
    )
    return found is not None and str(found["mandate_id"]) != row["mandate_id"]


def _not_taken(due: Row) -> str:
    """A begun due whose payment came to nothing: on another day where the rules allow one, else failed and told."""
    now = clock.now()
    slot = _again(due)
    state = "waiting" if slot else "skipped" if due["payment_state"] == "voided" else "failed"
    code = due["failure_code"] or ("withdrawn" if state == "skipped" else "declined")
    moved = sql.execute(
        "UPDATE autopay_due SET state = %s, code = %s, changed_at = %s, take_on = coalesce(%s, take_on),"
        " closes_at = coalesce(%s, closes_at) WHERE account_id = %s AND order_id = %s AND due_on = %s"
        " AND processor_account = %s AND state = 'begun' AND payment_id = %s",
        (state, code, now, slot and slot.take_on, slot and slot.closes_at, due["account_id"], due["order_id"],
         due["due_on"], due["processor_account"], due["payment_id"]),
    )  # fmt: skip
    if moved and state == "failed":
        misses.failed(due, code)
    return "again" if slot else "failed"


def _again(due: Row) -> days.Slot | None:
    """When a card that was refused softly is tried again. Never one that was refused for good, never a bank debit:
    what the rules of ACH allow is presented again by room `ach` under the same payment."""
    soft = due["payment_state"] == "failed" and due["method_kind"] == "card" and due["hard"] is False
    if not soft or due["tries"] >= MOST_TRIES or due["failure_code"] == "authentication_required":
        return None
    first = due["first_on"]
    wish = days.today(due["region"]) + timedelta(days=RETRY_AFTER[due["tries"] - 1])
    slot = days.slot(wish, "card", due["region"])
    return slot if (slot.take_on - first).days <= RETRY_DAYS else None
