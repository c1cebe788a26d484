"""Faults planted on purpose: each takes one guard away, and the tests must notice (`tests/test_planted.py`).

A plant is either a change of the text of one of our SQL functions, or a statement on the migrated template.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from caretill.core.sql import ROOMS


@dataclass(frozen=True)
class Plant:
    """`run`, then `file` with each `old` replaced by its `new`; `says` is what is gone."""

    says: str
    file: str = ""
    changes: tuple[tuple[str, str], ...] = ()
    run: str = ""

    def text(self) -> str:
        """What to execute on the template. Fails when the guard is not where it was."""
        text = (ROOMS / self.file).read_text() if self.file else ""
        for old, new in self.changes:
            if text.count(old) != 1:
                raise LookupError(f"{self.file} does not hold {old!r} once: the plant must follow the code")
            text = text.replace(old, new)
        return f"{self.run};\n{text}"


BEGIN, HOLD, RECORD = (f"payments/sql/fn_{name}.sql" for name in ("begin", "hold", "record"))
LEDGER = "ledger/sql/fn_ledger.sql"

PLANTS = {
    "idempotency": Plant(
        "the look at the idempotency key",
        BEGIN,
        (("RETURN jsonb_build_object('code', 'repeat', 'payment_id', kept.payment_id);", "NULL;"),),
    ),
    "key_hash": Plant(
        "the comparison of what was asked under a key",
        BEGIN,
        (("IF kept.request_hash <> decode(p->>'request_hash', 'hex') THEN", "IF false THEN"),),
    ),
    "floor": Plant(
        "the floor under a balance",
        run="ALTER TABLE ledger_balance DROP CONSTRAINT ledger_balance_floor",
    ),
    "compare_and_set": Plant(
        "the compare-and-set of the state",
        RECORD,
        (
            (
                "WHERE account_id = p_account_id AND id = v_payment AND state = pay.state;",
                "WHERE account_id = p_account_id AND id = v_payment;",
            ),
        ),
    ),
    "callback_once": Plant(
        "the deduplication of callbacks",
        run="ALTER TABLE payments_callback DROP CONSTRAINT payments_callback_pkey",
    ),
    "evidence_once": Plant(
        "the deduplication of evidence",
        RECORD,
        (
            ("IF EXISTS (SELECT 1 FROM payments_event", "IF false AND EXISTS (SELECT 1 FROM payments_event"),
            ("ON CONFLICT (account_id, provider, object_ref, evidence) DO NOTHING;", ";"),
        ),
        run="ALTER TABLE payments_event DROP CONSTRAINT payments_event_evidence",
    ),
    "claim": Plant(
        "the claim on a bill",
        HOLD,
        (("RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'being_paid', DETAIL = part.bill_id;", "NULL;"),),
    ),
    "refund_once": Plant(
        "the deduplication of refunds",
        "payments/sql/fn_refund.sql",
        (("IF kept.id IS NOT NULL THEN", "IF false THEN"),),
        run="DROP INDEX payments_refund_key",
    ),
    "late_success": Plant(
        "the credit for a success after the end",
        RECORD,
        (("v_late boolean := pay.state IN ('voided', 'failed');", "v_late boolean := false;"),),
    ),
    "void": Plant(
        "the release of what was reserved",
        RECORD,
        (("'phase', CASE p_to WHEN 'succeeded' THEN 'post' ELSE 'void' END", "'phase', 'post'"),),
    ),
    "settle": Plant(
        "credit going back onto its bill",
        LEDGER,
        (("IF coalesce(spare, 0) <= 0 THEN", "IF true THEN"),),
    ),
}


def sow(connection: Any, name: str) -> None:
    """Take the guard away on the template, as the owner."""
    connection.execute(PLANTS[name].text())
