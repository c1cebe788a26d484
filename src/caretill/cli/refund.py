"""Give a payment back, whole or in part: `refund PAYMENT [AMOUNT]`. PAYMENT is a receipt number, check code or id.

Every refund has a key, printed at once: the same command with it changes nothing twice, whatever happened before.
"""

from __future__ import annotations

import argparse
from typing import Any
from uuid import UUID, uuid4

from caretill.cli.frame import BROKEN, OK, USAGE, Answer, Refused
from caretill.core.money import MoneyError, parse_cents, show
from caretill.payments import office, refund

SAYS = {
    "refunded": "{amount} sent back",
    "pending": "{amount} on its way: the processor works on it",
    "unknown": "{amount}: the processor's answer was lost; the worker finds out",
    "queued": "{amount} leaves with a file for the bank",
    "repeat": "that was asked before under this key; it is {state}",
    "refused": "the processor refused it ({failure_code}); nothing has changed",
    "failed": "it did not arrive ({failure_code}); {amount} is the payer's credit",
    "dispute_open": "the payment is disputed: its money is at the bank until that ends",
    "above_captured": "that is more than is left of the payment",
    "key_conflict": "that key belongs to another refund",
    "missing": "nothing was captured for that payment",
}
WENT = ("refunded", "pending", "unknown", "queued", "repeat")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which payment, how much, why."""
    parser.add_argument("payment", help="receipt number, check code or id of a payment")
    parser.add_argument("amount", nargs="?", help="dollars, such as 12.50; without it all that is left")
    parser.add_argument("--reason", default="office", help="kept with the refund; no names, no care")
    parser.add_argument("--key", type=UUID, help="of an earlier try: the same refund again")


def run(options: argparse.Namespace) -> Answer:
    """One refund, and what became of it."""
    row = one(options.payment)
    cents = amount_of(options.amount) if options.amount else refund.left(row["account_id"], row["id"])
    key = options.key or uuid4()
    print(f"key {key}", flush=True)
    answer = refund.refund(row["account_id"], row["id"], cents, key, options.reason)
    return told(answer, cents, key, SAYS, WENT)


def told(answer: dict[str, Any], cents: int, key: UUID, says: dict[str, str], went: tuple[str, ...]) -> Answer:
    """The answer of the payment room as a line and figures."""
    figures = {
        "code": answer["code"],
        "amount_cents": cents,
        "refund_id": str(answer["refund_id"]) if answer.get("refund_id") else None,
        "state": answer.get("state"),
        "failure_code": answer.get("failure_code") or None,
        "key": str(key),
    }
    line = says[answer["code"]].format(
        amount=show(cents), **{name: figures[name] for name in ("state", "failure_code")}
    )
    return Answer(line, figures, OK if answer["code"] in went else BROKEN)


def one(named: str) -> dict[str, Any]:
    """The payment that is meant. Raises Refused where there is none, or several."""
    found = office.find(named)
    if not found:
        raise Refused(f"there is no payment {named}")
    if len(found) > 1:
        raise Refused(f"{len(found)} payments are named {named}: use the check code or the id")
    return found[0]


def amount_of(typed: str) -> int:
    """Cents of what was typed. Raises Refused."""
    try:
        cents = parse_cents(typed)
    except MoneyError:
        cents = 0
    if cents <= 0:
        raise Refused(f"{typed} is no amount: write dollars, such as 12.50", USAGE)
    return cents
