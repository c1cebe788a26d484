"""Mails: a link or a code and nothing else, over real SMTP, once."""

from __future__ import annotations

import asyncio
import re
import smtplib
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import html5lib
import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from django.conf import settings

from caretill.billing import codes
from caretill.billing.lookup import Found
from caretill.core import clock, outbox, sql, tokens
from caretill.core.ids import uuid7
from caretill.core.words import LANGUAGES
from caretill.letters import links, post, send
from caretill.letters.channels import code_mail, link_mail, message_id
from caretill.letters.letterhead import letterhead
from caretill.payments import callbacks, take
from caretill.sim.mailbox import Store, Taker, read_message
from caretill.sim.mailbox_page import Message
from house import cast
from house.desk import Desk

AT = datetime(2026, 11, 22, 17, 31, tzinfo=UTC)
LINK = links.Link("https://pay.example.org/receipt/abc", date(2027, 2, 19))
LINK_TOPICS = ("receipt_ready", "late_payment", "refund_made", "statement_ready")


class MailServer:
    """An SMTP server in a thread; `refuse` makes it answer with that line instead of taking a mail."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.store = Store(folder)
        self.refuse = ""
        self.recipients: list[str] = []
        self.users: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._options = options
        self._server: Any = self._loop.run_until_complete(self._loop.create_server(self._made, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def _made(self) -> SMTP:
        return SMTP(self, hostname="mail.example.org", loop=self._loop, **self._options)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refuse:
            return self.refuse
        self.recipients += envelope.rcpt_tos
        return await Taker(self.store).handle_DATA(server, session, envelope)

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        self.users.append(f"{data.login.decode()}:{data.password.decode()}")
        return AuthResult(success=True)

    def mails(self) -> list[Message]:
        return list(reversed(self.store.newest()))

    def raw(self, number: int) -> bytes:
        raw = self.store.raw(number)
        assert raw is not None
        return raw

    def stop(self) -> None:
        async def close() -> None:
            self._server.close()

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)


@pytest.fixture
def mail_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    server = MailServer(tmp_path / "mail")
    monkeypatch.setattr(settings, "CARETILL_SMTP_URL", f"smtp://127.0.0.1:{server.port}")
    yield server
    server.stop()


def made(topic: str, language: str) -> EmailMessage:
    head = letterhead("california", language)
    if topic == "lookup_code":
        return code_mail("key", "pat@example.com", "012345", 15, head, "billing@example.org", AT)
    return link_mail(topic, "key", "pat@example.com", LINK, head, "billing@example.org", AT)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("topic", [*LINK_TOPICS, "lookup_code"])
def test_a_mail_names_no_amount_and_no_date_of_care(topic: str, language: str) -> None:
    message = made(topic, language)
    shown = read_message(1, message.as_bytes())
    for text in (shown.subject, shown.text, re.sub(r"<[^>]*>", " ", shown.html)):
        assert "$" not in text and "{" not in text
    assert not re.search(r"\d+\.\d\d\b", shown.text)
    content = "012345" if topic == "lookup_code" else LINK.url
    assert content in shown.text and content in shown.html
    assert shown.links == ([] if topic == "lookup_code" else [LINK.url])
    assert shown.language == language
    html5lib.HTMLParser(strict=True).parse(shown.html)


def test_its_headers_are_sane() -> None:
    message = made("receipt_ready", "es")
    assert message["From"] == "Larkspur Health <billing@example.org>"
    assert message["To"] == "pat@example.com"
    assert message["Message-ID"] == message_id("key", "Somebody <billing@example.org>")
    assert parsedate_to_datetime(message["Date"]) == AT
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "es"
    assert message["Subject"] == "Su recibo de Larkspur Health"
    assert not [name for name in message if name.startswith("List-")], "it is no list"
    raw = message.as_bytes()
    assert raw.count(b"\r\n") == raw.count(b"\n") and max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.isascii()


def test_a_key_names_a_mail() -> None:
    assert message_id("a", "x@example.org") == message_id("a", "x@example.org") != message_id("b", "x@example.org")


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("pat@example.com", True),
        ("pat.o'neil+bills@mail.example.co", True),
        ("", False),
        ("pat@localhost", False),
        ("pat@example.com, other@example.com", False),
        ("pat@example.com\nBcc: other@example.com", False),
        ("Pat <pat@example.com>", False),
        ('"a b"@example.com', False),
        ("ñandú@example.com", False),
        ("a" * 250 + "@example.com", False),
    ],
)
def test_addresses(address: str, good: bool) -> None:
    assert post.address_ok(address) is good


def test_links_open_what_they_mean_until_they_end() -> None:
    account, payment, bill = uuid4(), uuid4(), uuid4()
    with clock.fixed(AT) as now:
        link = links.receipt_link(account, payment, "es", "America/Los_Angeles")
        assert link.until == date(2027, 2, 19)
        base, _, ending = link.url.partition("?")
        assert ending == "lang=es"
        token = base.rpartition("/")[2]
        assert links.open_receipt_link(token) == (account, payment)
        assert str(account) not in link.url and str(payment) not in link.url
        other = links.bill_link(account, bill, 3, "en", "America/Los_Angeles").url.rpartition("/")[2]
        assert links.open_bill_link(other) == (account, bill, 3)
        for opened, wrong in ((links.open_receipt_link, other), (links.open_bill_link, token)):
            with pytest.raises(tokens.TokenError):
                opened(wrong)
        now.advance(days=89, hours=23)
        assert links.open_receipt_link(token) == (account, payment)
        now.advance(hours=2)
        with pytest.raises(tokens.TokenError, match="expired"):
            links.open_receipt_link(token)


def paid(bill: cast.Bill, processor: Desk, **changes: Any) -> UUID:
    answer = take.pay(bill.ask(5_000, **changes))
    assert answer.payment_id is not None
    processor.card(answer.url)
    return answer.payment_id


def relayed() -> int:
    return outbox.relay(send.deliver)


def test_a_payment_sends_its_receipt_once(db: None, processor: Desk, mail_server: MailServer) -> None:
    bill = cast.a_bill()
    payment_id = paid(bill, processor, language="es", email="canary@example.com", payer_name="CANARY NAME")
    assert callbacks.apply_due() == 1
    assert relayed() == 1 and relayed() == 0
    shown = mail_server.mails()
    assert [each.subject for each in shown] == ["Su recibo de Larkspur Health"]
    assert mail_server.recipients == ["canary@example.com"]
    token = shown[0].links[0].partition("?")[0].rpartition("/")[2]
    assert links.open_receipt_link(token) == (bill.account_id, payment_id)
    said = shown[0].text + shown[0].html + shown[0].subject
    for word in ("CANARY", "50.00", "200.00", bill.number, bill.last_name, "Iker", "Juana", "Prueba", "Office visit"):
        assert word not in said, word


def test_a_row_is_one_mail_and_a_lost_answer_repeats_its_name(
    db: None, processor: Desk, mail_server: MailServer
) -> None:
    bill = cast.a_bill()
    payment_id = paid(bill, processor)
    assert callbacks.apply_due() == 1
    row_id, body = uuid7(), {"payment_id": str(payment_id)}
    for _ in range(3):
        send.deliver("receipt_ready", bill.account_id, row_id, body)
    assert len(mail_server.mails()) == 1
    sql.execute("UPDATE letters_mail SET sent_at = NULL WHERE id = %s", (row_id,))
    send.deliver("receipt_ready", bill.account_id, row_id, body)
    first, second = mail_server.mails()
    assert first.message_id == second.message_id


def test_a_mail_server_that_says_no_is_asked_again(db: None, processor: Desk, mail_server: MailServer) -> None:
    paid(cast.a_bill(), processor)
    assert callbacks.apply_due() == 1
    mail_server.refuse = "451 4.3.0 Not now"
    with clock.fixed(clock.now()) as now:
        assert relayed() == 0
        mail_server.refuse = ""
        assert relayed() == 0, "not before its time"
        now.advance(minutes=5)
        assert relayed() == 1
    assert len(mail_server.mails()) == 1


def test_without_a_mail_server_it_waits(db: None, processor: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    paid(cast.a_bill(), processor)
    assert callbacks.apply_due() == 1
    monkeypatch.setattr(settings, "CARETILL_SMTP_URL", None)
    assert relayed() == 0
    row = sql.one("SELECT sent_at FROM core_outbox WHERE topic = 'receipt_ready'")
    assert row is not None and row["sent_at"] is None


@pytest.mark.parametrize("email", ["", "pat@example.com,other@example.com", "pat"])
def test_no_address_no_mail(db: None, processor: Desk, mail_server: MailServer, email: str) -> None:
    paid(cast.a_bill(), processor, email=email)
    assert callbacks.apply_due() == 1
    assert relayed() == 1
    assert mail_server.mails() == []


def test_a_code_goes_to_the_address_on_file_and_opens_the_bill(db: None, mail_server: MailServer) -> None:
    bill = cast.a_bill()
    found = Found(account_id=bill.account_id, scope="bill", bill_id=bill.bill_id, person_id=None)
    token = codes.send(found, bill.region, "en")
    codes.send(None, bill.region, "en")
    assert relayed() == 2
    shown = mail_server.mails()
    assert mail_server.recipients == ["juana@example.org"] and len(shown) == 1
    code = re.search(r"^(\d{6})$", shown[0].text, re.MULTILINE)
    assert code and "It works for 15 minutes" in shown[0].text, "as the page asked, not as the account reads letters"
    assert codes.redeem(token, code.group(1)) == found


def test_a_code_that_is_too_old_is_not_sent(db: None, mail_server: MailServer) -> None:
    bill = cast.a_bill()
    with clock.fixed(clock.now()) as now:
        codes.send(Found(account_id=bill.account_id, scope="account", bill_id=None, person_id=None), "oregon", "en")
        now.advance(minutes=16)
        assert relayed() == 1
    assert mail_server.mails() == []


def test_a_changed_bill_gets_a_statement_and_a_notice_links_to_it(db: None, mail_server: MailServer) -> None:
    bill = cast.a_bill(version=4)
    body = {"bill_id": str(bill.bill_id)}
    send.deliver("bill_changed", bill.account_id, uuid7(), body)
    row = sql.one("SELECT number, version FROM letters_statement WHERE bill_id = %s", (bill.bill_id,))
    assert row == {"number": 1, "version": 4}
    send.deliver("statement_ready", bill.account_id, uuid7(), body)
    token = mail_server.mails()[0].links[0].partition("?")[0].rpartition("/")[2]
    assert links.open_bill_link(token) == (bill.account_id, bill.bill_id, 4)


@pytest.mark.parametrize("topic", [*LINK_TOPICS])
def test_what_is_gone_is_told_to_nobody(db: None, mail_server: MailServer, topic: str) -> None:
    send.deliver(topic, uuid4(), uuid7(), {"payment_id": str(uuid4()), "bill_id": str(uuid4())})
    assert mail_server.mails() == []


def test_a_new_topic_is_a_fault() -> None:
    with pytest.raises(send.UnknownTopic):
        send.deliver("moon", uuid4(), uuid7(), {})


def test_a_password_goes_to_this_machine_or_over_tls_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = MailServer(tmp_path, auth_require_tls=False)
    server._options["authenticator"] = server.authenticate
    monkeypatch.setattr(settings, "CARETILL_SMTP_URL", f"smtp://us%40er:p%3Aw@127.0.0.1:{server.port}")
    post.transmit(made("receipt_ready", "en"))
    assert server.users == ["us@er:p:w"]
    monkeypatch.setattr(post, "_LOOPBACK", ())
    with pytest.raises(smtplib.SMTPNotSupportedError):
        post.transmit(made("receipt_ready", "en"))
    assert len(server.users) == 1 and len(server.mails()) == 1
    server.stop()
