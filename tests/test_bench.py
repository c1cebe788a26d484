"""The bench's own arithmetic, and that its floor makes the calls that the product makes. No figure is judged here."""

from __future__ import annotations

import contextlib
import json
import math
import socket
import threading
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from caretill.cli import bench
from caretill.cli.frame import COMMANDS
from caretill.formats import bill_csv

figures, wire, load, run, calls, machine, data, gaps, walk, later, nacha = (
    bench.module(name)
    for name in ("figures", "wire", "load", "run", "calls", "machine", "data", "gaps", "walk", "later", "nacha")
)


def a_figure(**changes: Any) -> Any:
    given: dict[str, Any] = {"name": "pay", "unit": "payments/s", "values": [300.0, 100.0, 200.0], "floors": [400.0]}
    return figures.Figure(**given | changes)


def test_a_ratio_is_the_medians_beside_each_other() -> None:
    made = a_figure(floors=[900.0, 400.0, 380.0], goal=0.5)
    assert (made.value, made.floor, made.ratio, made.missed) == (200.0, 400.0, 0.5, [])
    assert a_figure(goal=0.51).missed == ["ratio 0.5 of 0.51"]


def test_a_time_is_better_when_it_is_less() -> None:
    made = a_figure(values=[10.0], floors=[8.0], less=True, goal=0.85)
    assert made.ratio == 0.8 and made.missed


def test_a_figure_without_floor_has_no_ratio() -> None:
    made = a_figure(floors=[])
    assert (made.floor, made.ratio, made.missed) == (None, None, [])
    assert a_figure(floors=[], goal=0.5).missed, "a goal without a floor cannot be reached"


def test_limits_bound_what_stands_beside() -> None:
    assert a_figure(beside={"p99 ms": 51.0}, limits={"p99 ms": 50.0}).missed == ["p99 ms 51, at most 50"]
    assert a_figure(beside={"p99 ms": 50.0}, limits={"p99 ms": 50.0}).missed == []
    assert a_figure(limits={"p99 ms": 50.0}).missed == ["p99 ms -, at most 50"], "not measured is not kept"


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([5.0], 0.99, 5.0), ([1.0, 2.0], 0.5, 1.0), ([float(n) for n in range(1, 101)], 0.99, 99.0), ([3.0, 1.0], 1, 3.0)],
)
def test_percentiles_are_values_that_were_seen(values: list[float], share: float, expected: float) -> None:
    assert figures.percentile(values, share) == expected


def test_no_values_have_no_percentile() -> None:
    with pytest.raises(ValueError):
        figures.percentile([], 0.5)


@pytest.mark.parametrize(
    ("value", "kept", "shown"),
    [
        (1234.567, 1235.0, "1,235"),
        (0.123456, 0.1235, "0.1235"),
        (9.87654, 9.877, "9.877"),
        (50.0, 50.0, "50"),
        (0.0, 0.0, "0.0"),
        (math.inf, 0.0, "0.0"),
        (None, None, "-"),
        (7, 7, "7"),
        ("x", "x", "x"),
    ],
)
def test_numbers_are_told_with_four_figures(value: Any, kept: Any, shown: str) -> None:
    assert figures.rounded(value) == kept
    assert figures.short(value) == shown


def test_the_table_shows_value_floor_ratio_and_verdict() -> None:
    lines = figures.table([a_figure(goal=0.6, beside={"queries": 2})]).splitlines()
    assert lines[2].split() == ["pay", "200", "100-300", "payments/s", "400", "0.5", "0.6", "MISSED"]
    assert lines[3] == "    queries: 2"


def test_answers_are_json_with_the_keys_of_the_contract() -> None:
    told = json.loads(json.dumps(a_figure().answer()))
    assert {"name", "value", "unit", "floor", "ratio"} <= told.keys()
    assert (told["name"], told["value"], told["floor"], told["ratio"]) == ("pay", 200.0, 400.0, 0.5)


def test_only_a_whole_run_is_kept() -> None:
    assert run.Wish().kept and run.Wish(growth=True).kept
    assert not run.Wish(quick=True).kept and not run.Wish(only=("pay_web",)).kept
    assert run.Wish(only=("page_find", "growth_pay")).measures == ["pages", "growth"]
    assert run.Wish().measures == list(run.MEASURES)
    assert run.Wish(only=("page_home", "sign_in", "register")).measures == ["account"]
    order = list(run.MEASURES)
    assert order.index("account") < order.index("growth"), "growth pays bills of the world that both use, and drops it"
    assert run.Wish(quick=True).sizes.lines < run.Wish().sizes.lines
    assert "bench" in COMMANDS


def test_figures_over_time_are_taken_in_full_where_they_are_asked_for() -> None:
    over_time = ["autopay_plan", "nacha_write", "autopay_post", "nacha_returns", "simulate"]
    assert [name for name in run.MEASURES if name in over_time] == over_time
    whole, named, quick = (run.Wish(**given).sizes for given in ({}, {"only": ("simulate",)}, {"quick": True}))
    assert (named.later, named.returns) == (1_000_000, 100_000)
    assert quick.later < whole.later < named.later and quick.returns < whole.returns < named.returns
    assert run.Wish(quick=True, only=("simulate",)).sizes.later == quick.later
    assert all(each.later % later.BASE == 0 and each.returns <= each.later for each in (whole, named, quick))


