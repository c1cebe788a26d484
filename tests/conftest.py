"""One database server for the run, a database for each worker, and fixtures that leave nothing behind.

`CARETILL_TEST_DATABASE_URL` (a role that may create databases and roles) runs the same tests on your own server.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import django
import psycopg
import pytest
from django.conf import settings
from django.test import Client

from caretill.cli import check, frame
from caretill.config import database, env
from house import run as test_run

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
RUN = pytest.StashKey[test_run.Run]()
SERVER = pytest.StashKey[Any]()
FOLDER = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Before anything is collected: the server and the template (master), then a database of one's own."""
    handed = getattr(config, "workerinput", None)
    if handed is None:
        config.stash[SERVER], config.stash[FOLDER] = test_run.server()
        config.stash[RUN] = test_run.Run.begin(config.stash[SERVER], config.stash[FOLDER])
    else:
        config.stash[RUN] = test_run.Run(**handed["caretill"])
    config.stash[RUN].enter(handed["workerid"] if handed else "main")
    django.setup()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker which run it belongs to."""
    node.workerinput["caretill"] = dataclasses.asdict(node.config.stash[RUN])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give the connections back; the master also takes the server down."""
    if settings.configured:
        frame.close_connections()
    if SERVER in config.stash:
        if config.stash[SERVER] is not None:
            config.stash[SERVER].stop()
        elif RUN in config.stash:
            config.stash[RUN].drop()
        test_run.clear(config.stash[FOLDER])


@pytest.fixture(scope="session")
def environment() -> env.Environment:
    """The typed environment this worker runs in."""
    return env.read()


@pytest.fixture(scope="session")
def _owner(environment: env.Environment) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(**database.owner_parts(environment), autocommit=True) as connection:
        yield connection


@pytest.fixture
def db(_owner: psycopg.Connection[Any]) -> Iterator[None]:
    """The worker's database, empty. After the test every law is asked, and every row removed."""
    yield
    try:
        broken = check.broken()
    finally:
        test_run.empty(_owner)
    assert not broken, f"laws broken by this test: {broken}"


@pytest.fixture
def owner_connection(db: None, environment: env.Environment) -> Iterator[psycopg.Connection[Any]]:
    """A connection as the role that owns the tables, autocommit."""
    with psycopg.connect(**database.owner_parts(environment), autocommit=True) as connection:
        yield connection


@pytest.fixture
def app_connection(db: None, environment: env.Environment) -> Iterator[psycopg.Connection[Any]]:
    """A connection as the role that runs the app, autocommit."""
    with psycopg.connect(**database.app_parts(environment), autocommit=True) as connection:
        yield connection


@pytest.fixture
def second_connection(db: None, environment: env.Environment) -> Iterator[Callable[[], psycopg.Connection[Any]]]:
    """For races: each call opens one more connection of the app, a transaction of its own; closed after the test."""
    with ExitStack() as opened:
        yield lambda: opened.enter_context(psycopg.connect(**database.app_parts(environment)))


@pytest.fixture
def client(db: None) -> Client:
    """A browser without JavaScript, with one cookie jar; it posts without the forgery token, as Django's does."""
    return Client(SERVER_NAME="127.0.0.1")
