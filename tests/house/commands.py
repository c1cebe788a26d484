"""A command as the command line runs it, in this process."""

from __future__ import annotations

import argparse
from pathlib import Path
from types import ModuleType, SimpleNamespace

from caretill.cli.frame import Answer


def command(module: ModuleType, *words: str, data: Path | None = None) -> Answer:
    """Read the words as the module's own, and run it; `data` stands for the data folder."""
    parser = argparse.ArgumentParser()
    module.arguments(parser)
    options = parser.parse_args(words)
    options.environment = SimpleNamespace(data=data)
    answer: Answer = module.run(options)
    return answer