def test_copies_keep_what_is_named_alike() -> None:
    """The id of a bill is the same in its own table, in a due's parts and in a part; what is unique is made anew."""
    marked = later._marked("t.bill_id")
    assert later._copied("payments_part", "bill_id", False) == marked
    assert later._marked("(x->>'bill_id')") in later._copied("autopay_due", "parts", False)
    for table, column in (("payments_payment", "reference"), ("ach_entry", "sequence"), ("people_login", "email_key")):
        assert "copy" in later._copied(table, column, False), (table, column)
    assert later._copied("people_access", "person_id", False) == "t.person_id", "everybody is nobody's copy"
    assert later._copied("methods_method", "account_sealed", True) == "s.kept"


def test_the_floor_of_a_file_writes_lines_of_an_entry(tmp_path: Path) -> None:
    cells = (27, "123456780", "000123456789", 12_500, "R123456789", "Elena Maple", "R ", "12509999", 7)
    assert len(nacha.LINE % cells) == 95 and nacha._lines(tmp_path / "bare", 10) > 0
    assert not (tmp_path / "bare").exists()


def test_answers_are_cut_out_of_what_comes() -> None:
    one = (
        b"HTTP/1.1 303 See Other\r\nLocation: /x\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nContent-Length: 3\r\n\r\nabc"
    )
    found, end = wire.answer_in(one + one[:20])
    assert (found.status, found.body, end) == (303, b"abc", len(one))
    assert found.header("location") == "/x" and found.headers("Set-Cookie") == ["a=1", "b=2"]
    for cut in (10, 40, len(one) - 1):
        assert wire.answer_in(one[:cut]) == (None, 0)
    with pytest.raises(ConnectionError):
        wire.answer_in(b"HTTP/1.1 200 OK\r\n\r\n")


def test_the_load_counts_whole_answers_and_wrong_ones() -> None:
    """Against a server that answers every second request otherwise, some in pieces."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        line, _ = listening.accept()
        with line, contextlib.suppress(ConnectionError):
            count, left = 0, b""
            while piece := line.recv(65_536):
                *whole, left = (left + piece).split(b"\r\n\r\n")
                for _ in whole:
                    count += 1
                    status = b"200 OK" if count % 2 else b"404 Not Found"
                    line.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n")
                    line.sendall(b"\r\nok")

    threading.Thread(target=serve, daemon=True).start()
    port = listening.getsockname()[1]
    plan = load.Plan("127.0.0.1", port, ["GET / HTTP/1.1\r\n\r\n"], 200, 1, 0.1, depth=3)
    result = load._turns(plan, 0.1)
    assert result.answers > 4 and abs(result.wrong * 2 - result.answers) <= 1
    assert result.p50 <= result.p99 and result.rate > 0
    listening.close()


def test_the_floor_makes_the_calls_of_the_product() -> None:
    """The verbs run against stand-ins; each hop asks the processor once, and all ids of it are stand-ins."""
    bill = {"account_id": uuid4(), "id": uuid4(), "region": "oregon", "payee": "medical_group"}
    made = calls.take_down(bill, 1_250, "network")
    asked = [[type(step).__name__ for step in hop].count("Http") for hop in (made.check, made.came_back, made.worker)]
    assert asked == [1, 1, 1]
    begun, recorded = made.called("payments_begin"), made.called("payments_record")
    assert len(begun) == 1 and len(recorded) >= 3
    assert json.loads(begun[0])["parts"][0]["bill_id"] == str(bill["id"])
    events = [json.loads(each)["event"] for each in recorded]
    assert events[0] == "session_opened" and "succeeded" in events
    assert calls.SESSION in recorded[0] and calls.CHARGE in recorded[-1]


def test_families_are_as_many_as_are_asked_for() -> None:
    """Forty bills each, numbers of their own, every amount in place; the same each time."""
    made = list(data.families(3, 40))
    tables = [table for table, _ in made]
    assert (tables.count("accounts"), tables.count("people"), tables.count("bills")) == (3, 6, 120)
    numbers = {row[2] for table, row in made if table == "bills"}
    assert len(numbers) == 120 and all(number[1] == "7" for number in numbers)
    assert made == list(data.families(3, 40)), "another world at every look"
    for table, row in made:
        asked = bill_csv.FAMILY.by_name[table]
        assert len(row) == sum(not column.optional for column in asked.columns), table


def test_a_gap_is_between_the_medians_whichever_is_more() -> None:
    logs = [walk.Log(times={"login": [0.010, 0.011, 0.030], "nobody": [0.017, 0.018, 0.019]}) for _ in range(3)]
    made = gaps._figure("sign_in", logs)
    assert made.beside["gap ms"] == pytest.approx(7.0) and made.missed == ["gap ms 7.0, at most 5.0"]
    assert (made.value, made.floor, made.goal) == (11.0, 18.0, None)


def test_who_is_first_changes() -> None:
    assert gaps._turns(1) == gaps._turns(2)[::-1] and set(gaps._turns(3)) == {"login", "nobody"}


def test_the_machine_is_named() -> None:
    facts = machine.facts()
    assert facts["cores"] >= 1 and facts["memory_mib"] > 0 and facts["commit"]
    assert machine.held_mib([threading.get_native_id()]) >= 0
    assert machine.peak_mib(machine.os.getpid()) > 1
    assert machine.os.getpid() in machine.family(machine.os.getpid())
