"""Two hundred marked strings in every text field of people and bills, then a whole life: none gets out of the house.

Looked at: every mail, text and push, every log line, every address that a page or a mail holds, and all that the
processor is asked (rules.md HIP-2, HIP-3). Somebody else pays by a link, and papers are sent in. Only whom a mail
goes to may be marked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client

from caretill.billing import codes, issue
from caretill.billing.lookup import Found
from caretill.core import outbox, sql
from caretill.letters import autopay_mails, method_mails, money_mails, send
from caretill.payments import callbacks, gateways, paid_bill, refund, take
from caretill.payments.gateways.sandbox import SandboxGateway
from caretill.people import household, new_email, profile, recovery, register, sessions, topics
from caretill.people.viewer import NOBODY
from caretill.regions.names import normal_name
from caretill.sim.processor.shell import BASE_URL, Shell
from caretill.web.account import member as door
from house.cast import TODAY, Bill
from house.desk import Desk
from house.matrix_canary import server_log
from house.member import MemberOf, a_member
from house.payer import HIDDEN, Payer
from house.postbox import Postbox
from house.sent_papers import pdf

pytestmark = [pytest.mark.usefixtures("db"), pytest.mark.slow]

FAMILIES, LINES = 5, 12
MOST_PAGES = 40
# Topics that tell nobody anything.
SILENT = {"lookup_nothing", "account_changed"}
# Ways to pay, what is taken later, what comes back: this life does not live through them. Their words are asked where
# they are made (tests/rooms), and numbers of bank accounts have a canary of their own.
LATER = {*method_mails.TOPICS, *money_mails.TOPICS, *autopay_mails.TOPICS, "card_to_keep"}
LINK = re.compile(r'readonly value="[^"]*(/h/[^"]+)"')


@dataclass
class Marks:
    """Strings that stand nowhere else, by what they were put into."""

    made: dict[str, str] = field(default_factory=dict)

    def word(self, what: str) -> str:
        """A word of letters and digits."""
        return self._keep(what, f"Qx{len(self.made):03d}zj{uuid4().hex[:6]}")

    def digits(self, what: str, count: int) -> str:
        """A number of so many digits, none like another."""
        return self._keep(what, f"9{len(self.made):04d}{uuid4().int % 10 ** (count - 5):0{count - 5}d}")

    def _keep(self, what: str, mark: str) -> str:
        assert mark not in self.made
        self.made[mark] = what
        return mark

    def found(self, text: str) -> list[str]:
        """What of it stands in a text, also where the text was quoted or is in other letters."""
        low = f"{text}\n{unquote(text)}".lower()
        return [f"{mark} ({what})" for mark, what in self.made.items() if mark.lower() in low]


@dataclass
class Wire:
    """Between us and the processor: remembers all that goes there."""

    shell: Shell
    asked: list[str] = field(default_factory=list)

    def send(self, method: str, url: str, **rest: Any) -> Any:
        self.asked.append(json.dumps([method, url, rest], default=str))
        return self.shell.request(method, url, **rest)


@pytest.fixture
def marks() -> Marks:
    return Marks()


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Postbox]:
    box = Postbox()
    monkeypatch.setattr(settings, "CARETILL_SMTP_URL", box.url)
    monkeypatch.setattr(settings, "CARETILL_TEXTS", "mailbox")
    monkeypatch.setattr(settings, "CARETILL_PUSH", "mailbox")
    yield box
    box.close()


@pytest.fixture
def wire(processor: Desk, monkeypatch: pytest.MonkeyPatch) -> Wire:
    wire = Wire(processor.shell)
    keys = processor.shell.keys
    made = SandboxGateway(BASE_URL, keys.key, (keys.callback_secret,), send=wire.send)
    monkeypatch.setitem(gateways.GATEWAYS, "sandbox", lambda: made)
    return wire


def put(table: str, row: dict[str, Any]) -> None:
    sql.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})", list(row.values()))


def a_marked_bill(marks: Marks, language: str) -> Bill:
    """A family and a bill with a mark in every text field that takes one."""
    last, account = marks.word("guarantor's last name"), f"F{marks.digits('account number', 10)}"
    hrn, number = marks.digits("health record number", 9), f"P{marks.digits('bill number', 10)}"
    own = {"row": 1, "region": "oregon"}
    care = date(2026, 10, 1)
    with transaction.atomic():
        issue.open_feed()
        put("feed_account", own | {
            "number": account, "first_name": marks.word("guarantor's first name"), "last_name": last,
            "last_norm": normal_name(last), "street": f"1 {marks.word('street')} Street", "city": marks.word("city"),
            "state": "OR", "zip": "97201", "email": f"{marks.word('contact on file')}@example.org",
            "phone": marks.digits("phone on file", 10), "language": language, "group_number": "123456",
            "subgroup": "001", "bill_group": "AA",
        })  # fmt: skip
        patient = marks.word("patient's last name")
        put("feed_person", own | {
            "account_number": account, "health_record_number": hrn, "first_name": marks.word("patient's first name"),
            "last_name": patient, "last_norm": normal_name(patient), "birth_date": date(2014, 5, 6),
            "relation": "child",
        })  # fmt: skip
        put("feed_bill", own | {
            "account_number": account, "number": number, "health_record_number": hrn, "kind": "professional",
            "payee": "medical_group", "provider_name": marks.word("provider"), "service_from": care,
            "service_to": care, "issue_date": date(2026, 11, 1), "due_date": date(2026, 12, 15), "currency": "USD",
            "version": 1,
        })  # fmt: skip
        for line in range(1, LINES + 1):
            put("feed_line", own | {
                "row": line, "bill_number": number, "line_no": line, "service_date": care, "code_system": "local",
                "code": marks.word("code of a line"), "text": marks.word("what was done"), "units": 1,
                "charge_cents": 2_000, "discount_cents": 0, "plan_paid_cents": 0, "written_off_cents": 0,
                "copay_cents": 0, "deductible_cents": 0, "coinsurance_cents": 0, "not_covered_cents": 0,
            })  # fmt: skip
        answer = issue.apply_feed("test", {"oregon": TODAY})
    assert not answer["problems"], answer
    row = sql.one("SELECT account_id, id, pay_code FROM billing_bill WHERE number = %s", (number,))
    assert row is not None
    return Bill(row["account_id"], row["id"], "oregon", number, row["pay_code"], account, hrn, last, "97201")


def a_marked_member(marks: Marks, bill: Bill, language: str) -> MemberOf:
    """The guarantor's login, which changes all of its profile and wants everything everywhere."""
    member = a_member(bill.account_id, email=f"{marks.word('login')}@example.org")
    for name, values in {
        "name": {"first_name": marks.word("own first name"), "last_name": marks.word("own last name")},
        "address": {"street": marks.word("own street"), "city": marks.word("own city"), "state": "OR", "zip": "97201"},
        "phone": {"phone": marks.digits("own phone", 10)},
        "language": {"language": language},
    }.items():
        profile.change(member.login_id, name, values)
    topics.choose(member.login_id, {(topic, channel): True for topic in topics.TOPICS for channel in topics.CHANNELS})
    return member


