"""The product's part of the figures over time: `python -m bench.child later_child STEP ARGUMENT...`.

A step that is measured says how many, in how many seconds, and the most memory that it held.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from django.db import connection, transaction

from bench import writer
from bench.machine import peak_mib
from caretill.ach import build, locks, returns, send, settle, writing
from caretill.autopay import runs
from caretill.core import clock, sealed, sql
from caretill.core.ids import uuid7
from caretill.formats import nacha
from caretill.formats.nacha import BatchHeader, FileHeader, Return
from caretill.formats.nacha_write import Entry
from caretill.formats.nacha_write import write as write_file
from caretill.methods import access, keep, mandates
from caretill.people.viewer import NOBODY
from caretill.regions import bankdays

ROUTING = "123456780"
THEIR_BANK = "091499992"
OURS = "125099996"
DAYS = (10, 11, 12, 13)  # so many days from today something is taken: all are planned at once
CODES = ("R01", "R01", "R01", "R09", "R02", "R10")  # most that comes back came for want of money
_ORDER = """
    INSERT INTO autopay_order (account_id, id, kind, login_id, region, method_account_id, method_id, method_kind,
        mandate_id, payer_name, email, language, scope, day, starts_on, state, made_at, changed_at)
    VALUES (%(account_id)s, %(order_id)s, 'autopay', %(login_id)s, %(region)s, %(account_id)s, %(method_id)s, 'bank',
        %(mandate_id)s, 'Elena Maple', '', 'en', 'all', %(day)s, %(today)s, 'active', %(now)s, %(now)s)"""
_LOGIN = """
    INSERT INTO people_login (id, email, email_key, password, whole_password, region, first_name, last_name, street,
        city, state, zip, phone, language, paperless, made_at, changed_at)
    SELECT %(login_id)s, email, email, '', true, region, first_name, last_name, street, city, state, zip, '', 'en',
        false, %(now)s, %(now)s
    FROM people_account WHERE account_id = %(account_id)s"""
_ACCESS = """
    INSERT INTO people_access (login_id, account_id, person_id, level, given_at)
    VALUES (%(login_id)s, %(account_id)s, %(everybody)s, 'holder', %(now)s)"""


def main(arguments: Sequence[str]) -> None:
    """Do one step."""
    steps: dict[str, Callable[..., Any]] = {
        "agree": agree, "file": file, "seal": seal, "plan": plan, "write": write, "sent": sent, "outcomes": outcomes,
        "payloads": payloads, "settle": settle_all, "returned": returned, "returns": take_returns,
    }  # fmt: skip
    answer = steps[arguments[0]](*arguments[1:])
    print(json.dumps(answer), flush=True)


def _timed(work: Callable[[], int]) -> dict[str, float]:
    began = perf_counter()
    count = work()
    return {"count": count, "seconds": perf_counter() - began, "mib": peak_mib(os.getpid())}


@transaction.atomic
def agree() -> int:
    """Every account gets a bank account, proved, with what was agreed and automatic payment of all on some day."""
    now, today = clock.now(), clock.today("UTC")
    rows = sql.query("SELECT account_id, region, id AS bill_id FROM billing_bill ORDER BY account_id")
    for place, row in enumerate(rows):
        account_id, login_id = row["account_id"], uuid7()
        who = {"login_id": login_id, "account_id": account_id, "everybody": NOBODY, "now": now}
        sql.execute(_LOGIN, who)
        sql.execute(_ACCESS, who)
        ask = keep.BankAsk(account_id, login_id, "Elena Maple", ROUTING, f"{place:012d}", "checking")
        method_id = keep.add_bank(ask).method_id
        assert method_id is not None
        text = mandates.words(
            "recurring", "en", region=row["region"], account="bank", last4="6789", account_type="checking",
            brand="", amount_cents=None, on=[today], day=today.day,
        )  # fmt: skip
        mandate_id = mandates.agree(account_id, method_id, login_id, "recurring", "member", text, "192.0.2.1")
        day = (today + timedelta(days=DAYS[place % len(DAYS)])).day
        more = {"order_id": uuid7(), "region": row["region"], "method_id": method_id, "mandate_id": mandate_id}
        sql.execute(_ORDER, who | more | {"day": day, "today": today})
    sql.execute(
        "UPDATE methods_method SET validation = 'valid', state = 'ready', validated_at = %s WHERE kind = 'bank'", (now,)
    )
    return len(rows)


def due_now() -> datetime:
    """Everything that is planned was told ten days ago, and its time has come: the first moment of that."""
    sql.execute("UPDATE autopay_due SET noticed_on = take_on - 10, notice_put = true WHERE state = 'waiting'")
    row = sql.one("SELECT max(closes_at) AS at FROM autopay_due WHERE state = 'waiting'")
    assert row is not None
    at: datetime = row["at"]
    return at + timedelta(minutes=1)


def file() -> int:
    """Plan, run, and take into a file what was begun. The file is left as one that a build died with."""
    runs.plan_dues()
    with clock.fixed(due_now()):
        run = runs.plan()
        runs.approve(run.id, "bench")
        begun = runs.run(run.id)
        assert begun is not None and begun.done == begun.planned, begun
        bank = build.debit_bank()
        with locks.alone(build.LOCK):
            open_file = build._open_file(bank, False)
            counts = build._take(open_file, bank, None, None)
        assert counts.taken == begun.done, (counts, begun)
    sql.execute("DELETE FROM core_outbox")
    return counts.taken


def seal(times: str) -> int:
    """An account number for each copy, sealed for the row that will hold it."""
    connection.ensure_connection()
    raw: Any = connection.connection
    count = 0
    ids = (
        "SELECT (left(t.account_id::text, 24) || substr(md5(t.account_id::text || copy), 1, 12))::uuid,"
        " (left(t.id::text, 24) || substr(md5(t.id::text || copy), 1, 12))::uuid"
        f" FROM methods_method t CROSS JOIN generate_series(1, {int(times) - 1}) AS copy"
    )
    reader = connection.copy()  # one reads while the other writes
    reader.ensure_connection()
    with raw.cursor() as out, out.copy("COPY later_sealed FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(["uuid", "uuid", "bytea"])
        with reader.connection.transaction(), reader.connection.cursor(name="ids") as cursor:
            cursor.itersize = 10_000
            for account_id, method_id in cursor.execute(ids):
                kept = sealed.seal(f"{count:012d}", access.number_row(account_id, method_id))
                copy.write_row((account_id, method_id, kept))
                count += 1
    return count


def plan() -> dict[str, float]:
    """Every enrolment is planned."""
    return _timed(lambda: runs.plan_dues().planned)


def write() -> dict[str, float]:
    """The file that a build died with is written and kept; seconds of the writing alone."""
    spent: list[float] = []
    whole = writing.write

    def timed(*arguments: Any) -> Any:
        began = perf_counter()
        kept = whole(*arguments)
        spent.append(perf_counter() - began)
        return kept

    build.writing.write = timed  # type: ignore[assignment]
    with clock.fixed(_begun()):
        built = build.build()
    return {"count": built.done, "seconds": spent[0], "mib": peak_mib(os.getpid())}


class _Nowhere:
    def put(self, name: str, pieces: Any) -> None:
        for _ in pieces:
            pass


def sent() -> int:
    """The file is written and sent, so that its entries may settle."""
    with clock.fixed(_begun()):
        build.build()
        send.send(_Nowhere())
    return 1


def _begun() -> datetime:
    row = sql.one("SELECT begun_at FROM ach_file ORDER BY begun_at DESC LIMIT 1")
    assert row is not None
    at: datetime = row["begun_at"]
    return at


def _settled_at() -> datetime:
    row = sql.one("SELECT max(effective_on) AS day FROM ach_entry")
    assert row is not None
    return bankdays.moment(row["day"], settle.SAME_DAY_SETTLES_AT) + timedelta(minutes=1)


def outcomes(folder: str, writers: str) -> int:
    """A file of what settled for each writer, in the order of accounts."""
    rows = sql.query(
        "SELECT p.account_id, p.id, p.region, e.trace, p.amount_cents FROM ach_entry e JOIN payments_payment p"
        " ON p.account_id = e.account_id AND p.id = e.payment_id ORDER BY p.account_id, p.id"
    )
    Path(folder).mkdir(exist_ok=True)
    each = len(rows) // int(writers)
    for place in range(int(writers)):
        with (Path(folder) / f"settled-{place}").open("w", encoding="utf-8") as out:
            for row in rows[place * each : (place + 1) * each]:
                told = [str(row["account_id"]), str(row["id"]), row["region"], row["trace"], row["amount_cents"]]
                out.write(json.dumps(told) + "\n")
    return each


def payloads(path: str) -> int:
    """The floor's payloads, made beforehand."""
    writer.payloads(Path(path))
    return 0


