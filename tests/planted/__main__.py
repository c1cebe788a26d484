"""Every bug of the list, by hand: `PYTHONPATH=src:tests python -m planted [--seeds A..B] [--seconds S] [NAME…]`."""

from __future__ import annotations

import argparse

from planted import garden


def main() -> int:
    """A line for each bug; exit code 1 where more than two of forty got away."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seeds", default="1..500")
    parser.add_argument("--seconds", type=float, default=600.0)
    options = parser.parse_args()
    chosen = [bug for bug in garden.bugs() if not options.names or bug.name in options.names]
    away = []
    for bug in chosen:
        caught = garden.watch(bug, options.seeds, options.seconds)
        if not caught.by:
            away.append(bug.name)
        print(
            f"{bug.name:<28} {caught.seeds:>4} seeds {caught.seconds:>5.0f} s  {caught.by[:110] or 'GOT AWAY'}",
            flush=True,
        )
    print(f"{len(chosen) - len(away)} of {len(chosen)} caught" + (f"; got away: {', '.join(away)}" if away else ""))
    return 1 if len(away) * 20 > len(chosen) else 0


if __name__ == "__main__":
    raise SystemExit(main())
