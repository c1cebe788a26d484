"""Accounts to be proved before the first debit from the web (ACH-3): small amounts put in, or a prenote.

The small amounts are credits of less than a dollar, so named that every bank knows them; nothing is taken back.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from caretill.core import clock, sql
from caretill.core.ids import uuid7
from caretill.formats import nacha
from caretill.methods import validate
from caretill.methods.validate import Wanted
from caretill.regions import bankdays, catalog
from caretill.regions.models import DebitBank

SET_ROWS = 500
_COLUMNS = (
    "account_id, id, file_id, batch, sequence, trace, kind, place, method_id, payee, reference, sec_code, description,"
    " transaction_code, mark, amount_cents, effective_on, presentment, first_id, validation, state, filed_at, filed_on,"
    " return_code"
)


def take(file: dict[str, Any], bank: DebitBank) -> int:
    """Put the accounts that wait into the file; how many. A transaction for each set, so none is filed twice."""
    done = 0
    while rows := validate.wanted(SET_ROWS):
        with transaction.atomic():
            for row in rows:
                _entries(file, bank, row)
            marked = validate.filed((row.account_id, row.method_id, file["standard_on"]) for row in rows)
        done += marked
        if not marked:
            break
    return done


def _entries(file: dict[str, Any], bank: DebitBank, row: Wanted) -> None:
    if row.way == "prenote":
        _put(file, bank, row, 0, nacha.PRENOTE_DEBIT[row.account_type], 0, nacha.PRENOTE)
        return
    for place, cents in enumerate(row.amounts_cents, start=1):
        _put(file, bank, row, place, nacha.CREDIT_TO[row.account_type], cents, nacha.MICRO)


def _put(
    file: dict[str, Any], bank: DebitBank, row: Wanted, place: int, code: int, cents: int, description: str
) -> None:
    """One entry and its trace number. An account that is proved anew after it had failed is another method."""
    entry_id = uuid7()
    counted = sql.one("SELECT nextval('ach_trace_sequence') AS sequence")
    assert counted is not None
    sequence = counted["sequence"]
    trace = nacha.trace_number(bank.routing, sequence)
    now = clock.now()
    values = (
        row.account_id, entry_id, file["id"], None, sequence, trace, row.way, place, row.method_id, payee(),
        reference(entry_id), "CCD" if row.corporate else "PPD", description, code, "", cents, file["standard_on"], 1,
        entry_id, row.way, "filed", now, bankdays.eastern_day(now), "",
    )  # fmt: skip
    places = ["%s"] * len(values)
    places[3] = "ach_batch(%s, %s, %s, %s, %s)"
    batch = (values[9], values[11], values[12], file["standard_on"], code)
    sql.execute(f"INSERT INTO ach_entry ({_COLUMNS}) VALUES ({', '.join(places)})", (*values[:3], *batch, *values[4:]))
    sql.execute(
        "INSERT INTO ach_trace (trace, file_id, account_id, entry_id) VALUES (%s, %s, %s, %s)",
        (trace, file["id"], row.account_id, entry_id),
    )


def payee() -> str:
    """Who proves accounts: the first payee, for all of them."""
    return min(catalog.organisation().payees)


def reference(entry_id: UUID) -> str:
    """What the bank shows beside an entry that belongs to no payment."""
    return entry_id.hex[-10:].upper()