def settle_all() -> dict[str, float]:
    """The worker's own turn: entries claimed, booked and marked."""
    with clock.fixed(_settled_at()):
        return _timed(lambda: settle.settle()["settled"])


def returned(path: str, most: str) -> int:
    """A file of a bank that sends the first entries back."""
    rows = sql.query("SELECT * FROM ach_entry ORDER BY sequence LIMIT %s", (int(most),))
    header = BatchHeader("LARKSPUR", "1001000001", "WEB", "BILL PYMT", THEIR_BANK[:8], None, nacha.MIXED)
    back = [
        Entry(
            row["transaction_code"] - 1, OURS, "0123456789", row["amount_cents"], "", "PAT PAYER", "S", place,
            (Return(CODES[place % len(CODES)], row["trace"], THEIR_BANK[:8]),),
        )
        for place, row in enumerate(rows, start=1)
    ]  # fmt: skip
    with Path(path).open("wb") as out:
        write_file(FileHeader(OURS, THEIR_BANK, _settled_at().replace(tzinfo=None)), [(header, back)], out)
    return len(rows)


def take_returns(path: str) -> dict[str, float]:
    """Read and applied, to the last line."""
    with clock.fixed(_settled_at() + timedelta(days=1)):
        return _timed(lambda: returns.read(Path(path)).applied)
