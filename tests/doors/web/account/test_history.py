"""The history in a browser without JavaScript: list, search, sums, table, paper; receipts and bills that were sent."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pypdf
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from caretill.core import clock, sql
from caretill.core.clock import FixedClock
from caretill.core.words import say
from caretill.letters.statements import issue
from caretill.payments import history
from caretill.web.account import history as door
from caretill.web.forms.history import meant
from house import ledgerbook as book
from house.cast import Bill, a_bill
from house.desk import Desk, processor_desk
from house.member import MemberOf, a_member, grant, person_of
from house.payer import text, words
from house.scenes import NOON
from house.seen import card_in

__all__ = ["processor_desk"]

HISTORY = "/account/history/"


@pytest.fixture(autouse=True)
def time(db: None) -> Iterator[FixedClock]:
    with clock.fixed(NOON) as fixed:
        yield fixed


@pytest.fixture
def bill(db: None) -> Bill:
    return a_bill(14_000, number="P1")


@pytest.fixture
def member(bill: Bill) -> MemberOf:
    return a_member(bill.account_id)


def search(client: Client, **typed: str) -> Any:
    """Press the button of the search; the page it leads to."""
    answer = client.post(HISTORY, typed | who(client))
    assert answer.status_code == 303, answer.content.decode()
    return client.get(answer["Location"])


def who(client: Client) -> dict[str, str]:
    """What every form of a member's page says of whose it is."""
    found = re.search(r'name="who" value="([^"]*)"', client.get(f"{HISTORY}?year=2020").content.decode())
    assert found
    return {"who": found.group(1)}


def rows(answer: Any) -> int:
    return text(answer).count('<p class="when">')


def pdf_text(body: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(body)).pages).split())


@pytest.mark.parametrize("language", ["en", "es"])
def test_everything_is_there(
    processor: Desk, bill: Bill, member: MemberOf, parse: Callable[[bytes], Any], language: str
) -> None:
    book.give_back(bill, book.pay(processor, (bill, 5_000)), 1_000)
    book.refuse(bill, 1_200)
    book.begin(bill, 700)
    issue(bill.account_id, bill.bill_id)
    a_bill(3_000, number="P2", desk_cents=2_500)
    answer = member.client().get(f"{HISTORY}?lang={language}")
    parse(answer.content)
    page = text(answer)
    assert answer.status_code == 200 and answer["Cache-Control"] == "no-store" and rows(answer) == 6
    for kind in ("payment", "refund", "desk", "on_its_way", "failed", "statement"):
        assert say(language, f"history.what.{kind}") in page, kind
    for amount in ("$50.00", "$10.00", "$12.00", "$7.00", "$25.00", "$75.00", "$65.00"):
        assert amount in page, amount
    assert say(language, "history.note.failed") in page and "Iker Solano" in page
    assert "Office visit" not in page and "Dr. Rosa" not in page


def test_nothing_yet(member: MemberOf) -> None:
    page = text(member.client().get(HISTORY))
    assert words("history.empty.title") in page and words("history.search.button") not in page
    assert 'form="search"' not in page and "?lang=es" in page, "the switch of languages needs no form that is not there"
    nobody = a_member(None, email="b@example.org").client().get(HISTORY)
    assert nobody.status_code == 200 and words("history.empty.title") in text(nobody)


def test_a_fault_on_an_empty_history_leads_to_its_field(member: MemberOf) -> None:
    client = member.client()
    answer = client.post(HISTORY, {"find": "4242 4242 4242 4242"} | who(client))
    assert answer.status_code == 422 and 'href="#find"' in text(answer) and 'id="find"' in text(answer)


def test_a_search_keeps_what_was_typed_and_puts_no_number_into_the_address(
    processor: Desk, bill: Bill, member: MemberOf
) -> None:
    book.pay(processor, (bill, 5_000))
    book.pay(processor, (bill, 1_250))
    client = member.client()
    answer = client.post(HISTORY, {"find": "12.50", "year": "2026"} | who(client))
    assert answer.status_code == 303 and "12.50" not in answer["Location"] and "year=2026" in answer["Location"]
    page = client.get(answer["Location"])
    assert rows(page) == 1 and 'value="12.50"' in text(page) and "12.50”" in text(page)
    assert '<option value="2026" selected>' in text(page)
    assert rows(search(client, find="P1")) == 0, "too short for a number"
    reference = sql.query("SELECT reference FROM payments_payment ORDER BY created_at, id")[0]["reference"]
    assert rows(search(client, find=reference)) == 1 and rows(search(client, find=reference.lower()[:9])) >= 1
    days = (("November 2026", 2), ("2026-11-23", 2), ("11/22/2026", 0), ("noviembre de 2026", 2), ("2026", 2))
    for typed, found in days:
        assert rows(search(client, find=typed)) == found, typed
    empty = search(client, find="99.99")
    assert words("history.empty.narrow_title") in text(empty) and 'value="99.99"' in text(empty)
    assert words("history.search.clear") in text(empty)


