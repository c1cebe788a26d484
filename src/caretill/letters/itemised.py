"""The itemised receipt: what every receipt shows, and below it each line that was paid, for an HSA, FSA or HRA.

The figures are those of `payments.itemised.read_receipt`, which asked who may see the care. Where none of it is open to
the viewer, there is the plain receipt and nothing more (rules.md HSA-1).
"""

from __future__ import annotations

from typing import Any

from caretill.core.money import show
from caretill.core.words import say
from caretill.letters import pdf
from caretill.letters.dates import short_date
from caretill.letters.letterhead import Letterhead, letterhead
from caretill.letters.receipts import receipt_page, receipt_pdf
from caretill.letters.statement_page import plain_line

Figures = dict[str, Any]
HEADS = ("patient", "provider", "date", "service", "amount")


def itemised_pdf(figures: Figures, language: str) -> bytes:
    """As tagged PDF; the same figures and letterhead always make the same bytes."""
    if not figures["care"]:
        return receipt_pdf(figures, language)
    head = letterhead(figures["region"], language)
    return pdf.pdf("itemised.typ", itemised_page(figures, language, head), head.frame)


def itemised_page(figures: Figures, language: str, head: Letterhead) -> dict[str, Any]:
    """All that `itemised.typ` and the page show: `receipts.receipt_page`, and under `care` and `closed` the rest."""

    def words(key: str, **said: object) -> str:
        return say(language, f"itemised.{key}", **said)

    return receipt_page(figures, language, head) | {
        "care": {
            "heading": words("heading"),
            "lead": words("lead"),
            "head": [words(f"head.{name}") for name in HEADS],
            "bills": [_bill(care, language) for care in figures["care"]],
            "notes": _notes(figures, language),
        },
        "closed": {
            "heading": words("closed.heading"),
            "text": words("closed.text"),
            "head": [words(f"closed.{name}") for name in ("bill", "who", "amount")],
            "rows": [
                [one["bill_number"], words("closed.row", name=one["first_name"]), show(one["amount_cents"], language)]
                for one in figures["closed"]
            ],
        },
    }


def _bill(care: Figures, language: str) -> dict[str, Any]:
    return {
        "heading": say(language, "itemised.bill", number=care["bill_number"], payee=care["payee_name"]),
        "rows": [
            [
                care["patient"],
                care["provider"],
                short_date(line["date"], language),
                plain_line(line["text"]),
                show(line["amount_cents"], language),
            ]
            for line in care["lines"]
        ],
        "total": [say(language, "itemised.total"), show(care["amount_cents"], language)],
    }


def _notes(figures: Figures, language: str) -> list[str]:
    notes = []
    if figures["care"]:
        notes.append("rule")
    if figures["care"] and figures["refunded_cents"] > 0:
        notes.append("refunded")
    if not figures["whole"]:
        notes.append("some")
    return [say(language, f"itemised.{name}") for name in notes]
