"""Runs a module of the bench as a program of a round, with Django set up: `python -m bench.child NAME ARGUMENT...`."""

from __future__ import annotations

import importlib
import sys

import django


def main() -> None:
    """Call `main(arguments)` of the module. Modules that read models exist only after the set-up."""
    django.setup()
    importlib.import_module(f"bench.{sys.argv[1]}").main(sys.argv[2:])


if __name__ == "__main__":
    main()