def life_of_a_bill(marks: Marks, bill: Bill, member: MemberOf, desk: Desk) -> None:
    """A statement, a code for a guest, a payment, its receipt, a refund, a late payment."""
    outbox.put(bill.account_id, "bill_changed", {"bill_id": str(bill.bill_id)})
    codes.send(Found(bill.account_id, "account", None, None), bill.region, "en")
    codes.send(None, bill.region, "en")
    answer = take.pay(bill.ask(5_000, payer_name=marks.word("payer"), email=member.email))
    assert answer.payment_id is not None
    desk.card(answer.url)
    callbacks.apply_due()
    refund.refund(bill.account_id, answer.payment_id, 1_000, uuid4(), marks.word("reason of a refund"))
    callbacks.apply_due()
    outbox.put(bill.account_id, "bill_receipts", {"bill_id": str(bill.bill_id), "language": "en"})
    for topic in ("late_payment", "refund_made", "receipt_ready"):
        outbox.put(bill.account_id, topic, {"payment_id": str(answer.payment_id)})
    assert paid_bill.ask(bill.account_id, bill.bill_id, "en", "198.51.100.7") == "queued"


def life_of_a_login(marks: Marks, bill: Bill, member: MemberOf, language: str) -> None:
    """A new address and back, ways back in, registering, news of how they sign in, the household."""
    other = f"{marks.word('another address')}@example.org"
    new_email.ask(member.login_id, other, language)
    new_email.ask(member.login_id, member.email, language)
    made = profile.change(member.login_id, "email", {"email": other})
    assert made is not None and profile.undo(member.login_id, made)
    register.send_code(other, bill.region, language)
    register.send_code(member.email, bill.region, language)
    for topic in ("register_welcome", "register_linked", "register_held"):
        register.put_mail(bill.account_id, topic, member.email, bill.region, language)
    held = register.Standing(bill.account_id, NOBODY, "holder")
    recovery.tell_email(held, bill.region, language)
    recovery.send_link(member.email, held, bill.region, language)
    recovery.send_link(other, None, bill.region, language)
    for topic in ("new_device", "password_changed", "factor_changed"):
        outbox.put(member.login_id, topic, {"browser": "Firefox"})
    household.invite(household.viewer_of(member.login_id), bill.account_id, other, {NOBODY: "pay"})
    outbox.put(member.login_id, "invite_taken", {})
    for topic in ("access_ended", "access_changed"):
        for whom in ("giver", "taker"):
            outbox.put(member.login_id, topic, {"to": whom})


