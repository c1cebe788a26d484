"""What time alone brings about in this room: a turn of the worker."""

from __future__ import annotations

from caretill.methods import expiry, forget, mandates, validate


def turn() -> dict[str, int]:
    """Cards that come to their end, prenotes that nobody refused, numbers and words that need not be kept any more."""
    return {
        **expiry.turn(),
        "proved": validate.ripen(),
        "guests": forget.guests(),
        "numbers": forget.numbers(),
        "purged": mandates.purge_due(),
    }
