"""Proving that a bank account is its owner's before the first debit from the web (rules.md ACH-3).

Either two amounts under a dollar are put in, and the owner reads them off; three wrong guesses, and it is closed. Or a
prenote goes, and an account that nobody refuses for three banking days is valid. The room `ach` files both: it takes
`wanted`, and says `filed` with the first day on which an answer can be had.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Literal
from uuid import UUID

from django.db import transaction

from caretill.core import clock, outbox, sealed, sql
from caretill.core.blind import blind_index
from caretill.methods.access import amounts_row
from caretill.methods.keep import first_choice, locked, told
from caretill.regions import bankdays

GUESSES = 3
PRENOTE_DAYS = 3  # banking days
SEEN_BY = time(9)  # in New York: what settled over night stands in the account by then
MOST_A_MONTH = 5  # accounts of one login that are tried so in 30 days: each costs money, and guessing is no way in
Way = Literal["micro", "prenote"]
Begun = Literal["begun", "repeat", "valid", "closed", "too_many", "missing"]
Guessed = Literal["right", "wrong", "closed", "not_yet", "missing"]


@dataclass(frozen=True)
class Wanted:
    """An account that waits for its two amounts, or its prenote, to be filed."""

    account_id: UUID
    method_id: UUID
    login_id: UUID | None
    way: Way
    amounts_cents: tuple[int, ...]
    account_type: str
    corporate: bool
    holder_name: str


def begin(account_id: UUID, method_id: UUID, way: Way = "micro") -> Begun:
    """Have the account proved. The two amounts follow from the method alone: asked twice, they are the same two."""
    with transaction.atomic():
        row = locked(account_id, method_id)
        if row is None or row["kind"] != "bank" or row["state"] == "deleted":
            return "missing"
        if row["validation"] == "valid":
            return "valid"
        if row["validation"] in ("micro", "prenote"):
            return "repeat"
        if row["validation"] == "failed" or row["state"] != "checking":
            return "closed"
        now = clock.now()
        tried = sql.one(
            "SELECT count(*) AS tried FROM methods_method WHERE login_id = %s AND began_at > %s",
            (row["login_id"], now - timedelta(days=30)),
        )
        if tried and tried["tried"] >= MOST_A_MONTH:
            return "too_many"
        first, second = _drawn(method_id)
        kept = sealed.seal(f"{first} {second}", amounts_row(account_id, method_id)) if way == "micro" else None
        sql.execute(
            "UPDATE methods_method SET validation = %s, validation_sealed = %s, began_at = %s, changed_at = %s"
            " WHERE account_id = %s AND id = %s",
            (way, kept, now, now, account_id, method_id),
        )
        return "begun"


def wanted(most: int = 1000) -> list[Wanted]:
    """Accounts whose amounts or prenote no file holds yet, the oldest first."""
    rows = sql.query(
        "SELECT account_id, id, login_id, validation, validation_sealed, account_type, corporate, holder_name"
        " FROM methods_method WHERE validation IN ('micro', 'prenote') AND filed_at IS NULL AND state = 'checking'"
        " ORDER BY began_at, id LIMIT %s",
        (most,),
    )
    return [
        Wanted(
            row["account_id"], row["id"], row["login_id"], row["validation"],
            amounts(row["account_id"], row["id"], row["validation_sealed"]), row["account_type"], row["corporate"],
            row["holder_name"],
        )
        for row in rows
    ]  # fmt: skip


def filed(rows: Iterable[tuple[UUID, UUID, date]]) -> int:
    """Files hold the entries of (account_id, method_id, the day they settle). How many were not known to be filed.

    Amounts can be read on the day they settle, and their owner is told then; a prenote has until three banking days
    after it.
    """
    given = [(account, method, day, bankdays.add(day, PRENOTE_DAYS)) for account, method, day in rows]
    if not given:
        return 0
    columns = [list(column) for column in zip(*given, strict=True)]
    with transaction.atomic():
        made = sql.query(
            "UPDATE methods_method m SET filed_at = %s, opens_on = CASE WHEN m.validation = 'micro' THEN f.settles"
            " ELSE f.silent END FROM unnest(%s::uuid[], %s::uuid[], %s::date[], %s::date[])"
            " AS f (account_id, id, settles, silent) WHERE m.account_id = f.account_id AND m.id = f.id"
            " AND m.filed_at IS NULL AND m.validation IN ('micro', 'prenote')"
            " RETURNING m.account_id, m.id, m.login_id, m.validation, m.opens_on",
            (clock.now(), *columns),
        )
        for row in sorted(made, key=lambda each: each["id"]):
            if row["validation"] == "micro" and row["login_id"] is not None:
                about = {"method_id": row["id"], "login_id": row["login_id"]}
                outbox.put(row["account_id"], "method_amounts", about, bankdays.moment(row["opens_on"], SEEN_BY))
    return len(made)


def sent_later(rows: Iterable[tuple[UUID, UUID, date]]) -> int:
    """As `filed`, of entries whose file left too late for the day they asked for: they settle on this one."""
    given = [(account, method, day, bankdays.add(day, PRENOTE_DAYS)) for account, method, day in rows]
    if not given:
        return 0
    return sql.execute(
        "UPDATE methods_method m SET opens_on = CASE WHEN m.validation = 'micro' THEN f.settles ELSE f.silent END"
        " FROM unnest(%s::uuid[], %s::uuid[], %s::date[], %s::date[]) AS f (account_id, id, settles, silent)"
        " WHERE m.account_id = f.account_id AND m.id = f.id AND m.validation IN ('micro', 'prenote')",
        [list(column) for column in zip(*given, strict=True)],
    )


def guess(account_id: UUID, method_id: UUID, cents1: int, cents2: int) -> Guessed:
    """The owner says the two amounts, in any order. The third wrong pair closes it for good.

    `not_yet` uses up no guess: the amounts cannot have arrived.
    """
    with transaction.atomic():
        row = locked(account_id, method_id)
        if row is None or row["state"] == "deleted":
            return "missing"
        if row["validation"] == "valid":
            return "right"
        if row["validation"] != "micro" or row["state"] != "checking":
            return "closed"
        if row["opens_on"] is None or bankdays.eastern_day(clock.now()) < row["opens_on"]:
            return "not_yet"
        if sorted((cents1, cents2)) == sorted(amounts(account_id, method_id, row["validation_sealed"])):
            _valid(account_id, method_id, row["login_id"])
            return "right"
        sql.execute(
            "UPDATE methods_method SET guesses = guesses + 1, changed_at = %s WHERE account_id = %s AND id = %s",
            (clock.now(), account_id, method_id),
        )
        if row["guesses"] + 1 < GUESSES:
            return "wrong"
        _failed(account_id, method_id, row["login_id"], "guesses")
        return "closed"


def mark(
    account_id: UUID, method_id: UUID, result: Literal["valid", "failed"], why: str = ""
) -> Literal["marked", "repeat", "missing"]:
    """What the bank answered to a prenote or to the amounts: `failed` with the return code in `why`."""
    with transaction.atomic():
        row = locked(account_id, method_id)
        if row is None or row["kind"] != "bank" or row["state"] == "deleted":
            return "missing"
        if row["validation"] == result:
            return "repeat"
        if result == "valid":
            _valid(account_id, method_id, row["login_id"])
        else:
            _failed(account_id, method_id, row["login_id"], why)
        return "marked"


def ripen(most: int = 500) -> int:
    """Prenotes that nobody refused in time make their accounts valid; how many. A turn of the worker."""
    rows = sql.query(
        "SELECT account_id, id FROM methods_method WHERE validation = 'prenote' AND opens_on <= %s"
        " AND state = 'checking' LIMIT %s",
        (bankdays.eastern_day(clock.now()), most),
    )
    return sum(mark(row["account_id"], row["id"], "valid") == "marked" for row in rows)


def amounts(account_id: UUID, method_id: UUID, kept: bytes | None) -> tuple[int, ...]:
    """The two small amounts; none for a prenote."""
    if kept is None:
        return ()
    return tuple(int(each) for each in sealed.unseal(kept, amounts_row(account_id, method_id)).split())


def _drawn(method_id: UUID) -> tuple[int, int]:
    """Two different amounts from 1 to 99 cents, by a keyed digest: nobody without the key can tell them."""
    number = int.from_bytes(blind_index("", "micro", str(method_id)))
    first, second = number % 99, number // 99 % 98
    return first + 1, (second + (second >= first)) + 1


def _valid(account_id: UUID, method_id: UUID, login_id: UUID | None) -> None:
    now = clock.now()
    sql.execute(
        "UPDATE methods_method SET validation = 'valid', validation_sealed = NULL, validated_at = %s, changed_at = %s,"
        " state = CASE WHEN state = 'checking' THEN 'ready' ELSE state END WHERE account_id = %s AND id = %s",
        (now, now, account_id, method_id),
    )
    first_choice(account_id, login_id)
    told(account_id, method_id, login_id, "method_proved")


def _failed(account_id: UUID, method_id: UUID, login_id: UUID | None, why: str) -> None:
    sql.execute(
        "UPDATE methods_method SET validation = 'failed', validation_sealed = NULL, state = 'disabled', why = %s,"
        " is_default = false, changed_at = %s WHERE account_id = %s AND id = %s",
        (why, clock.now(), account_id, method_id),
    )
    first_choice(account_id, login_id)
    told(account_id, method_id, login_id, "method_disabled", why=why)
