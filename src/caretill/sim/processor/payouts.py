"""Paying out: every night what each account has earned, less refunds, disputes and fees, with a file that says so.

A day is one of UTC by the processor's own clock. What is not above nothing waits for the next night.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from caretill.sim.processor import callbacks
from caretill.sim.processor.clock import from_ms, show_ms
from caretill.sim.processor.faults import Subject
from caretill.sim.processor.parts import Parts
from caretill.sim.processor.wire import Refusal, page_of, read_asked

DAY_MS = 24 * 3600 * 1000
# funding: (parts of ten thousand of the amount, cents a charge)
FEES = {"credit": (290, 30), "debit": (150, 25), "prepaid": (290, 30)}
DISPUTE_FEE_CENTS = 1500
WORKING_DAYS = 2  # until it is at the bank
ARRIVES_MS = 14 * 3600 * 1000  # after midnight
HEAD = "kind,operation_id,charge_id,reference,gross_cents,fee_cents,net_cents,currency,time"


def charge_fee(amount_cents: int, funding: str) -> int:
    """What taking a charge costs, rounded half up to a cent."""
    share, fixed = FEES[funding]
    return (amount_cents * share + 5_000) // 10_000 + fixed


def note(
    parts: Parts,
    kind: str,
    object_id: str,
    facts: Mapping[str, Any],
    *,
    charge: str,
    gross_cents: int,
    fee_cents: int,
    at_ms: int,
) -> None:
    """A line of a payout to come: charge, refund, dispute, dispute_reversal or fee, once each.

    What is written of days gone by, as a world with a past is, has its nights paid out once the clock is back.
    """
    if day_of(at_ms) < parts.store.meta("paid_out_day"):
        parts.store.set_meta("paid_out_day", day_of(at_ms))
    parts.store.insert(
        "operation",
        account=facts["account"],
        kind=kind,
        object=object_id,
        charge=charge,
        reference=facts.get("reference", ""),
        gross_cents=gross_cents,
        fee_cents=fee_cents,
        currency=facts["currency"],
        at_ms=at_ms,
    )


def forget(parts: Parts, kind: str, object_id: str) -> None:
    """There will be no such line after all."""
    parts.store.run("DELETE FROM operation WHERE kind = ? AND object = ? AND payout IS NULL", kind, object_id)


def day_of(at_ms: int) -> int:
    return at_ms // DAY_MS


def begin(parts: Parts) -> None:
    """A processor pays out from the night after its first day on."""
    today = day_of(parts.now_ms())
    if parts.store.meta("paid_out_day") == 0:
        parts.store.set_meta("paid_out_day", today)
    parts.store.set_meta("latest_day", max(today, parts.store.meta("latest_day")))


def pay_out(parts: Parts) -> int:
    """Every night that went by since the last time: what each account has waiting. 1 when a night went by."""
    today, last = day_of(parts.now_ms()), parts.store.meta("paid_out_day")
    if last >= today or today < parts.store.meta("latest_day"):
        return 0
    parts.store.set_meta("paid_out_day", today)
    parts.store.set_meta("latest_day", today)
    for day in range(last + 1, today + 1):
        rows = parts.store.all(
            "SELECT account, currency, sum(gross_cents - fee_cents) AS net, count(*) AS many FROM operation"
            " WHERE payout IS NULL AND at_ms < ? GROUP BY account, currency HAVING net > 0 ORDER BY account, currency",
            day * DAY_MS,
        )
        for row in rows:
            _pay(parts, row, day * DAY_MS)
    return 1


def _pay(parts: Parts, row: Any, night_ms: int) -> None:
    payout_id = parts.new_id("po")
    arrives = from_ms(night_ms).date()
    for _ in range(WORKING_DAYS):
        arrives = _next_weekday(arrives)
    facts = {"account": row["account"], "currency": row["currency"], "amount_cents": row["net"]}
    parts.store.insert(
        "payout",
        id=payout_id,
        count=row["many"],
        created_ms=night_ms,
        arrives_on=arrives.isoformat(),
        bank_reference=f"PO{payout_id[-12:].upper()}",
        **facts,
    )
    parts.store.run(
        "UPDATE operation SET payout = ? WHERE payout IS NULL AND account = ? AND currency = ? AND at_ms < ?",
        payout_id,
        row["account"],
        row["currency"],
        night_ms,
    )
    arrives_ms = (arrives - from_ms(night_ms).date()).days * DAY_MS + night_ms + ARRIVES_MS
    parts.later("payout_arrives", payout_id, arrives_ms)
    parts.log("payout.created", payout=payout_id, **facts)
    callbacks.emit(parts, "payout.created", Subject(account=row["account"]), payout=payout_id)


def _next_weekday(day: date) -> date:
    day += timedelta(days=1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return day


def arrive(parts: Parts, payout_id: str) -> None:
    """The payout is at the bank."""
    row = load(parts, payout_id)
    parts.store.update("payout", payout_id, status="paid")
    facts = {name: row[name] for name in ("account", "currency", "amount_cents")}
    parts.log("payout.paid", payout=payout_id, **facts)
    callbacks.emit(parts, "payout.paid", Subject(account=row["account"]), payout=payout_id)


def load(parts: Parts, payout_id: str) -> Any:
    """A payout. Raises Refusal 404."""
    row = parts.store.one("SELECT * FROM payout WHERE id = ?", payout_id)
    if row is None:
        raise Refusal(404, "no_such_payout", "There is no such payout.")
    return row


def find(parts: Parts, query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Payouts of all accounts, oldest first, those after one; at most `limit` (100)."""
    after = load(parts, query["after"])["seq"] if "after" in query else 0
    where, values = "seq > ?", [after]
    if "account" in query:
        where, values = where + " AND account = ?", [after, query["account"]]
    rows = parts.store.all(f"SELECT * FROM payout WHERE {where} ORDER BY seq LIMIT ?", *values, page_of(query))
    return [show(parts, row) for row in rows]


