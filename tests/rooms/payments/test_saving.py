"""A card is saved on the processor's page: once, whoever tells of it first, and with what was agreed to about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from caretill.core import clock, sql
from caretill.core.ids import uuid7
from caretill.methods import access, change, forget, mandates, saving
from caretill.payments import callbacks
from caretill.payments import saving as cards
from house import cast
from house.desk import Desk, at_once
from house.member import MemberOf, a_member


def ask(own: UUID, member: MemberOf, **changes: object) -> cards.SaveAsk:
    text = mandates.words("save", "es", region="oregon", account="card")
    given = cards.SaveAsk(own, uuid7(), member.login_id, "oregon", text, "203.0.113.9", "Blue card")
    return replace(given, **changes)  # type: ignore[arg-type]


def owner() -> tuple[UUID, MemberOf]:
    own = cast.a_bill(10_000).account_id
    return own, a_member(own)


def try_of(wish: cards.SaveAsk) -> saving.Saving:
    found = saving.one(wish.account_id, wish.saving_id)
    assert found
    return found


def test_a_card_typed_on_the_processors_page_is_a_way_to_pay(processor: Desk) -> None:
    own, member = owner()
    wish = ask(own, member)
    started = cards.begin(wish)
    assert started.code == "open"
    assert cards.look(try_of(wish)) == "open"
    assert f"/account/ways/saved/{wish.saving_id}/" in processor.card(started.url)
    assert cards.look(try_of(wish)) == "saved"
    (found,) = access.listed(member.session().viewer)
    assert (found.last4, found.nickname, found.state, found.is_default) == ("4242", "Blue card", "ready", True)
    assert processor.charges() == []
    consent = mandates.one(own, wish.saving_id)
    assert consent and (consent["kind"], consent["language"], consent["last4"]) == ("save", "es", "4242")
    assert consent["text"] == wish.text.text and consent["method_id"] == found.id
    kept = access.chargeable(own, found.id)
    assert kept and kept.network_ref and kept.token_ref


@pytest.mark.slow
def test_the_browser_the_message_and_the_worker_at_once_keep_one_card(processor: Desk) -> None:
    own, member = owner()
    wish = ask(own, member)
    processor.card(cards.begin(wish).url)
    with clock.fixed(clock.now() + timedelta(minutes=3)):
        at_once([lambda: cards.look(try_of(wish)), callbacks.apply_due, cards.sweep, lambda: cards.look(try_of(wish))])
    assert len(access.listed(member.session().viewer)) == 1
    for table in ("methods_method", "methods_mandate"):
        assert sql.one(f"SELECT count(*) AS n FROM {table}") == {"n": 1}


def test_who_closed_the_window_has_the_card_all_the_same(processor: Desk) -> None:
    own, member = owner()
    wish = ask(own, member)
    processor.card(cards.begin(wish).url)
    with clock.fixed(clock.now() + timedelta(minutes=3)):
        assert cards.sweep()["finished"] == 1
        assert cards.sweep()["finished"] == 0
    assert len(access.listed(member.session().viewer)) == 1


def test_a_lost_answer_makes_no_second_page(processor: Desk) -> None:
    own, member = owner()
    wish = ask(own, member)
    processor.fault("create_lost")
    assert cards.begin(wish).code == "not_sent"
    again = cards.begin(wish)
    assert again.code == "open"
    processor.card(again.url)
    assert cards.look(try_of(wish)) == "saved"
    assert cards.begin(wish).code == "saved"
    assert len(access.listed(member.session().viewer)) == 1


def test_nothing_is_kept_of_who_went_away(processor: Desk) -> None:
    own, member = owner()
    wish = ask(own, member)
    cards.begin(wish)
    processor.shell.admin("POST", "clock", {"advance_seconds": 3600})
    with clock.fixed(clock.now() + timedelta(hours=1)):
        assert cards.sweep()["finished"] == 1
    assert access.listed(member.session().viewer) == []
    row = sql.one("SELECT state, consent, network FROM methods_saving")
    assert row and (row["state"], sql.answer(row["consent"]), row["network"]) == ("ended", {}, "")


def test_so_many_cards_a_day_and_no_more(processor: Desk) -> None:
    own, member = owner()
    codes = [cards.begin(ask(own, member)).code for _ in range(saving.MOST_A_DAY + 1)]
    assert codes == ["open"] * saving.MOST_A_DAY + ["too_many"]


def test_a_try_is_its_owners_alone(processor: Desk) -> None:
    own, member = owner()
    other = a_member(own, "pay", email="pat@example.org")
    wish = ask(own, member)
    cards.begin(wish)
    assert saving.of(member.login_id, wish.saving_id) is not None
    assert saving.of(other.login_id, wish.saving_id) is None
    assert cards.begin(replace(wish, login_id=other.login_id)).code == "too_many"


def test_a_deleted_card_is_forgotten_by_the_processor_too(processor: Desk) -> None:
    own, member = owner()
    wish = ask(own, member)
    processor.card(cards.begin(wish).url)
    cards.look(try_of(wish))
    (found,) = access.listed(member.session().viewer)
    change.delete(own, found.id)
    processor.fault("forget_500_before")
    assert cards.sweep()["forgotten"] == 0
    assert len(forget.tokens()) == 1
    assert cards.sweep()["forgotten"] == 1
    assert cards.sweep()["forgotten"] == 0
    assert any(row["what"] == "method.forgotten" for row in processor.shell.log())


def test_news_of_a_card_from_its_bank_are_taken_on(processor: Desk) -> None:
    """A new date is kept, whoever asks for it first."""
    own, member = owner()
    wish = ask(own, member)
    url = cards.begin(wish).url
    expiry = f"{clock.now():%m/%y}"
    form = {"number": "4242424242424242", "expiry": expiry, "security_code": "123", "name": "Pat Payer", "zip": "97201"}
    processor.shell.browse("POST", f"{url}/pay", form)
    assert cards.look(try_of(wish)) == "saved"
    (before,) = access.listed(member.session().viewer)
    later = clock.now() + timedelta(days=70)
    processor.shell.admin("POST", "clock", {"advance_seconds": 70 * 86_400})
    processor.shell.flush()
    with clock.fixed(later):
        assert callbacks.apply_due() >= 1
    (after,) = access.listed(member.session().viewer)
    assert before.expiry_year != after.expiry_year
    assert after.state == "ready" and after.expiry_year and after.expiry_year > later.year