def test_what_cannot_be_searched_is_said_and_kept(bill: Bill, member: MemberOf) -> None:
    issue(bill.account_id, bill.bill_id)
    client = member.client()
    answer = client.post(HISTORY, {"find": "x" * 65, "year": "2026"} | who(client))
    assert answer.status_code == 422 and words("errors.form.too_long", most=64) in text(answer)
    answer = client.post(HISTORY, {"find": "4242 4242 4242 4242"} | who(client))
    assert answer.status_code == 422 and not card_in(text(answer))
    switched = client.post(HISTORY, {"find": "12.50", "language": "es"} | who(client))
    assert switched.status_code == 200 and 'value="12.50"' in text(switched)
    for nonsense in ("?year=abcd&kind=x&person=me", "?find=broken", "?after=broken"):
        assert client.get(HISTORY + nonsense).status_code == 200
    assert words("history.search.over") in text(client.get(f"{HISTORY}?find=broken&lang=en"))


@pytest.mark.parametrize(
    ("typed", "spans"),
    [
        ("2026-11-22", [(date(2026, 11, 22),) * 2]),
        ("03/04/2026", [(date(2026, 3, 4),) * 2, (date(2026, 4, 3),) * 2]),
        ("3/4/26", [(date(2026, 3, 4),) * 2, (date(2026, 4, 3),) * 2]),
        ("22/11/2026", [(date(2026, 11, 22),) * 2]),
        ("11/2026", [(date(2026, 11, 1), date(2026, 11, 30))]),
        ("Feb 2028", [(date(2028, 2, 1), date(2028, 2, 29))]),
        ("Mar 4, 2026", [(date(2026, 3, 4),) * 2]),
        ("4 de marzo de 2026", [(date(2026, 3, 4),) * 2]),
        ("2026", [(date(2026, 1, 1), date(2026, 12, 31))]),
        ("February 30, 2026", []),
        ("2026-13", []),
        ("12.50", []),
        ("dentist", []),
    ],
)
def test_days_as_people_write_them(typed: str, spans: list[tuple[date, date]]) -> None:
    assert list(meant(typed).days) == spans


def test_amounts_and_numbers_as_people_write_them() -> None:
    assert meant("$1,250.00").cents == 125_000 and meant("12.5").cents == 1_250 and meant("dentist").cents is None
    assert meant("lk-7q4m").number == "LK7Q4M" and meant("P1").number == "" and meant("receipt").number == ""


def test_filters_and_totals(processor: Desk, bill: Bill, member: MemberOf) -> None:
    other = a_bill(9_000, number="P2")
    ana = book.another_person(other)
    book.pay(processor, (bill, 5_000), (other, 3_000))
    client = member.client()
    page = text(client.get(HISTORY))
    assert "Iker Solano, 2026</th>" in page and "Ana Solano, 2026</th>" in page and "$80.00" in page
    hers = text(search(client, person=str(ana)))
    assert "$30.00" in hers and "$80.00" not in hers and "$50.00" not in hers
    assert words("history.sums.narrow") in hers and "Ana Solano" in hers
    assert rows(search(client, kind="refund")) == 0 and rows(search(client, kind="payment")) == 1
    assert rows(search(client, person=str(uuid4()))) == 0


def test_older_entries_are_on_the_next_page(
    processor: Desk, bill: Bill, member: MemberOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "A_PAGE", 2)
    for cents in (100, 200, 300, 400, 500):
        book.pay(processor, (bill, cents))
    client = member.client()
    seen: list[str] = []
    address = HISTORY
    for _ in range(3):
        page = client.get(address)
        seen += re.findall(r'<p class="sum">(\$[\d.]+)</p>', text(page))
        found = re.search(r'href="([^"]+)">' + words("history.more"), text(page))
        address = found.group(1).replace("&amp;", "&") if found else ""
    assert sorted(seen) == ["$1.00", "$2.00", "$3.00", "$4.00", "$5.00"] and address == ""
    assert words("history.newest") in text(page) and "$15.00" in text(page), "the sums are of all pages"


