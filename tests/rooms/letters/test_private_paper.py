"""A private visit on paper: who answers for the bill and is not its patient reads what is owed, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.test import Client
from django.urls import reverse

from caretill.billing import access
from caretill.core import clock, outbox, sql
from caretill.core.ids import show_pay_code
from caretill.letters import links, post, send, statements
from caretill.letters.closed_page import closed
from caretill.letters.letterhead import letterhead
from caretill.letters.statements import statement_pdf
from caretill.people.viewer import Hidden, Viewer
from house.family import GROWS_UP, PROVIDERS, SERVICES, Family, a_family
from house.member import a_member
from rooms.letters.reading import text

CARE = (PROVIDERS[1], SERVICES[1], "October 1", "Oct 1", "1 de oct", "Doctor bill", "Olmo", "$250.00", "-$", "Code 100")


def told(folder: Path) -> dict[str, str]:
    return {path.name: text(path.read_bytes()) for path in folder.glob("*.pdf")}


def olmos(family: Family) -> dict[str, Any]:
    return access.bill_figures(family.account_id, family.bills["Olmo"])


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("status", ["open", "overdue", "paid", "credit"])
def test_the_guarantors_paper_says_what_is_owed_and_no_care(db: None, language: str, status: str) -> None:
    family = a_family(private=("Olmo",))
    owed = {"paid": {"open_cents": 0, "payable_cents": 0}, "credit": {"open_cents": 0, "payable_cents": 0,
            "credit_cents": 700}}.get(status, {})  # fmt: skip
    spoken = {"charged_cents": 25_000, "payments": [{"date": "2026-10-01", "kind": "desk", "amount_cents": 25_000}]}
    figures = olmos(family) | {"status": status} | owed | spoken
    said = text(statement_pdf(closed(figures), language))
    assert not [each for each in (*CARE, figures["health_record_number"]) if each in said]
    assert figures["number"] in said and "Solano" in said and "1 Example Street" in said
    assert {"paid": "$0.00", "credit": "$7.00"}.get(status, "$100.00") in said
    assert show_pay_code(figures["pay_code"]) in said and letterhead("oregon", language).phone in said
    whole = text(statement_pdf(figures, language))
    assert PROVIDERS[1] in whole and SERVICES[1] in whole, "the canaries can be seen"


def test_what_leaves_the_house(db: None, tmp_path: Path) -> None:
    """By a run and by writing papers again; the others' papers are as they were."""
    family = a_family(private=("Olmo", "Juana"))
    for name, write in (("run", lambda at: statements.run(processes=1, folder=at)), ("again", _again)):
        folder = tmp_path / name
        folder.mkdir()
        write(folder)
        papers = told(folder)
        assert len(papers) == 4, "one paper a bill: Olmo has no address of his own"
        number = olmos(family)["number"]
        of_olmo = next(said for said in papers.values() if number in said)
        assert not [each for each in CARE if each in of_olmo]
        for place in (0, 2, 3):
            assert any(PROVIDERS[place] in said for said in papers.values()), "the guarantor's own is whole, too"
        assert not [said for said in papers.values() if PROVIDERS[1] in said]


def _again(folder: Path) -> None:
    statements.papers(folder, clock.today("UTC"))


def test_the_patients_own_address_gets_the_whole_of_it(db: None, tmp_path: Path) -> None:
    family = a_family(private=("Olmo",))
    olmo = a_member(family.account_id, "own", family.people["Olmo"], email="olmo@example.org")
    sql.execute(
        "UPDATE people_login SET first_name = 'Olmo', street = '9 Own Road', zip = '97333' WHERE id = %s",
        (olmo.login_id,),
    )
    for write in (lambda at: statements.run(processes=1, folder=at), _again):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        write(folder)
        papers = told(folder)
        assert len(papers) == 5
        own = next(said for name, said in papers.items() if name.endswith("-patient.pdf"))
        assert "9 Own Road" in own and "97333" in own and PROVIDERS[1] in own and "1 Example Street" not in own
        others = [said for name, said in papers.items() if not name.endswith("-patient.pdf")]
        assert not [said for said in others if PROVIDERS[1] in said or "9 Own Road" in said]
    sql.execute("UPDATE people_login SET paperless = true WHERE id = %s", (olmo.login_id,))
    assert "payer_mail_to" not in olmos(family), "on screen only: no paper is sent"


def test_a_visit_that_became_private_is_private_on_old_papers(db: None, tmp_path: Path) -> None:
    family = a_family()
    issued = statements.issue(family.account_id, family.bills["Olmo"])
    sql.execute("UPDATE billing_bill SET private = true WHERE id = %s", (family.bills["Olmo"],))
    _again(tmp_path)
    papers = told(tmp_path)
    assert len(papers) == 1 and not [each for each in CARE if each in next(iter(papers.values()))]
    assert PROVIDERS[1] in text(statements.again(family.account_id, issued.id)), "the patient's own, on screen"


