"""Saved cards: kept by their holder on the hosted page, charged later, given a new expiry by their bank, forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caretill.sim.processor import callbacks
from caretill.sim.processor.clock import from_ms
from caretill.sim.processor.faults import Subject
from caretill.sim.processor.parts import Parts
from caretill.sim.processor.wire import Refusal

RENEWED_YEARS = 4
_MOST_YEARS = 20


def keep(parts: Parts, session: Mapping[str, Any], facts: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    """Save the card that its holder used in this session; its id. The network gives the agreement its reference."""
    method_id = parts.new_id("pm")
    names = ("expiry_month", "expiry_year", "funding", "off_session", "renews", "refund_way", "dispute_way")
    parts.store.insert(
        "method",
        id=method_id,
        network_ref=parts.new_id("nt"),
        created_ms=parts.now_ms(),
        **{name: facts[name] for name in names},
        **known,
    )
    noted = {name: session[name] for name in ("reference", "account")}
    parts.log("method.saved", session=session["id"], method=method_id, **noted)
    return method_id


def load(parts: Parts, method_id: object) -> Any:
    """A saved card that was not forgotten. Raises Refusal 404."""
    row = None
    if isinstance(method_id, str):
        row = parts.store.one("SELECT * FROM method WHERE id = ? AND state <> 'forgotten'", method_id)
    if row is None:
        raise Refusal(404, "no_such_method", "There is no such card.")
    return row


def show(row: Any) -> dict[str, Any]:
    return {
        "id": row["id"],
        "brand": row["card_brand"],
        "last4": row["card_last4"],
        **{name: row[name] for name in ("expiry_month", "expiry_year", "funding", "network_ref")},
        "usable": row["state"] == "usable",
    }


def of_session(parts: Parts, method_id: str | None) -> dict[str, Any] | None:
    """What a session tells of the card it saved, even when that was forgotten since."""
    row = parts.store.one("SELECT * FROM method WHERE id = ?", method_id) if method_id else None
    return None if row is None else show(row)


def forget(parts: Parts, method_id: str) -> dict[str, Any]:
    """Forget a card: no charge of it will ever be tried again. Twice is once."""
    if parts.store.one("SELECT 1 FROM method WHERE id = ?", method_id) is None:
        raise Refusal(404, "no_such_method", "There is no such card.")
    if parts.store.run("UPDATE method SET state = 'forgotten' WHERE id = ? AND state <> 'forgotten'", method_id):
        parts.log("method.forgotten", method=method_id)
    return {"id": method_id, "forgotten": True}


def what_bank_says(parts: Parts, row: Any) -> str:
    """The bank's word to a charge of the saved card, its holder not there."""
    if row["state"] == "closed":
        return "account_closed"
    today = from_ms(parts.now_ms())
    if (row["expiry_year"], row["expiry_month"]) < (today.year, today.month):
        return "expired_card"
    return row["off_session"]


def renew(parts: Parts) -> int:
    """Once a month: cards whose bank sends a new one get its expiry date, and the merchant hears of it."""
    today = from_ms(parts.now_ms())
    month = today.year * 12 + today.month
    if parts.store.meta("renewed_month") >= month:
        return 0
    parts.store.set_meta("renewed_month", month)
    rows = parts.store.all(
        "SELECT * FROM method WHERE renews = 1 AND state = 'usable' AND expiry_year * 12 + expiry_month < ?"
        " ORDER BY seq",
        month,
    )
    for row in rows:
        _change(parts, row, {"expiry_year": today.year + RENEWED_YEARS}, "renewed")
    return 1


def change(parts: Parts, method_id: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """An admin's word: a new expiry, what the bank says from now on, an account closed or opened. Raises Refusal."""
    row = load(parts, method_id)
    unknown = sorted(set(asked) - {"expiry_month", "expiry_year", "off_session", "closed"})
    if unknown:
        raise Refusal(400, "unknown_field", "Give expiry_month, expiry_year, off_session or closed.", unknown[0])
    this_year = from_ms(parts.now_ms()).year
    limits = {"expiry_month": (1, 12), "expiry_year": (2000, this_year + _MOST_YEARS)}
    values = {}
    for name, (least, most) in limits.items():
        if name in asked:
            if type(asked[name]) is not int or not least <= asked[name] <= most:
                raise Refusal(400, "bad_value", f"{least} to {most}.", name)
            values[name] = asked[name]
    if "off_session" in asked:
        if not isinstance(asked["off_session"], str) or not 0 < len(asked["off_session"]) <= 64:
            raise Refusal(400, "bad_value", "approved, second_step or a bank's reason.", "off_session")
        values["off_session"] = asked["off_session"]
    if "closed" in asked:
        values["state"] = "closed" if asked["closed"] else "usable"
    _change(parts, row, values, "admin")
    return {**show(load(parts, method_id)), "off_session": load(parts, method_id)["off_session"]}


def _change(parts: Parts, row: Any, values: Mapping[str, Any], by: str) -> None:
    parts.store.update("method", row["id"], **values)
    told = {"expiry_month", "expiry_year", "state"} & set(values)
    parts.log("method.updated", method=row["id"], detail=by)
    if told:
        callbacks.emit(parts, "method.updated", Subject(), method=row["id"])


def listed(parts: Parts) -> list[dict[str, Any]]:
    """Every saved card, for the admin."""
    rows = parts.store.all("SELECT * FROM method ORDER BY seq")
    return [{**show(row), "off_session": row["off_session"], "state": row["state"]} for row in rows]
