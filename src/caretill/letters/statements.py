"""Statements."""

from __future__ import annotations

from typing import Any

from caretill.letters import pdf
from caretill.letters.letterhead import letterhead
from caretill.letters.statement_page import statement_page


def statement_pdf(figures: dict[str, Any], language: str) -> bytes:
    """The statement of a bill as tagged PDF: the same figures and letterhead always make the same bytes."""
    head = letterhead(figures["region"], language)
    return pdf.pdf("statement.typ", statement_page(figures, language, head), head.frame)
