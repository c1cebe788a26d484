"""`nacha_write` and `nacha_returns`: debits into a file that is kept, and what a bank sends back of them."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

from bench import autopay, bare, later
from bench.autopay import step
from bench.figures import Failed, Figure
from bench.place import Place, say
from bench.writer import SET_ROWS

WRITE_GOAL = 0.2
RETURNS_GOAL = 0.3
MOST_MIB = 64.0
LINE = "6%02d%s%-17s%010d%-15s%-22s%-2s0%s%07d\n"
TABLES = (
    "ach_entry",
    "ach_trace",
    "ach_again",
    "ach_returned_line",
    "payments_payment",
    "payments_part",
    "payments_event",
    "payments_return",
    "ledger_transfer",
    "ledger_balance",
    "methods_method",
    "core_outbox",
)
# Lines that nobody has decided yet, with their place: what the product has read when it begins to apply.
_TOLD = """
    CREATE TABLE bare.told AS SELECT row_number() OVER (ORDER BY line)::int AS place, sha256, line, code, trace
    FROM ach_returned_line;
    CREATE INDEX ON bare.told (place);
    UPDATE bare.ach_returned_line SET disposition = '', decided_at = NULL"""


def write(place: Place, rounds: int, count: int) -> Figure:
    """Debits a second from the database to a file that is kept; the floor formats as many lines and keeps none."""
    world = later.filed(place, count)
    values, floors, peaks = [], [], []
    for turn in range(rounds):
        say(f"nacha_write, round {turn + 1} of {rounds}")
        place.fresh("write", world)
        told = step(place, "write", "write")
        if told["count"] != count:
            raise Failed(f"nacha_write wrote {told['count']:,} of {count:,}")
        values.append(count / told["seconds"])
        peaks.append(told["mib"])
        floors.append(_lines(place.folder / "bare.ach", count))
    place.drop("write")
    figure = Figure(
        name="nacha_write",
        unit="debits/s",
        values=values,
        floors=floors,
        goal=WRITE_GOAL,
        floor_is="bare %-format of as many lines into a file; no database, nothing sealed, no totals",
    )
    figure.beside = {"debits": count, "MiB": max(peaks)}
    figure.limits = {"MiB": MOST_MIB}
    return figure


def _lines(path: Path, count: int) -> float:
    began = perf_counter()
    with open(path, "w", encoding="ascii") as out:
        for number in range(count):
            cells = (27, "123456780", "000123456789", 12_500, "R123456789", "Elena Maple", "R ", "12509999", number)
            out.write(LINE % cells)
    taken = perf_counter() - began
    path.unlink()
    return count / taken


def returns(place: Place, rounds: int, count: int) -> Figure:
    """Returns a second, of debits that had settled, from a file on disk to the last line's disposition."""
    name = f"settled{count}"
    whole = max(count, later.BASE)
    path = place.folder / "returns.ach"
    if name not in place.made:
        place.make(name, autopay.sent(place, whole))
        step(place, name, "settle")
        with place.connect("owner", name) as connection:
            connection.execute("VACUUM (ANALYZE)")
    step(place, name, "returned", str(path), str(count))
    values, floors, peaks = [], [], []
    for turn in range(rounds):
        say(f"nacha_returns, round {turn + 1} of {rounds}")
        place.fresh("returns", name)
        told = step(place, "returns", "returns", str(path))
        if told["count"] != count:
            raise Failed(f"nacha_returns applied {told['count']:,} of {count:,}")
        values.append(count / told["seconds"])
        peaks.append(told["mib"])
        if turn == 0 and count <= later.CHECKED:
            place.run("returns", "-m", "caretill", "check")
        floors.append(_floor(place, name, count))
    place.drop("returns")
    figure = Figure(
        name="nacha_returns",
        unit="returns/s",
        values=values,
        floors=floors,
        goal=RETURNS_GOAL,
        floor_is="a bare set function that leaves the same rows on bare tables, one writer, sets of 1,000",
    )
    figure.beside = {"returns": count, "MiB": max(peaks)}
    figure.limits = {"MiB": MOST_MIB}
    return figure


def _floor(place: Place, settled: str, count: int) -> float:
    """The lines as the product read them, the rest as it was before."""
    with place.connect("owner", "returns") as connection:
        bare.make_tables(connection, TABLES)
        connection.execute("INSERT INTO bare.ach_returned_line SELECT * FROM ach_returned_line")
        connection.execute(_TOLD)
        # What the product changed is as far from what it was as an update moves it: rows are the same in number.
        for table in TABLES:
            if table not in ("ach_returned_line", "ach_again", "payments_return"):
                connection.execute(f"INSERT INTO bare.{table} SELECT * FROM public.{table}")
        connection.execute((Path(__file__).parent / "bare_returns.sql").read_text(encoding="utf-8"))
        connection.execute("VACUUM (ANALYZE)")
    place.settle()
    with place.connect("owner", "returns") as connection:
        began = perf_counter()
        done = 0
        for start in range(1, count + 1, SET_ROWS):
            row = connection.execute("SELECT bare.return_set(%s, %s, now())", (start, SET_ROWS)).fetchone()
            assert row is not None
            done += row[0]
        taken = perf_counter() - began
    if done != count:
        raise Failed(f"the floor of nacha_returns moved {done:,} of {count:,} lines")
    return count / taken
