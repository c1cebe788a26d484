"""The processor's payouts and their files, as it tells them: each listed until it has arrived, each file read once."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction

from caretill.core import clock, sql
from caretill.formats import payout_csv
from caretill.formats.bank import BankFileFault
from caretill.formats.payout_csv import PayoutTotal
from caretill.payments import gateways
from caretill.payments.gateways.base import GatewayRefused, GatewayUnknown, Payout
from caretill.reconcile.names import name_of
from caretill.reconcile.rows import copying

log = structlog.get_logger("caretill.reconcile")

LOCK = 0x0CA2E9A1  # one writer of the list at a time: its order is kept as it was told
PAGE = 100
AGAIN = timedelta(hours=1)  # a file that could not be believed is asked for again


def fetch(provider: str = "sandbox") -> dict[str, int]:
    """List new payouts, see which have arrived, and read the files of those whose file is not here.

    Returns {listed, filed, refused, failed}: how many payouts were new, how many files were read, how many cannot be
    believed, and how many calls brought no answer. Holds no transaction while the processor is asked. Killed anywhere,
    the next call goes on: a payout is here whole with its operations, or is listed and has none.
    """
    counts = {"listed": 0, "filed": 0, "refused": 0, "failed": 0}
    gateway = gateways.gateway(provider)
    try:
        after = _from_where(provider)
        while page := gateway.list_payouts(after, PAGE):
            counts["listed"] += _keep(provider, page)
            after = page[-1].id
            if len(page) < PAGE:
                break
        for row in _wanted(provider):
            try:
                body = gateway.payout_file(row["payout_ref"])
            except GatewayRefused as error:
                _refuse(row, error.code)
                counts["refused"] += 1
                continue
            counts["filed" if _file(row, body) else "refused"] += 1
    except (GatewayUnknown, GatewayRefused) as error:
        log.warning("the processor's payouts cannot be read", provider=provider, why=type(error).__name__)
        counts["failed"] += 1
    return counts


def _from_where(provider: str) -> str | None:
    """The payout after which the list is asked: the last before the first that has not arrived."""
    row = sql.one(
        "SELECT payout_ref FROM reconcile_payout p WHERE provider = %(provider)s AND NOT EXISTS ("
        " SELECT 1 FROM reconcile_payout w WHERE w.provider = p.provider AND w.status <> 'paid' AND w.place <= p.place)"
        " ORDER BY place DESC LIMIT 1",
        {"provider": provider},
    )
    return row["payout_ref"] if row else None


def _keep(provider: str, page: list[Payout]) -> int:
    """Keep a page of the list; how many were new. What was told once stays: only the status goes forward."""
    with transaction.atomic():
        sql.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        row = sql.one(
            "SELECT reconcile_list(%s::jsonb) AS new",
            (
                sql.dumps(
                    {
                        "provider": provider,
                        "now": clock.now(),
                        "payouts": [_told(each) for each in page],
                    }
                ),
            ),
        )
    assert row is not None
    return int(row["new"])


def _told(payout: Payout) -> dict[str, Any]:
    return {
        "payout_ref": payout.id,
        "processor_account": payout.processor_account,
        "amount_cents": payout.amount_cents,
        "currency": payout.currency,
        "count": payout.count,
        "status": payout.status,
        "created_at": payout.created,
        "arrives_on": payout.arrives_on,
        "bank_name": name_of(payout.bank_reference),
    }


def _wanted(provider: str) -> list[dict[str, Any]]:
    return sql.query(
        "SELECT provider, payout_ref, amount_cents, currency, count FROM reconcile_payout WHERE provider = %s"
        " AND (state = 'listed' OR state = 'refused' AND changed_at < %s) ORDER BY place",
        (provider, clock.now() - AGAIN),
    )


def _file(row: dict[str, Any], body: bytes) -> bool:
    """Take a payout's file over, whole or not at all: its totals are proved, and they are the payout's."""
    total = PayoutTotal()
    try:
        with transaction.atomic():
            # Whoever holds the row files it; a second worker finds it filed.
            held = sql.one(
                "SELECT state FROM reconcile_payout WHERE provider = %s AND payout_ref = %s FOR UPDATE",
                (row["provider"], row["payout_ref"]),
            )
            if held is None or held["state"] == "filed":
                return True
            _copy(row, body, total)
            _same(row, total, body)
            sql.execute(
                "UPDATE reconcile_payout SET state = 'filed', fault = '', file_sha256 = %s, gross_cents = %s,"
                " fee_cents = %s, changed_at = %s WHERE provider = %s AND payout_ref = %s",
                (
                    hashlib.sha256(body).hexdigest(), total.gross_cents, total.fee_cents, clock.now(),
                    row["provider"], row["payout_ref"],
                ),
            )  # fmt: skip
    except BankFileFault as fault:
        log.warning("a payout's file is refused", payout=row["payout_ref"], fault=str(fault))
        _refuse(row, str(fault))
        return False
    return True


def _copy(row: dict[str, Any], body: bytes, total: PayoutTotal) -> None:
    with copying(
        "COPY reconcile_operation (provider, payout_ref, number, kind, operation_ref, charge_ref, reference,"
        " gross_cents, fee_cents, net_cents, at, state) FROM STDIN"
    ) as copy:
        for each in payout_csv.read(body, total):
            copy.write_row(
                (
                    row["provider"], row["payout_ref"], each.row, each.kind, each.operation_id, each.charge_id,
                    each.reference, each.gross_cents, each.fee_cents, each.net_cents, each.at, "new",
                )
            )  # fmt: skip


def _same(row: dict[str, Any], total: PayoutTotal, body: bytes) -> None:
    """The file is this payout's. Raises BankFileFault at its last line."""
    last = body.count(b"\n")
    for name, said, listed in (
        ("another_payout", total.payout_id, row["payout_ref"]),
        ("payout_currency", total.currency, row["currency"]),
        ("payout_amount", total.net_cents, row["amount_cents"]),
        ("payout_count", total.count, row["count"]),
    ):
        if said != listed:
            raise BankFileFault(last, name, f"{said} said, {listed} listed")


def _refuse(row: dict[str, Any], fault: str) -> None:
    sql.execute(
        "UPDATE reconcile_payout SET state = 'refused', fault = %s, changed_at = %s"
        " WHERE provider = %s AND payout_ref = %s AND state <> 'filed'",
        (fault, clock.now(), row["provider"], row["payout_ref"]),
    )
