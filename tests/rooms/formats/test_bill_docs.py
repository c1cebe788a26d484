"""The page about the documented CSV says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from caretill.formats import bill_docs

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "bill-csv.md"


def test_the_page_is_written_from_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == bill_docs.text(), (
        "write it anew: python -m caretill.formats.bill_docs > docs/bill-csv.md"
    )


def test_every_reason_of_the_database_is_explained() -> None:
    texts = [path.read_text() for path in (ROOT / "src/caretill").glob("*/sql/*.sql") if "intake" in str(path)]
    said = set(re.findall(r"'((?:unknown|duplicate|before|pay_code|line|bill|no|above|same)_[a-z_]+)'", "".join(texts)))
    known = bill_docs.SET_REASONS.keys()
    columns = {"pay_code", "bill_number", "line_count", "line_no", "bill_payments", "bill_group", "same_version"}
    assert {each for each in said - columns if each not in known} <= {"unknown_patient", "unknown_claim"}
