"""Letters can be read: grade 6 in English, INFLESZ 65 in Spanish, or easier; no sentence of more than 15 words."""

from __future__ import annotations

import re

import pytest

from caretill.core.words import LANGUAGES, catalogue

FILES = ("statement", "receipt", "mail")
FILLED = {"amount": "$10.00", "date": "May 4", "organisation": "Larkspur", "phone": "555-0110", "plan": "plan"}
_SENTENCE_END = re.compile(r"(?<=[.?!:])\s+")


def sentences(language: str, file: str) -> list[list[str]]:
    """Whole sentences of a file's texts, as words; labels and titles are none."""
    found = []
    for key, text in catalogue(language).items():
        if key.partition(".")[0] == file and text.rstrip()[-1] in ".?:":
            plain = re.sub(r"\{(\w+)\}", lambda match: FILLED.get(match.group(1), "12345"), text)
            found += [re.findall(r"[\w'$.,-]*\w", each) for each in _SENTENCE_END.split(plain)]
    return [words for words in found if words]


def english_syllables(word: str) -> int:
    bare = re.sub(r"[^a-z]", "", word.lower())
    groups = len(re.findall(r"[aeiouy]+", bare))
    silent = bare.endswith("e") and not bare.endswith("le") and groups > 1
    return max(1, groups - (1 if silent else 0))


def spanish_syllables(word: str) -> int:
    """Strong vowels and accented weak ones are a syllable each; a weak one beside another joins it."""
    bare = re.sub(r"qu|gu(?=[eiéí])", "k", word.lower())
    strong = len(re.findall("[aeoáéíóúü]", bare))
    alone = len(re.findall("(?<![aeoáéíóúiu])[iu]+(?![aeoáéíóú])", bare))
    return max(1, strong + alone)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("file", FILES)
def test_sentences_are_short(file: str, language: str) -> None:
    for words in sentences(language, file):
        assert len(words) <= 15, " ".join(words)


@pytest.mark.parametrize("file", FILES)
def test_english_is_of_grade_six(file: str) -> None:
    found = sentences("en", file)
    words = [word for each in found for word in each]
    grade = 0.39 * len(words) / len(found) + 11.8 * sum(map(english_syllables, words)) / len(words) - 15.59
    assert grade <= 6, round(grade, 1)


@pytest.mark.parametrize("file", FILES)
def test_spanish_is_easy(file: str) -> None:
    found = sentences("es", file)
    words = [word for each in found for word in each]
    ease = 206.835 - 62.3 * sum(map(spanish_syllables, words)) / len(words) - len(words) / len(found)
    assert ease >= 65, round(ease, 1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_is_blamed_and_no_jargon_is_used(language: str) -> None:
    banned = {
        "en": (
            "guarantor",
            "adjustment",
            "allowed amount",
            "balance",
            "delinquent",
            "past due",
            "remit",
            "contractual",
        ),
        "es": ("garante", "ajuste", "saldo", "moroso", "remitir", "garantía"),
    }
    for key, text in catalogue(language).items():
        if key.partition(".")[0] in FILES:
            assert not [word for word in banned[language] if word in text.lower()], key


def test_syllables_are_counted_well_enough() -> None:
    assert [english_syllables(word) for word in ("bill", "paid", "code", "receipt", "hospital", "table")] == [
        1,
        1,
        1,
        2,
        3,
        2,
    ]
    spanish = ("pago", "código", "cuidado", "factura", "quién", "usted", "número", "ayuda", "guarde", "vuelta")
    assert [spanish_syllables(word) for word in spanish] == [2, 3, 3, 3, 1, 2, 3, 3, 2, 2]