def life_of_links(marks: Marks, bill: Bill, member: MemberOf, desk: Desk) -> set[str]:
    """A guest and a member have somebody else pay; every address that their pages and the helpers' pages held."""
    asked = {"amount": "other", "other_amount": "10.00", "do": "helper"}
    guest = Payer(bill)
    guest.post("amount", asked)
    held = helped(marks, guest.client, guest.at("someone-else"), {"email": f"{marks.word('asker')}@example.org"}, desk)
    client, who = a_browser(member.login_id)
    chosen = client.post("/account/pay/", asked | {"of": str(bill.bill_id), "who": who})
    assert chosen.status_code == 303, chosen.content.decode()
    return held | helped(marks, client, chosen["Location"], {"who": who}, desk)


def helped(marks: Marks, maker: Client, page: str, words: dict[str, str], desk: Desk) -> set[str]:
    """A link made on that page, paid by somebody in a browser of their own."""
    assert maker.post(page, words).status_code == 303
    link = LINK.search(maker.get(page).content.decode())
    assert link, "the page shows the link that was made"
    helper = Client(SERVER_NAME="127.0.0.1")
    own = {"payer_name": marks.word("helper"), "email": f"{marks.word('address of a helper')}@example.org"}
    before = addresses(helper, link[1], least=1)
    check = helper.post(link[1], own | {"amount": "all", "other_amount": ""})
    assert check.status_code == 303, check.content.decode()
    key = dict(HIDDEN.findall(helper.get(check["Location"]).content.decode()))["key"]
    card = helper.post(check["Location"], {"key": key})
    done = helper.get(desk.card(card["Location"]).removeprefix(settings.CARETILL_PUBLIC_URL))
    said = {link[1], check["Location"], card["Location"], done["Location"]}
    return before | said | addresses(maker, page, least=1) | addresses(helper, done["Location"], least=1)


def life_of_papers(marks: Marks, bill: Bill, member: MemberOf) -> set[str]:
    """A guest and a member send a paper; a second one is refused. The addresses of their pages."""
    held: set[str] = set()
    page = f"/help/{bill.region}/send/"
    client, who = a_browser(member.login_id)
    for browser, mine in ((Client(SERVER_NAME="127.0.0.1"), {}), (client, {"who": who})):
        words = mine | {
            "about": "bill",
            "number": marks.digits("number on a paper", 11)[:24],
            "name": marks.word("sender"),
        }
        body = pdf(b"/Title (" + marks.word("what a paper says").encode() + b")")
        file = SimpleUploadedFile(f"{marks.word('name of a file')}.pdf", body)
        assert browser.post(page, words | {"files": [SimpleUploadedFile(file.name or "", b"no")]}).status_code == 422
        answer = browser.post(page, words | {"files": [file]})
        assert answer.status_code == 303, answer.content.decode()
        held |= {answer["Location"]} | addresses(browser, answer["Location"], least=1)
    return held


