"""The receipt: on screen and as a file with the same figures, by mail as a link, checkable, and nothing clinical."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pypdf
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from caretill.core import clock, sql, tokens
from caretill.core.words import say
from caretill.letters.letterhead import letterhead
from caretill.letters.links import receipt_link
from caretill.letters.receipts import check_url
from caretill.payments import access
from caretill.payments.resend import resend
from caretill.web.flow import Made
from house.cast import a_bill
from house.desk import CARD, Desk, processor_desk
from house.payer import Payer, text, words
from house.scenes import NOON, play

__all__ = ["processor_desk"]


def paid(processor: Desk, **how: str) -> tuple[Payer, str]:
    """A payer who paid a bill, and the token of the payment."""
    payer = Payer(a_bill(14_000, plan_paid_cents=2_000))
    done = payer.get(processor.card(payer.to_card(**how)))["Location"]
    return payer, done.removeprefix("/pay/done/")


def outbox() -> list[dict[str, Any]]:
    rows = sql.query("SELECT topic, body FROM core_outbox ORDER BY id")
    return [{"topic": row["topic"], **sql.answer(row["body"])} for row in rows]


def seen(body: bytes) -> str:
    """The words of a PDF, blanks tidied."""
    pages = pypdf.PdfReader(io.BytesIO(body)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).replace("\u00ad", "").split())


def test_screen_and_file_show_the_same_figures(processor: Desk) -> None:
    payer, token = paid(processor, amount="other", other="50.00")
    screen = payer.get(f"/r/{token}")
    file = payer.get(f"/r/{token}.pdf")
    assert (file["Content-Type"], file["Cache-Control"]) == ("application/pdf", "no-store")
    flow = payer.held()
    figures = access.receipt_figures(UUID(flow.account_id), UUID(flow.payment_id))
    assert f'receipt-{figures["reference"]}.pdf"' in file["Content-Disposition"]
    shown, printed = text(screen), seen(file.content)
    code = figures["check_code"]
    for figure in ("$50.00", "$70.00", figures["reference"], "Pat Payer", "J*** S***", payer.bills[0].number):
        assert figure in shown and figure in printed, figure
    for each in ("Visa card ending in 4242", "Larkspur Medical Group", f"{code[:4]}-{code[4:8]}-{code[8:]}"):
        assert each in shown and each in printed, each


@pytest.mark.parametrize("language", ["en", "es"])
def test_both_languages(processor: Desk, parse: Callable[[bytes], Any], language: str) -> None:
    payer, token = paid(processor)
    screen = payer.get(f"/r/{token}?lang={language}")
    parse(screen.content)
    assert say(language, "receipt.title.paid", amount="$120.00") in text(screen)
    assert say(language, "receipt.title.paid", amount="$120.00") in seen(payer.get(f"/r/{token}.pdf").content)


def test_nothing_clinical_and_nobody_whole_stands_on_a_receipt(processor: Desk) -> None:
    payer, token = paid(processor)
    bill = payer.bills[0]
    figures = bill.figures()
    hidden = [figures["provider_name"], "Iker", "Solano", "Juana", "Office visit", "Example Street", bill.pay_code]
    hidden += [bill.account_number, bill.health_record_number, "October", "Mutual", "professional", "pat@example.org"]
    for path in (f"/r/{token}", f"/pay/done/{token}"):
        body = text(payer.get(path))
        assert not [each for each in hidden if each in body and (each != "pat@example.org" or path.startswith("/r"))]
    printed = seen(payer.get(f"/r/{token}.pdf").content)
    assert not [each for each in hidden if each in printed]


def test_what_was_refunded_is_shown(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer, address = play("done_refunded", processor, "en", time)
        body = text(payer.get(address))
        assert words("deposit.track.of", amount="$40.00") in body and words("deposit.track.step.yours") in body
        receipt = address.replace("/pay/done/", "/r/")
        assert "$40.00" in text(payer.get(receipt)) and "$40.00" in seen(payer.get(f"{receipt}.pdf").content)


def test_money_that_came_late_is_said_to_be_the_payers(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer, address = play("done_late", processor, "en", time)
        body = text(payer.get(address))
        assert words("states.late.sentence") in body and "$140.00" in body
        assert words("done.none_left") not in body
        assert payer.get(address.replace("/pay/done/", "/r/")).status_code == 200


def test_a_link_of_a_mail_opens_the_receipt_and_nothing_else(processor: Desk) -> None:
    payer, _ = paid(processor)
    flow = payer.held()
    link = receipt_link(UUID(flow.account_id), UUID(flow.payment_id), "en", "America/Los_Angeles")
    path = payer._path(link.url)
    reader = Payer(a_bill(1_000, family="2"))
    body = text(reader.get(path))
    assert "You paid $120.00" in body and "pat@example.org" not in body
    token = path.rsplit("/", 1)[1]
    assert reader.get(f"/r/{token}.pdf").status_code == 200
    for page in ("done", "wait", "cancel", "return"):
        assert reader.get(f"/pay/{page}/{token}").status_code == 404


def test_a_link_of_a_mail_ends(processor: Desk) -> None:
    payer, _ = paid(processor)
    flow = payer.held()
    sealed = tokens.seal("receipt", {"a": flow.account_id, "p": flow.payment_id}, -1)
    assert payer.get(f"/receipt/{sealed}").status_code == 404


def test_no_receipt_before_the_payment_went_through(processor: Desk) -> None:
    payer = Payer(a_bill(14_000))
    payer.to_card()
    flow = payer.held()
    token = Made.of(flow.account_id, flow.payment_id).token
    for path in (f"/r/{token}", f"/r/{token}.pdf"):
        answer = payer.get(path)
        assert answer.status_code == 404 and words("errors.link_bad.money") in text(answer)
    assert payer.get(f"/pay/done/{token}")["Location"].startswith("/pay/wait/")


@pytest.mark.parametrize("token", ["x", "A" * 90])
def test_a_made_up_link_opens_nothing(processor: Desk, token: str) -> None:
    payer = Payer(a_bill(14_000))
    for path in (f"/r/{token}", f"/r/{token}.pdf", f"/receipt/{token}"):
        assert payer.get(path).status_code == 404


def test_each_look_at_a_receipt_is_noted(processor: Desk) -> None:
    payer, token = paid(processor)
    before = _reads()
    for path in (f"/pay/done/{token}", f"/r/{token}", f"/r/{token}.pdf"):
        payer.get(path)
    assert _reads() - before == 3


def _reads() -> int:
    row = sql.one("SELECT count(*) AS n FROM core_read WHERE what = 'receipt'")
    assert row is not None
    return int(row["n"])


def test_two_questions_of_the_database(processor: Desk) -> None:
    payer, token = paid(processor)
    with CaptureQueriesContext(connection) as asked:
        payer.get(f"/r/{token}")
    assert len(asked) == 2


# By mail


def test_an_address_that_was_given_gets_a_link_when_the_payment_goes_through(processor: Desk) -> None:
    payer, token = paid(processor)
    assert [row["topic"] for row in outbox()] == ["receipt_ready"]
    assert "pat@example.org" in text(payer.get(f"/pay/done/{token}"))
    stranger = Payer(a_bill(1_000, family="2"))
    body = text(stranger.get(f"/pay/done/{token}"))
    assert "pat@example.org" not in body and words("done.receipt.given_other") in body


def test_the_receipt_is_sent_once_more_where_asked(processor: Desk) -> None:
    payer, token = paid(processor, email="")
    assert words("done.receipt.other") not in text(payer.get(f"/pay/done/{token}"))
    answer = payer.post(f"/pay/done/{token}", {"email": "her@example.com"})
    assert answer.status_code == 303
    after = payer.get(answer["Location"])
    assert words("done.receipt.sent") in text(after)
    for _ in range(2):
        payer.get(answer["Location"])
    told = outbox()
    assert len(told) == 2 and told[1] == {
        "topic": "receipt_ready",
        "payment_id": payer.held().payment_id,
        "email": "her@example.com",
    }


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("", "details.error.email_missing"),
        ("nobody", "details.error.email_shape"),
        (CARD["number"], "errors.form.card_number"),
    ],
)
def test_an_address_that_cannot_be_is_asked_again(processor: Desk, typed: str, key: str) -> None:
    payer, token = paid(processor)
    answer = payer.post(f"/pay/done/{token}", {"email": typed})
    assert answer.status_code == 422 and text(answer).count(words(key)) == 2
    assert "<details open>" in text(answer) and CARD["number"] not in text(answer)
    assert len(outbox()) == 1


def test_the_language_switch_sends_nothing(processor: Desk) -> None:
    payer, token = paid(processor)
    answer = payer.post(f"/pay/done/{token}", {"email": "her@example.com", "language": "es"})
    assert answer.status_code == 200 and "her@example.com" in text(answer) and len(outbox()) == 1


def test_nobody_is_sent_a_receipt_without_end(processor: Desk) -> None:
    payer, token = paid(processor)
    for _ in range(5):
        assert payer.post(f"/pay/done/{token}", {"email": "her@example.com"}).status_code == 303
    answer = payer.post(f"/pay/done/{token}", {"email": "her@example.com"})
    assert answer.status_code == 429 and words("errors.mail_often.money") in text(answer)
    assert len(outbox()) == 6


def test_no_receipt_no_mail(processor: Desk) -> None:
    payer = Payer(a_bill(14_000))
    payer.to_card()
    flow = payer.held()
    with pytest.raises(access.Hidden):
        resend(UUID(flow.account_id), UUID(flow.payment_id), "her@example.com", "127.0.0.1")


def test_the_check_code_of_the_page_answers_paid(processor: Desk) -> None:
    payer, token = paid(processor)
    found = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{3}", text(payer.get(f"/pay/done/{token}")))
    assert found and access.check(found.group()) == {"answer": "paid"}


def test_the_square_code_of_a_receipt_opens_the_check_page_with_the_code_filled_in(processor: Desk) -> None:
    payer, _ = paid(processor)
    flow = payer.held()
    code = access.receipt_figures(UUID(flow.account_id), UUID(flow.payment_id))["check_code"]
    path = payer._path(check_url(letterhead("oregon", "en"), code))
    page = payer.get(path)
    found = re.search(r'name="code" type="text" value="([^"]+)"', text(page))
    assert page.status_code == 200 and found
    assert words("receipt_check.answer.paid.title") in text(payer.post("/check/", {"code": found.group(1)}))
    assert payer.get("/check/AAAAAAAAAAB").status_code == 404
