"""Spellings: the one form of a person's last name and of a ZIP code in which two of them are compared."""

from __future__ import annotations

import re
import unicodedata

# Letters that Unicode does not take apart into a base letter and a mark, as people type them without the mark.
_PLAIN = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h", "ŋ": "n"}
)
# A generation or degree after a name is printed by one system and left out by the next. "V" stays: it is a name, too.
_SUFFIXES = frozenset(("jr", "junior", "sr", "senior", "ii", "iii", "iv", "2nd", "3rd", "4th", "esq", "md", "phd"))
# Written with an apostrophe, an okina, a curly quote or nothing at all: "O'Brien", "Kaʻahumanu".
_APOSTROPHES = str.maketrans("", "", "'`\u2018\u2019\u02bb\u02bc\u02be\u02bf")
_ZIP = re.compile(r"([0-9]{5})(?:[\s\-\u2010-\u2015]*[0-9]{4})?")


def normal_name(text: str) -> str:
    """A last name without accents, case, punctuation, spaces and suffixes; empty where nothing is left of it.

    `"De la Cruz-Núñez, Jr."` and `"delacruz nunez"` become the same. Scripts without case keep their letters.
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold()).translate(_PLAIN)
    bare = "".join(each for each in folded if unicodedata.category(each) != "Mn")
    words = "".join(each if each.isalnum() else " " for each in bare.translate(_APOSTROPHES)).split()
    while len(words) > 1 and words[-1] in _SUFFIXES:
        words.pop()
    return unicodedata.normalize("NFC", "".join(words))


def zip5(text: str) -> str | None:
    """The five digits of a ZIP or ZIP+4 code, or None."""
    found = _ZIP.fullmatch(text.strip())
    return found.group(1) if found else None
