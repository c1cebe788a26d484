"""Every text of ours can be read by a tired person: grade 6 in English, INFLESZ 65 in Spanish, 15 words a sentence."""

from __future__ import annotations

import pytest

from caretill.core.words import LANGUAGES, catalogue
from house import readable

LONGEST_SENTENCE = 15
HARDEST_GRADE = 6
LEAST_EASE = 65
FEWEST_WORDS = 15

# A text that may be harder, and why.
EXCEPTIONS: dict[str, str] = {}


def texts(language: str) -> dict[str, str]:
    """Texts of two sentences and more by key, and all sentences of a file together by its name.

    Both measures are averages over words: in a handful of them, one long word is the whole result. Shorter texts are
    measured with their file.
    """
    found: dict[str, str] = {}
    for key, text in catalogue(language).items():
        said = readable.sentences(text)
        if key in EXCEPTIONS or text[-1] not in ".?!:":
            continue
        if len(said) >= 2 and sum(map(len, said)) >= FEWEST_WORDS:
            found[key] = text
        file = key.partition(".")[0]
        found[file] = f"{found.get(file, '')} {text}"
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_short(language: str) -> None:
    long = [
        f"{key}: {' '.join(words)}"
        for key, text in catalogue(language).items()
        for words in readable.sentences(text)
        if len(words) > LONGEST_SENTENCE and key not in EXCEPTIONS
    ]
    assert not long, "\n".join(long)


def test_english_is_of_grade_six() -> None:
    found = {key: (readable.grade(text), text) for key, text in texts("en").items()}
    hard = [f"{key} ({grade:.1f}): {text}" for key, (grade, text) in found.items() if grade > HARDEST_GRADE]
    assert not hard, "\n".join(hard)


def test_spanish_is_easy() -> None:
    found = {key: (readable.ease(text), text) for key, text in texts("es").items()}
    hard = [f"{key} ({ease:.1f}): {text}" for key, (ease, text) in found.items() if ease < LEAST_EASE]
    assert not hard, "\n".join(hard)


def test_exceptions_exist_and_have_a_reason() -> None:
    for key, reason in EXCEPTIONS.items():
        assert reason and all(key in catalogue(language) for language in LANGUAGES), key


def test_what_is_hard_is_caught() -> None:
    hard = "Reimbursement eligibility determinations necessitate documentation. Submit verification immediately."
    assert readable.grade(hard) > 12
    assert readable.grade("We could not find a bill. Check the number on your bill.") < 2
    assert (
        readable.ease("La documentación correspondiente establecerá la elegibilidad. Comuníquese inmediatamente.") < 30
    )
    assert readable.ease("No la encontramos. Vea el número en su factura.") > 80


def test_syllables_are_counted_well_enough() -> None:
    english = {"bill": 1, "paid": 1, "code": 1, "receipt": 2, "hospital": 3, "table": 2, "used": 1, "letter": 2}
    assert {word: readable.english_syllables(word) for word in english} == english
    spanish = {"pago": 2, "código": 3, "cuidado": 3, "quién": 1, "número": 3, "vuelta": 2, "país": 2, "pingüino": 3}
    assert {word: readable.spanish_syllables(word) for word in spanish} == spanish
