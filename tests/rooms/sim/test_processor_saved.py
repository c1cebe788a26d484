"""Saved cards: kept by their holder's own tick, charged later under the networks' flags. Over every shell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from caretill.core import clock
from caretill.payments.gateways.base import GatewayRefused, GatewayUnknown
from caretill.sim.processor import cards
from rooms.sim.processor_rig import FORM, KEYS, RETURN_URL, SHELLS, Inside, Rig

YEAR = 365 * 24 * 3600


@pytest.fixture(params=SHELLS)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    with clock.fixed(datetime(2026, 3, 4, 17, 0, tzinfo=UTC)):
        made = SHELLS[request.param](tmp_path)
        yield made
        made.close()


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Rig]:
    """One shell is enough for what the core alone decides."""
    with clock.fixed(datetime(2026, 3, 4, 17, 0, tzinfo=UTC)):
        made = Inside(tmp_path)
        yield made
        made.close()


def refused(code: str) -> Any:
    return pytest.raises(GatewayRefused, match=f"^{code}$")


def test_a_card_is_saved_only_by_the_tick_of_its_holder(rig: Rig) -> None:
    plain = rig.open()
    assert 'name="save"' not in rig.browse("GET", plain.url).text
    rig.pay(plain, save="yes")
    assert rig.gateway.retrieve_session(plain.id).method_ref is None
    offered = rig.open(save=True)
    page = rig.browse("GET", offered.url).text
    assert 'name="save" type="checkbox"' in page and "checked" not in page
    rig.pay(offered)
    assert rig.gateway.retrieve_session(offered.id).method_ref is None
    ticked = rig.open(save=True)
    assert " checked" in rig.pay(ticked, number="4000000000000002", save="yes").text
    assert rig.pay(ticked, save="yes").location == RETURN_URL
    paid = rig.gateway.retrieve_session(ticked.id)
    assert paid.outcome == "paid" and paid.charge_id and paid.network_ref
    assert (paid.expiry_month, paid.expiry_year, paid.funding) == (9, 2049, "credit")
    kept = rig.gateway.retrieve_method(paid.method_ref or "")
    assert (kept.card_brand, kept.card_last4, kept.network_ref, kept.usable) == ("Visa", "4242", paid.network_ref, True)


def test_a_page_that_only_saves_takes_no_money(rig: Rig) -> None:
    session = rig.open(purpose="save", amount_cents=0)
    page = rig.browse("GET", session.url).text
    assert "Save a card for Larkspur Health" in page and "No money is taken now." in page and "$" not in page
    assert rig.pay(session).location == RETURN_URL
    saved = rig.gateway.retrieve_session(session.id)
    assert (saved.status, saved.outcome, saved.charge_id, saved.amount_cents) == ("complete", "saved", None, 0)
    assert rig.log("charge") == [] and [line["method"] for line in rig.log("method.saved")] == [saved.method_ref]
    assert rig.pay(session).location == RETURN_URL and len(rig.log("method.saved")) == 1
    assert "Your card is saved" in rig.browse("GET", session.url).text
    with refused("already_saved"):
        rig.gateway.expire_session(session.id)
    rig.flush()
    [(headers, raw)] = rig.merchant.got
    news = rig.gateway.read_callback(raw, headers)
    assert (news.kind, news.session_id, news.method_ref) == ("session.completed", session.id, saved.method_ref)


@pytest.mark.parametrize("values", [{"purpose": "save"}, {"amount_cents": 0}, {"purpose": "keep"}])
def test_a_page_to_save_and_an_amount_do_not_go_together(here: Rig, values: dict[str, Any]) -> None:
    with refused("bad_value"):
        here.open(**values)


def test_a_charge_of_a_saved_card(rig: Rig) -> None:
    asked = rig.charge_request(rig.saved())
    result = rig.gateway.charge_saved(asked)
    assert (result.status, result.failure_code, result.hard) == ("succeeded", None, False)
    assert (result.reference, result.amount_cents, result.card_brand, result.card_last4) == (
        "charge-1", 9_000, "Visa", "4242",
    )  # fmt: skip
    [captured] = rig.log("charge.captured")
    assert (captured["charge"], captured["key"], captured["detail"]) == (result.id, asked.key, "merchant recurring")
    [listed] = rig.gateway.find_charges(reference="charge-1")
    assert (listed.id, listed.session_id, listed.amount_cents, listed.voided) == (result.id, None, 9_000, False)
    rig.flush()
    news = {found.kind: found for found in (rig.gateway.read_callback(*it[::-1]) for it in rig.merchant.got)}
    charged = news["charge.succeeded"]
    assert (charged.session_id, charged.charge_id) == (None, result.id)
    given = rig.gateway.refund("r", result.id, 1_000, "refund-1")
    assert (given.charge_id, given.status) == (result.id, "succeeded")


def test_the_same_key_charges_once_and_another_body_is_refused(rig: Rig) -> None:
    asked = rig.charge_request(rig.saved())
    first = rig.gateway.charge_saved(asked)
    assert rig.gateway.charge_saved(asked) == first
    for change in ({"amount_cents": 9_001}, {"reason": "installment"}, {"reference": "charge-2"}):
        with refused("idempotency_mismatch"):
            rig.gateway.charge_saved(replace(asked, **change))
    assert len(rig.log("charge.captured")) == 1
    assert rig.gateway.find_saved_charges("charge-1") == [first]
    rig.advance(24 * 3600 + 1)
    again = rig.gateway.charge_saved(asked)
    assert again.id != first.id and len(rig.gateway.find_saved_charges("charge-1")) == 2


def test_a_charge_by_us_carries_its_flags_or_is_refused(here: Rig) -> None:
    saved, other = here.saved(), here.saved()
    asked = here.charge_request(saved)
    for change in ({"network_ref": None}, {"reason": "none"}, {"network_ref": None, "reason": "none"}):
        with refused("cof_missing"):
            here.gateway.charge_saved(replace(asked, **change))
    with refused("cof_unknown"):
        here.gateway.charge_saved(replace(asked, network_ref=other.network_ref))
    for change in ({"initiator": "bank"}, {"reason": "because"}, {"currency": "EUR"}, {"amount_cents": 0}):
        with refused("bad_value"):
            here.gateway.charge_saved(replace(asked, **change))
    assert here.log("charge") == [] and here.gateway.find_saved_charges("charge-1") == []
    first = here.gateway.charge_saved(asked)
    by_holder = replace(asked, key="holder", initiator="customer", reason="none", network_ref=None)
    assert here.gateway.charge_saved(by_holder).status == "succeeded"
    theirs = here.gateway.charge_saved(here.charge_request(other, key="theirs", reference="charge-2"))
    with refused("cof_unknown"):
        here.gateway.charge_saved(replace(asked, key="mine", network_ref=theirs.network_ref))
    later = replace(asked, key="later", network_ref=first.network_ref)
    assert here.gateway.charge_saved(later).status == "succeeded"


MAGIC = [
    ("4000000000009995", "declined", "insufficient_funds", False),
    ("4000000000009987", "declined", "lost_card", True),
    ("4000000000009979", "declined", "stolen_card", True),
    ("4000000000000069", "declined", "expired_card", False),
    ("4111111111111105", "declined", "do_not_honor", False),
    ("4000000000000341", "declined", "generic_decline", False),
]


@pytest.mark.parametrize(("number", "status", "code", "hard"), MAGIC)
def test_what_the_bank_says_to_a_saved_card(here: Rig, number: str, status: str, code: str, hard: bool) -> None:
    result = here.gateway.charge_saved(here.charge_request(here.saved(number=number)))
    assert (result.status, result.failure_code, result.hard) == (status, code, hard)
    assert here.log("charge.captured") == [] and here.gateway.find_saved_charges("charge-1") == [result]
    assert here.gateway.find_charges() == []
    here.flush()
    assert "charge.declined" in here.merchant.kinds()


@pytest.mark.parametrize(
    ("number", "status"), [("4000002500003155", "succeeded"), ("4000002760003184", "requires_action")]
)
def test_a_card_with_a_second_step_is_saved_after_it(here: Rig, number: str, status: str) -> None:
    session = here.open(purpose="save", amount_cents=0)
    assert "/step" in here.pay(session, number=number).location
    assert "Is this card yours?" in here.browse("GET", f"/c/{session.id}/step").text
    assert here.browse("POST", f"/c/{session.id}/step", {"answer": "approve"}).location == RETURN_URL
    saved = here.gateway.retrieve_session(session.id)
    result = here.gateway.charge_saved(here.charge_request(saved))
    code = None if status == "succeeded" else "authentication_required"
    assert (result.status, result.failure_code, result.hard) == (status, code, False)


@pytest.mark.parametrize("number", ["4000000000000002", "4000000000000127", "4000000000000119"])
def test_a_card_that_cannot_be_checked_is_not_saved(here: Rig, number: str) -> None:
    session = here.open(purpose="save", amount_cents=0)
    assert here.pay(session, number=number).status == 402
    assert here.gateway.retrieve_session(session.id).method_ref is None and here.log("method") == []


def test_a_forgotten_card_is_never_charged_again(rig: Rig) -> None:
    saved = rig.saved()
    for _ in range(2):
        rig.gateway.forget_method(saved.method_ref or "")
    assert len(rig.log("method.forgotten")) == 1
    with refused("no_such_method"):
        rig.gateway.charge_saved(rig.charge_request(saved))
    with refused("no_such_method"):
        rig.gateway.retrieve_method(saved.method_ref or "")
    for method_ref in ("pm_nobody", "../methods", ""):
        with refused("no_such_method"):
            rig.gateway.forget_method(method_ref)


def test_banks_renew_credit_cards_and_no_others(here: Rig) -> None:
    credit, debit = here.saved(expiry="05/26"), here.saved({**FORM, "number": "5200828282828210"}, expiry="05/26")
    assert debit.funding == "debit"
    here.flush()
    here.merchant.got.clear()
    here.advance(YEAR / 4)
    kept = here.gateway.retrieve_method(credit.method_ref or "")
    assert (kept.expiry_month, kept.expiry_year) == (5, 2030)
    assert here.gateway.retrieve_method(debit.method_ref or "").expiry_year == 2026
    here.flush()
    [(headers, raw)] = here.merchant.got
    news = here.gateway.read_callback(raw, headers)
    assert (news.kind, news.method_ref, news.session_id) == ("method.updated", credit.method_ref, None)
    assert here.gateway.charge_saved(here.charge_request(credit)).status == "succeeded"
    assert here.gateway.charge_saved(here.charge_request(debit)).failure_code == "expired_card"


def test_an_admin_changes_what_a_bank_does(here: Rig) -> None:
    saved = here.saved()
    path = f"methods/{saved.method_ref}"
    here.admin("POST", path, {"expiry_month": 1, "expiry_year": 2031, "off_session": "insufficient_funds"})
    kept = here.gateway.retrieve_method(saved.method_ref or "")
    assert (kept.expiry_month, kept.expiry_year) == (1, 2031)
    asked = here.charge_request(saved)
    assert here.gateway.charge_saved(asked).failure_code == "insufficient_funds"
    here.admin("POST", path, {"closed": True})
    assert here.gateway.retrieve_method(saved.method_ref or "").usable is False
    closed = here.gateway.charge_saved(replace(asked, key="closed"))
    assert (closed.failure_code, closed.hard) == ("account_closed", True)
    here.admin("POST", path, {"closed": False, "off_session": "approved"})
    assert here.gateway.charge_saved(replace(asked, key="open")).status == "succeeded"
    assert [row["id"] for row in here.admin("GET", "methods")["data"]] == [saved.method_ref]
    for wrong in ({"expiry_month": 13}, {"expiry_year": "2031"}, {"off_session": ""}, {"number": "1"}):
        assert here.admin("POST", path, wrong)["error"]["field"] == next(iter(wrong))


@pytest.mark.parametrize(
    ("fault", "taken"),
    [("charge_lost", 1), ("charge_500_after", 1), ("charge_hang", 1), ("charge_dropped", 0), ("charge_500_before", 0)],
)
def test_a_broken_charge_is_unknown_and_its_key_repeats_it(rig: Rig, fault: str, taken: int) -> None:
    asked = rig.charge_request(rig.saved())
    rig.fault(fault, match={"reference": "charge-1"})
    with pytest.raises(GatewayUnknown):
        rig.gateway.charge_saved(asked)
    assert len(rig.gateway.find_saved_charges("charge-1")) == taken
    result = rig.gateway.charge_saved(asked)
    assert rig.gateway.find_saved_charges("charge-1") == [result]
    assert len(rig.log("charge.captured")) == 1


@pytest.mark.parametrize(("fault", "ends"), [("processing", "succeeded"), ("processing_declined", "declined")])
def test_a_charge_on_its_way_ends_with_time(here: Rig, fault: str, ends: str) -> None:
    asked = here.charge_request(here.saved())
    here.fault(fault, seconds=600)
    first = here.gateway.charge_saved(asked)
    assert first.status == "processing" and here.gateway.find_charges() == []
    here.advance(601)
    [after] = here.gateway.find_saved_charges("charge-1")
    assert (after.id, after.status) == (first.id, ends)
    assert here.gateway.charge_saved(asked) == first, "the key keeps the first answer"
    assert len(here.gateway.find_charges()) == (1 if ends == "succeeded" else 0)
    here.flush()
    assert f"charge.{ends}" in here.merchant.kinds()


@pytest.mark.parametrize(("fault", "hard"), [("insufficient_funds", False), ("authorization_revoked", True)])
def test_a_good_saved_card_can_be_declined_on_demand(here: Rig, fault: str, hard: bool) -> None:
    asked = here.charge_request(here.saved())
    here.fault(fault)
    declined = here.gateway.charge_saved(asked)
    assert (declined.failure_code, declined.hard) == (fault, hard)
    assert here.gateway.charge_saved(replace(asked, key="again")).status == "succeeded"


def test_of_a_saved_card_no_number_is_kept(here: Rig) -> None:
    here.saved()
    here.pay(here.open(save=True), number="5555555555554444", save="yes", security_code="987")
    kept = json.dumps(here.admin("GET", "log")) + json.dumps(here.admin("GET", "methods"))
    on_disk = b"".join(path.read_bytes() for path in here.path.parent.iterdir())  # type: ignore[attr-defined]
    for number in cards.published():
        assert number not in kept and number.encode() not in on_disk
    assert b"Ana Perez" not in on_disk and b"80014" not in on_disk and KEYS.key.encode() not in on_disk


def test_news_of_saved_cards_comes_twice_late_or_never_as_any_other(here: Rig) -> None:
    saved = here.saved()
    here.flush()
    here.merchant.got.clear()
    for number, fault in enumerate(("callback_twice", "callback_late", "callback_lost")):
        here.fault(fault, seconds=600)
        here.gateway.charge_saved(here.charge_request(saved, key=f"key-{number}", reference=f"charge-{number}"))
    here.flush()
    twice, late, _ = (line["charge"] for line in here.log("charge.captured"))
    assert [event["charge"] for event in here.merchant.events()] == [twice, twice]
    assert len({event["id"] for event in here.merchant.events()}) == 1
    here.advance(601)
    here.flush()
    assert [event["charge"] for event in here.merchant.events()] == [twice, twice, late]


def test_in_the_dark_no_saved_card_is_charged(here: Rig) -> None:
    asked = here.charge_request(here.saved())
    here.fault("dark", seconds=600)
    with pytest.raises(GatewayUnknown):
        here.gateway.charge_saved(asked)
    here.advance(601)
    assert here.gateway.find_saved_charges("charge-1") == []
    assert here.gateway.charge_saved(asked).status == "succeeded"
