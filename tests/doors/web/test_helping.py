"""Somebody else pays by a link, without JavaScript: what each of the two sees, and what neither does."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from unittest import mock
from urllib.parse import unquote

import pytest
from django.test import Client

from caretill.core import clock, outbox, sql
from caretill.letters import post, send
from caretill.payments import helping
from caretill.payments.gateways.base import SessionRequest
from caretill.people.viewer import NOBODY
from caretill.web.flow import help_token
from house.cast import Bill, a_bill
from house.desk import Desk, processor_desk
from house.family import a_family
from house.member import a_member, person_of
from house.payer import HIDDEN, Payer, text, words
from house.seen import alone

__all__ = ["processor_desk"]
AT = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
ADDRESS = re.compile(r'readonly value="[^"]*(/h/[^"]+)"')
MINE = {"amount": "all", "other_amount": "", "payer_name": "Ruth Helper", "email": "ruth@example.org"}


class Helper:
    """The browser of somebody who was sent a link. `seen` is every answer it ever got."""

    def __init__(self, path: str, language: str = "en") -> None:
        self.client = Client(SERVER_NAME="127.0.0.1", HTTP_ACCEPT_LANGUAGE=language)
        self.path = path
        self.seen: list[Any] = []

    def get(self, path: str = "") -> Any:
        self.seen.append(self.client.get(path.partition("#")[0].replace("http://127.0.0.1:8000", "") or self.path))
        return self.seen[-1]

    def post(self, data: dict[str, str], path: str = "") -> Any:
        self.seen.append(self.client.post(path or self.path, data))
        return self.seen[-1]

    def to_check(self, **changes: str) -> Any:
        answer = self.post(MINE | changes)
        assert answer.status_code == 303, answer.content.decode()
        return self.get(answer["Location"])

    def press_pay(self, check: Any) -> Any:
        key = dict(HIDDEN.findall(check.content.decode()))["key"]
        return self.post({"key": key}, check.request["PATH_INFO"])

    def told(self) -> str:
        """All that its answers said."""
        return bare(
            " ".join(
                f"{answer.content.decode('utf-8', 'replace')} {answer.headers.get('Location', '')}"
                for answer in self.seen
            )
        )


def bare(text: str) -> str:
    """Without sealed tokens and keys: any letters may stand in those."""
    return re.sub(r"[A-Za-z0-9_-]{32,}", "", text)


def hidden_of(bill: Bill) -> list[str]:
    known = [
        bill.number,
        f"ending in {bill.number[-4:]}",
        bill.pay_code,
        bill.account_number,
        bill.health_record_number,
    ]
    return [*known, "Solano", "Juana", "J***", "S***", "Iker", "Prueba", "Office visit", "Medical Group"]


def made_by_guest(bill: Bill, other: str = "", email: str = "", **how: str) -> tuple[Payer, str]:
    """A guest chooses an amount and makes a link; the path of the link."""
    payer = Payer(bill, **how)
    chosen = {"amount": "other" if other else "all", "other_amount": other, "do": "helper"}
    answer = payer.post("amount", chosen)
    assert answer["Location"] == payer.at("someone-else")
    page = payer.get("someone-else")
    assert page.status_code == 200 and "/h/" not in page.content.decode()
    answer = payer.post("someone-else", {"email": email})
    assert answer.status_code == 303
    found = ADDRESS.search(payer.get("someone-else").content.decode())
    assert found
    return payer, found[1]


def test_start_to_finish_and_the_helper_never_saw_the_bill(processor: Desk, parse: Any) -> None:
    bill = a_bill(14_000)
    maker, path = made_by_guest(bill, "60.00", "juana@example.org")
    helper = Helper(path)
    page = helper.get()
    parse(page.content)
    assert words("helping.title", name="J.") in text(page) and "$60.00" in text(page) and "$140.00" not in text(page)
    check = helper.to_check(amount="other", other_amount="25")
    parse(check.content)
    assert words("check.pay", amount="$25.00") in text(check) and "Larkspur Health" in text(check)
    with mock.patch("caretill.payments.take.SessionRequest", wraps=SessionRequest) as asked:
        card = helper.press_pay(check)
    assert card.status_code == 303
    assert not [each for each in hidden_of(bill) if each in bare(repr(asked.call_args_list))]
    done = helper.get(helper.get(processor.card(card["Location"]))["Location"])
    parse(done.content)
    assert words("helping.thanks", name="J.") in text(done) and "$25.00" in text(done)
    token = re.search(r'href="/r/([^"]+)\.pdf"', done.content.decode())
    assert token
    receipt = helper.get(f"/r/{token[1]}")
    parse(receipt.content)
    assert "$25.00" in text(receipt) and "J." in text(receipt)
    assert helper.client.get(f"/r/{token[1]}.pdf").status_code == 200
    told = helper.told()
    assert not [each for each in hidden_of(bill) if each in told]
    assert bill.figures()["open_cents"] == 11_500
    mine = text(maker.get("someone-else"))
    assert words("helping.paid", amount="$25.00") in mine and "Ruth" not in mine


def test_no_page_of_a_bill_opens_to_a_helper(processor: Desk) -> None:
    bill = a_bill(14_000)
    _, path = made_by_guest(bill)
    helper = Helper(path)
    check = helper.to_check()
    flow = check.request["PATH_INFO"].removesuffix("/check")
    for page in ("bill", "bill.pdf", "amount", "details", "someone-else"):
        answer = helper.get(f"{flow}/{page}")
        assert answer.status_code == 303 and answer["Location"].startswith("/h/"), page
    assert helper.post({"amount": "all"}, f"{flow}/amount")["Location"].startswith("/h/")
    reads = {row["viewer"] for row in sql.query("SELECT viewer FROM core_read WHERE what = 'amounts'")}
    assert reads == {"guest", "helper"}


def test_what_is_wrong_is_said_and_kept(db: None, parse: Any) -> None:
    bill = a_bill(14_000)
    _, path = made_by_guest(bill, "60.00")
    helper = Helper(path)
    answer = helper.post(MINE | {"amount": "other", "other_amount": "60.01", "payer_name": "", "email": "no"})
    parse(answer.content)
    assert answer.status_code == 422
    for key in ("helping.error.above", "details.error.name_missing", "details.error.email_shape"):
        assert words(key, most="$60.00") in text(answer)
    assert 'value="60.01"' in answer.content.decode()
    assert helper.post(MINE | {"amount": "nonsense"}).status_code == 422


def test_a_link_that_ended_says_so_and_one_that_is_paid_too(processor: Desk) -> None:
    with clock.fixed(AT) as time:
        bill = a_bill(14_000)
        maker, path = made_by_guest(bill, "60.00")
        helper, other = Helper(path), Helper(path)
        card = helper.press_pay(helper.to_check())
        assert words("helping.paid_title") in text(other.get()), "all of it is on its way"
        helper.get(processor.card(card["Location"]))
        again = helper.get()
        assert again.status_code == 200 and words("helping.paid_title") in text(again)
        taken = re.search(r'name="back" value="([^"]+)"', maker.get("someone-else").content.decode())
        assert taken and maker.post("someone-else", {"back": taken[1]}).status_code == 303
        closed = other.get()
        assert closed.status_code == 410 and words("helping.ended_title") in text(closed)
        maker.post("someone-else", {})
        late = ADDRESS.search(maker.get("someone-else").content.decode())
        assert late
        time.advance(days=31)
        assert Helper(late[1]).get().status_code == 410
        assert Helper("/h/nonsense").get().status_code == 404


def test_somebody_else_is_paying_now(processor: Desk) -> None:
    bill = a_bill(14_000)
    _, path = made_by_guest(bill)
    own = Payer(bill)
    own.to_card(amount="other", other="10.00")
    page = Helper(path).get()
    assert words("helping.held_title") in text(page)


def test_what_was_paid_meanwhile_is_not_asked_of_the_helper(processor: Desk) -> None:
    bill = a_bill(14_000)
    _, path = made_by_guest(bill)
    helper = Helper(path)
    check = helper.to_check()
    own = Payer(bill)
    own.get(processor.card(own.to_card(amount="other", other="100.00")))
    answer = helper.press_pay(check)
    assert answer.status_code == 303 and answer["Location"].startswith("/h/")
    page = helper.get(answer["Location"])
    assert words("helping.fallen.title") in text(page) and "$40.00" in text(page) and "$140.00" not in text(page)


def test_a_second_press_makes_no_second_link_and_the_ways_to_send_it_hold_it(db: None) -> None:
    bill = a_bill(14_000)
    maker, path = made_by_guest(bill)
    maker.post("someone-else", {"email": ""})
    assert len(helping.of_bills(bill.account_id, [bill.bill_id])) == 1
    body = maker.get("someone-else").content.decode()
    ways = [unquote(each) for each in re.findall(r'href="((?:mailto|sms):[^"]+)"', body)]
    assert len(ways) == 2 and all("/h/" in way and not alone("140", way) for way in ways)
    assert help_token(bill.account_id, helping.of_bills(bill.account_id, [bill.bill_id])[0].id) != path


def test_a_member_makes_one_for_their_own_bills_and_nobody_elses(processor: Desk) -> None:
    bill = a_bill(14_000)
    member = a_member(bill.account_id, "holder", email="holder@example.org")
    client = member.client()
    answer = client.post(
        "/account/pay/", {"of": str(bill.bill_id), "amount": "other", "other_amount": "30", "do": "helper",
                          "who": member.session().tag},
    )  # fmt: skip
    assert answer.status_code == 303, answer.content.decode()
    page = client.get(answer["Location"])
    assert page.status_code == 200 and 'name="email"' not in page.content.decode()
    client.post(answer["Location"], {"who": member.session().tag})
    link = helping.of_bills(bill.account_id, [bill.bill_id])[0]
    assert link.login_id == member.login_id and link.asked_cents == 3_000
    stranger = Client(SERVER_NAME="127.0.0.1")
    stranger.cookies = client.cookies.copy()
    stranger.cookies.pop(next(name for name in stranger.cookies if "session" in name or "member" in name), None)
    assert stranger.get(answer["Location"]).status_code in (303, 404)


@pytest.mark.parametrize("language", ["en", "es"])
def test_who_made_it_is_told_once_without_amount_or_name(processor: Desk, language: str) -> None:
    bill = a_bill(14_000)
    _, path = made_by_guest(bill, email="juana@example.org", language=language)
    helper = Helper(path)
    helper.get(processor.card(helper.press_pay(helper.to_check())["Location"]))
    mails: list[Any] = []
    with mock.patch.object(post, "transmit", mails.append):
        for _ in range(4):
            outbox.relay(send.deliver)
    to = sorted(str(mail["To"]) for mail in mails)
    assert to == ["juana@example.org", "ruth@example.org"]
    for mail in mails:
        told = bare(f"{mail['Subject']} {mail.get_body(('plain',)).get_content()}")
        assert not [each for each in (*hidden_of(bill), "140", "Ruth") if each in told]


def test_a_link_asks_for_no_more_than_is_owed_by_now(processor: Desk) -> None:
    """It was chosen a while ago; since then part of it was paid, and then all."""
    bill = a_bill(14_000)
    maker = Payer(bill)
    maker.post("amount", {"amount": "all", "do": "helper"})
    first = Payer(bill)
    first.get(processor.card(first.to_card(amount="other", other="100.00")))
    assert "$140.00" not in (asked := text(maker.get("someone-else"))) and "$40.00" in asked
    maker.post("someone-else", {"email": ""})
    made = text(maker.get("someone-else"))
    assert words("helping.link", amount="$40.00") in made and words("helping.make_title") not in made
    last = Payer(bill)
    last.get(processor.card(last.to_card()))
    assert words("helping.make_title") not in text(maker.get("someone-else"))
    for link in helping.of_bills(bill.account_id, [bill.bill_id]):
        helping.take_back(bill.account_id, link.id)
    assert maker.get("someone-else")["Location"] == maker.at("amount")


def test_a_link_ends_while_somebody_is_about_to_pay_by_it(processor: Desk) -> None:
    """The right of who made it was taken back after the page was opened."""
    bill = a_bill(14_000)
    member = a_member(bill.account_id, "pay", person_of(bill.account_id), email="pay@example.org")
    link = helping.make(bill.account_id, bill.region, [(bill.bill_id, 5_000)], login_id=member.login_id)
    assert link
    helper = Helper(f"/h/{help_token(bill.account_id, link.id)}")
    check = helper.to_check()
    sql.execute("UPDATE people_access SET ended_at = %s WHERE login_id = %s", (clock.now(), member.login_id))
    answer = helper.press_pay(check)
    assert answer.status_code == 303 and answer["Location"].startswith("/h/")
    assert helper.get(answer["Location"]).status_code == 410
    assert sql.one("SELECT count(*) AS n FROM payments_payment") == {"n": 0}


def test_who_may_pay_for_one_person_sees_no_link_for_two(db: None) -> None:
    """Its sum would tell what the other one owes."""
    family = a_family()
    both = [(family.bills[name], 10_000) for name in ("Iker", "Olmo")]
    assert helping.make(family.account_id, family.region, both)
    assert helping.make(family.account_id, family.region, [(family.bills["Iker"], 1_234)])
    iker = family.people["Iker"]
    for level, person, sees in (("pay", iker, False), ("holder", NOBODY, True)):
        member = a_member(family.account_id, level, person, email=f"{level}@example.org")
        client = member.client()
        tag = member.session().tag
        chosen = {"of": str(family.bills["Iker"]), "amount": "all", "other_amount": "", "do": "helper", "who": tag}
        page = client.get(client.post("/account/pay/", chosen)["Location"])
        assert page.status_code == 200 and "$12.34" in text(page)
        assert ("$200.00" in text(page)) is sees


def test_no_page_of_the_family_leads_to_the_helpers_payment(processor: Desk) -> None:
    """Its page would show the helper's card once it is paid."""
    bill = a_bill(14_000)
    member = a_member(bill.account_id, "holder", email="holder@example.org")
    _, path = made_by_guest(bill)
    helper = Helper(path)
    card = helper.press_pay(helper.to_check())
    client = member.client()
    pages = [client.get(each) for each in ("/account/", "/account/history/", f"/account/bills/{bill.bill_id}/")]
    sql.execute("UPDATE payments_payment SET state = 'pending'")
    pages += [client.get("/account/")]
    assert "$140.00" in text(pages[-1])
    for page in pages:
        assert not re.search(r"/pay/(wait|done|cancel|return)/", page.content.decode()), page.request["PATH_INFO"]
    assert card.status_code == 303
