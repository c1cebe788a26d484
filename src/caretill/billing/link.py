"""Ways to a bill that nobody types: the code behind the square on the paper, and the link in a message.

Neither proves who holds it. The code asks one fact more before anything is shown; the link (`letters.links` seals it)
opens what was done, asks two, and dies when the bill changes (rules.md GST-1).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from caretill.billing.access import for_patient
from caretill.core import clock, sql
from caretill.core.blind import blind_index
from caretill.regions import catalog


@dataclass(frozen=True)
class Linked:
    """The bill a link names: where it is looked up, and `current`, false once a newer version of it was issued.

    `private`: it opens to be paid, not what was done: the facts that are asked are the guarantor's. So is the care of a
    grown child.
    """

    region: str
    pay_code: str
    current: bool
    private: bool


def region_of_code(pay_code: str, regions: Iterable[str]) -> str | None:
    """The region that printed this pay code (`core.ids.clean_pay_code`), or None; one statement over all `regions`.

    That a code exists tells nothing: nobody guesses one of 60 bits (docs/adr/0010). Counting misses is the caller's.
    """
    slugs = list(regions)
    row = sql.one(
        "SELECT k.region FROM unnest(%s::text[], %s::bytea[]) AS c(region, blind)"
        " JOIN billing_lookup_key k ON k.region = c.region AND k.kind = 'pay_code' AND k.blind = c.blind LIMIT 1",
        (slugs, [blind_index(slug, "pay_code", pay_code) for slug in slugs]),
    )
    return row["region"] if row else None


def linked(account_id: UUID, bill_id: UUID, version: int) -> Linked | None:
    """The bill of a link that was made for this version of it; None where it is gone. Shows nothing by itself."""
    row = sql.one(
        "SELECT b.region, b.pay_code, b.version, b.private, p.relation, p.birth_date FROM billing_bill b"
        " LEFT JOIN people_person p ON p.account_id = b.account_id AND p.id = b.person_id"
        " WHERE b.account_id = %s AND b.id = %s",
        (account_id, bill_id),
    )
    if row is None:
        return None
    today = clock.today(catalog.region(row["region"]).time_zone)
    closed = row["private"] or for_patient(row["private"], row["relation"], row["birth_date"], today)
    return Linked(row["region"], row["pay_code"], row["version"] == version, closed)
