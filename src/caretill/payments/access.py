"""The one doorway to payments. Missing and forbidden get the same answer: Hidden."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from caretill.core import sql
from caretill.core.ids import clean_check_code
from caretill.payments import family
from caretill.people.viewer import Hidden, initial, mask
from caretill.regions import catalog


def payment_figures(account_id: UUID, payment_id: UUID) -> dict[str, Any]:
    """What the pages of one payment show: state, parts with what is left, events for the tracker. Raises Hidden.

    `parts` are all its bills, each with its account, payee and amount; for a family's payment those of every account.

    Whoever holds the payment's sealed token may see this: there is nothing clinical in it. Of a payment that a helper
    made it is less: no bill, no payee, an initial for a name; `helped` says so.
    """
    figures = _figures(account_id, payment_id)
    return _least(figures) if figures["helped"] else figures


def _figures(account_id: UUID, payment_id: UUID) -> dict[str, Any]:
    row = sql.one(
        sql.load(__file__, "payment_page.sql"),
        {"account_id": account_id, "payment_id": payment_id},
    )
    if row is None:
        raise Hidden
    figures = sql.answer(row["figures"])
    if figures["family"]:
        figures["parts"] = family.parts(account_id, payment_id)
    payees = catalog.organisation().payees
    first, last = figures.pop("guarantor_first"), figures.pop("guarantor_last")
    figures["helped"] = figures["help_id"] is not None
    figures["masked_name"] = initial(first, last) if figures["helped"] else mask(first, last)
    for part in figures["parts"]:
        part["payee_name"] = payees[part["payee"]].name
    whom = {part["payee_name"] for part in figures["parts"]}
    whom |= {payees[figures["deposit_payee"]].name} if figures["deposit_payee"] else set()
    figures["payee_names"] = sorted(whom)
    for name in ("posts_on", "settled_on"):
        figures[name] = date.fromisoformat(figures[name]) if figures[name] else None
    for name in ("created_at", "expires_at", "promised_at", "returned_at"):
        figures[name] = datetime.fromisoformat(figures[name]) if figures[name] else None
    for kind in ("refunds", "returns", "disputes"):
        for each in figures[kind]:
            each |= {name: datetime.fromisoformat(each[name]) for name in ("at", "changed_at") if name in each}
    held = sum(each["amount_cents"] for each in figures["disputes"] if each["state"] == "open")
    figures["gone_cents"] = figures["returned_cents"] + figures["lost_cents"] + held
    for event in figures["events"]:
        event["at"] = datetime.fromisoformat(event["at"])
    figures["paid_at"] = next((event["at"] for event in figures["events"] if event["to"] == "succeeded"), None)
    figures["method_label"] = " ".join(filter(None, (figures["method_brand"], figures["method_last4"])))
    return figures


def _least(figures: dict[str, Any]) -> dict[str, Any]:
    """What a helper may see of their payment."""
    return figures | {"parts": [], "payee_names": [catalog.organisation().name]}


def receipt_figures(account_id: UUID, payment_id: UUID, *, member: bool = False) -> dict[str, Any]:
    """As `payment_figures`, of a payment that succeeded. Raises Hidden for any other.

    `member`: all of it, for a reader who leaves out what a member may not see (`payments.itemised`).
    """
    figures = (_figures if member else payment_figures)(account_id, payment_id)
    if figures["state"] != "succeeded":
        raise Hidden
    return figures


def check(code: str) -> dict[str, Any] | None:
    """What a check code answers: {answer: paid | part_refunded | refunded | returned | void}, nothing else.

    None where it is not ours. `returned`: a bank took the payment back, for good or while it is disputed.
    """
    cleaned = clean_check_code(code)
    if cleaned is None:
        return None
    row = sql.one(
        "SELECT p.state, p.captured_cents, p.refunded_cents, p.returned_cents + p.lost_cents > 0 OR EXISTS ("
        " SELECT 1 FROM payments_dispute d WHERE d.account_id = p.account_id AND d.payment_id = p.id"
        " AND d.state = 'open') AS returned FROM payments_object o"
        " JOIN payments_payment p ON p.account_id = o.account_id AND p.id = o.payment_id"
        " WHERE o.provider = 'check' AND o.object_ref = %s",
        (cleaned,),
    )
    if row is None:
        return None
    if row["state"] in ("failed", "voided"):
        return {"answer": "void"}
    if row["state"] != "succeeded":
        return None  # under way: nobody holds a receipt of it yet, and "void" would be untrue
    if row["returned"]:
        return {"answer": "returned"}
    if row["refunded_cents"] == 0:
        return {"answer": "paid"}
    return {"answer": "refunded" if row["refunded_cents"] >= row["captured_cents"] else "part_refunded"}
