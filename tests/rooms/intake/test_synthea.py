"""A real Synthea export, whole: its totals are the sums of its files, and a second run changes nothing."""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from caretill.core import sql
from caretill.intake import run

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "data" / "synthea"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the shared data is not here")


def test_it_goes_in(db: None) -> None:
    summary = run.bring_in(run.Ask("synthea", FOLDER))
    print(summary)
    assert 0
