"""The statement as paper: the figures of the bill and no others, tagged, in two languages, the same bytes each time."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings
from pypdf.generic import BooleanObject

from caretill.core import ids, money
from caretill.letters.letterhead import letterhead, lines_without_font
from caretill.letters.scan_line import read_scan_line, scan_line
from caretill.letters.statement_page import SHOWN_CHANGES, plain_line, statement_page
from caretill.regions import catalog
from rooms.letters import papers
from rooms.letters.reading import amounts, reader, tags, text

ALL = {"open": papers.BILL, "paid": papers.PAID, "credit": papers.IN_CREDIT, "long": papers.LONG}


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", sorted(ALL))
def test_every_amount_of_the_bill_is_on_the_paper_and_no_other(name: str, language: str) -> None:
    figures = ALL[name]
    shown = amounts(papers.statement(figures, language))
    known = {abs(value) for value in _cents(figures)}
    known |= {line["charge_cents"] - line["discount_cents"] - line["plan_paid_cents"] for line in figures["lines"]}
    for column in ("charge_cents", "discount_cents", "plan_paid_cents"):
        known.add(sum(line[column] for line in figures["lines"]))
    known.add(sum(line["charge_cents"] - line["discount_cents"] - line["plan_paid_cents"] for line in figures["lines"]))
    known.add(figures["desk_paid_cents"] + figures["elsewhere_paid_cents"] + figures["paid_here_cents"])
    assert {each.lstrip("-") for each in shown} <= {money.show(cents) for cents in known}
    for needed in ("charged_cents", "open_cents" if figures["credit_cents"] == 0 else "credit_cents"):
        assert money.show(figures[needed]) in shown


def _cents(value: Any) -> list[int]:
    if isinstance(value, dict):
        return [each for key, inner in value.items() for each in _cents(inner)]
    if isinstance(value, list):
        return [each for inner in value for each in _cents(inner)]
    return [value] if isinstance(value, int) else []


@pytest.mark.parametrize("region", [region.slug for region in catalog.regions()])
def test_every_page_says_which_it_is(region: str) -> None:
    """A part that began a page only where it had to made the layout swing, and every page said 1."""
    figures = papers.bill(region=region, lines=papers.BILL["lines"][:1], payments=[])
    pages = [page.extract_text() for page in reader(papers.statement(figures)).pages]
    assert all(f"Page {number} of {len(pages)}" in said for number, said in enumerate(pages, start=1)), region


def test_what_the_front_says() -> None:
    said = text(papers.statement(papers.BILL))
    for piece in (
        "You owe $1,214.50",
        "Please pay by December 4, 2026",
        "Hospital bill",
        "Bill number H0012345678",
        "Account number F00123456",
        "Health record number 001234567",
        "Pay code ETVP-YSB5-QDQW-V",
        "Daniel Rivera",
        "Sep 28, 2026 to Sep 30, 2026",
        "Maria T. Santos Rivera 1200 Sample Street, Apt 4 Sacramento, CA 95801",
        "The full price of this care is $9,400.00. Your plan's discount took off $5,165.50.",
        "Plain X-ray of clavicle",
        "On October 28, 2026: Your plan paid $200.00 more. In all, that is $200.00 less to pay.",
        scan_line(papers.BILL["pay_code"], 1, papers.BILL["payable_cents"]),
    ):
        assert piece in said, piece


def test_the_bars_add_up() -> None:
    page = statement_page(papers.BILL, "en", letterhead("california", "en"))
    rows = page["money"]["rows"]
    assert [row["amount"].replace("\u2212", "-") for row in rows] == [
        "$9,400.00",
        "-$5,165.50",
        "-$2,900.00",
        "$1,334.50",
        "-$120.00",
        "$1,214.50",
    ]
    assert rows[1]["from_bp"] + rows[1]["width_bp"] == 10_000
    assert abs(rows[2]["from_bp"] + rows[2]["width_bp"] - rows[1]["from_bp"]) <= 1
    assert all(row["from_bp"] >= 0 and row["from_bp"] + row["width_bp"] <= 10_000 for row in rows)
    assert len({row["fill"] for row in rows}) == len(rows), "a pattern stands for one thing"


@pytest.mark.parametrize(
    ("changed", "says", "due"),
    [
        ({"pending_cents": 20_000, "payable_cents": 101_450}, "$200.00 is on its way to us. That leaves", "$1,014.50"),
        ({"pending_cents": 121_450, "payable_cents": 0, "status": "being_paid"}, "Please do not pay again.", None),
        ({"status": "overdue"}, "This was due on December 4, 2026", "$1,214.50"),
        ({"open_cents": 0, "payable_cents": 0, "status": "paid"}, "This bill is paid.", None),
        ({"open_cents": 0, "payable_cents": 0, "credit_cents": 5_00, "status": "credit"}, "We owe you $5.00", None),
    ],
)
def test_what_there_is_to_do(changed: dict[str, Any], says: str, due: str | None) -> None:
    said = text(papers.statement(papers.bill(**changed)))
    assert says in said
    if due is None:
        assert "Amount due" not in said and "Send this part" not in said
    else:
        assert f"Amount due {due}" in said
        line = statement_page(papers.bill(**changed), "en", letterhead("california", "en"))["slip"]["scan"]
        assert money.show(read_scan_line(line).amount_cents) == due
        assert line in said


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", sorted(ALL))
def test_tagged_and_titled(name: str, language: str) -> None:
    made = papers.statement(ALL[name], language)
    root: Any = reader(made).trailer["/Root"]
    about: Any = reader(made).metadata
    assert root["/MarkInfo"]["/Marked"] == BooleanObject(True)
    assert str(root["/Lang"]).startswith(language)
    assert root["/ViewerPreferences"]["/DisplayDocTitle"] == BooleanObject(True)
    assert str(ALL[name]["number"]) in str(about.title)
    assert "pdfuaid" in root["/Metadata"].get_object().get_data().decode()
    found = list(tags(made))
    names = [tag for tag, _ in found]
    assert names.count("/H1") == 1
    assert {"/H2", "/Table", "/TH", "/TD", "/Figure"} <= set(names)
    pictures = [element for tag, element in found if tag == "/Figure"]
    assert len(pictures) == 2 and all(element["/Alt"] for element in pictures)


def test_the_same_figures_make_the_same_bytes_in_another_process() -> None:
    again = (
        "import django, hashlib; django.setup()\n"
        "from rooms.letters import papers\n"
        "print(hashlib.sha256(papers.statement(papers.BILL, 'es')).hexdigest())"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run([sys.executable, "-c", again], capture_output=True, text=True, check=True, env=environment)
    here = papers.statement(papers.BILL, "es")
    assert here == papers.statement(papers.BILL, "es")
    assert done.stdout.strip() == hashlib.sha256(here).hexdigest()


def test_spanish_is_spanish() -> None:
    said = text(papers.statement(papers.BILL, "es"))
    for piece in (
        "Usted debe $1,214.50",
        "Pague a más tardar el 4 de diciembre de 2026",
        "Número de factura H0012345678",
        "A dónde fue el dinero",
        "Haga su cheque a nombre de",
    ):
        assert piece in said, piece
    page = statement_page(papers.BILL, "es", letterhead("california", "es"))
    assert page["pay"]["qr_alt"].endswith("/p/ETVPYSB5QDQWV?lang=es")


def test_each_language_offers_its_help_on_the_paper() -> None:
    org = catalog.organisation()
    assert lines_without_font(org) == []
    said = text(papers.statement(papers.BILL))
    for line in org.language_lines:
        if line.language not in ("en", "hi") and line.direction == "ltr":  # those are read back in another order
            assert line.text[:3] in said, line.language
    languages = {
        str(element["/Lang"]).partition("-")[0]
        for _, element in tags(papers.statement(papers.BILL))
        if "/Lang" in element
    }
    assert {line.language.partition("-")[0] for line in org.language_lines} - {"en"} <= languages
    assert len(org.language_lines) >= 15


@pytest.mark.parametrize("region", [each.slug for each in catalog.regions()])
def test_every_region_prints_its_own(region: str) -> None:
    place = catalog.region(region)
    said = text(papers.statement(papers.bill(region=region)))
    for line in place.mail_address_lines:
        assert line in said
    assert place.contact("medical_bills").phone in said
    assert place.contact("help_paying").phone in said
    for name, printed in (("group_number", "770123"), ("account_number", "F00123456")):
        assert (printed in said) == (name in place.fields)


def test_the_notice_of_help_is_the_organisations() -> None:
    said = text(papers.statement(papers.BILL))
    notice = catalog.organisation().texts["en"]["assistance_notice"]
    assert notice["title"] in said
    assert notice["text"].split(".")[0].replace("{name}", catalog.organisation().name).strip() in said


def test_a_long_bill_runs_on() -> None:
    made = papers.statement(papers.LONG)
    pages = [page.extract_text() for page in reader(made).pages]
    assert 4 <= len(pages) <= 6
    assert all(f"Page {number} of {len(pages)}" in page for number, page in enumerate(pages, start=1))
    assert "Where the money went" in pages[0] and "Cut here" not in "".join(pages[1:])
    assert sum(page.count("What it was") for page in pages) >= 2, "the head of the table stands on each page"
    assert text(made).count("Admission to intensive care unit") == 14


def test_only_the_latest_changes_are_told() -> None:
    change = papers.BILL["changes"][0]
    page = statement_page(papers.bill(changes=[change] * 9), "en", letterhead("california", "en"))
    assert len(page["changes"]["rows"]) == SHOWN_CHANGES


@pytest.mark.parametrize(
    ("deltas", "says"),
    [
        ({"charge": 5_00}, "$5.00 in charges was added. In all, that is $5.00 more to pay."),
        ({"discount": -5_00}, "Your plan's discount went up by $5.00. In all, that is $5.00 less to pay."),
        (
            {"plan_paid": 5_00, "charge": -5_00},
            "$5.00 in charges was taken off. Your plan took back $5.00. In all, what",
        ),
        ({"written_off": -1}, "We took off $0.01 more. In all, that is $0.01 less to pay."),
        ({}, "In all, what you owe did not change."),
    ],
)
def test_changes_in_words(deltas: dict[str, int], says: str) -> None:
    change = {"at": "2026-10-28T17:00:00+00:00", "deltas": deltas}
    page = statement_page(papers.bill(changes=[change]), "en", letterhead("california", "en"))
    assert page["changes"]["rows"][0][1].startswith(says)


def test_plain_lines() -> None:
    assert plain_line("Plain X-ray of clavicle (procedure)") == "Plain X-ray of clavicle"
    assert plain_line("lisinopril 10 MG (Zestril)") == "lisinopril 10 MG (Zestril)"


def test_another_organisation_changes_name_look_and_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = settings.CARETILL_ORGANISATION.parent / "tests" / "samples" / "organisation-other"
    if not folder.is_dir():
        folder = next(parent / "tests/samples/organisation-other" for parent in settings.CARETILL_ORGANISATION.parents)
    monkeypatch.setattr(settings, "CARETILL_ORGANISATION", folder)
    org = catalog.organisation()
    region = org.regions[0]
    said = text(papers.statement(papers.bill(region=region.slug, payee=region.payees["hospital"])))
    assert org.name in said and "Larkspur Health" not in said
    assert region.fields["pay_code"].label["en"] in said
    assert org.theme["light"]["brand"] in letterhead(region.slug, "en").frame


def test_a_pay_code_is_shown_in_groups_and_typed_back() -> None:
    shown = ids.show_pay_code(papers.BILL["pay_code"])
    assert shown in text(papers.statement(papers.BILL))
    assert ids.clean_pay_code(shown) == papers.BILL["pay_code"]
