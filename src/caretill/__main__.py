"""`python -m caretill COMMAND`: what the script `./caretill` runs once its environment stands."""

from __future__ import annotations

import sys

from caretill.cli.frame import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
