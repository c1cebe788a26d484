"""Afterwards: the processor's own log and the ledger, side by side."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from typing import Any

from caretill.core import clock
from house.stack import Stack, TooLong

UNDER_WAY = (
    "SELECT id, state FROM payments_payment WHERE state NOT IN ('succeeded', 'failed', 'voided')"
    " UNION ALL SELECT id, state FROM payments_refund WHERE state NOT IN ('succeeded', 'failed')"
)
HALF_AN_HOUR = 1_860


def settle(stack: Stack, seconds: float = 150) -> dict[str, int]:
    """Let everything come to its end: messages are sent, time passes on both sides. Returns what was still under way
    when the payers had gone. Raises TooLong when something never ends.
    """
    open_then = Counter(row["state"] for row in stack.rows(UNDER_WAY))
    stack.admin("POST", "faults/clear")
    end, turn = clock.monotonic() + seconds, 0
    while True:
        stack.admin("POST", "callbacks/flush", {"all": True})
        stack.pass_time()
        time.sleep(0.5)
        left = stack.rows(UNDER_WAY)
        waiting = stack.rows("SELECT 1 FROM payments_callback WHERE applied_at IS NULL")
        mails = stack.rows("SELECT 1 FROM core_outbox WHERE sent_at IS NULL") if stack.postbox else []
        if not left and not waiting and not mails:
            return dict(open_then)
        if clock.monotonic() > end:
            raise TooLong(f"after {seconds:g} s under way: {left[:5]}, messages {len(waiting)}, letters {len(mails)}")
        turn += 1
        if turn % 8 == 4:
            # The processor's sessions run out, also those that were opened while it was waited for.
            stack.admin("POST", "clock", {"advance_seconds": HALF_AN_HOUR})


def differences(stack: Stack) -> list[str]:
    """Every way in which the processor's log and the ledger disagree; empty when they are one to one."""
    log = stack.log()
    captured = [row for row in log if row["what"] == "charge.captured"]
    there = {(row["reference"], row["charge"], row["amount_cents"]) for row in captured}
    here = {
        (str(row["attempt"]), row["charge_ref"], row["captured_cents"])
        for row in stack.rows(
            "SELECT a.id AS attempt, p.charge_ref, p.captured_cents FROM payments_payment p"
            " JOIN payments_attempt a ON a.account_id = p.account_id AND a.payment_id = p.id"
            " WHERE p.state = 'succeeded'"
        )
    }
    booked = {
        (row["charge_ref"], row["cents"])
        for row in stack.rows(
            "SELECT p.charge_ref, sum(t.amount_cents)::bigint AS cents FROM ledger_transfer t"
            " JOIN payments_payment p ON p.account_id = t.account_id AND p.id = t.payment_id"
            " WHERE t.debit_kind = 'clearing' AND t.phase IN ('posted', 'post') GROUP BY p.account_id, p.id"
        )
    }
    found = [f"charged there, not succeeded here: {each}" for each in there - here]
    found += [f"succeeded here, not charged there: {each}" for each in here - there]
    found += [f"not booked as charged: {each}" for each in {(charge, cents) for _, charge, cents in there} ^ booked]
    return found + _refunds(stack, log) + _twice(log, captured)


def _refunds(stack: Stack, log: list[dict[str, Any]]) -> list[str]:
    there = {(row["refund"], row["charge"], row["amount_cents"]) for row in log if row["what"] == "refund.made"}
    rows = stack.rows(
        "SELECT r.refund_ref, p.charge_ref, r.amount_cents FROM payments_refund r"
        " JOIN payments_payment p ON p.account_id = r.account_id AND p.id = r.payment_id WHERE r.state = 'succeeded'"
    )
    here = {(row["refund_ref"], row["charge_ref"], row["amount_cents"]) for row in rows}
    booked = stack.rows(
        "SELECT coalesce(sum(amount_cents), 0)::bigint AS n FROM ledger_transfer WHERE code = 'refund_sent'"
    )
    found = [f"refunds differ: {each}" for each in there ^ here]
    if len(rows) != len(here) or booked[0]["n"] != sum(cents for *_, cents in there):
        found.append(f"refunds are not booked as made: {booked[0]['n']} cents in {len(rows)} rows")
    return found