def test_screen_paper_mail_and_history_agree(db: None) -> None:
    """Whoever may not see the care gets it by no way, and who may gets it by each."""
    family = a_family(private=("Olmo",))
    bill, issued = family.bills["Olmo"], statements.issue(family.account_id, family.bills["Olmo"])
    holder = a_member(family.account_id, "holder", email="holder@example.org").client()
    olmo = a_member(family.account_id, "own", family.people["Olmo"], email="olmo@example.org").client()
    for client, opens in ((holder, False), (olmo, True)):
        page = client.get(reverse("member_bill", args=(bill,)))
        assert (PROVIDERS[1] in page.content.decode()) is opens
        letter, kept = (
            client.get(reverse("member_bill_pdf", args=(bill,))),
            client.get(reverse("statement_pdf", args=(issued.id,))),
        )
        assert (letter.status_code == 200, kept.status_code == 200) == (opens, opens)
        csv = str(b"".join(client.get(reverse("history_csv"))), "utf-8")
        assert PROVIDERS[1] not in csv and SERVICES[1] not in csv
    mailed = links.bill_link(family.account_id, bill, 1, "en", "UTC").url.partition("8000")[2]
    guest = Client(SERVER_NAME="127.0.0.1")
    answer = guest.post(mailed, {"last_name": "Solano", "zip": "97201"})
    assert answer.status_code == 303 and answer["Location"].endswith("/amount")
    assert PROVIDERS[1] not in guest.get(answer["Location"]).content.decode()
    with pytest.raises(Hidden):
        access.read_lines(Viewer("guest", family.account_id, frozenset({bill}), lines=True), family.account_id, bill)


def test_the_patient_is_told_in_their_own_account(db: None) -> None:
    family = a_family(private=("Olmo",))
    a_member(family.account_id, "holder", email="holder@example.org")
    a_member(family.account_id, "own", family.people["Olmo"], email="olmo@example.org")
    for name in ("Olmo", "Juana"):
        statements.issue(family.account_id, family.bills[name])
    mails: list[Any] = []
    with mock.patch.object(post, "transmit", mails.append):
        for _ in range(4):
            outbox.relay(send.deliver)
    assert sorted(str(mail["To"]) for mail in mails) == ["holder@example.org"] * 2 + ["olmo@example.org"]
    said = next(mail for mail in mails if mail["To"] == "olmo@example.org").get_body(("plain",)).get_content()
    assert f"/account/bills/{family.bills['Olmo']}/" in said and "ZIP" not in said
    assert not [each for each in (*CARE, "100") if each in said.replace(str(family.bills["Olmo"]), "")]


def test_who_goes_without_paper_gets_none(db: None, tmp_path: Path) -> None:
    """Their statements are made and kept; a patient with an address of their own decides for themselves."""
    family = a_family(private=("Olmo",))
    a_family("other")
    a_member(family.account_id, "own", family.people["Olmo"], email="olmo@example.org")
    holder = a_member(family.account_id, "holder", email="holder@example.org")
    for place, papers in enumerate((9, 5)):
        for write in (lambda at: statements.run(processes=1, folder=at), _again):
            folder = tmp_path / f"{place}{write is _again}"
            folder.mkdir()
            write(folder)
            assert len(told(folder)) == papers
        sql.execute("UPDATE people_login SET paperless = true WHERE id = %s", (holder.login_id,))
        sql.execute("DELETE FROM letters_statement")
    assert statements.run(processes=1).done == 8, "kept for all"
    assert statements.papers(tmp_path, clock.today("UTC")) == (5, 0, 4)


def test_a_grown_childs_care_leaves_the_account_on_every_way(db: None, tmp_path: Path) -> None:
    """On the day before the birthday the guarantor reads it on paper and by the mail's link; from then on, nowhere."""
    family = a_family(grows_up=GROWS_UP)
    bill = family.bills["Ane"]
    eve = datetime(GROWS_UP.year, GROWS_UP.month, GROWS_UP.day, 7, 59, 59, tzinfo=UTC)
    with clock.fixed(eve) as time:
        for opens in (True, False):
            figures = access.bill_figures(family.account_id, bill)
            assert figures["for_patient"] is not opens
            mailed = links.bill_link(family.account_id, bill, 1, "en", "UTC").url.partition("8000")[2]
            guest = Client(SERVER_NAME="127.0.0.1")
            answer = guest.post(mailed, {"last_name": "Solano", "zip": "97201"})
            assert answer["Location"].endswith("/bill" if opens else "/amount")
            assert (PROVIDERS[2] in guest.get(answer["Location"]).content.decode()) is opens
            folder = tmp_path / str(opens)
            folder.mkdir()
            statements.run(processes=1)
            statements.papers(folder, GROWS_UP - timedelta(days=2))
            papers = told(folder)
            assert len(papers) == 4 and any(PROVIDERS[2] in said for said in papers.values()) is opens
            time.advance(seconds=1)
