"""Money from a saved method: a card is charged at once, a bank debit waits for its file (money.md, Exactly once).

Call 1 holds the method and what was agreed, so whoever ends either comes before it or after it. A card's charge goes
out with nothing held; `payments.charging` finishes it, now or from the sweeper. A bank debit is begun and queued: room
`ach` takes it into a file, and until then it can be taken back.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from caretill.core import clock, sql
from caretill.core.ids import uuid7
from caretill.payments import charging, family, velocity
from caretill.payments.charge_set import begin_set
from caretill.payments.record import record
from caretill.payments.saved_ask import Method, SavedAsk, methods, payload
from caretill.payments.take import Answer, held

__all__ = ["SavedAsk", "begin", "begin_set", "charge", "withdraw"]


def charge(ask: SavedAsk) -> Answer:
    """Begin the payment, or find it again under its key, and charge the card or leave the debit for its file.

    Codes: `queued` (a bank debit waits for its file), `ended` with the state (succeeded, pending, unknown, voided),
    `declined`, `refused`, `method_gone`, `mandate_ended`, `not_validated`, and of payments.take `key_conflict`,
    `being_paid`, `above_owed`, `not_found`, `too_many`. Whoever is there takes a place among the tries of an hour.
    """
    place = None
    if not ask.in_name:
        bills = [bill for _, bill, _ in ask.bills]
        place = velocity.enter(ask.account_id, ask.key, bills, ask.network)
        if not place.allowed and not known(ask):
            return Answer("too_many")
    answer = begin(ask)
    if place and answer.code != "begun":
        place.leave()
    if answer.code in ("begun", "repeat") and answer.payment_id:
        return charging.send(ask.account_id, answer.payment_id)
    return answer


def begin(ask: SavedAsk) -> Answer:
    """Call 1 alone: begun or repeat with the payment's id, otherwise why there is none. No processor is called."""
    method = methods([(ask.account_id, ask.method_id)]).get((ask.account_id, ask.method_id))
    if method is None:
        return Answer("method_gone")
    payees: dict[UUID, str] = {}
    if ask.others and not known(ask):
        verdict, payees = family.look(ask.region, ask.bills)
        if verdict.code != "free" and not known(ask):
            return held(ask.visit, verdict)
    begun = _begin(ask, method, payees)
    if begun["code"] in ("begun", "repeat"):
        return Answer(begun["code"], UUID(begun["payment_id"]))
    if begun["code"] == "being_paid":
        return held(ask.visit, family.held_by(ask.account_id, begun))
    return Answer(begun["code"])


def known(ask: SavedAsk) -> bool:
    """Whether the key began something before."""
    query = "SELECT 1 AS yes FROM core_idempotency WHERE account_id = %s AND key = %s"
    return sql.one(query, (ask.account_id, ask.key)) is not None


def withdraw(account_id: UUID, payment_id: UUID, why: str = "") -> str:
    """Take a bank debit back before its file leaves: withdrawn | too_late | missing. Again: the same answer.

    `why` says that not the payer did it: the code by which a bank closed the account. Then they are told.
    The file takes a debit by the same compare-and-set of the state, so exactly one of the two happens.
    """
    row = sql.one(
        "SELECT p.state, p.region FROM payments_payment p"
        " JOIN payments_attempt a ON a.account_id = p.account_id AND a.payment_id = p.id AND a.gateway = 'ach'"
        " WHERE p.account_id = %s AND p.id = %s",
        (account_id, payment_id),
    )
    if row is None:
        return "missing"
    answer = record(
        account_id, payment_id, row["region"], "withdrawn",
        provider="caretill", object_ref=str(payment_id), evidence="withdrawn", failure_code=why or None,
    )  # fmt: skip
    if answer["code"] in ("applied", "repeat") and answer["state"] == "voided":
        return "withdrawn"
    return "too_late"


def _begin(ask: SavedAsk, method: Method, payees: dict[UUID, str]) -> dict[str, Any]:
    return sql.call("payments_begin", ask.account_id, payload(ask, method, payees, clock.now()))


def new_key() -> UUID:
    """A key for a payment that nobody asked for before."""
    return uuid7()
