"""`python -m caretill COMMAND`: what the script `./caretill` runs once its environment stands."""

from __future__ import annotations

import sys

from caretill.cli.frame import main


def run() -> None:
    """The entry point."""
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
