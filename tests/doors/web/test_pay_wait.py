"""Waiting: each state in its words, what the page asks by itself, and that no page claims what is not known."""

from __future__ import annotations

import pytest

from caretill.core import clock
from caretill.core.words import LANGUAGES, has
from caretill.payments.states import STATES
from caretill.payments.sweep import sweep
from caretill.web.standing import standing
from house.cast import a_bill
from house.desk import Desk, processor_desk
from house.payer import Payer, made, text, words
from house.scenes import NOON, play

__all__ = ["processor_desk"]

SAID = {
    "wait_checking": "checking",
    "wait_not_finished": "requires_action",
    "wait_pending": "pending",
    "wait_unknown": "unknown",
    "wait_unknown_too_long": "overdue",
    "declined": "declined",
    "stopped": "voided",
    "ran_out": "ran_out",
    "refused": "refused",
}
ASKS_AGAIN = {"checking", "pending", "unknown", "overdue"}
MOVING = {"checking", "pending", "unknown", "overdue"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stands", [*STATES, *SAID.values(), "late"])
def test_every_state_has_a_title_a_sentence_and_a_next_step(stands: str, language: str) -> None:
    for part in ("title", "sentence", "next"):
        assert has(language, f"states.{stands}.{part}")


@pytest.mark.parametrize("name", SAID)
def test_each_state_is_said_and_asks_again_while_it_may_change(processor: Desk, name: str) -> None:
    stands = SAID[name]
    with clock.fixed(NOON) as time:
        payer, address = play(name, processor, "en", time)
        for _ in range(2):
            body = text(payer.get(address))
            assert f"<h1>{words(f'states.{stands}.title')}</h1>" in body
            assert words(f"states.{stands}.sentence") in body
            assert ("/assets/wait." in body) == ("http-equiv" in body) == (stands in ASKS_AGAIN)
    if stands in MOVING:
        assert "do not pay again" in body and "Nothing" not in body and "No money" not in body
        assert payer.at("check") not in body, "no button that pays while nobody knows"


def test_no_refresh_for_a_browser_that_runs_the_script(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer, address = play("wait_unknown", processor, "en", time)
        body = text(payer.get(address))
    assert '<noscript><meta http-equiv="refresh" content="10"></noscript>' in body


def test_unknown_names_a_time_a_number_to_call_and_one_to_tell(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer, address = play("wait_unknown", processor, "en", time)
        body = text(payer.get(address))
        figures_time = "by 1:05\u00a0p.m. today."
        assert figures_time in body and "(503) 555-0110" in body
        assert words("wait.call.title") in body


def test_unknown_in_spanish(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer, address = play("wait_unknown", processor, "es", time)
        assert "hoy antes de la 1:05\u00a0p.\u00a0m." in text(payer.get(address))
        assert ".." not in text(payer.get(address)).split("<h2")[0].split("<main")[1]


def test_a_promise_outside_support_hours_is_for_the_next_working_day(processor: Desk) -> None:
    friday_night = NOON.replace(day=28, hour=5)  # in Oregon still Friday, 9 p.m.
    with clock.fixed(friday_night) as time:
        payer, address = play("wait_unknown", processor, "en", time)
        assert "by 9\u00a0a.m. on Monday, November 30." in text(payer.get(address))


def test_the_page_asks_and_is_told_when_it_is_paid(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer, address = play("wait_unknown", processor, "en", time)
        state = payer.get(f"{address}/state").json()
        assert state == {"stands": "unknown", "go": ""}
        processor.shell.admin("POST", "faults/clear")
        flow = payer.held()
        processor.card(_card_page(payer, processor))
        told = payer.get(f"{address}/state").json()
        assert told["stands"] == "succeeded" and told["go"].startswith("/pay/done/")
        assert payer.get(address)["Location"].startswith("/pay/done/")
        assert flow.payment_id


def _card_page(payer: Payer, processor: Desk) -> str:
    rows = [row for row in processor.shell.log() if row["what"] == "session.created"]
    return f"{processor.shell.base_url}/c/{rows[-1]['session']}"


def test_unknown_ends_by_the_sweeper_and_the_page_shows_it(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer, address = play("wait_unknown", processor, "en", time)
        processor.shell.admin("POST", "faults/clear")
        time.advance(minutes=40)
        sweep()
        body = text(payer.get(address))
    assert words("states.ran_out.title") in body or words("states.voided.title") in body
    assert "Nothing was charged" in body


def test_nothing_is_said_about_money_before_the_processor_answered(processor: Desk) -> None:
    """Charged, and then the processor keeps silent: the page must not say "nothing"."""
    with clock.fixed(NOON) as time:
        payer = Payer(a_bill(14_000))
        url = payer.to_card()
        processor.fault("callback_lost")
        processor.card(url)
        processor.fault("retrieve_500", 50)
        address = payer.get(f"/pay/return/{made(payer).token}")["Location"]
        for seconds, stands in ((0, "checking"), (5, "checking"), (15, "unknown")):
            time.advance(seconds=seconds)
            body = text(payer.get(address))
            assert words(f"states.{stands}.title") in body
            assert "Nothing" not in body and "No money" not in body
        processor.shell.admin("POST", "faults/clear")
        assert payer.get(address)["Location"].startswith("/pay/done/")
    assert len(processor.charges()) == 1


def test_the_token_alone_opens_the_page_in_another_browser(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer, address = play("declined", processor, "en", time)
        other = Payer(payer.bills[0])
        body = text(other.get(address))
    assert words("states.declined.title") in body and words("wait.find") in body


def test_a_state_of_the_machine_is_its_own_words(processor: Desk) -> None:
    bill = a_bill(14_000)
    payer = Payer(bill)
    payer.to_card()
    body = text(payer.get(f"/pay/wait/{made(payer).token}"))
    assert words("states.checking.title") in body, "just back: the answer is not known yet"


def test_standing_needs_no_more_than_the_figures() -> None:
    figures = {"state": "unknown", "returned_at": None, "promised_at": None, "events": [], "late": False}
    assert standing(figures) == "unknown"
    assert standing(figures | {"state": "failed"}) == "declined"
    assert standing(figures | {"state": "succeeded", "late": True}) == "late"
