"""One turn of everything: ask for payouts, lay the sides beside each other, book what reached the bank."""

from __future__ import annotations

from caretill.payments import gateways
from caretill.reconcile import book, fetch, heal, match


def turn(ask: bool = True) -> dict[str, int]:
    """{listed, filed, refused, failed, operations, payouts, booked}. Safe to repeat, and from several processes.

    Without `ask` no processor is asked: what is here is matched and booked.
    """
    counts = {"listed": 0, "filed": 0, "refused": 0, "failed": 0}
    for provider in gateways.GATEWAYS if ask else ():
        for name, count in fetch.fetch(provider).items():
            counts[name] += count
    counts |= match.match()
    counts["healed"] = heal.heal() if ask else 0
    if counts["healed"]:
        counts["operations"] += match.match()["operations"]
    counts["booked"] = book.book()
    return counts
