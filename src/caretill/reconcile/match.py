"""Operation to payment, payout to bank line: each side laid beside the other, in sets."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from caretill.core import clock, sql

LOCK = 0x0CA2E9A2  # one matcher at a time: a bank line goes to one payout
EARLY, LATE = timedelta(days=1), timedelta(days=7)  # around the promised day, where a line names no payout


def match(provider: str | None = None) -> dict[str, int]:
    """Look at all that is not matched yet; {operations, payouts}: how many changed, how many payouts are at the bank.

    An operation is matched where our payment, refund or dispute has the same amount. A payout is at the bank where a
    booked line names it with its amount; without a name only where one line and one payout, and no others, have that
    amount around the promised day. While no statement was ever read here, the processor's word counts. Our own files
    of bank debits, and the banks' files of returns, stand beside payouts under the provider `ach`.
    """
    with transaction.atomic():
        sql.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        sql.execute("SELECT reconcile_list_ach(%s::jsonb)", (sql.dumps({"now": clock.now()}),))
        ours = sql.one("SELECT reconcile_match_ach() AS changed")
        changed = ours["changed"] if ours else 0
        for row in sql.query("SELECT DISTINCT provider FROM reconcile_payout WHERE provider <> 'ach'"):
            if provider in (None, row["provider"]):
                asked = sql.dumps({"provider": row["provider"]})
                one = sql.one("SELECT reconcile_match_operations(%s::jsonb) AS changed", (asked,))
                changed += one["changed"] if one else 0
        asked = sql.dumps({"now": clock.now(), "today": clock.now().date(), "early": EARLY.days, "late": LATE.days})
        found = sql.one("SELECT reconcile_match_bank(%s::jsonb) AS found", (asked,))
        assert found is not None
    return {"operations": changed, "payouts": found["found"]}
