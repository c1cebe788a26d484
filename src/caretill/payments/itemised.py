"""A payment, line by line: what somebody needs for an HSA, FSA or HRA (rules.md HSA-1), for whom its care is open.

Patient, provider, service date, description and amount stand on every line. A payment of part of a bill is shared out
over the bill's lines by `share_out`: that is a rule of the receipt, the ledger knows bills only.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from caretill.core import audit, clock, sql
from caretill.payments.access import receipt_figures
from caretill.people.age import grown
from caretill.people.viewer import Hidden, Viewer
from caretill.regions import catalog


def share_out(amount_cents: int, weights: Sequence[int]) -> list[int]:
    """Whole cents of `amount_cents` by weight, so that their sum is exact: the largest remainders get the cents left.

    Of equal remainders the earlier gets it. A weight below zero counts as none; where no weight is left, all are equal.
    """
    held = [max(weight, 0) for weight in weights]
    if not any(held):
        held = [1] * len(held)
    total = sum(held)
    shares = [amount_cents * weight // total for weight in held]
    rests = sorted(range(len(held)), key=lambda place: (-(amount_cents * held[place] % total), place))
    for place in rests[: amount_cents - sum(shares)]:
        shares[place] += 1
    return shares


def read_receipt(viewer: Viewer, payment_id: UUID) -> dict[str, Any]:
    """The figures of a receipt as a member may see it; one read is logged. Raises Hidden.

    As `access.receipt_figures`, with the parts of people whom the viewer may see, and the sums of those. `care` are the
    bills whose care is open to them: bill_number, payee_name, patient, provider, amount_cents and lines of {date, text,
    amount_cents}; `closed` the patients' first names of the others, by bill number. Money that came after its payment
    had ended is on no bill: such a receipt has no care. Who is on no account of the payer's learns not how they
    paid; nor does anybody of whoever helped. What a bank took back, even for now, has no care either.
    """
    account_id = _account_of(viewer, payment_id)
    figures = receipt_figures(account_id, payment_id, member=True)
    rows = sql.query(sql.load(__file__, "history_receipt.sql"), {"account_id": account_id, "payment_id": payment_id})
    seen = [row for row in rows if viewer.allows("see", row["account_id"], row["person_id"])]
    payers = viewer.reach(account_id)
    # Money that is on no bill is shown to those who see all of the payer's account.
    bare_of_bills = figures["late"] or not rows
    if (rows and not seen) or (bare_of_bills and (payers is None or payers.everybody is None)):
        raise Hidden
    if len(seen) < len(rows):
        figures = _of_some(figures, seen)
    if payers is None or figures["helped"]:
        figures |= dict.fromkeys(("masked_name", "method_brand", "method_last4", "method_label", "email"), "")
    # Nobody gets a paper for the tax of money that a bank took back.
    bare = figures["late"] or figures["gone_cents"] > 0
    open_rows = [] if bare else [row for row in seen if opens(viewer, row)]
    accounts = {row["account_id"] for row in seen}
    audit.record_reads(sorted(accounts), viewer.name, "itemised" if open_rows else "receipt", payment_id)
    return figures | {
        "whole": len(seen) == len(rows),
        "care": [_care(row) for row in open_rows],
        "closed": [] if bare else [_closed(row) for row in seen if row not in open_rows],
    }


def opens(viewer: Viewer, row: dict[str, Any]) -> bool:
    """Whether a member may see the care of a bill's row (account_id, region, private, person_id, birth_date,
    relation), not only what is owed for it.
    """
    reach = viewer.reach(row["account_id"])
    today = clock.today(catalog.region(row["region"]).time_zone)
    is_grown = grown(row["birth_date"], row["relation"], today)
    return reach is not None and reach.opens(row["person_id"], private=row["private"], grown=is_grown)


def _account_of(viewer: Viewer, payment_id: UUID) -> UUID:
    """The payer's account: one of the viewer's, or one that paid a bill of theirs."""
    row = sql.one(
        "SELECT account_id FROM payments_payment WHERE account_id = ANY(%(accounts)s) AND id = %(payment)s UNION ALL"
        " SELECT from_account_id FROM payments_share WHERE account_id = ANY(%(accounts)s) AND payment_id = %(payment)s",
        {"accounts": list(viewer.accounts), "payment": payment_id},
    )
    if row is None:
        raise Hidden
    return UUID(str(row["account_id"]))


def _of_some(figures: dict[str, Any], seen: list[dict[str, Any]]) -> dict[str, Any]:
    """The receipt of some of its parts: what went to the others is not there, nor in a sum."""
    bills = {str(row["bill_id"]) for row in seen}
    parts = [part for part in figures["parts"] if str(part["bill_id"]) in bills]
    paid_cents = sum(row["amount_cents"] for row in seen)
    refunded_cents = sum(row["refunded_cents"] for row in seen)
    gone_cents = sum(row["gone_cents"] for row in seen)
    if any(each["state"] == "open" for each in figures["disputes"]):
        gone_cents = paid_cents - refunded_cents  # which bills a dispute is about is not known before it is lost
    return figures | {
        "parts": parts,
        "payee_names": sorted({part["payee_name"] for part in parts}),
        "amount_cents": paid_cents,
        "captured_cents": paid_cents,
        "deposit_cents": 0,
        "refunded_cents": refunded_cents,
        "gone_cents": gone_cents,
        "refunds": [],
        "returns": [],
        "disputes": [],
    }


def _care(row: dict[str, Any]) -> dict[str, Any]:
    lines = json.loads(row["lines"]) if isinstance(row["lines"], str) else row["lines"]
    shared = [max(line["share_cents"], 0) for line in lines]
    weights = shared if any(shared) else [line["charge_cents"] for line in lines]
    amounts = share_out(row["amount_cents"], weights)
    return {
        "bill_number": row["bill_number"],
        "payee_name": _payee(row),
        "patient": f"{row['first_name']} {row['last_name']}".strip(),
        "provider": row["provider_name"],
        "amount_cents": row["amount_cents"],
        "lines": [
            {"date": line["service_date"], "text": line["text"], "amount_cents": cents}
            for line, cents in zip(lines, amounts, strict=True)
            if cents
        ],
    }


def _closed(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "bill_number": row["bill_number"],
        "payee_name": _payee(row),
        "first_name": row["first_name"],
        "amount_cents": row["amount_cents"],
    }


def _payee(row: dict[str, Any]) -> str:
    return catalog.organisation().payees[row["payee"]].name
