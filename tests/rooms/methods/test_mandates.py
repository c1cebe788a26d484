"""What payers agree to: every element of the rules in both languages, kept word for word, ended, kept long enough."""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import psycopg
import pytest

from caretill.core import clock, sql
from caretill.core.ids import uuid7
from caretill.core.words import LANGUAGES, catalogue
from caretill.methods import change, mandates
from caretill.methods.mandate_text import MandateKind, words
from house import cast, readable, wallet
from house.member import MemberOf, a_member

SAMPLES = Path(__file__).parents[2] / "samples" / "mandates"
BANK: dict[str, Any] = {"region": "oregon", "account": "bank", "account_type": "checking", "last4": "6789"}
CARD: dict[str, Any] = {"region": "oregon", "account": "card", "brand": "visa", "last4": "4242"}
ON = [date(2026, 12, 1), date(2027, 1, 4), date(2027, 2, 1)]
GOLDEN: dict[str, tuple[MandateKind, dict[str, Any]]] = {
    "once": ("once", {**BANK, "amount_cents": 12_550, "on": ON[:1]}),
    "once_guest": ("once", {**BANK, "account_type": "savings", "amount_cents": 12_550, "on": ON[:1], "guest": True}),
    "once_business": ("once", {**BANK, "corporate": True, "amount_cents": 12_550, "on": ON[:1]}),
    "schedule_one": ("schedule", {**BANK, "amount_cents": 12_550, "on": ON[:1]}),
    "schedule": ("schedule", {**BANK, "amount_cents": 4_000, "on": ON}),
    "recurring_all": ("recurring", {**BANK, "at_most_cents": 30_000, "day": 31}),
    "recurring_kind": ("recurring", {**BANK, "scope": "kind", "days_before": 3}),
    "recurring_person": ("recurring", {**CARD, "scope": "person", "at_most_cents": 5_000, "days_before": 0}),
    "plan": ("plan", {**BANK, "amount_cents": 10_000, "last_cents": 9_997, "on": ON}),
    "plan_card": ("plan", {**CARD, "amount_cents": 10_000, "on": ON}),
    "save_bank": ("save", BANK),
    "save_card": ("save", CARD),
    "save_card_next": ("save", {**CARD, "brand": "", "last4": ""}),
}
# By language: what tells that it is an authorization, how to end it, that a copy comes, when, that the amount varies.
TELLS = {
    "en": (
        "Authorization",
        "I authorize",
        "I can end this|I can take it back",
        "copy by email",
        "bank day",
        "can change",
    ),
    "es": (
        "Autorización",
        "Autorizo",
        "poner fin|lo puedo quitar",
        "copia por correo",
        "día de banco",
        "puede cambiar",
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", GOLDEN)
def test_the_words_are_those_of_the_golden_file(name: str, language: str) -> None:
    """Words change only on purpose, and then with a new VERSION: GOLDEN=1 writes the files anew."""
    kind, figures = GOLDEN[name]
    text = words(kind, language, **figures)
    shown = f"{text.version}\n\n{text.title}\n\n{text.text}\n\n({text.summary})\n"
    path = SAMPLES / f"{name}.{language}.txt"
    if os.environ.get("GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == shown


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", GOLDEN)
def test_every_element_is_there(name: str, language: str) -> None:
    """rules.md ACH-1: readily identifiable, who, which account, how much, when, how to end it, a copy."""
    kind, figures = GOLDEN[name]
    text = words(kind, language, **figures)
    authorization, authorize, ends, copy, bank_day, change = TELLS[language]
    assert authorization in text.title
    assert text.text.startswith(authorize)
    assert "Larkspur Health" in text.text
    assert re.search(ends, text.text, re.IGNORECASE), text.text
    assert re.search(r"\d{3}-\d{4}", text.text)
    assert copy in text.text
    assert figures["last4"] in text.text and "{" not in text.text
    if kind in ("once", "schedule", "plan"):
        assert "$" in text.text and "2026" in text.text
    if kind == "recurring":
        assert change in text.text and "10 d" in text.text
    if kind != "save":
        assert bank_day in text.text or kind == "plan"
    if figures["account"] == "bank":
        assert "Nacha" in text.text and ("ACH" in text.title or kind == "save")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_plain_summary_and_the_text_can_be_read(language: str) -> None:
    for name, (kind, figures) in GOLDEN.items():
        text = words(kind, language, **figures)
        assert max(map(len, readable.sentences(text.summary))) <= 15, name
    assert all(key.startswith("mandate.") is False or value for key, value in catalogue(language).items())


@pytest.mark.parametrize("kind", ["once", "schedule", "plan", "recurring"])
def test_no_text_without_the_figures_that_it_must_tell(kind: MandateKind) -> None:
    with pytest.raises(ValueError, match="tells its"):
        words(kind, "en", **BANK)


@pytest.mark.parametrize("kind", get_args(MandateKind))
@pytest.mark.parametrize("corporate", [False, True])
def test_the_channel_chooses_the_code(kind: MandateKind, corporate: bool) -> None:
    codes = {channel: mandates.sec_code(channel, corporate, kind) for channel in get_args(mandates.Channel)}
    consumer = {"guest": "WEB", "member": "WEB", "phone": "TEL", "paper": "PPD"}
    assert (
        codes == dict.fromkeys(codes, "") if kind == "save" else dict.fromkeys(codes, "CCD") if corporate else consumer
    )


@pytest.mark.parametrize(
    ("channel", "kind", "evidence", "fault"),
    [
        ("member", "recurring", "", ""),
        ("guest", "once", "", ""),
        ("phone", "once", "", "recording_or_written"),
        ("phone", "once", "pressed 1", "recording_or_written"),
        ("phone", "once", "recording:", "recording_or_written"),
        ("phone", "once", "recording:call-17", ""),
        ("phone", "once", "written:letter-17", ""),
        ("phone", "recurring", "recording:call-17", "both"),
        ("phone", "plan", "recording:call-17; written:letter-17", ""),
        ("paper", "once", "", "paper"),
        ("paper", "once", "recording:call-17", "paper"),
        ("paper", "recurring", "paper:form-17", ""),
    ],
)
def test_telephone_and_paper_need_what_proves_them(
    channel: mandates.Channel, kind: MandateKind, evidence: str, fault: str
) -> None:
    assert mandates.evidence_fault(channel, kind, evidence) == fault


def owner() -> tuple[UUID, MemberOf]:
    account_id = cast.a_bill(10_000).account_id
    return account_id, a_member(account_id)


def test_what_was_agreed_is_kept_word_for_word_and_a_copy_goes_out(db: None) -> None:
    own, member = owner()
    bank = wallet.a_bank(own, member.login_id)
    text = wallet.a_text("recurring", own, bank, "es")
    mandate = mandates.agree(own, bank, member.login_id, "recurring", "member", text, "203.0.113.9", varies=True)
    row = sql.one("SELECT * FROM methods_mandate WHERE id = %s", (mandate,))
    assert row
    assert (row["text"], row["title"], row["language"], row["version"]) == (text.text, text.title, "es", text.version)
    assert (bytes(row["text_hash"]), row["network"], row["sec_code"], row["last4"]) == (
        text.hash, "203.0.113.9", "WEB", "6789",
    )  # fmt: skip
    assert row["agreed_at"] is not None and mandates.live(own, mandate)
    told = sql.query("SELECT body FROM core_outbox WHERE topic = 'mandate_copy'")
    assert [sql.answer(each["body"]) for each in told] == [{"mandate_id": str(mandate)}]


def test_the_same_press_twice_is_one_agreement(db: None) -> None:
    own, member = owner()
    card, mine = wallet.a_card(own, member.login_id), uuid7()
    text = wallet.a_text("save", own, card)
    for _ in range(2):
        assert mandates.agree(own, card, member.login_id, "save", "member", text, "", mandate_id=mine) == mine
    assert sql.one("SELECT count(*) AS n FROM methods_mandate") == {"n": 1}
    assert sql.one("SELECT count(*) AS n FROM core_outbox WHERE topic = 'mandate_copy'") == {"n": 1}
    row = sql.one("SELECT sec_code FROM methods_mandate WHERE id = %s", (mine,))
    assert row == {"sec_code": ""}


def test_by_telephone_without_a_recording_nothing_is_kept(db: None) -> None:
    own, member = owner()
    bank = wallet.a_bank(own, member.login_id)
    text = wallet.a_text("once", own, bank)
    with pytest.raises(mandates.EvidenceMissing):
        mandates.agree(own, bank, member.login_id, "once", "phone", text, "", 12_500)
    made = mandates.agree(own, bank, member.login_id, "once", "phone", text, "", 12_500, evidence="recording:call-17")
    row = mandates.one(own, made)
    assert row and row["sec_code"] == "TEL"


REFUSED = [
    "UPDATE methods_mandate SET text = 'I owe more' WHERE id = %s",
    "UPDATE methods_mandate SET amount_cents = 1 WHERE id = %s",
    "UPDATE methods_mandate SET network = '' WHERE id = %s",
    "UPDATE methods_mandate SET keep_until = '2020-01-01' WHERE id = %s",
    "UPDATE methods_mandate SET text = '', purged_at = '2026-11-22' WHERE id = %s",
    "DELETE FROM methods_mandate WHERE id = %s",
]


def test_the_database_refuses_to_change_what_was_agreed(db: None, app_connection: psycopg.Connection[Any]) -> None:
    own, member = owner()
    mandate = wallet.a_mandate(own, wallet.a_bank(own, member.login_id), member.login_id)
    for change_sql in REFUSED:
        with pytest.raises(psycopg.errors.RaiseException):
            app_connection.execute(change_sql, (mandate,))


def test_it_is_kept_two_years_past_the_last_debit_and_then_only_its_words_go(db: None) -> None:
    own, member = owner()
    mandate = wallet.a_mandate(own, wallet.a_bank(own, member.login_id), member.login_id)
    leap = date(2028, 2, 29)
    assert mandates.debited([(own, mandate, leap), (own, mandate, date(2027, 1, 4))]) == 1
    with clock.fixed(datetime(2028, 3, 1, tzinfo=UTC)):
        assert mandates.end(own, mandate, "cancelled") == "ended"
        assert mandates.end(own, mandate, "cancelled") == "repeat"
    assert mandates.end(own, uuid7(), "cancelled") == "missing"
    assert not mandates.live(own, mandate)
    row = mandates.one(own, mandate)
    assert row
    last = row["keep_until"]
    assert last >= date(2030, 3, 1) and row["last_debit_on"] == leap
    for day, said in ((date(2030, 2, 28), "kept"), (last, "kept"), (last + timedelta(days=1), "purged")):
        with clock.fixed(datetime(day.year, day.month, day.day, 12, tzinfo=UTC)):
            assert mandates.purge_due() == (said == "purged"), day
            assert mandates.purge(own, mandate) == "kept"
    row = sql.one("SELECT text, network, text_hash, purged_at FROM methods_mandate WHERE id = %s", (mandate,))
    assert row and (row["text"], row["network"]) == ("", "") and row["text_hash"] and row["purged_at"]


def test_a_live_one_is_never_purged(db: None) -> None:
    own, member = owner()
    mandate = wallet.a_mandate(own, wallet.a_bank(own, member.login_id), member.login_id)
    with clock.fixed(datetime(2040, 1, 1, tzinfo=UTC)):
        assert mandates.purge(own, mandate) == "kept"
        assert mandates.purge_due() == 0


def test_replacing_moves_what_was_agreed_with_the_new_account_in_its_words(db: None) -> None:
    own, member = owner()
    card, bank = wallet.a_card(own, member.login_id), wallet.a_bank(own, member.login_id)
    olds = [wallet.a_mandate(own, card, member.login_id, kind) for kind in ("recurring", "schedule", "save", "once")]
    shown = mandates.taken_over(own, card, bank, "es")
    assert [old for old, _ in shown] == olds[:2]
    assert all("6789" in text.text and "4242" not in text.text for _, text in shown)
    moved = mandates.take_over(own, card, bank, member.login_id, "203.0.113.9", "es")
    assert mandates.take_over(own, card, bank, member.login_id, "203.0.113.9", "es") == {}
    assert change.replace(own, card, bank) == "replaced"
    assert change.replace(own, card, bank) == "repeat"
    assert {old: mandates.successor(own, old) for old in olds} == {old: moved.get(old) for old in olds}
    assert not any(mandates.live(own, old) for old in olds)
    found = [mandates.one(own, new) for new in moved.values()]
    assert [(row["sec_code"], row["varies"], row["language"]) for row in found if row] == [
        ("WEB", True, "es"), ("WEB", False, "es"),
    ]  # fmt: skip


def test_what_is_not_ready_replaces_nothing(db: None) -> None:
    own, member = owner()
    card = wallet.a_card(own, member.login_id)
    bank = wallet.a_bank(own, member.login_id, proved=False)
    other = a_member(own, "pay", email="pat@example.org")
    theirs = wallet.a_card(own, other.login_id)
    assert change.replace(own, card, bank) == "not_ready"
    assert change.replace(own, card, card) == "same"
    assert change.replace(own, card, theirs) == "missing"
    assert change.replace(own, card, uuid7()) == "missing"


def test_deleting_ends_what_was_agreed(db: None) -> None:
    own, member = owner()
    bank = wallet.a_bank(own, member.login_id)
    mandate = wallet.a_mandate(own, bank, member.login_id)
    assert change.delete(own, bank) == "deleted"
    assert not mandates.live(own, mandate)


def test_disabling_keeps_what_was_agreed_for_the_account_that_follows(db: None) -> None:
    own, member = owner()
    bank, card = wallet.a_bank(own, member.login_id), wallet.a_card(own, member.login_id)
    mandate = wallet.a_mandate(own, bank, member.login_id)
    assert change.disable(own, bank, "R02") == "disabled"
    assert change.disable(own, bank, "R02") == "repeat"
    assert mandates.live(own, mandate)
    assert list(mandates.take_over(own, bank, card, member.login_id, "", "en")) == [mandate]
    assert change.replace(own, bank, card) == "replaced"
