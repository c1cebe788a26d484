"""`pay_batch`: outcomes booked in sets of 1,000 by two writers, beside a bare set function on bare tables."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from bench import bare, world
from bench.calls import SESSION, Payment, Taken
from bench.figures import Figure
from bench.place import Place, clean, say
from bench.writer import SET_ROWS, write_sets
from caretill import ROOT
from caretill.cli.frame import Refused

SETS = 20
WRITERS = 2
GOAL = 0.9
MOST_MIB = 64.0
TABLES = (
    "payments_payment",
    "payments_part",
    "payments_attempt",
    "payments_event",
    "payments_claim",
    "payments_object",
    "ledger_transfer",
    "ledger_balance",
    "ledger_resolution",
    "core_outbox",
)


def measure(place: Place, rounds: int, sets: int) -> Figure:
    """Open payments made once by the product's own calls; each round books a copy of them."""
    count = sets * SET_ROWS
    base = world.small(place, count + count // 4)
    say(f"{count:,} payments are opened")
    calls = place.folder / "batch-calls"
    place.run(base, "-m", "bench.child", "calls", str(calls), str(count), "0")
    place.make("open", base)
    taken: Taken = pickle.loads(calls.read_bytes())
    ranked = sorted(taken.payments, key=lambda payment: payment.account_id.bytes)
    _open(place, ranked)
    folder = place.folder / "sets"
    write_sets(folder, ranked, WRITERS)
    files, bare_files = ([folder / f"{what}-{number}" for number in range(WRITERS)] for what in ("product", "floor"))
    values, floors, peaks = [], [], []
    for turn in range(rounds):
        say(f"pay_batch, round {turn + 1} of {rounds}")
        place.fresh("batch", "open")
        rate, peak = book(place, "batch", files, count)
        values.append(rate)
        peaks.append(peak)
        if turn == 0:
            place.run("batch", "-m", "caretill", "check")
        place.fresh("batch", "open")
        make_bare(place, "batch")
        floors.append(book(place, "batch", bare_files, count, "floor")[0])
    place.drop("batch")
    figure = Figure(
        name="pay_batch",
        unit="payments/s",
        values=values,
        floors=floors,
        goal=GOAL,
        floor_is="a bare set function on bare tables with the same indexes, two writers",
    )
    figure.beside = {"sets a writer": sets // WRITERS, "MiB of a writer": max(peaks)}
    figure.limits = {"MiB of a writer": MOST_MIB}
    return figure


def _open(place: Place, payments: Sequence[Payment]) -> None:
    """Begin every payment and open its page, with the calls as the product makes them."""
    with place.connect("app", "open") as connection:
        connection.execute("SET synchronous_commit = off")  # making a world is not what is measured
        for start in range(0, len(payments), 500):
            with connection.pipeline():
                for number, payment in enumerate(payments[start : start + 500], start):
                    begin, opened = payment.called("payments_begin")[0], payment.called("payments_record")[0]
                    opened = opened.replace(SESSION, f"{SESSION}_{number}")
                    connection.execute("SELECT payments_begin(%s, %s::jsonb)", (payment.account_id, begin))
                    connection.execute("SELECT payments_record(%s, %s::jsonb)", (payment.account_id, opened))
    with place.connect("owner", "open") as connection:
        connection.execute("VACUUM (ANALYZE)")


def make_bare(place: Place, name: str) -> None:
    """Bare tables with the rows of that database, and the floor's function."""
    with place.connect("owner", name) as connection:
        bare.make_tables(connection, TABLES)
        for table in TABLES:
            connection.execute(f"INSERT INTO bare.{table} SELECT * FROM public.{table}")
        connection.execute((Path(__file__).parent / "bare_set.sql").read_text(encoding="utf-8"))
        role = place.parts("app", name)["user"]
        if role != connection.info.user:
            connection.execute(f"GRANT USAGE ON SCHEMA bare TO {role}")
            connection.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA bare TO {role}")
        connection.execute("VACUUM (ANALYZE)")


def book(place: Place, name: str, files: Sequence[Path], count: int, what: str = "product") -> tuple[float, float]:
    """A writer for each file, all at once, `count` payments in all: payments a second until the last one is done, and
    the highest peak of memory.
    """
    each = count // len(files)
    writers = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.child", "writer", str(file), what],
            cwd=ROOT,
            env={**clean(), **place.environment(name)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for file in files
    ]
    for writer in writers:
        assert writer.stdout is not None
        if writer.stdout.readline().strip() != "ready":
            raise Refused("a writer did not come up")
    began = perf_counter()
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    told = [writer.communicate()[0].split() for writer in writers]
    seconds = perf_counter() - began
    if any(writer.returncode for writer in writers) or any(int(words[0]) != each for words in told):
        raise Refused(f"the writers booked {told} of {each} payments each")
    # Until the later of the two was done; the end of its process is not counted.
    return count / min(seconds, max(float(words[1]) for words in told)), max(float(words[2]) for words in told)
