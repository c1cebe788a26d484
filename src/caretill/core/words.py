"""One wording source for screen, paper, mail and telephone: a file per topic and language under `caretill/words`."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "es")
FOLDER = Path(__file__).parent.parent / "words"


class WordsMissing(KeyError):
    """A key that no file of that language has: a fault of ours, never shown to a payer."""


def _flatten(prefix: str, table: dict[str, Any], into: dict[str, str]) -> None:
    for name, value in table.items():
        key = f"{prefix}.{name}"
        if isinstance(value, dict):
            _flatten(key, value, into)
        else:
            into[key] = str(value)


@functools.cache
def catalogue(language: str) -> dict[str, str]:
    """Every text of a language by its key: `file.table.name`."""
    found: dict[str, str] = {}
    for path in sorted((FOLDER / language).glob("*.toml")):
        with path.open("rb") as file:
            _flatten(path.stem, tomllib.load(file), found)
    return found


def has(language: str, key: str) -> bool:
    """Whether the language has a text for the key."""
    return key in catalogue(language)


def say(language: str, key: str, **figures: object) -> str:
    """The text, its `{placeholders}` filled. Raises WordsMissing."""
    try:
        text = catalogue(language)[key]
    except KeyError:
        raise WordsMissing(f"{language}: {key}") from None
    return text.format(**figures) if figures else text


def say_count(language: str, key: str, count: int, **figures: object) -> str:
    """`key.one` or `key.other`, with `{n}` filled."""
    return say(language, f"{key}.{'one' if count == 1 else 'other'}", n=count, **figures)
