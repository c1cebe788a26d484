"""The paper of a private visit for who answers for the bill and is not its patient: what is owed, nothing of the care.

What such a reader is told is decided in `billing.access`, for screen and paper alike (product.md A7).
"""

from __future__ import annotations

from typing import Any

from caretill.billing.access import OWED
from caretill.core.words import say
from caretill.letters.letterhead import Letterhead
from caretill.letters.statement_page import front

Figures = dict[str, Any]

# What is the guarantor's own: their numbers, name and address, and what pays the bill.
_OWN = (
    "account_id", "bill_id", "account_number", "group_number", "subgroup", "bill_group", "guarantor_last", "language",
    "pay_code", "issue_date", "statement_number", "statement_date",
)  # fmt: skip


def closed(figures: Figures) -> Figures:
    """The figures of a bill without its care, to the guarantor's address."""
    kept = {name: figures[name] for name in (*OWED, *_OWN) if name in figures}
    return {**kept, "mail_to": figures.get("payer_mail_to", figures["mail_to"]), "closed": True}


def closed_page(figures: Figures, language: str, head: Letterhead) -> dict[str, Any]:
    """Everything that `statement.typ` shows of `closed` figures, in words of that language."""

    def words(key: str) -> str:
        return say(language, f"statement.closed.{key}", phone=head.phone, tty=head.tty)

    nothing: dict[str, Any] = dict.fromkeys(("money", "lines", "payments", "changes"))
    told = {"heading": words("heading"), "text": [words("care"), words("call")]}
    return {**front(figures, language, head), **nothing, "kind": words("kind"), "care": [], "closed": told}
