"""A backup taken while guests pay, restored elsewhere: every law holds, and the ledger is the one of that moment.

`CARETILL_TEST_DRILL_LINES` is how many bill lines the installation has (4,000,000 are about 1,000,000 bills).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from caretill.config import places
from house import drill
from house.faults import books
from house.stack import Stack

pytestmark = pytest.mark.slow
LINES = int(os.environ.get("CARETILL_TEST_DRILL_LINES", "12000"))


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack(lines=LINES) as made:
        yield made


@pytest.fixture
def target(stack: Stack) -> Iterator[Path]:
    data = stack.folder / "again"
    yield data
    if data.exists():
        places.forget(data)
        shutil.rmtree(data)


def test_backed_up_and_restored_while_payments_go_on(
    stack: Stack, target: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = stack.folder / "drill.backup"
    done = drill.drill(stack, file, target)
    assert done.other == []
    assert done.after > done.before >= 3, "nobody paid while the backup was taken"
    for stream in ("ledger", "read"):
        assert done.restored["ledger"][stream] == done.made["ledger"][stream]
    assert (done.restored["broken"], done.restored["fingerprint"]) == (0, done.made["fingerprint"])
    books.settle(stack)
    assert books.differences(stack) == []
    # The restored ledger is the living one's beginning: nothing in it is other, nothing is missing from within.
    then, now = drill.transfers(target), drill.transfers(stack.data)
    assert len(then) == done.made["ledger"]["ledger"]["rows"]
    assert then.items() <= now.items()
    assert len(now) > len(then)
    say = _figures(done)
    with capsys.disabled():
        print(f"\n  {say}", end="", flush=True)


def _figures(done: drill.Drilled) -> str:
    made, again = done.made, done.restored
    return (
        f"{made['rows']:,} rows: backup {made['seconds']} s, {made['bytes']:,} bytes, {made['peak_mib']} MiB;"
        f" restore {again['seconds']} s, {again['peak_mib']} MiB; {done.after - done.before} paid meanwhile"
    )
