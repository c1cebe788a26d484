"""The receipt as paper: what was paid, to whom, what is left. A guest may hold it, so nothing in it is clinical.

The figures are those of `payments.access.receipt_figures`, the same that the screen gets (rules.md HSA-1, GST-1).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from caretill.core.ids import show_pay_code
from caretill.core.money import show
from caretill.core.words import say
from caretill.letters import pdf
from caretill.letters.dates import clock_time, day_of, long_date
from caretill.letters.letterhead import Letterhead, letterhead
from caretill.letters.qr import qr_svg
from caretill.regions import catalog

Figures = dict[str, Any]


def receipt_pdf(figures: Figures, language: str) -> bytes:
    """The receipt of a payment as tagged PDF; the same figures and letterhead always make the same bytes."""
    head = letterhead(figures["region"], language)
    return pdf.pdf("receipt.typ", receipt_page(figures, language, head), head.frame)


def answer(figures: Figures) -> str:
    """What the check code answers too: paid, part_refunded, refunded or returned."""
    if figures.get("gone_cents", 0) > 0:
        return "returned"
    if figures["refunded_cents"] <= 0:
        return "paid"
    return "refunded" if figures["refunded_cents"] >= figures["amount_cents"] else "part_refunded"


def check_url(head: Letterhead, check_code: str) -> str:
    """What the receipt's QR code opens."""
    ending = "" if head.language == "en" else f"?lang={head.language}"
    return f"{head.public_url}/check/{check_code}{ending}"


def method_in_words(figures: Figures, language: str) -> str:
    """`Visa card ending in 4242`."""
    brand, last4 = figures.get("method_brand") or "", figures.get("method_last4") or ""
    if last4:
        if brand == "bank":
            return say(language, "receipt.fact.bank", last4=last4)
        return say(language, "receipt.fact.card", brand=brand[:1].upper() + brand[1:], last4=last4)
    return figures.get("method_label") or say(language, "receipt.fact.some_card")


def receipt_page(figures: Figures, language: str, head: Letterhead) -> dict[str, Any]:
    """Everything that `receipt.typ` shows, in words of that language."""

    def words(key: str, **said: object) -> str:
        return say(language, f"receipt.{key}", **said)

    state, reference = answer(figures), figures["reference"]
    amount, refunded = show(figures["amount_cents"], language), show(figures["refunded_cents"], language)
    paid_at = _local(figures["paid_at"], figures["region"])
    day = day_of(paid_at) if paid_at else day_of(figures["business_date"])
    url = check_url(head, figures["check_code"])
    heading = {"refunded": refunded, "returned": show(figures.get("gone_cents", 0), language)}.get(state, amount)
    return {
        "title": words("document", reference=reference),
        "date": [day.year, day.month, day.day],
        "running": words("running", organisation=head.name, reference=reference),
        "page_word": words("page"),
        "of_word": words("of"),
        "heading": words(f"title.{state}", amount=heading),
        "sentence": words(
            "sentence.late" if figures.get("late") and state != "returned" else f"sentence.{state}", refunded=refunded
        ),
        "facts": _facts(figures, language, paid_at),
        "table": _table(figures, language, state),
        "check": {
            "heading": words("check.heading"),
            "text": words("check.text"),
            "site": f"{head.site}/check",
            "url": f"{head.public_url}/check",
            "answer": words("check.answer"),
            "code_title": words("check.code"),
            "code": show_pay_code(figures["check_code"]),
            "qr": qr_svg(url),
            "qr_alt": words("check.qr", url=url),
        },
        "ask": {
            "help_heading": head.help_title,
            "help": [line for line in head.help_text.splitlines() if line.strip()],
            "heading": words("ask.questions_heading"),
            "lines": [say(language, "statement.ask.questions", phone=head.phone, tty=head.tty), *head.hours],
            "write": say(language, "statement.ask.write"),
            "email": head.email,
        },
    }


def _table(figures: Figures, language: str, state: str) -> dict[str, Any]:
    """What was paid, bill by bill, and what of it stayed."""

    def words(key: str) -> str:
        return say(language, f"receipt.table.{key}")

    refunded_cents, gone_cents = figures["refunded_cents"], figures.get("gone_cents", 0)
    sums = [[words("total"), show(figures["amount_cents"], language)]]
    if refunded_cents:
        sums.append([words("refunded"), f"\u2212{show(refunded_cents, language)}"])
    if gone_cents:
        sums.append([words("returned"), f"\u2212{show(gone_cents, language)}"])
    if state != "paid":
        sums.append([words("kept"), show(max(figures["amount_cents"] - refunded_cents - gone_cents, 0), language)])
    rows = [
        [part["bill_number"], part["payee_name"], show(part["amount_cents"]), show(part["left_cents"])]
        for part in figures["parts"]
    ]
    if figures.get("deposit_cents"):
        rows.append([words("deposit"), "", show(figures["deposit_cents"]), ""])
    return {
        "heading": words("heading"),
        "head": [words(name) for name in ("bill", "payee", "amount", "left")],
        "rows": rows,
        "sums": sums,
        "note": words("left_note"),
    }


def _local(at: datetime | str | None, region: str) -> datetime | None:
    """The moment on the wall clock of the region."""
    if not at:
        return None
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return moment.astimezone(catalog.region(region).zone)


def _facts(figures: Figures, language: str, paid_at: datetime | None) -> list[list[str]]:
    when = long_date(paid_at or figures["business_date"], language)
    if paid_at:
        when += f", {clock_time(paid_at.time(), language)} {paid_at.tzname() or ''}".rstrip()
    facts = [
        ("reference", figures["reference"]),
        ("date", when),
        ("method", method_in_words(figures, language)),
        ("payer", figures.get("payer_name") or ""),
        ("name", figures.get("masked_name") or ""),
    ]
    return [[say(language, f"receipt.fact.{name}"), value] for name, value in facts if value]
