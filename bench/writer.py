"""One of two writers, of `pay_batch` or `autopay_post`: `python -m bench.child writer FILE product | floor`.

It says that it is ready, waits for a line, books the sets of its file, and says how many, how long, and the most memory
it held.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from time import perf_counter
from uuid import UUID

from bench.calls import CENTS, CHARGE, SESSION, Payment
from bench.machine import peak_mib
from caretill.core import clock, sql
from caretill.payments import batch
from caretill.payments.batch import SET_ROWS, Outcome

TABLES = "outcome_tables.sql"


def write_sets(folder: Path, payments: Sequence[Payment], writers: int) -> None:
    """A file for each writer: outcomes, a line each, for the product; payloads, a line a set, for the floor."""
    folder.mkdir(exist_ok=True)
    each = len(payments) // writers
    for writer in range(writers):
        numbers = range(writer * each, (writer + 1) * each)
        lines = [_line(number, payments[number]) for number in numbers]
        (folder / f"product-{writer}").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        sets = (lines[start : start + SET_ROWS] for start in range(0, each, SET_ROWS))
        payloads = (_payload([_outcome(line) for line in one]) for one in sets)
        (folder / f"floor-{writer}").write_text("".join(f"{payload}\n" for payload in payloads), encoding="utf-8")


def _line(number: int, payment: Payment) -> str:
    begun = json.loads(payment.called("payments_begin")[0])
    return json.dumps([str(payment.account_id), begun["payment_id"], begun["region"], number])


def _outcome(line: str) -> Outcome:
    """That the processor took the money, or that a debit settled."""
    account_id, payment_id, region, number, *debited = json.loads(line)
    if debited:
        return Outcome(
            account_id=UUID(account_id),
            payment_id=UUID(payment_id),
            region=region,
            provider="ach",
            object_ref=payment_id,
            evidence=f"settled:{number}",
            amount_cents=debited[0],
            body={"trace": number},
        )
    return Outcome(
        account_id=UUID(account_id),
        payment_id=UUID(payment_id),
        region=region,
        provider="sandbox",
        object_ref=f"{SESSION}_{number}",
        evidence=f"paid:{CHARGE}_{number}",
        amount_cents=CENTS,
        charge_ref=f"{CHARGE}_{number}",
        method_brand="visa",
        method_last4="4242",
        body={"status": "complete", "outcome": "paid"},
    )


def _payload(outcomes: Sequence[Outcome]) -> str:
    day = clock.today("UTC")
    return sql.dumps({"now": clock.now(), "outcomes": [batch._row(n, each, day) for n, each in enumerate(outcomes)]})


def payloads(path: Path) -> None:
    """The floor's file beside a product's: `NAME-floor`, a payload a set."""
    with path.open(encoding="utf-8") as file, Path(f"{path}-floor").open("w", encoding="utf-8") as out:
        while outcomes := [_outcome(line) for line in islice(file, SET_ROWS)]:
            out.write(f"{_payload(outcomes)}\n")


def main(arguments: Sequence[str]) -> None:
    """Be one writer."""
    path, what = Path(arguments[0]), arguments[1]
    sql.execute(sql.load(batch.__file__, TABLES))
    print("ready", flush=True)
    sys.stdin.readline()
    began = perf_counter()
    booked = sum(_product(path) if what == "product" else _floor(path))
    print(booked, perf_counter() - began, peak_mib(os.getpid()), flush=True)


def _product(path: Path) -> Iterator[int]:
    with path.open(encoding="utf-8") as file:
        while outcomes := [_outcome(line) for line in islice(file, SET_ROWS)]:
            yield sum(answer["code"] == "applied" for answer in batch.record_set(outcomes))


def _floor(path: Path) -> Iterator[int]:
    """The payloads were made beforehand: the floor is the database's work alone."""
    with path.open(encoding="utf-8") as file:
        for payload in file:
            row = sql.one("SELECT bare.record_set(%s::jsonb) AS booked", (payload,))
            assert row is not None
            yield row["booked"]
