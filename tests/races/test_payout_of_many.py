"""A payout of very many operations: read, matched and booked in sets, memory told, nothing booked twice.

`CARETILL_TEST_PAYOUT_LINES` is how many there are.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest

from caretill.core import clock, sql
from caretill.payments.gateways import installed
from caretill.reconcile import book, fetch, match
from caretill.reconcile.differences import differences
from house.cast import a_bill
from house.desk import Desk
from house.ledgerbook import pay
from house.remitter import Remitter

pytestmark = pytest.mark.slow
LINES = int(os.environ.get("CARETILL_TEST_PAYOUT_LINES", "10000"))
ACCOUNTS = 10
CENTS = 1_000
MONDAY = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)

# Everything that one payment left behind, once more for each number, under names of its own.
CLONES = """
CREATE TEMP TABLE clone ON COMMIT DROP AS
SELECT n, md5('p' || %(payment)s || n)::uuid AS payment_id, md5('k' || %(payment)s || n)::uuid AS key,
    md5('t' || %(payment)s || n)::uuid AS pending_id, md5('u' || %(payment)s || n)::uuid AS post_id,
    md5('j' || %(payment)s || n)::uuid AS journal_id, left(md5('r' || %(payment)s || n), 20) AS word
FROM generate_series(1, %(many)s) AS n;
INSERT INTO payments_payment SELECT (jsonb_populate_record(p, jsonb_build_object('id', c.payment_id, 'key', c.key,
    'reference', 'R' || c.word, 'check_code', 'C' || c.word, 'charge_ref', 'ch_' || c.word))).*
FROM payments_payment p, clone c WHERE p.id = %(payment)s;
INSERT INTO core_idempotency SELECT (jsonb_populate_record(i, jsonb_build_object('key', c.key,
    'payment_id', c.payment_id))).* FROM core_idempotency i, clone c WHERE i.payment_id = %(payment)s;
INSERT INTO payments_part SELECT (jsonb_populate_record(r, jsonb_build_object('payment_id', c.payment_id,
    'transfer_id', c.pending_id))).* FROM payments_part r, clone c WHERE r.payment_id = %(payment)s;
INSERT INTO payments_attempt SELECT (jsonb_populate_record(a, jsonb_build_object('id', md5('a' || c.word)::uuid,
    'payment_id', c.payment_id, 'session_ref', 'se_' || c.word))).* FROM payments_attempt a, clone c
WHERE a.payment_id = %(payment)s;
INSERT INTO payments_object SELECT o.provider, x.prefix || c.word, o.account_id, c.payment_id
FROM payments_object o, clone c, (VALUES ('se_'), ('ch_'), ('R'), ('C')) AS x(prefix)
WHERE o.payment_id = %(payment)s AND o.object_ref LIKE 'ch%%' GROUP BY 1, 2, 3, 4;
INSERT INTO ledger_transfer SELECT (jsonb_populate_record(t, jsonb_build_object('transfer_id',
    CASE t.phase WHEN 'pending' THEN c.pending_id ELSE c.post_id END, 'journal_id', c.journal_id,
    'payment_id', c.payment_id, 'debit_ref', c.payment_id,
    'target_id', CASE t.phase WHEN 'post' THEN c.pending_id END))).*
FROM ledger_transfer t, clone c WHERE t.payment_id = %(payment)s;
INSERT INTO ledger_resolution SELECT t.account_id, c.pending_id, 'end', c.post_id
FROM (SELECT DISTINCT account_id FROM ledger_transfer WHERE payment_id = %(payment)s) AS t, clone c;
UPDATE ledger_balance b SET credits_posted = credits_posted + %(many)s * %(cents)s
FROM payments_part r WHERE r.payment_id = %(payment)s AND b.account_id = r.account_id AND b.ref = r.bill_id
    AND b.kind = 'receivable';
"""


def clones(payment_id: UUID, many: int) -> None:
    text = CLONES.replace("%(payment)s", f"'{payment_id}'").replace("%(many)s", str(many))
    sql.execute("BEGIN;" + text.replace("%(cents)s", str(CENTS)).replace("%%", "%") + "COMMIT;")


@pytest.fixture(name="time")
def held_clock() -> Iterator[clock.FixedClock]:
    with clock.fixed(MONDAY) as held:
        yield held


def test_many_operations_are_booked_once_each(
    time: clock.FixedClock, processor: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    many = LINES // ACCOUNTS - 1
    for place in range(ACCOUNTS):
        bill = a_bill(charge_cents=CENTS * (many + 1), family=f"many{place}")
        clones(pay(processor, (bill, CENTS)), many)
    charges = [row["charge_ref"] for row in sql.query("SELECT charge_ref FROM payments_payment ORDER BY charge_ref")]
    remitter = Remitter()
    remitter.pay_out((("charge", ref, ref, CENTS, 59) for ref in charges), arrives=time.at.date())
    said = []
    with installed("sandbox", remitter):  # type: ignore[arg-type]
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for name, step in (
            ("read", fetch.fetch),
            ("matched", match.match),
            ("booked", book.book),
            ("compared", differences),
        ):
            began = clock.monotonic()
            step()
            seconds = clock.monotonic() - began
            said.append(f"{name} in {seconds:.1f} s ({LINES / seconds:,.0f}/s)")
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert book.book() == 0
    left = sql.one("SELECT count(*) AS n FROM reconcile_operation WHERE state <> 'booked'")
    assert left == {"n": 0} and differences() == []
    with capsys.disabled():
        print(f"\n  {LINES:,} operations: {', '.join(said)}; {(after - before) // 1024} MiB more", end="", flush=True)
