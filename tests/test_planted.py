"""Take each guard of the money away in turn: some test must fail, every time. Which one did is printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from house.plants import PLANTS

ROOT = Path(__file__).resolve().parents[1]
AIMED = ["tests/rooms/payments/test_take.py", "tests/races/test_pay_races.py"]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(PLANTS))
def test_a_planted_fault_is_caught(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=no", *AIMED]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "CARETILL_"))}
    if given := os.environ.get("CARETILL_TEST_DATABASE_URL"):
        environment["CARETILL_TEST_DATABASE_URL"] = given
    environment |= {"CARETILL_TEST_PLANT": name, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    caught = re.findall(r"^(?:FAILED|ERROR) \S+::(\S+)", done.stdout, re.MULTILINE)
    with capsys.disabled():
        print(f"\nwithout {PLANTS[name].says}: caught by {', '.join(caught) or 'nothing'}")
    assert done.returncode == 1 and caught, done.stdout[-3000:] + done.stderr[-2000:]
