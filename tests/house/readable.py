"""How hard a text is to read: its sentences, their words, and the syllables of those in English and Spanish."""

from __future__ import annotations

import re

# Figures as they come out in a text; a placeholder that is not named here stands for one short word.
FIGURES = {
    "amount": "$10.00", "left": "$10.00", "total": "$10.00", "refunded": "$10.00", "date": "May 4", "until": "noon",
    "promised": "5 p.m. today", "phone": "555-0110", "organisation": "Larkspur", "name": "Larkspur",
    "payee": "Larkspur", "n": "2", "all": "5",
}  # fmt: skip
_ABBREVIATION = re.compile(r"\b([ap])\.\s?(m)\.")
_SENTENCE_END = re.compile(r"(?<=[.?!:])\s+")
_WORD = re.compile(r"[\w$][\w'’$.,@/-]*")


def filled(text: str) -> str:
    """The text with its placeholders filled, and short forms without their points."""
    plain = re.sub(r"\{(\w+)\}", lambda match: FIGURES.get(match.group(1), "it"), text)
    return _ABBREVIATION.sub(r"\1\2", plain)


def sentences(text: str) -> list[list[str]]:
    """The words of each sentence; a colon ends one, too."""
    parts = _SENTENCE_END.split(filled(text).strip())
    return [words for part in parts if (words := _WORD.findall(part))]


def english_syllables(word: str) -> int:
    """Groups of vowels, less a silent e. An address is looked at, not read."""
    if "@" in word:
        return 1
    bare = re.sub(r"[^a-z]", "", word.lower())
    groups = len(re.findall(r"[aeiouy]+", bare))
    silent = bare.endswith(("e", "es", "ed")) and not bare.endswith(("le", "les", "ted", "ded")) and groups > 1
    return max(1, groups - (1 if silent else 0))


def spanish_syllables(word: str) -> int:
    """Strong vowels and accented weak ones are one each; a weak one beside another joins it."""
    if "@" in word:
        return 1
    bare = re.sub(r"qu|gu(?=[eiéí])", "k", word.lower())
    strong = len(re.findall("[aeoáéíóú]", bare))
    alone = len(re.findall("(?<![aeoáéíóúiuü])[iuü]+(?![aeoáéíóú])", bare))
    return max(1, strong + alone)


def grade(text: str) -> float:
    """The school year that reads it: Flesch-Kincaid, English."""
    said = sentences(text)
    words = [word for each in said for word in each]
    return 0.39 * len(words) / len(said) + 11.8 * sum(map(english_syllables, words)) / len(words) - 15.59


def ease(text: str) -> float:
    """INFLESZ (Szigriszt), Spanish: 65 and up is easy."""
    said = sentences(text)
    words = [word for each in said for word in each]
    return 206.835 - 62.3 * sum(map(spanish_syllables, words)) / len(words) - len(words) / len(said)
