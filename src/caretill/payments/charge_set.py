"""Many payments from saved methods begun at once: in sets of up to 1,000, a commit each (money.md, Exactly once 8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import OperationalError, transaction

from caretill.core import clock, sql
from caretill.payments.saved_ask import Method, SavedAsk, methods, payload

SET_ROWS = 1_000
TRIES = 5
_LOST = {"40P01", "40001", "55P03"}  # deadlock, serialisation, lock not available
# What the set's tables do not hold: answered one by one.
_NOT_IN_SETS = ("help_id", "forwards", "declined_since", "declined_most", "declined_by_helpers", "gateway", "event_id")


def begin_set(asks: Sequence[SavedAsk]) -> list[dict[str, Any]]:
    """Begin these payments; of each, in their order, {code, payment_id, amount_cents}: no processor is called.

    Codes: begun, repeat (with the id of the first), key_conflict, being_paid (`why` and `until` say more), above_owed,
    not_found, method_gone, not_validated, mandate_ended. The effects are those of `charge.begin`, a transaction for
    each set of 1,000; locks are taken in the order of accounts: keys, methods, mandates, claims, balances. A set that
    was killed is begun again under the same keys. `charging.send` charges the cards; the sweeper does where nobody did.
    """
    answers: list[dict[str, Any]] = [{} for _ in asks]
    places = sorted(range(len(asks)), key=lambda place: (asks[place].account_id, place))
    for start in range(0, len(places), SET_ROWS):
        chosen = places[start : start + SET_ROWS]
        for place, answer in _one_set({place: asks[place] for place in chosen}).items():
            answers[place] = answer
    return answers


def _one_set(asks: dict[int, SavedAsk]) -> dict[int, dict[str, Any]]:
    known = methods([(ask.account_id, ask.method_id) for ask in asks.values()])
    found: dict[int, dict[str, Any]] = {}
    together: dict[int, SavedAsk] = {}
    seen: set[Any] = set()
    for place, ask in asks.items():
        if (ask.account_id, ask.method_id) not in known:
            found[place] = {"code": "method_gone"}
        elif not ask.others and (ask.account_id, ask.key) not in seen:
            together[place] = ask
            seen.add((ask.account_id, ask.key))
    if together:
        found |= _begun(together, {place: known[ask.account_id, ask.method_id] for place, ask in together.items()})
    for place, ask in asks.items():
        if place not in found or found[place]["code"] == "alone":
            found[place] = _alone(ask, known[ask.account_id, ask.method_id])
    return found


def _begun(asks: dict[int, SavedAsk], known: dict[int, Method]) -> dict[int, dict[str, Any]]:
    now = clock.now()
    rows = [_row(place, ask, known[place], now) for place, ask in asks.items()]
    told = sql.dumps({"now": now, "asks": rows})
    for _ in range(TRIES):
        answer = _call(told)
        if answer["code"] == "begun":
            return {each.pop("place"): each for each in answer["answers"]}
    return {}


def _call(told: str) -> dict[str, Any]:
    try:
        with transaction.atomic(durable=True):
            sql.execute(sql.load(__file__, "saved_tables.sql"))
            row = sql.one("SELECT payments_begin_set(%s::jsonb) AS answer", (told,))
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) not in _LOST:
            raise
        return {"code": "raced"}
    assert row is not None
    return sql.answer(row["answer"])


def _row(place: int, ask: SavedAsk, method: Method, now: Any) -> dict[str, Any]:
    whole = payload(ask, method, {}, now, in_set=True)
    return {name: value for name, value in whole.items() if name not in _NOT_IN_SETS} | {
        "place": place,
        "account_id": ask.account_id,
    }


def _alone(ask: SavedAsk, method: Method) -> dict[str, Any]:
    """Bills of several accounts, a key that stands twice in the set, a set that raced too often."""
    payees = {bill: _payee(account, bill) for account, bill, _ in ask.bills} if ask.others else {}
    return sql.call("payments_begin", ask.account_id, payload(ask, method, payees, clock.now(), in_set=True))


def _payee(account_id: Any, bill_id: Any) -> str:
    row = sql.one("SELECT payee FROM billing_bill WHERE account_id = %s AND id = %s", (account_id, bill_id))
    return str(row["payee"]) if row else ""
