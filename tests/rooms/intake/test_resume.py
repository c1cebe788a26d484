"""Killed anywhere, an import goes on where it stood: at the end everything is there once."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from caretill.core import sql
from caretill.intake import sets
from house import run as test_run
from rooms.intake.deliveries import Rows, bring, sample, write

pytestmark = pytest.mark.usefixtures("db")
BILLS = 40
# Runs the command with small sets and small copies, and dies at the `count`-th call of a function, before or after it.
KILLED = """
import os, signal, sys
import django
from django.conf import settings
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caretill.config.settings")
django.setup()
from caretill.cli import frame
from caretill.formats import blocks
from caretill.intake import run, sets, stage
sets.SET_ROWS, blocks.BLOCK_BYTES = 5, 500
where, name, when, count = sys.argv[1:5]
module = {"run": run, "sets": sets, "stager": stage.Stager, "issue": sets.issue}[where]
real, left = getattr(module, name), [int(count)]
def deadly(*given, **named):
    left[0] -= 1
    last = left[0] == 0
    if last and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    answer = real(*given, **named)
    if last:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer
setattr(module, name, deadly)
sys.exit(frame.main(sys.argv[5:]))
"""
DEATHS = [
    ("stager", "take", "after", 4),
    ("run", "_goes_on", "after", 1),
    ("issue", "apply_feed", "before", 1),
    ("sets", "apply_set", "after", 2),
    ("issue", "apply_feed", "after", 3),
    ("run", "_finish", "before", 1),
]


def many() -> Rows:
    """The sample with more bills, so that there are several sets."""
    rows = sample()
    for number in range(BILLS):
        name = f"P20000000{number:02d}"
        rows["bills"].append(rows["bills"][3] | {"bill_number": name})
        rows["lines"] += [row | {"bill_number": name} for row in rows["lines"][5:7]]
        rows["payments"].append(rows["payments"][2] | {"bill_number": name})
    rows["lines"].append(rows["lines"][0] | {"charge": "1e3", "bill_number": "P2000000000", "region": "oregon"})
    return rows


def everything() -> dict[str, Any]:
    """All that the delivery leaves behind, without what is made anew each time."""
    bills = """
        SELECT b.number, b.version, encode(b.digest, 'hex') AS digest, count(l.*) AS lines
        FROM billing_bill b JOIN billing_line l ON l.account_id = b.account_id AND l.bill_id = b.id
        GROUP BY 1, 2, 3 ORDER BY 1"""
    moved = """
        SELECT b.number, t.debit_kind, t.credit_kind, t.amount_cents, t.code, count(*) AS n
        FROM ledger_transfer t JOIN billing_bill b ON b.account_id = t.account_id AND b.id = t.subject_id
        GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"""
    keys = "SELECT kind, count(*) AS n FROM billing_lookup_key GROUP BY 1 ORDER BY 1"
    refused = "SELECT file, row, field, reason FROM intake_refused ORDER BY 1, 2, 3, 4"
    return {query: sql.query(query) for query in (bills, moved, keys, refused)}


def test_killed_at_every_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner_connection: psycopg.Connection[Any]
) -> None:
    folder = write(tmp_path, many())
    done: list[int] = []
    for where, name, when, count in DEATHS:
        command = [sys.executable, "-c", KILLED, where, name, when, str(count), "import", "csv", str(folder)]
        killed = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert killed.returncode == -signal.SIGKILL, (where, name, when, count, done, killed.stderr)
        row = sql.one("SELECT count(*) AS n FROM intake_set")
        done.append(row["n"] if row else 0)
    assert done == sorted(done) and done[0] == 0 and done[-1] == 12
    monkeypatch.setattr(sets, "SET_ROWS", 5)
    summary = bring(folder)
    assert sql.query("SELECT state FROM intake_delivery") == [{"state": "done"}]
    # The bill that lacks its refused line, its two good lines, and its payment.
    assert summary.reasons == {"bill_refused": 2, "line_refused": 1, "not_a_number": 1, "unknown_bill": 1}
    assert summary.read == summary.applied + summary.rejected
    resumed = everything()
    # A delivery with refused rows is looked at again each time: what went in is unchanged.
    again = bring(folder)
    assert (again.applied, again.rejected) == (0, summary.rejected)
    assert (again.figures, again.reasons) == (summary.figures, summary.reasons)
    test_run.empty(owner_connection)
    whole = bring(folder)
    assert whole.figures == summary.figures and whole.tables == summary.tables
    assert everything() == resumed
