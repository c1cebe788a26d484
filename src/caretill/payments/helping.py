"""A link by which somebody else pays all or part of some bills, and sees an amount and an initial (product.md P5).

Who holds a bill's facts or may pay it makes the link, sees what came of it and takes it back. What was asked for each
bill is the most that it pays, however many people use it; what is owed by then is the most as well. It ends by itself,
and with the right to pay of the member who made it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal, Self
from uuid import UUID

from caretill.billing.member import may_pay
from caretill.core import clock, ids, limits, sql
from caretill.people import household
from caretill.people.viewer import Hidden, initial

OPEN_FOR = timedelta(days=30)
# Links an account makes in a day: each is a mail or a text to somebody, and no more.
MOST_A_DAY = 20
_READ = (
    "SELECT h.account_id, h.id, h.region, h.parts, h.asked_cents, h.login_id, h.email, h.language, h.made_at,"
    " h.ends_at, h.taken_back_at, payments_helped(h.account_id, h.id) AS paid_cents,"
    " payments_helped_bills(h.account_id, h.id) AS paid, a.first_name, a.last_name"
    " FROM payments_help h JOIN people_account a ON a.account_id = h.account_id WHERE h.account_id = %s"
)


@dataclass(frozen=True)
class Link:
    """`parts` is what was asked for each bill, in the order in which it is paid; `paid_cents` also counts what is under
    way; `paid` is the same by bill. `initial` is the guarantor's. `orphaned`: who made it may not pay them any more.
    """

    account_id: UUID
    id: UUID
    region: str
    parts: tuple[tuple[UUID, int], ...]
    asked_cents: int
    paid_cents: int
    login_id: UUID | None
    email: str
    language: str
    made_at: datetime
    ends_at: datetime
    taken_back_at: datetime | None
    initial: str
    paid: Mapping[UUID, int] = field(default_factory=dict)
    orphaned: bool = False

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        """As it was read."""
        row = dict(row)
        row["paid"] = {UUID(bill): cents for bill, cents in sql.answer(row["paid"]).items()}
        row["initial"] = initial(row.pop("first_name"), row.pop("last_name"))
        parts: Any = sql.answer(row["parts"])
        return cls(**row | {"parts": tuple((UUID(part["bill_id"]), part["amount_cents"]) for part in parts)})

    @property
    def state(self) -> Literal["open", "paid", "taken_back", "ended"]:
        """Whether it can still be used; `paid`: all that was asked was paid, or is on its way."""
        if self.taken_back_at:
            return "taken_back"
        if self.orphaned or self.ends_at <= clock.now():
            return "ended"
        return "open" if self.left_cents > 0 else "paid"

    @property
    def bills(self) -> tuple[UUID, ...]:
        """Those it is for."""
        return tuple(bill for bill, _ in self.parts)

    @property
    def left_cents(self) -> int:
        """What it still asks for."""
        return max(0, self.asked_cents - self.paid_cents)

    def split(self, cents: int, payable: dict[UUID, int]) -> dict[UUID, int]:
        """So many cents over the bills, in their order: on each at most what is still asked for it, and payable."""
        found = {}
        for bill, asked in self.parts:
            share = min(cents, asked - self.paid.get(bill, 0), payable.get(bill, 0))
            if share > 0:
                found[bill] = share
                cents -= share
        return found


def make(
    account_id: UUID,
    region: str,
    parts: Sequence[tuple[UUID, int]],
    *,
    login_id: UUID | None = None,
    email: str = "",
    language: str = "",
) -> Link | None:
    """A new link for bills of one account (cents each), open for 30 days; None where too many were made today.

    Writes one row. Whether its maker may pay these bills was asked before; the bills must share an account at the
    processor, so that what a helper pays is one payment.
    """
    limit = limits.Limit("help_link", str(account_id), MOST_A_DAY, 24 * 3600)
    if limits.take([limit])[0] > limit.most:
        return None
    now, help_id = clock.now(), ids.uuid7()
    sql.execute(
        "INSERT INTO payments_help (account_id, id, region, parts, asked_cents, login_id, email, language, made_at,"
        " ends_at) VALUES (%s, %s, %s, %s::jsonb, %s, %s, %s, %s, %s, %s)",
        (
            account_id,
            help_id,
            region,
            sql.dumps([{"bill_id": bill, "amount_cents": cents} for bill, cents in parts]),
            sum(cents for _, cents in parts),
            login_id,
            email,
            language,
            now,
            now + OPEN_FOR,
        ),
    )
    return read(account_id, help_id)


def read(account_id: UUID, help_id: UUID) -> Link:
    """A link as it stands. Raises Hidden where there is none."""
    row = sql.one(f"{_READ} AND h.id = %s", (account_id, help_id))
    if row is None:
        raise Hidden
    return _with_makers([Link.of(row)])[0]


def of_bills(account_id: UUID, bills: Sequence[UUID]) -> list[Link]:
    """The links for any of these bills that are not taken back and not too old, the newest first."""
    rows = sql.query(
        f"{_READ} AND h.taken_back_at IS NULL AND h.ends_at > %s AND EXISTS (SELECT 1 FROM"
        " jsonb_array_elements(h.parts) AS part WHERE part->>'bill_id' = ANY(%s)) ORDER BY h.made_at DESC, h.id",
        (account_id, clock.now(), [str(bill) for bill in bills]),
    )
    return _with_makers([Link.of(row) for row in rows])


def take_back(account_id: UUID, help_id: UUID) -> None:
    """Nobody can begin to pay by it any more. A payment that has begun goes on: its payer is at the processor's page.

    Again, it changes nothing. Raises Hidden where there is none.
    """
    taken = sql.execute(
        "UPDATE payments_help SET taken_back_at = coalesce(taken_back_at, %s) WHERE account_id = %s AND id = %s",
        (clock.now(), account_id, help_id),
    )
    if not taken:
        raise Hidden


def _with_makers(links: Sequence[Link]) -> list[Link]:
    """The links, and whether who made each may still pay its bills; asked once for each member and choice of bills."""
    asked = [link for link in links if link.login_id and link.state in ("open", "paid")]
    makers = {login: household.viewer_of(login) for login in {link.login_id for link in asked} if login}
    choices = {(link.login_id, link.account_id, link.bills) for link in asked}
    may = {choice: may_pay(makers[choice[0]], *choice[1:]) for choice in choices if choice[0]}
    return [replace(link, orphaned=not may.get((link.login_id, link.account_id, link.bills), True)) for link in links]
