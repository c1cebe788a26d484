"""Finding a bill from what is printed on it. A lookup is not a login: it opens a bill for paying, nothing more.

Every try does the same: the same number of digests, the same one statement, whether it hits, misses, or has a right
number with a wrong second fact (rules.md GST-1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from caretill.core import sql
from caretill.core.blind import blind_index

FACTS = (
    "last_norm",
    "zip",
    "health_record_number",
    "group_number",
    "subgroup",
    "bill_group",
    "account_number",
)
SCOPES = {
    "pay_code": "bill",
    "bill_number": "bill",
    "account_number": "account",
    "health_record_number": "person",
}


@dataclass(frozen=True)
class Found:
    """Whose, and what it opens: one bill, the open bills of a person, or those of the account."""

    account_id: UUID
    scope: str
    bill_id: UUID | None
    person_id: UUID | None


def find(region: str, candidates: Sequence[tuple[str, str]], facts: Mapping[str, str | None]) -> Found | None:
    """Look up `candidates` (kind, cleaned number), all of `facts` must hold. At least one fact must be given.

    `facts` has `last_norm` (regions.numbers.normal_name), `zip` (five digits), `health_record_number`, `group_number`,
    `subgroup`, `bill_group`, `account_number`; None is not asked. Changes nothing; throttling is the caller's.
    """
    if not any(facts.get(fact) for fact in FACTS):
        raise ValueError("a lookup needs a second fact")
    row = sql.one(
        "SELECT * FROM billing_find(%s, %s::text[], %s::bytea[], %s::jsonb)",
        (
            region,
            [kind for kind, _ in candidates],
            [blind_index(region, kind, value) for kind, value in candidates],
            sql.dumps({fact: facts.get(fact) for fact in FACTS}),
        ),
    )
    if row is None:
        return None
    scope = SCOPES[row["kind"]]
    return Found(
        account_id=row["account_id"],
        scope=scope,
        bill_id=row["ref"] if scope == "bill" else None,
        person_id=row["person_id"] if scope != "account" else None,
    )


def find_by_contact(region: str, email: str, zip_code: str) -> Found | None:
    """The account that has this mail address and ZIP on file, for a lost bill: the newest where there are several.

    It opens nothing by itself: a code goes to that address (`billing.codes`).
    """
    row = sql.one(
        "SELECT account_id FROM people_account WHERE lower(email) = lower(%s) AND region = %s AND email <> ''"
        " AND left(zip, 5) = %s ORDER BY recorded_at DESC LIMIT 1",
        (email.strip(), region, zip_code),
    )
    return Found(row["account_id"], "account", None, None) if row else None