def show(parts: Parts, row: Any) -> dict[str, Any]:
    names = ("id", "account", "amount_cents", "currency", "status", "count", "arrives_on", "bank_reference")
    return {**{name: row[name] for name in names}, "created": show_ms(row["created_ms"])}


def file_of(parts: Parts, row: Any) -> bytes:
    """The lines of a payout in the order of time, and their sums: always the same bytes."""
    lines, gross, fees = [HEAD], 0, 0
    found = parts.store.all("SELECT * FROM operation WHERE payout = ? ORDER BY at_ms, seq", row["id"])
    for one in found:
        net = one["gross_cents"] - one["fee_cents"]
        gross, fees = gross + one["gross_cents"], fees + one["fee_cents"]
        figures = f"{one['gross_cents']},{one['fee_cents']},{net},{one['currency']},{show_ms(one['at_ms'])}"
        lines.append(f"{one['kind']},{one['object']},{one['charge']},{one['reference']},{figures}")
    figures = f"{gross},{fees},{gross - fees},{row['currency']},{show_ms(row['created_ms'])}"
    lines.append(f"total,{row['id']},,{len(found)},{figures}")
    return ("\n".join(lines) + "\n").encode("ascii")


def add_fee(parts: Parts, asked: Mapping[str, Any]) -> dict[str, Any]:
    """A fee that belongs to no charge, as an admin says. Raises Refusal."""
    read_asked(asked, "fee", ("account", "amount_cents"), ("account",))
    fee_id = parts.new_id("fe")
    facts = {"account": asked["account"], "currency": "USD"}
    cents = asked["amount_cents"]
    note(parts, "fee", fee_id, facts, charge="", gross_cents=0, fee_cents=cents, at_ms=parts.now_ms())
    parts.log("fee.taken", detail=fee_id, amount_cents=cents, **facts)
    return {"id": fee_id, **facts, "amount_cents": cents}
