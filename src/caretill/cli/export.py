"""Send out: `export csv PATH` writes what came in as the documented CSV (a folder, .zip, .csv or .csv.gz)."""

from __future__ import annotations

import argparse
from pathlib import Path

from caretill.cli.frame import Answer
from caretill.intake import export


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to write, and where to."""
    parser.add_argument("kind", choices=["csv"], help="what to write")
    parser.add_argument("path", type=Path, help="a folder, or a file that ends in .zip, .csv or .csv.gz")


def run(options: argparse.Namespace) -> Answer:
    """Write the files; say how many rows each table has."""
    counts = export.export_csv(options.path)
    line = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    return Answer(f"{line} written to {options.path}", {"path": str(options.path), "tables": counts})