def test_table_and_paper_hold_the_same_rows_and_sums(processor: Desk, bill: Bill, member: MemberOf) -> None:
    book.give_back(bill, book.pay(processor, (bill, 5_000)), 1_000)
    book.pay(processor, (bill, 1_250))
    client = member.client()
    table = client.get(f"{HISTORY}history.csv")
    assert table.streaming
    assert (table["Content-Type"], table["Cache-Control"]) == ("text/csv; charset=utf-8", "no-store")
    read = list(csv.DictReader(io.StringIO(b"".join(table.streaming_content).decode("utf-8-sig"))))
    assert sorted(row["Amount"] for row in read) == ["10.00", "12.50", "50.00"]
    paper = client.get(f"{HISTORY}history.pdf")
    assert paper["Content-Type"] == "application/pdf"
    printed = pdf_text(paper.content)
    for amount in ("$50.00", "$12.50", "$10.00", "$62.50", "$52.50"):
        assert amount in printed and amount in text(client.get(HISTORY)), amount
    found = search(client, find="12.50")
    address = re.search(r'href="([^"]+history\.csv[^"]*)"', text(found))
    assert address
    few = client.get(address.group(1).replace("&amp;", "&"))
    assert len(b"".join(few.streaming_content).decode().splitlines()) == 2
    spanish = client.get(f"{HISTORY}history.csv?lang=es")
    assert "historial.csv" in spanish["Content-Disposition"]
    assert "Pagado en este sitio" in b"".join(spanish.streaming_content).decode()


def test_what_is_too_long_for_a_paper_is_said(
    processor: Desk, bill: Bill, member: MemberOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "LONGEST_PAPER", 1)
    book.pay(processor, (bill, 100))
    book.pay(processor, (bill, 200))
    client = member.client()
    answer = client.get(f"{HISTORY}history.pdf?year=2026")
    assert answer.status_code == 303
    page = text(client.get(answer["Location"]))
    assert words("history.files.long_title") in page and '<option value="2026" selected>' in page


# Receipts


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_receipt_has_the_five_fields(
    processor: Desk, bill: Bill, member: MemberOf, parse: Callable[[bytes], Any], language: str
) -> None:
    payment = book.pay(processor, (bill, 5_000))
    client = member.client()
    found = re.search(rf'href="({HISTORY}receipts/[^"]+)"', text(client.get(HISTORY)))
    assert found
    screen = client.get(f"{found.group(1)}?lang={language}")
    parse(screen.content)
    file = client.get(f"{HISTORY}receipts/{payment}/receipt.pdf")
    assert file["Content-Type"] == "application/pdf" and file["Cache-Control"] == "no-store"
    code = sql.query("SELECT check_code FROM payments_payment")[0]["check_code"]
    for field in ("Iker Solano", "Dr. Rosa Prueba", "Office visit", "$50.00", f"{code[:4]}-{code[4:8]}-{code[8:]}"):
        assert field in text(screen) and bare(field) in bare(pdf_text(file.content)), field


def bare(shown: str) -> str:
    """Without blanks and soft hyphens: what is read out of a PDF has some where letters stand wide."""
    return "".join(shown.replace("\u00ad", "").split())


def test_who_lost_access_gets_404(processor: Desk, bill: Bill, member: MemberOf) -> None:
    payment = book.pay(processor, (bill, 5_000))
    statement = issue(bill.account_id, bill.bill_id).id
    client = member.client()
    pages = (
        f"{HISTORY}receipts/{payment}/",
        f"{HISTORY}receipts/{payment}/receipt.pdf",
        f"{HISTORY}statements/{statement}/bill.pdf",
    )
    assert [client.get(path).status_code for path in pages] == [200] * 3
    sql.execute("UPDATE people_access SET ended_at = %s", (clock.now(),))
    assert [client.get(path).status_code for path in pages] == [404] * 3
    assert rows(client.get(HISTORY)) == 0
    assert words("history.statements.empty") in text(client.get(f"{HISTORY}statements/"))
    stranger = a_member(a_bill(1_000, family="2").account_id, email="b@example.org").client()
    assert [stranger.get(path).status_code for path in pages] == [404] * 3
    out = Client(SERVER_NAME="127.0.0.1")
    assert [out.get(path)["Location"].partition("?")[0] for path in pages] == ["/sign-in/"] * 3


def test_private_care_stays_private(processor: Desk, bill: Bill, member: MemberOf) -> None:
    sql.execute("UPDATE billing_bill SET private = true")
    payment = book.pay(processor, (bill, 5_000))
    statement = issue(bill.account_id, bill.bill_id).id
    client = member.client()
    for path in (HISTORY, f"{HISTORY}receipts/{payment}/", f"{HISTORY}statements/"):
        page = text(client.get(path))
        assert "Dr. Rosa" not in page and "Office visit" not in page and str(statement) not in page
    assert words("history.private") in text(client.get(HISTORY))
    assert client.get(f"{HISTORY}statements/{statement}/bill.pdf").status_code == 404
    patient = a_member(bill.account_id, "own", person_of(bill.account_id), email="iker@example.org").client()
    assert patient.get(f"{HISTORY}statements/{statement}/bill.pdf").status_code == 200
    assert "Office visit" in text(patient.get(f"{HISTORY}receipts/{payment}/"))


# Bills that were sent


