"""Many outcomes at once: what payments that succeeded did, booked in sets of up to 1,000, a commit each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import OperationalError, transaction

from caretill.core import clock, sql
from caretill.payments.gateways.base import Session
from caretill.payments.record import judge, record
from caretill.regions import catalog

SET_ROWS = 1_000
TRIES = 5
_LOST = {"40P01", "40001", "55P03"}  # deadlock, serialisation, lock not available


@dataclass(frozen=True, slots=True)
class Outcome:
    """Evidence that one payment succeeded. `amount_cents` is what the processor captured."""

    account_id: UUID
    payment_id: UUID
    region: str
    provider: str
    object_ref: str
    evidence: str
    amount_cents: int
    charge_ref: str | None = None
    method_brand: str | None = None
    method_last4: str | None = None
    body: dict[str, Any] | None = None


def outcome_of(
    account_id: UUID, payment_id: UUID, region: str, provider: str, amount_cents: int, session: Session
) -> Outcome | None:
    """What a session says, when it says that the payment of `amount_cents` succeeded; otherwise None."""
    event, evidence = judge(session, amount_cents)
    if event != "succeeded":
        return None
    return Outcome(
        account_id=account_id,
        payment_id=payment_id,
        region=region,
        provider=provider,
        object_ref=session.id,
        evidence=evidence,
        amount_cents=session.amount_cents,
        charge_ref=session.charge_id,
        method_brand=session.card_brand,
        method_last4=session.card_last4,
        body={"status": session.status, "outcome": session.outcome},
    )


def record_set(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Book these outcomes; {code: applied | repeat | ignored | missing, state} of each, in their order.

    The effects are those of `record` with the event `succeeded`, in one transaction for each set: the event, the state
    by compare-and-set, reservations posted, claims dropped, attempts ended, the outbox. Locks payments in order, then
    balances in order. A set that raced with somebody is tried again; what still races is recorded one by one, and so
    are payments of a family, whose bills stand in several accounts.
    """
    answers: list[dict[str, Any]] = [{} for _ in outcomes]
    first: dict[tuple[UUID, UUID], int] = {}
    for place, each in enumerate(outcomes):
        first.setdefault((each.account_id, each.payment_id), place)
    firsts = [first[key] for key in sorted(first)]
    for start in range(0, len(firsts), SET_ROWS):
        places = firsts[start : start + SET_ROWS]
        answers_of_set = _one_set([(place, outcomes[place]) for place in places])
        for place, answer in answers_of_set.items():
            answers[place] = answer
    # More evidence of a payment that stood earlier in the same call.
    for place in sorted(set(range(len(outcomes))) - set(firsts)):
        answers[place] = _alone(outcomes[place])
    return answers


def _one_set(chosen: Sequence[tuple[int, Outcome]]) -> dict[int, dict[str, Any]]:
    now = clock.now()
    days = {region: clock.today(catalog.region(region).time_zone) for region in {each.region for _, each in chosen}}
    payload = sql.dumps({"now": now, "outcomes": [_row(place, each, days[each.region]) for place, each in chosen]})
    for _ in range(TRIES):
        answer = _call(payload)
        if answer["code"] == "recorded":
            found = {place: {"code": "applied", "state": "succeeded"} for place, _ in chosen}
            by_place = dict(chosen)
            for other in answer["others"]:
                alone = other["code"] == "alone"
                found[other["place"]] = (
                    _alone(by_place[other["place"]]) if alone else {"code": other["code"], "state": other["state"]}
                )
            return found
    return {place: _alone(each) for place, each in chosen}


def _call(payload: str) -> dict[str, Any]:
    try:
        with transaction.atomic(durable=True):
            sql.execute(sql.load(__file__, "outcome_tables.sql"))
            row = sql.one("SELECT payments_record_set(%s::jsonb) AS answer", (payload,))
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) not in _LOST:
            raise
        return {"code": "raced"}
    assert row is not None
    return sql.answer(row["answer"])


def _row(place: int, each: Outcome, day: date) -> dict[str, Any]:
    return {
        "place": place,
        "account_id": str(each.account_id),
        "payment_id": str(each.payment_id),
        "provider": each.provider,
        "object_ref": each.object_ref,
        "evidence": each.evidence,
        "body": each.body,
        "amount_cents": each.amount_cents,
        "charge_ref": each.charge_ref,
        "method_brand": each.method_brand,
        "method_last4": each.method_last4,
        "business_date": day,
    }


def _alone(each: Outcome) -> dict[str, Any]:
    answer = record(
        each.account_id,
        each.payment_id,
        each.region,
        "succeeded",
        provider=each.provider,
        object_ref=each.object_ref,
        evidence=each.evidence,
        body=each.body,
        amount_cents=each.amount_cents,
        charge_ref=each.charge_ref,
        method_brand=each.method_brand,
        method_last4=each.method_last4,
    )
    return {"code": answer["code"], "state": answer.get("state", "")}
