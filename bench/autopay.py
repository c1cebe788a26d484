"""`autopay_plan` and `autopay_post`: everybody's automatic payment planned, and what came of it booked."""

from __future__ import annotations

import json
from time import perf_counter

from bench import bare, later, pay_batch
from bench.figures import Failed, Figure
from bench.place import Place, say
from bench.writer import SET_ROWS

PLAN_GOAL = 0.5
POST_GOAL = 0.9
MOST_MIB = 64.0
WRITERS = 2


def step(place: Place, name: str, *arguments: str) -> dict[str, float]:
    """A step of the product in a program of its own: count, seconds, mib."""
    answer = json.loads(place.run(name, "-m", "bench.child", "later_child", *arguments).splitlines()[-1])
    return answer if isinstance(answer, dict) else {"count": answer}


def plan(place: Place, rounds: int, count: int) -> Figure:
    """Enrolments planned a second; the floor copies the same rows into a bare table, one statement."""
    world = later.planned(place, count)
    values, floors, peaks = [], [], []
    for turn in range(rounds):
        say(f"autopay_plan, round {turn + 1} of {rounds}")
        place.fresh("plan", world)
        told = step(place, "plan", "plan")
        if told["count"] != count:
            raise Failed(f"autopay_plan planned {told['count']:,} of {count:,}")
        values.append(count / told["seconds"])
        peaks.append(told["mib"])
        place.settle()
        with place.connect("owner", "plan") as connection:
            bare.make_tables(connection, ("autopay_due",))
            began = perf_counter()
            connection.execute("INSERT INTO bare.autopay_due SELECT * FROM public.autopay_due")
            floors.append(count / (perf_counter() - began))
    place.drop("plan")
    figure = Figure(
        name="autopay_plan",
        unit="enrolments/s",
        values=values,
        floors=floors,
        goal=PLAN_GOAL,
        floor_is="INSERT ... SELECT of the same rows into a bare table with the same indexes",
    )
    figure.beside = {"enrolments": count, "MiB": max(peaks)}
    return figure


def post(place: Place, rounds: int, count: int) -> Figure:
    """Debits of automatic payment that settled, booked a second by two writers, as `pay_batch` is."""
    sets = count // (SET_ROWS * WRITERS)
    count = max(1, sets) * SET_ROWS * WRITERS
    world = sent(place, count)
    folder = place.folder / "settled"
    step(place, world, "outcomes", str(folder), str(WRITERS))
    files = [folder / f"settled-{writer}" for writer in range(WRITERS)]
    for file in files:
        step(place, world, "payloads", str(file))
    values, floors, peaks, settled = [], [], [], []
    for turn in range(rounds):
        say(f"autopay_post, round {turn + 1} of {rounds}")
        place.fresh("post", world)
        rate, peak = pay_batch.book(place, "post", files, count)
        values.append(rate)
        peaks.append(peak)
        place.fresh("post", world)
        pay_batch.make_bare(place, "post")
        floors.append(pay_batch.book(place, "post", [f.with_name(f"{f.name}-floor") for f in files], count, "floor")[0])
    # The worker's own turn, whole: it also claims each entry of the file and marks it.
    place.fresh("post", world)
    told = step(place, "post", "settle")
    settled.append(told["count"] / told["seconds"])
    if count <= later.CHECKED:
        place.run("post", "-m", "caretill", "check")
    place.drop("post")
    figure = Figure(
        name="autopay_post",
        unit="payments/s",
        values=values,
        floors=floors,
        goal=POST_GOAL,
        floor_is="a bare set function on bare tables with the same indexes, two writers",
    )
    figure.beside = {
        "payments": count,
        "MiB of a writer": max(peaks),
        "settled a second by one worker, entries claimed and marked": max(settled),
        "MiB of that worker": told["mib"],
    }
    figure.limits = {"MiB of a writer": MOST_MIB, "MiB of that worker": MOST_MIB}
    return figure


def sent(place: Place, count: int) -> str:
    """The database in which the bank has that file and nothing has settled. Made once in a run."""
    name = f"sent{count}"
    if name not in place.made:
        place.make(name, later.filed(place, count))
        step(place, name, "sent")
        with place.connect("owner", name) as connection:
            connection.execute("VACUUM (ANALYZE)")
    return name