def test_bills_that_were_sent_and_one_that_cannot_be_drawn_again(bill: Bill, member: MemberOf) -> None:
    first = issue(bill.account_id, bill.bill_id).id
    a_bill(15_000, number="P1", version=2)
    second = issue(bill.account_id, bill.bill_id).id
    client = member.client()
    page = text(client.get(f"{HISTORY}statements/"))
    assert page.index(str(second)) < page.index(str(first)) and "P1, Larkspur Medical Group" in page
    assert pypdf.PdfReader(io.BytesIO(client.get(f"{HISTORY}statements/{first}/bill.pdf").content)).pages
    sql.execute("UPDATE letters_statement SET sha256 = 'x' WHERE id = %s", (first,))
    gone = client.get(f"{HISTORY}statements/{first}/bill.pdf")
    assert gone.status_code == 410 and f"/account/bills/{bill.bill_id}/" in text(gone)
    assert client.get(f"{HISTORY}statements/{second}/bill.pdf").status_code == 200


def test_three_hundred_bills_that_were_sent_come_page_by_page(bill: Bill, member: MemberOf) -> None:
    """Each once, the newest first, with a way on and a way back; each page costs the same few statements."""
    told_often(bill, 300)
    client, address, pages = member.client(), f"{HISTORY}statements/", 0
    seen: list[str] = []
    while address:
        with CaptureQueriesContext(connection) as asked:
            page = text(client.get(address))
        assert len(asked) <= 4, [each["sql"][:80] for each in asked]
        found = re.findall(r"statements/([0-9a-f-]{36})/bill.pdf", page)
        assert 0 < len(found) <= 25 and (words("history.newest") in page) == (pages > 0)
        seen, pages = [*seen, *found], pages + 1
        older = re.search(rf'href="({HISTORY}statements/\?after=[^"]+)"', page)
        address = html.unescape(older.group(1)) if older else ""
    newest = sql.query("SELECT id FROM letters_statement ORDER BY issued_at DESC, id DESC")
    assert pages == 12 and seen == [str(row["id"]) for row in newest]
    assert "after=broken" not in text(client.get(f"{HISTORY}statements/?after=broken"))


def told_often(bill: Bill, times: int) -> None:
    """The paper of a bill as it was told so often, some of it in the same moment."""
    issue(bill.account_id, bill.bill_id)
    sql.execute(
        "INSERT INTO letters_statement (account_id, id, bill_id, number, version, language, issued_at, figures,"
        " figures_digest, layout, sha256) SELECT account_id, gen_random_uuid(), bill_id, n, version, language,"
        " issued_at - (n / 3) * interval '1 hour', figures || jsonb_build_object('statement_number', n,"
        " 'statement_date', (issued_at - (n / 3) * interval '1 hour')::date), figures_digest, layout, sha256"
        " FROM letters_statement, generate_series(2, %s) AS n",
        (times,),
    )


# Reads


def test_each_look_is_noted(processor: Desk, bill: Bill, member: MemberOf) -> None:
    payment = book.pay(processor, (bill, 5_000))
    statement = issue(bill.account_id, bill.bill_id).id
    client = member.client()
    looked = {
        HISTORY: "history",
        f"{HISTORY}history.csv": "history",
        f"{HISTORY}history.pdf": "history",
        f"{HISTORY}receipts/{payment}/": "itemised",
        f"{HISTORY}receipts/{payment}/receipt.pdf": "itemised",
        f"{HISTORY}statements/": "statements",
        f"{HISTORY}statements/{statement}/bill.pdf": "statement",
    }
    for path in looked:
        answer = client.get(path)
        if answer.streaming:
            assert b"".join(answer.streaming_content)
    noted = sql.query("SELECT what, viewer, account_id FROM core_read ORDER BY id")
    assert [row["what"] for row in noted] == list(looked.values())
    assert {(row["viewer"], row["account_id"]) for row in noted} == {(f"member:{member.login_id}", bill.account_id)}


def test_few_questions_however_large_the_family(processor: Desk) -> None:
    bills = [a_bill(9_000, family=str(place % 4), number=f"P{place}") for place in range(12)]
    member = a_member(bills[0].account_id)
    for bill in bills[1:4]:
        grant(member.login_id, bill.account_id, "pay")
    for bill in bills:
        book.pay(processor, (bill, 1_000))
        issue(bill.account_id, bill.bill_id)
    client = member.client()
    payment = sql.query("SELECT id FROM payments_payment LIMIT 1")[0]["id"]
    for path in (HISTORY, f"{HISTORY}history.pdf", f"{HISTORY}statements/", f"{HISTORY}receipts/{payment}/"):
        with CaptureQueriesContext(connection) as asked:
            assert client.get(path).status_code == 200
        assert len(asked) <= 7, (path, len(asked))
    totals = history.sums(book.viewer(member), history.Wanted())
    assert sum(one.paid_cents for one in totals) == 12_000 and isinstance(payment, UUID)
