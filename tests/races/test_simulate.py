"""Whole lives from seeds: people, faults, crashes at every commit; laws and the reference ledger after each day."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from caretill.cli import check
from caretill.core import clock
from caretill.sim.life import run

SEEDS = int(os.environ.get("CARETILL_TEST_SEEDS", "500"))


@pytest.mark.parametrize("seed", (3, 4))
def test_a_life_breaks_no_law(db: None, seed: int) -> None:
    life = run.live(seed, run.Wish(days=5), check.broken)
    assert life.broken == [], life.where
    assert life.adrift_cents == 0 and life.unresolved == 0 and life.operations and life.faults


def simulate(*more: str, seconds: int = 900) -> tuple[int, dict[str, Any]]:
    """The command, and its last line."""
    command = [sys.executable, "-m", "caretill", "simulate", "--json", *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    assert done.returncode in (0, 1) and done.stdout, done.stderr[-2000:]
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return done.returncode, told


@pytest.mark.slow
def test_the_same_seeds_are_the_same_lives() -> None:
    first, again = (simulate("--seeds", "11..14", "--days", "12", "--faults")[1] for _ in range(2))
    assert first["faults"] > 20
    assert {**first, "seconds": 0} == {**again, "seconds": 0}


@pytest.mark.slow
def test_without_faults_nothing_strikes() -> None:
    told = simulate("--seeds", "11..12", "--days", "6")[1]
    assert (told["faults"], told["broken"]) == (0, 0)


@pytest.mark.slow
def test_many_lives(capsys: pytest.CaptureFixture[str]) -> None:
    began = clock.monotonic()
    code, told = simulate("--seeds", f"1..{SEEDS}", "--days", "30", "--faults", seconds=SEEDS * 20 + 600)
    with capsys.disabled():
        print(f"\n{told['seeds']} seeds in {clock.monotonic() - began:.0f} s: {told['kinds']}")
    assert code == 0 and (told["broken"], told["adrift_cents"], told["unresolved"]) == (0, 0, 0), told["failures"]
    assert told["seeds"] == SEEDS and told["faults"] >= 24 * SEEDS


@pytest.mark.parametrize("wrong", ("5..1", "x", "1...3", ""))
def test_seeds_that_are_none_are_refused(wrong: str) -> None:
    command = [sys.executable, "-m", "caretill", "simulate", "--seeds", wrong]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "--seeds" in done.stderr
