"""When a region's people answer the telephone, in the words that papers use too."""

from __future__ import annotations

import functools

from babel.dates import get_timezone_name

from caretill.letters.letterhead import hours_in_words
from caretill.regions.models import Region


@functools.lru_cache(maxsize=256)
def zone_text(region: Region, language: str) -> str:
    """`Pacific Time`: people move, and call from elsewhere."""
    return get_timezone_name(region.zone, width="long", locale=language)


@functools.lru_cache(maxsize=256)
def line(region: Region, language: str) -> str:
    """All open hours of the week as one line."""
    return f"{'; '.join(hours_in_words(region, language))} ({zone_text(region, language)})."