def _twice(log: list[dict[str, Any]], captured: list[dict[str, Any]]) -> list[str]:
    """A key, a reference or a session with two effects."""
    found = []
    effects = [row for row in log if row["what"] in ("session.created", "refund.made")]
    for what, counts in (
        ("key", Counter(row["key"] for row in effects)),
        ("reference with checkouts", Counter(row["reference"] for row in log if row["what"] == "session.created")),
        ("reference with charges", Counter(row["reference"] for row in captured)),
    ):
        found += [f"{what} {name}: {count} effects" for name, count in counts.items() if count > 1]
    return found + [f"a key came with another request: {row}" for row in log if row["what"] == "key.mismatch"]


def missing(stack: Stack, acknowledged: list[int]) -> list[int]:
    """Amounts of which a payer was told that they are paid, and that are not."""
    rows = stack.rows("SELECT amount_cents FROM payments_payment WHERE state = 'succeeded'")
    left = Counter(row["amount_cents"] for row in rows)
    left.subtract(acknowledged)
    return [cents for cents, count in left.items() if count < 0]


def overpaid(stack: Stack, before: list[dict[str, Any]]) -> list[str]:
    """Bills that took more than was owed on them."""
    rows = stack.rows(
        "SELECT r.bill_id, sum(r.amount_cents)::bigint AS paid FROM payments_part r JOIN payments_payment p"
        " ON p.account_id = r.account_id AND p.id = r.payment_id WHERE p.state = 'succeeded' GROUP BY 1"
    )
    owed = {row["bill_id"]: row["open_cents"] for row in before}
    return [
        f"{row['bill_id']}: {row['paid']} of {owed[row['bill_id']]}"
        for row in rows
        if row["paid"] > owed[row["bill_id"]]
    ]


def receipts(stack: Stack) -> list[str]:
    """Succeeded payments without exactly one receipt to tell of."""
    rows = stack.rows(
        "SELECT p.id, count(o.id) AS n FROM payments_payment p LEFT JOIN core_outbox o ON o.account_id = p.account_id"
        " AND o.topic = 'receipt_ready' AND o.body->>'payment_id' = p.id::text"
        " WHERE p.state = 'succeeded' GROUP BY p.account_id, p.id HAVING count(o.id) <> 1"
    )
    return [f"{row['id']}: {row['n']}" for row in rows]


def table(stack: Stack) -> tuple[dict[str, int], list[str]]:
    """How often each fault struck, and lines that say how the payments it struck ended."""
    log = stack.log()
    states = {
        str(row["name"]): row["state"]
        for row in stack.rows(
            "SELECT o.object_ref AS name, p.state FROM payments_object o JOIN payments_payment p"
            " ON p.account_id = o.account_id AND p.id = o.payment_id WHERE o.provider IN ('attempt', 'sandbox')"
        )
    }
    ends: dict[str, Counter[str]] = defaultdict(Counter)
    counts: Counter[str] = Counter()
    for row in log:
        if row["what"] == "fault.struck":
            counts[row["detail"]] += 1
            ends[row["detail"]][states.get(row.get("session", ""), states.get(row.get("reference", ""), "?"))] += 1
        elif row["what"] == "fault.set" and '"dark"' in row["detail"]:
            counts["dark"] += 1
            ends["dark"]["everybody"] += 1
    lines = [
        f"  {name:<24}{counts[name]:>5}  {', '.join(f'{state} {n}' for state, n in sorted(ends[name].items()))}"
        for name in sorted(counts)
    ]
    return dict(counts), lines
