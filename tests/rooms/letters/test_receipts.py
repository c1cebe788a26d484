"""The receipt as paper: what was paid and nothing clinical, in two languages, checkable."""

from __future__ import annotations

from typing import Any

import pytest
from pypdf.generic import BooleanObject

from caretill.core import money
from caretill.letters.letterhead import letterhead
from caretill.letters.receipts import answer, check_url, method_in_words, receipt_page, receipt_pdf
from rooms.letters import papers
from rooms.letters.reading import amounts, reader, tags, text

PART_REFUNDED = {**papers.RECEIPT, "refunded_cents": 5_000}
REFUNDED = {**papers.RECEIPT, "refunded_cents": papers.RECEIPT["amount_cents"]}


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    ("figures", "sums"),
    [
        (papers.RECEIPT, ["$264.50"]),
        (PART_REFUNDED, ["$264.50", "-$50.00", "$214.50"]),
        (REFUNDED, ["$264.50", "-$264.50", "$0.00"]),
    ],
)
def test_its_amounts_are_those_of_the_payment(figures: dict[str, Any], sums: list[str], language: str) -> None:
    shown = amounts(receipt_pdf(figures, language))
    expected = [money.show(part[key]) for part in figures["parts"] for key in ("amount_cents", "left_cents")]
    table = shown[shown.index(expected[0], 1) :]
    assert table == [*expected, *sums]


def test_what_it_says() -> None:
    said = text(receipt_pdf(papers.RECEIPT, "en"))
    for piece in (
        "You paid $264.50",
        "Receipt number LK-7Q4M-22PX",
        "November 22, 2026, 9:31 a.m. PST",
        "Larkspur Hospitals",
        "H0012345678",
        "Maria Santos",
        "M*** S***",
        "Check code ABCD-E123-45F",
        "You may get help to pay this bill",
    ):
        assert piece in said, piece
    assert len(reader(receipt_pdf(PART_REFUNDED, "es")).pages) == 1


def test_the_time_is_the_regions() -> None:
    assert "7:31 a.m. HST" in text(receipt_pdf({**papers.RECEIPT, "region": "hawaii"}, "en"))
    assert "12:31 p.m. EST" in text(receipt_pdf({**papers.RECEIPT, "region": "maryland"}, "en"))
    without = {**papers.RECEIPT, "paid_at": None}
    assert "Date November 22, 2026 How" in text(receipt_pdf(without, "en"))


def test_nothing_clinical_gets_in() -> None:
    """Whatever else stands in the figures of a payment, the paper takes only its own (rules.md HSA-1)."""
    canaries = {
        "patient_name": "CANARY-PATIENT",
        "provider_name": "CANARY-CLINICIAN",
        "service_from": "1999-09-09",
        "lines": [{"text": "CANARY-CARE", "code": "CANARY-CODE"}],
        "email": "canary@example.com",
    }
    parts = [{**part, "kind": "pharmacy", "text": "CANARY-LINE"} for part in papers.RECEIPT["parts"]]
    made = receipt_pdf({**papers.RECEIPT, **canaries, "parts": parts}, "en")
    said = text(made) + str(reader(made).metadata)
    for word in ("CANARY", "canary", "1999", "harmacy", "Hospital bill", "Doctor bill"):
        assert word not in said, word


def test_states_and_methods() -> None:
    assert [answer(each) for each in (papers.RECEIPT, PART_REFUNDED, REFUNDED)] == ["paid", "part_refunded", "refunded"]
    card = {**papers.RECEIPT, "method_brand": "visa", "method_last4": "4242"}
    assert method_in_words(card, "en") == "Visa card ending in 4242"
    assert method_in_words({**card, "method_last4": "", "method_label": ""}, "es") == "Tarjeta"
    assert "came late" in text(receipt_pdf({**papers.RECEIPT, "late": True}, "en"))


def test_its_code_leads_to_the_check() -> None:
    head = letterhead("california", "es")
    assert check_url(head, "ABCDE12345F").endswith("/check/ABCDE12345F?lang=es")
    page = receipt_page(papers.RECEIPT, "en", letterhead("california", "en"))
    assert page["check"]["qr_alt"].endswith("/check/ABCDE12345F")


@pytest.mark.parametrize("language", ["en", "es"])
def test_tagged_titled_and_the_same_each_time(language: str) -> None:
    made = receipt_pdf(papers.RECEIPT, language)
    assert made == receipt_pdf(dict(papers.RECEIPT), language)
    root: Any = reader(made).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] == BooleanObject(True)
    assert str(root["/Lang"]).startswith(language)
    names = [tag for tag, _ in tags(made)]
    assert names.count("/H1") == 1 and {"/Table", "/TH", "/Figure", "/Link"} <= set(names)
