"""What the owner of a saved way to pay is told by mail, and the copy of what somebody agreed to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from email.header import decode_header, make_header
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings

from caretill.core import clock, outbox, sql
from caretill.letters import send
from caretill.methods import change, expiry, mandates, validate
from house import cast, wallet
from house.member import MemberOf, a_member
from house.postbox import Postbox

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Postbox]:
    box = Postbox()
    monkeypatch.setattr(settings, "CARETILL_SMTP_URL", box.url)
    yield box
    box.close()


def work() -> None:
    while outbox.relay(send.deliver):
        pass


def text_of(mail: Any) -> str:
    part = mail.get_payload(0) if mail.is_multipart() else mail
    return str(part.get_payload(decode=True).decode())


def owner() -> tuple[UUID, MemberOf]:
    own = cast.a_bill(10_000).account_id
    return own, a_member(own)


def test_each_change_is_told_once_with_the_last_digits_and_nothing_else(box: Postbox) -> None:
    own, member = owner()
    with clock.fixed(datetime(2026, 11, 20, 12, tzinfo=UTC)):
        bank = wallet.a_bank(own, member.login_id)
        card = wallet.a_card(own, member.login_id, month=12, year=2026)
        change.make_default(own, card)
        change.rename(own, card, "Blue card")
        change.correct(own, bank, "C05", account_type="savings")
        mandate = wallet.a_mandate(own, bank, member.login_id)
        mandates.end(own, mandate, "R07")
        change.disable(own, bank, "R02")
    with clock.fixed(datetime(2026, 12, 2, 12, tzinfo=UTC)):
        expiry.turn()
        change.renewed("sandbox", _token(card), 12, 2031)
        change.delete(own, bank)
        work()
        work()
    texts = [text_of(mail) for mail in box.mails]
    assert {str(mail["To"]) for mail in box.mails} == {member.email}
    topics = [row["topic"] for row in sql.query("SELECT topic FROM core_outbox WHERE topic ~ '^(method|mandate)'")]
    assert len(texts) == len(topics) == 12
    assert all("6789" in text or "4242" in text for text in texts)
    for text in texts:
        assert wallet.NUMBER not in text and wallet.ROUTING not in text
        assert "Juana" not in text and "Solano" not in text
    assert "(503) 555-0110" in texts[0]


def _token(method: UUID) -> str:
    row = sql.one("SELECT token_ref FROM methods_method WHERE id = %s", (method,))
    assert row
    return str(row["token_ref"])


def test_the_copy_is_the_whole_text_in_the_language_that_was_agreed_in(box: Postbox) -> None:
    own, member = owner()
    card = wallet.a_card(own, member.login_id)
    text = wallet.a_text("recurring", own, card, "es")
    mandates.agree(own, card, member.login_id, "recurring", "member", text, "203.0.113.9", varies=True)
    sql.execute("DELETE FROM core_outbox WHERE topic <> 'mandate_copy'")
    work()
    (mail,) = box.mails
    assert "Su copia de lo que aceptó" in str(make_header(decode_header(mail["Subject"])))
    told = " ".join(text_of(mail).split())
    assert text.title in told and " ".join(text.text.split()) in told


def test_a_guests_copy_goes_to_the_address_of_the_payment(box: Postbox) -> None:
    own = cast.a_bill(10_000).account_id
    bank = wallet.a_bank(own, None, proved=False)
    wallet.a_mandate(own, bank, None, "once", email="pat@example.org")
    wallet.a_mandate(own, bank, None, "once")
    sql.execute("DELETE FROM core_outbox WHERE topic <> 'mandate_copy'")
    work()
    assert [str(mail["To"]) for mail in box.mails] == ["pat@example.org"]


def test_the_two_amounts_are_told_of_on_the_day_they_can_be_seen(box: Postbox) -> None:
    own, member = owner()
    bank = wallet.a_bank(own, member.login_id, proved=False)
    validate.begin(own, bank)
    wallet.arrived(own, bank, date(2026, 12, 1))
    sql.execute("DELETE FROM core_outbox WHERE topic <> 'method_amounts'")
    for hour, mails in ((13, 0), (15, 1)):
        with clock.fixed(datetime(2026, 12, 1, hour, tzinfo=UTC)):
            work()
        assert len(box.mails) == mails, hour
    assert f"/account/ways/{bank}/prove/" in text_of(box.mails[0])
    assert not any(f"{cents}" in text_of(box.mails[0]).split() for cents in wallet.the_amounts(own, bank))
