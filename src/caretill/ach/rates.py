"""How many debits come back: the network's thresholds over 60 days, for each payee (rules.md ACH-6).

Whole numbers throughout: a rate is compared as a product, so one entry more or less decides exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import structlog

from caretill.core import clock, sql
from caretill.formats import nacha_codes
from caretill.methods import pause
from caretill.regions import bankdays

log = structlog.get_logger("caretill.ach")
PARTS = 10_000
KINDS = ("unauthorised", "administrative", "overall")


@dataclass(frozen=True)
class Rate:
    """Returns of one kind among the debits that a payee filed within the days. `limit` is in parts of ten thousand.

    `level`: fine, alert (half of the limit is reached), hold (new mandates wait), above (the limit itself).
    """

    payee: str
    kind: str
    returned: int
    debits: int
    limit: int
    level: str


def level(returned: int, debits: int, limit: int, hold_percent: int) -> str:
    """How near `returned` of `debits` is to a limit of so many in ten thousand."""
    if not returned:
        return "fine"
    told = returned * PARTS * 100
    if told > limit * debits * 100:
        return "above"
    if told >= limit * debits * hold_percent:
        return "hold"
    return "alert" if told >= limit * debits * 50 else "fine"


def rates() -> list[Rate]:
    """Each payee's three rates as they stand today, payees in order."""
    limits = nacha_codes.thresholds()
    today = bankdays.eastern_day(clock.now())
    since = today - timedelta(days=limits.days)
    filed = sql.query(
        "SELECT payee, count(*) AS debits FROM ach_entry WHERE kind = 'debit' AND state <> 'dropped'"
        " AND filed_on > %s GROUP BY 1",
        (since,),
    )
    back = sql.query(
        "SELECT payee, return_code, count(*) AS returned FROM ach_entry WHERE kind = 'debit' AND returned_on > %s"
        " AND chain <> 'dishonoured' GROUP BY 1, 2",
        (since,),
    )
    counts: dict[tuple[str, str], int] = {}
    for row in back:
        for kind in {nacha_codes.returned(row["return_code"], today).counts, "overall"} - {""}:
            counts[row["payee"], kind] = counts.get((row["payee"], kind), 0) + row["returned"]
    debits = {row["payee"]: row["debits"] for row in filed}
    found = []
    for payee in sorted(debits.keys() | {payee for payee, _ in counts}):
        for kind in KINDS:
            returned, limit = counts.get((payee, kind), 0), getattr(limits, kind)
            near = level(returned, debits.get(payee, 0), limit, limits.hold_percent)
            found.append(Rate(payee, kind, returned, debits.get(payee, 0), limit, near))
    return found


def watch() -> dict[str, int]:
    """Say in the log which rates are near a threshold or above it, and hold new mandates where one is too near.

    {failed: those that are above, held: payees that wait from now on}.
    """
    near = [rate for rate in rates() if rate.level != "fine"]
    for rate in near:
        told = log.error if rate.level == "above" else log.warning
        told("debits come back", payee=rate.payee, kind=rate.kind, returned=rate.returned, debits=rate.debits,
             reached=rate.level)  # fmt: skip
    least = nacha_codes.thresholds().hold_least
    waits = [rate for rate in near if rate.level in ("hold", "above") and rate.returned >= least]
    held = pause.keep(pause.Held(rate.payee, rate.kind, rate.returned, rate.debits) for rate in waits)
    if held:
        log.error("new bank debits are paused", payees=sorted({rate.payee for rate in waits}))
    return {"failed": sum(rate.level == "above" for rate in near), "held": held}
