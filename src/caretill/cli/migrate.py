"""Bring the database to this release: tables, functions, and the rights of the app's role. Safe to repeat."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from caretill.cli.frame import Answer
from caretill.config import schema


def arguments(_: argparse.ArgumentParser) -> None:
    """No options of its own."""


def run(options: argparse.Namespace) -> Answer:
    """Migrate as the owner."""
    done = schema.bring_up(options.environment)
    migrations, functions = len(done.migrations), len(done.functions)
    line = f"{migrations} migrations, {functions} function files applied; the app may use {done.tables} tables"
    return Answer(line, asdict(done))
