"""Saved ways to pay through the pages: added, proved, named, chosen, replaced, deleted; nobody sees another's."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from django.test import Client

from caretill.core import clock, sql
from caretill.methods import access, change, mandates, validate
from caretill.payments import charge
from caretill.people import sessions
from caretill.regions import catalog
from house import cast, later, wallet
from house.desk import Desk, processor_desk
from house.member import MemberOf, a_member
from house.saved import saved_ask
from house.seen import alone

__all__ = ["processor_desk"]

WAYS = "/account/ways/"
TYPED = {
    "holder_name": "Juana Solano",
    "account_type": "checking",
    "routing": wallet.ROUTING,
    "number": "000123456789",
    "number_again": "000123456789",
}


def owner() -> tuple[UUID, MemberOf, Client]:
    own = cast.a_bill(10_000).account_id
    member = a_member(own)
    return own, member, member.client()


def text_of(page: object) -> str:
    html = re.sub(r"<[^>]+>", " ", page.content.decode())  # type: ignore[attr-defined]
    return " ".join(html.split())


def test_a_bank_account_is_agreed_to_and_proved(db: None) -> None:
    own, member, browser = owner()
    asked = browser.post(f"{WAYS}bank/", TYPED)
    assert asked.status_code == 200
    said = text_of(asked)
    assert "ends in 6789" in said and "I authorize Larkspur Health to keep my checking account" in said
    assert "Nacha rules" in said and "000123456789" not in asked.content.decode()
    assert access.listed(member.session().viewer) == []
    kept = re.search(r'name="kept" value="([^"]+)"', asked.content.decode())
    assert kept
    for _ in range(2):  # pressed twice
        saved = browser.post(f"{WAYS}bank/", {"kept": kept[1], "agree": "1"})
        assert saved.status_code == 303
    (one,) = access.listed(member.session().viewer)
    consent = mandates.of_method(own, one.id)
    assert [each["kind"] for each in consent] == ["save"] and "6789" in consent[0]["text"]
    prove = f"{WAYS}{one.id}/prove/"
    assert "We send the amounts on the next bank day" in text_of(browser.get(prove))
    wallet.arrived(own, one.id, date(2026, 11, 20))
    pair = wallet.the_amounts(own, one.id)
    with clock.fixed(datetime(2026, 11, 20, 17, tzinfo=UTC)):
        browser = a_session(member)
        assert "Which two amounts came in?" in text_of(browser.get(prove))
        for typed, words in ((("", "5"), "Type the cents"), (("100", "x"), "whole number from 1 to 99")):
            page = browser.post(prove, {"cents1": typed[0], "cents2": typed[1]})
            assert page.status_code == 422 and words in text_of(page)
        wrong = browser.post(prove, {"cents1": str(pair[0]), "cents2": str(pair[1] % 99 + 1)})
        assert wrong.status_code == 422 and "You have two more tries" in text_of(wrong)
        right = browser.post(prove, {"cents1": f"0.{pair[1]:02d}", "cents2": str(pair[0])})
    assert right.status_code == 303 and right["Location"].endswith("done=proved")
    assert access.listed(member.session().viewer)[0].state == "ready"


def a_session(member: MemberOf) -> Client:
    """Signed in at the time that the clock shows."""
    token = sessions.begin(member.login_id, b"device", "Firefox", second=False)
    return MemberOf(member.login_id, member.email, member.password, token).client()


WRONG: list[tuple[dict[str, str], str]] = [
    ({"routing": "021099994"}, "Check the routing number"),
    ({"number": "123456789012345678", "number_again": "123456789012345678"}, "at most 17 digits"),
    ({"number": "12AB5678", "number_again": "12AB5678"}, "with digits only"),
    ({"number_again": "000123456780"}, "not the same"),
    ({"holder_name": ""}, "Type the name"),
]


def test_what_is_wrong_is_said_at_its_field(db: None) -> None:
    _, member, browser = owner()
    for changed, words in WRONG:
        page = browser.post(f"{WAYS}bank/", {**TYPED, **changed})
        assert page.status_code == 422 and words in text_of(page), words
        assert TYPED["number"] not in page.content.decode()
    assert access.listed(member.session().viewer) == []


def test_a_page_of_numbers_is_its_owners_and_ends(db: None) -> None:
    own, _, browser = owner()
    kept = re.search(r'name="kept" value="([^"]+)"', browser.post(f"{WAYS}bank/", TYPED).content.decode())
    assert kept
    other = a_member(own, "pay", email="pat@example.org")
    assert other.client().post(f"{WAYS}bank/", {"kept": kept[1], "agree": "1"}).status_code == 404
    gone = browser.post(f"{WAYS}bank/", {"kept": kept[1][:-2], "agree": "1"})
    assert "Please type the account again" in text_of(gone)
    assert sql.one("SELECT count(*) AS n FROM methods_method") == {"n": 0}


def test_a_card_is_saved_on_the_processors_page(processor: Desk) -> None:
    own, member, browser = owner()
    asked = browser.get(f"{WAYS}card/")
    assert "I authorize Larkspur Health to keep the card I enter on the next page" in text_of(asked)
    key = re.search(r'name="key" value="([^"]+)"', asked.content.decode())
    assert key
    sent = browser.post(f"{WAYS}card/", {"key": key[1], "nickname": "Blue card"})
    assert sent.status_code == 303
    assert browser.post(f"{WAYS}card/", {"key": key[1], "nickname": "Blue card"})["Location"] == sent["Location"]
    back = browser.get(f"{WAYS}saved/{key[1]}/")
    assert "We do not have the card yet" in text_of(back)
    processor.card(sent["Location"])
    done = browser.get(f"{WAYS}saved/{key[1]}/", follow=True)
    assert "We saved it" in text_of(done) and "Visa card that ends in 4242 (Blue card)" in text_of(done)
    other = a_member(own, "pay", email="pat@example.org")
    assert other.client().get(f"{WAYS}saved/{key[1]}/").status_code == 404
    assert [each.nickname for each in access.listed(member.session().viewer)] == ["Blue card"]


def test_a_processor_that_is_away_is_said_and_nothing_is_lost(processor: Desk) -> None:
    _, member, browser = owner()
    processor.fault("dark", times=1)
    key = str(uuid4())
    page = browser.post(f"{WAYS}card/", {"key": key, "nickname": ""})
    assert page.status_code == 422 and "No card was saved. Please press again" in text_of(page)
    assert key in page.content.decode()
    assert access.listed(member.session().viewer) == []


def test_name_first_choice_and_delete(db: None) -> None:
    own, member, browser = owner()
    card, bank = wallet.a_card(own, member.login_id), wallet.a_bank(own, member.login_id)
    assert "First choice · Ready to use" in text_of(browser.get(WAYS))
    browser.post(f"{WAYS}{bank}/", {"nickname": "House money"})
    browser.post(f"{WAYS}{bank}/", {"default": "1"})
    viewer = member.session().viewer
    assert [(each.id, each.nickname) for each in access.listed(viewer)] == [(bank, "House money"), (card, "")]
    asked = browser.get(f"{WAYS}{bank}/delete/")
    assert "Delete this way to pay?" in text_of(asked) and "Nothing is taken from it by itself" in text_of(asked)
    gone = browser.post(f"{WAYS}{bank}/delete/", {"delete": "1"}, follow=True)
    assert "We took it away" in text_of(gone)
    assert [each.id for each in access.listed(viewer)] == [card]
    for page in ("", "delete/", "replace/", "prove/"):
        assert browser.get(f"{WAYS}{bank}/{page}").status_code == 404


def test_replacing_shows_the_words_first_and_moves_all_of_it(db: None) -> None:
    own, member, browser = owner()
    card, bank = wallet.a_card(own, member.login_id), wallet.a_bank(own, member.login_id)
    mandate = wallet.a_mandate(own, card, member.login_id)
    page = f"{WAYS}{card}/replace/"
    assert "Which one takes its place?" in text_of(browser.get(page))
    assert browser.post(page, {}).status_code == 422
    chosen = browser.post(page, {"by": str(bank)})
    assert chosen["Location"].endswith(f"?by={bank}")
    shown = text_of(browser.get(chosen["Location"]))
    assert "my checking account that ends in 6789" in shown and "I agree, move it" in shown
    assert mandates.live(own, mandate)
    done = browser.post(page, {"by": str(bank), "agree": "1"}, follow=True)
    assert "We moved all to the new one" in text_of(done)
    assert [each.id for each in access.listed(member.session().viewer)] == [bank]
    after = mandates.successor(own, mandate)
    assert after and mandates.live(own, after) and not mandates.live(own, mandate)


WHY = {
    "R02": "closed or not found",
    "R16": "on hold",
    "R07": "do not allow",
    "expired": "over its end date",
    "guesses": "not right three times",
    "lost_card": "Your bank said no",
}


def test_why_it_cannot_be_used_is_said_with_what_to_do(db: None) -> None:
    own, member, browser = owner()
    for place, (why, words) in enumerate(WHY.items()):
        bank = wallet.a_bank(own, member.login_id, number=f"7700113{place:04d}", proved=False)
        change.disable(own, bank, why)
        assert words in text_of(browser.get(f"{WAYS}{bank}/")), why
    said = text_of(browser.get(WAYS))
    assert all(words in said for words in WHY.values())


def test_nobody_sees_or_changes_anothers(db: None) -> None:
    """A stranger, a household member of each level, and who is signed out: as if it were not there."""
    own, member, _ = owner()
    bank = wallet.a_bank(own, member.login_id, proved=False)
    validate.begin(own, bank)
    stranger = a_member(cast.a_bill(5_000, family="2").account_id, email="stranger@example.org")
    others = [stranger] + [a_member(own, level, email=f"{level}@example.org") for level in ("see", "pay", "manage")]
    for each in others:
        browser = each.client()
        assert not alone("6789", text_of(browser.get(WAYS)))
        for page in ("", "delete/", "replace/", "prove/"):
            address = f"{WAYS}{bank}/{page}"
            assert browser.get(address).status_code == 404, (each.email, page)
            answer = browser.post(
                address, {"delete": "1", "default": "1", "nickname": "x", "cents1": "1", "agree": "1"}
            )
            assert answer.status_code == 404, (each.email, page)
    assert Client(SERVER_NAME="127.0.0.1").get(f"{WAYS}{bank}/").status_code in (302, 303)
    found = access.one(member.session().viewer, own, bank)
    assert (found.nickname, found.guesses, found.state) == ("", 0, "checking")


@pytest.mark.parametrize("way", ["delete", "replace"])
def test_a_debit_that_waits_is_named_and_let_go(db: None, way: str) -> None:
    """Its bill is open again at once; the page said so before the press."""
    bill = cast.a_bill(14_000)
    member = a_member(bill.account_id)
    browser = member.client()
    bank, card = wallet.a_bank(bill.account_id, member.login_id), wallet.a_card(bill.account_id, member.login_id)
    begun = charge.charge(saved_ask(bill, 9_000, bank, login_id=member.login_id))
    assert begun.code == "queued"
    page = f"{WAYS}{bank}/{way}/"
    asked = text_of(browser.get(page if way == "delete" else f"{page}?by={card}"))
    assert "These payments are then not taken" in asked and "$90.00 on" in asked
    browser.post(page, {"delete": "1"} if way == "delete" else {"by": str(card), "agree": "1"})
    row = sql.one("SELECT state FROM payments_payment WHERE id = %s", (begun.payment_id,))
    assert row == {"state": "voided"}
    assert bill.figures()["open_cents"] == 14_000


def test_automatic_payment_is_listed_and_moves(db: None) -> None:
    """What is taken from it by itself stands on the pages, and follows the one that takes its place."""
    payer = later.a_payer(cast.a_bill(14_000))
    browser, own, old = payer.member.client(), payer.bill.account_id, payer.method_id
    order = later.enrolled(payer)
    card = wallet.a_card(own, payer.member.login_id)
    assert "Automatic payment" in text_of(browser.get(f"{WAYS}{old}/"))
    assert "They wait for you to choose another way to pay" in text_of(browser.get(f"{WAYS}{old}/delete/"))
    shown = text_of(browser.get(f"{WAYS}{old}/replace/?by={card}"))
    assert "Automatic payment" in shown and "I authorize Larkspur Health to charge my Visa card" in shown
    browser.post(f"{WAYS}{old}/replace/", {"by": str(card), "agree": "1"})
    row = sql.one("SELECT method_id, state, mandate_id FROM autopay_order WHERE id = %s", (order,))
    assert row and (row["method_id"], row["state"]) == (card, "active")
    assert mandates.live(own, row["mandate_id"])


def test_an_organisation_without_a_bank_for_debits_offers_none(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, browser = owner()
    assert "Save a bank account" in text_of(browser.get(WAYS))
    without = replace(catalog.organisation(), debit_bank=None)
    monkeypatch.setattr(catalog, "organisation", lambda: without)
    monkeypatch.setattr(catalog, "organisation", lambda: without)
    said = text_of(browser.get(WAYS))
    assert "Save a card" in said and "Save a bank account" not in said
    assert browser.get(f"{WAYS}bank/").status_code == 404
    assert browser.post(f"{WAYS}bank/", TYPED).status_code == 404
