"""Every bug of the list, by hand: `PYTHONPATH=src:tests python -m planted [--seeds A..B] [--seconds S] [NAME…]`."""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from planted import garden


def main() -> int:
    """A line for each bug; exit code 1 where more than two of forty got away."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seeds", default="1..500")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    first, last = (int(each) for each in options.seeds.split(".."))
    chosen = [bug for bug in garden.bugs() if not options.names or bug.name in options.names]

    def one(bug: garden.Bug, bed: Path) -> bool:
        caught = garden.watch(bug, bed, range(first, last + 1), options.seconds)
        by = caught.by[:150].replace("\n", " ") or "GOT AWAY"
        print(f"{bug.name:<32} {caught.seeds:>4} seeds {caught.seconds:>5.0f} s  {by}", flush=True)
        return bool(caught.by)

    with garden.bed() as bed, ThreadPoolExecutor(options.processes) as pool:
        found = sum(pool.map(lambda bug: one(bug, bed), chosen))
    print(f"{found} of {len(chosen)} caught")
    return 1 if (len(chosen) - found) * 20 > len(chosen) else 0


if __name__ == "__main__":
    raise SystemExit(main())