def work() -> set[str]:
    """Everything in the outbox, whatever its time; the topics that were told."""
    while sql.one("SELECT 1 AS one FROM core_outbox WHERE sent_at IS NULL"):
        sql.execute("UPDATE core_outbox SET due_at = now() - interval '1 minute' WHERE sent_at IS NULL")
        assert outbox.relay(send.deliver), sql.query("SELECT topic, body FROM core_outbox WHERE sent_at IS NULL")
    return {row["topic"] for row in sql.query("SELECT DISTINCT topic FROM core_outbox")}


def outside(mail: Any) -> str:
    """A mail without whom it goes to: its other headers, and what it says."""
    kept = [f"{name}: {value}" for name, value in mail.items() if name != "To"]
    parts = [part for part in mail.walk() if not part.is_multipart()]
    return "\n".join([*kept, *(part.get_payload(decode=True).decode() for part in parts)])


def addresses(client: Client, start: str, least: int = 4) -> set[str]:
    """Every address that pages hold, from `start` on: those of ours are followed where they only show."""
    seen: set[str] = set()
    waiting, followed = [start], 0
    while waiting and followed < MOST_PAGES:
        followed += 1
        answer = client.get(waiting.pop(0))
        held = [answer.get("Location", "")]
        if answer.get("Content-Type", "").startswith("text/html"):
            held += re.findall(r'(?:href|src|action|formaction|data-[a-z]+)="([^"]*)"', answer.content.decode())
        for each in set(held) - seen - {""}:
            seen.add(each)
            if each.startswith("/") and not re.match(r"/(assets|sign-out|language|look)", each):
                waiting.append(urlsplit(each)._replace(fragment="").geturl())
    assert followed >= least and seen, seen
    return seen


def test_no_mark_leaves_the_house(marks: Marks, box: Postbox, wire: Wire, processor: Desk) -> None:
    with server_log() as log:
        told: set[str] = set()
        held: set[str] = set()
        for n in range(FAMILIES):
            language = ("en", "es")[n % 2]
            bill = a_marked_bill(marks, language)
            told |= work()  # to the contact on file, while nobody has a login
            member = a_marked_member(marks, bill, language)
            life_of_a_bill(marks, bill, member, processor)
            life_of_a_login(marks, bill, member, language)
            told |= work()
            if n < 2:
                held |= life_of_links(marks, bill, member, processor) | life_of_papers(marks, bill, member)
                told |= work()
                held |= addresses(a_browser(member.login_id)[0], "/account/")
                held |= addresses(Client(SERVER_NAME="127.0.0.1"), f"/p/{bill.pay_code}")
    assert len(marks.made) >= 200
    assert told >= set(send.TOPICS) - SILENT - LATER, "a topic that this test does not know: tell it here too"
    channels = {str(mail["To"]).rpartition("@")[2] for mail in box.mails}
    assert {"text.invalid", "push.invalid", "example.org"} <= channels and len(wire.asked) >= FAMILIES * 2
    out = {f"mail {mail['Subject']}": marks.found(outside(mail)) for mail in box.mails}
    out["log"] = marks.found(log.getvalue())
    out["addresses"] = marks.found("\n".join(held))
    out["processor"] = marks.found("\n".join(wire.asked))
    assert log.getvalue() and held
    assert not {where: found for where, found in out.items() if found}


def a_browser(login_id: UUID) -> tuple[Client, str]:
    """Signed in anew, as undoing a change signed everybody out; and what a form of theirs says whose it is."""
    token = sessions.begin(login_id, b"device", "Firefox", second=True)
    client = Client(SERVER_NAME="127.0.0.1")
    client.cookies[door.cookie()] = token
    session = sessions.who(token)
    assert session is not None
    return client, session.tag


def test_a_mark_that_gets_out_would_be_seen(marks: Marks) -> None:
    mark = marks.word("name")
    assert marks.found(f"Dear {mark.upper()}") and marks.found(f"/x?n=%{ord(mark[0]):02x}{mark[1:]}")
    assert not marks.found("Dear reader")
