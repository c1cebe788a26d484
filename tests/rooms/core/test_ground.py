"""Money, ids, codes, card numbers, tokens, words: what every room stands on."""

from __future__ import annotations

import string
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caretill.core import blind, clock, ids, money, sql, tokens, words, work
from caretill.core.redact import looks_like_card, redact


@given(st.integers(-money.MAX_CENTS, money.MAX_CENTS))
def test_what_is_written_reads_back(cents: int) -> None:
    assert money.parse_cents(money.plain(cents)) == cents
    if cents >= 0:
        assert money.parse_form_cents(money.show(cents)) == cents


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"), ("1e3", "not_a_number"), ("12,50", "not_a_number"), ("1.005", "too_many_decimals"),
        ("-5", "negative"), ("(5)", "negative"), ("100000000.00", "too_big"), ("1,23,456", "not_a_number"),
        ("٣", "not_a_number"), ("0x10", "not_a_number"), ("nan", "not_a_number"), ("9" * 400, "too_big"),
        ("$$5", "not_a_number"), ("1_000", "not_a_number"),
    ],
)  # fmt: skip
def test_a_doubtful_amount_in_a_form_is_refused(text: str, code: str) -> None:
    with pytest.raises(money.MoneyError) as refused:
        money.parse_form_cents(text)
    assert refused.value.code == code


@pytest.mark.parametrize("text", [" 1", "1 ", "+1", "1.", ".5", "1e2", "1,000", "1.234", "١", "1\n", ""])
def test_a_doubtful_amount_in_a_feed_is_refused(text: str) -> None:
    with pytest.raises(money.MoneyError):
        money.parse_cents(text)


def test_typed_amounts_that_are_clear() -> None:
    typed = {
        "140": 14_000,
        "$140.5": 14_050,
        " 1,234.50 ": 123_450,
        "0.07": 7,
        "1,000,000": 100_000_000,
        "140.": 14_000,
    }
    assert {text: money.parse_form_cents(text) for text in typed} == typed


def test_time_ordered_ids_keep_their_order() -> None:
    with clock.fixed(datetime(2026, 11, 22, tzinfo=UTC)):
        made = [ids.uuid7() for _ in range(10_000)]
    assert made == sorted(made) and len(set(made)) == len(made)
    assert {one.version for one in made} == {7}


@given(st.binary(min_size=1), st.integers(0, 11), st.sampled_from(ids.CROCKFORD))
def test_one_wrong_character_in_a_pay_code_shows(seed: bytes, place: int, wrong: str) -> None:
    code = ids.code_from(seed)
    assert ids.clean_pay_code(ids.show_pay_code(code).lower()) == code
    changed = code[:place] + wrong + code[place + 1 :]
    if wrong != code[place] and {wrong, code[place]} != {"0", "Z"}:
        assert ids.clean_pay_code(changed) is None


@given(st.binary(min_size=1), st.integers(0, 10))
def test_two_swapped_neighbours_in_a_pay_code_show(seed: bytes, place: int) -> None:
    code = ids.code_from(seed)
    one, two = code[place], code[place + 1]
    if one != two and {one, two} != {"0", "Z"}:
        assert ids.clean_pay_code(code[:place] + two + one + code[place + 2 :]) is None


def test_card_numbers_are_seen_however_they_are_written() -> None:
    for text in ("4242424242424242", "4242 4242 4242 4242", "card 3782-822463-10005.", "5555.5555.5555.4444 thanks"):
        assert looks_like_card(text) and "[card number]" in redact(text)
    for text in ("H0012345678", "F12345678", "123456789", "2026-11-22 10:00:00", "4242424242424241", "555-0100"):
        assert not looks_like_card(text) and redact(text) == text


def test_a_token_is_for_one_purpose_and_its_time() -> None:
    with clock.fixed(datetime(2026, 11, 22, tzinfo=UTC)) as time:
        token = tokens.seal("one", {"a": 1}, 60)
        assert tokens.unseal("one", token) == {"a": 1}
        spellings = [
            ("one", token[:-1] + last) for last in string.ascii_letters + string.digits + "-_" if last != token[-1]
        ]
        for purpose, given_token in (*spellings, ("two", token), ("one", ""), ("one", "ä"), ("one", token + "=")):
            with pytest.raises(tokens.TokenError):
                tokens.unseal(purpose, given_token)
        time.advance(seconds=61)
        with pytest.raises(tokens.TokenError) as late:
            tokens.unseal("one", token)
    assert late.value.code == "expired"


def test_both_languages_say_the_same_things() -> None:
    english, spanish = words.catalogue("en"), words.catalogue("es")
    assert set(english) == set(spanish)
    with pytest.raises(words.WordsMissing):
        words.say("en", "nothing.such")


def test_sql_makes_the_same_digests_and_codes_as_python(db: None) -> None:
    inner, outer = blind.keys()
    row = sql.one("SELECT core_blind(%s, %s, %s) AS d", (inner, outer, "oregon\x1fbill_number\x1fP1"))
    assert row and bytes(row["d"]) == blind.blind_index("oregon", "bill_number", "P1")
    rows = sql.query("SELECT core_pay_code(core_chance()) AS code FROM generate_series(1, 500)")
    assert all(ids.clean_pay_code(row["code"]) == row["code"] for row in rows)
    assert len({row["code"] for row in rows}) == 500
    row = sql.one("SELECT core_uuid7(now()) AS id")
    assert row and row["id"].version == 7


def test_work_is_good_once_and_for_its_purpose(db: None) -> None:
    given_challenge = work.challenge("find", 8)
    answer = work.solve(given_challenge, 8)
    assert not work.solved("other", given_challenge, answer)
    assert not work.solved("find", given_challenge + "x", answer)
    assert not work.solved("find", given_challenge, "nonsense")
    assert work.solved("find", given_challenge, answer)
    assert not work.solved("find", given_challenge, answer)
