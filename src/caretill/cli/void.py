"""Take a card payment back whole before it is settled: `void PAYMENT`. The payer's statement never shows it."""

from __future__ import annotations

import argparse
from uuid import UUID, uuid4

from caretill.cli import refund
from caretill.cli.frame import Answer
from caretill.payments import void

SAYS = refund.SAYS | {
    "voided": "{amount} taken back; it never happened",
    "unknown": "the processor's answer was lost; the worker finds out",
    "too_late": "it is settled already: use `caretill refund`",
    "already_refunded": "some of it went back before: use `caretill refund`",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which payment."""
    parser.add_argument("payment", help="receipt number, check code or id of a payment")
    parser.add_argument("--key", type=UUID, help="of an earlier try: the same again")


def run(options: argparse.Namespace) -> Answer:
    """One payment, and what became of it."""
    row = refund.one(options.payment)
    key = options.key or uuid4()
    print(f"key {key}", flush=True)
    answer = void.void(row["account_id"], row["id"], key)
    return refund.told(answer, row["captured_cents"], key, SAYS, ("voided", "unknown", "repeat"))
