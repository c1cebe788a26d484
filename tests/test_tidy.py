"""The house rules, kept by a machine. Each rule is shown to fail on a bad piece first, then asked of the whole tree."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from caretill.core import words
from house import catalogs, floors, rules

ROOT = Path(__file__).resolve().parents[1]
VENDORED = ("/vendor/", "/fonts/")
TEXT = (".py", ".sql", ".html", ".css", ".js", ".toml", ".typ", ".md", ".svg", ".csv", ".sh", ".txt", ".json")
SHOWN = (".py", ".html", ".css", ".js", ".svg", ".typ", ".toml")

Rule = Callable[[str, str], list[str]]


def tree() -> dict[str, str]:
    """Every text file of ours that is, or is about to be, under version control."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    found = {}
    for name in listed:
        path = ROOT / name
        ours = path.suffix in TEXT or name in ("caretill", ".ci/run")
        if ours and path.is_file() and not any(part in f"/{name}" for part in VENDORED):
            found[name] = path.read_text(encoding="utf-8", errors="replace")
    return found


TREE = tree()
PYTHON = {name: text for name, text in TREE.items() if name.endswith(".py") or name == "caretill"}
SOURCE = {name: text for name, text in PYTHON.items() if name.startswith("src/caretill/")}

BAD_PIECES: list[tuple[Rule, str, str, str]] = [
    (floors.floor_faults, "src/caretill/ledger/post.py", "from caretill.billing import issue\n", "not below"),
    (floors.floor_faults, "src/caretill/ledger/post.py", "from caretill import billing\n", "not below"),
    (floors.floor_faults, "src/caretill/ledger/post.py", "from ..billing import issue\n", "not below"),
    (floors.floor_faults, "src/caretill/ledger/post.py", "import caretill.regions.rules\n", "not below"),
    (floors.floor_faults, "src/caretill/letters/pdf.py", "from caretill.intake import run\n", "not below"),
    (floors.floor_faults, "src/caretill/people/viewer.py", "from caretill.config import env\n", "not below"),
    (floors.floor_faults, "src/caretill/cli/demo.py", "from caretill.web import page\n", "not below"),
    (floors.floor_faults, "src/caretill/attic/old.py", "from caretill.core import money\n", "without a floor"),
    (floors.floor_faults, "src/caretill/web/start.py", "from caretill.billing.models import Bill\n", "a door"),
    (floors.floor_faults, "src/caretill/web/start.py", "from caretill.billing import models\n", "a door"),
    (floors.floor_faults, "src/caretill/formats/bai2.py", "from django.db import models\n", "Django"),
    (floors.floor_faults, "src/caretill/formats/bai2.py", "from caretill.core import sql\n", "pure modules"),
    (floors.floor_faults, "src/caretill/sim/processor/core.py", "from caretill.core.sql import call\n", "pure"),
    (floors.floor_faults, "src/caretill/sim/mailbox.py", "from caretill.payments import take\n", "stands alone"),
    (floors.floor_faults, "src/caretill/billing/issue.py", "from django.dispatch import receiver\n", "signals"),
    (floors.floor_faults, "src/caretill/billing/issue.py", "from django.db.models import signals\n", "signals"),
    (rules.late_import_faults, "src/caretill/core/x.py", "def f():\n    import json\n", "inside f"),
    (rules.late_import_faults, "src/caretill/core/x.py", "def f():\n    from json import dumps\n", "inside f"),
    (rules.size_faults, "src/caretill/core/x.py", "x = 1\n" * 401, "401 lines"),
    (rules.size_faults, "src/caretill/core/sql/x.sql", "-- x\n" * 401, "401 lines"),
    (rules.size_faults, "src/caretill/core/x.py", "def f():\n" + "    x = 1\n" * 60, "61 lines"),
    (rules.clock_faults, "src/caretill/core/x.py", "import datetime\ndatetime.datetime.now()\n", "clock"),
    (rules.clock_faults, "src/caretill/core/x.py", "from datetime import date\ndate.today()\n", "clock"),
    (rules.clock_faults, "src/caretill/core/x.py", "field = Field(default=timezone.now)\n", "clock"),
    (rules.clock_faults, "src/caretill/core/x.py", "import time\nbegan = time.time()\n", "clock"),
    (rules.money_faults, "src/caretill/ledger/x.py", "x = float('1.1')\n", "floats"),
    (rules.money_faults, "src/caretill/web/x.py", "half = bill.open_cents / 2\n", "divided"),
    (rules.money_faults, "src/caretill/web/x.py", "def f(open_cents: float) -> None: ...\n", "must be whole"),
    (rules.money_faults, "src/caretill/billing/x.py", "share: float = 0.5\n", "must be whole"),
    (rules.machine_faults, "docs/x.md", "see " + "/wo" + "rk/main\n", "machine"),
    (rules.machine_faults, "src/caretill/core/x.py", "HERE = '/ho" + "me/ann/caretill'\n", "machine"),
    (rules.stranger_faults, "x.html", '<script src="https://cdn.' + 'jsdelivr.net/x.js">', "third party"),
    (rules.stranger_faults, "x.css", "@import url(//fonts." + "googleapis.com/css);", "third party"),
    (rules.stranger_faults, "src/caretill/web/x.py", "A = 'https://www." + "google-analytics.com'\n", "third party"),
]

GOOD_PIECES: list[tuple[Rule, str, str]] = [
    (floors.floor_faults, "src/caretill/payments/take.py", "from caretill.billing.models import Bill\n"),
    (floors.floor_faults, "src/caretill/web/start.py", "from caretill.regions.models import Region\n"),
    (
        floors.floor_faults,
        "src/caretill/formats/bai2.py",
        "from caretill.core import money\nfrom caretill import ROOT\n",
    ),
    (floors.floor_faults, "src/caretill/cli/serve.py", "import signal\nfrom caretill.config import env\n"),
    (rules.late_import_faults, "src/caretill/core/x.py", "import json\n\n\ndef f():\n    return json\n"),
    (rules.clock_faults, rules.CLOCK, "datetime.now(UTC)\n"),
    (rules.clock_faults, "src/caretill/core/x.py", "clock.now()\nclock.today('UTC')\n"),
    (rules.money_faults, "src/caretill/web/x.py", "half = bill.open_cents // 2\nshare = width / 2\n"),
    (rules.machine_faults, "docs/x.md", "mounted at /var/lib/caretill or ../shared/work/x\n"),
    (rules.stranger_faults, "x.svg", '<svg xmlns="http://www.w3.org/2000/svg">https://pay.example.org/p/</svg>'),
    (rules.stranger_faults, "src/caretill/web/x.py", '"""See https://www.nacha.org."""\n'),
]


@pytest.mark.parametrize(("rule", "path", "piece", "says"), BAD_PIECES)
def test_rule_catches(rule: Rule, path: str, piece: str, says: str) -> None:
    assert any(says in fault for fault in rule(path, piece)), rule(path, piece)


@pytest.mark.parametrize(("rule", "path", "piece"), GOOD_PIECES)
def test_rule_allows(rule: Rule, path: str, piece: str) -> None:
    assert rule(path, piece) == []


def faults(rule: Rule, files: dict[str, str]) -> str:
    return "\n".join(fault for name, text in sorted(files.items()) for fault in rule(name, text))


def test_imports_go_down_only() -> None:
    assert not (found := faults(floors.floor_faults, SOURCE)), found


def test_every_room_has_a_floor() -> None:
    rooms = {path.name for path in (ROOT / "src" / "caretill").iterdir() if (path / "__init__.py").exists()}
    assert rooms <= floors.FLOORS.keys()


def test_circles_are_found() -> None:
    ring = {
        "src/caretill/core/a.py": "from caretill.core.b import x\n",
        "src/caretill/core/b.py": "from caretill.core import c\n",
        "src/caretill/core/c.py": "import caretill.core.a\n",
        "src/caretill/core/d.py": "from caretill.core import a\n",
    }
    assert floors.circles(ring) == ["caretill.core.a -> caretill.core.b -> caretill.core.c -> caretill.core.a"]
    del ring["src/caretill/core/c.py"]
    assert floors.circles(ring) == []


def test_no_circles() -> None:
    assert not (found := floors.circles(SOURCE)), "\n".join(found)


def test_nothing_is_imported_late() -> None:
    assert not (found := faults(rules.late_import_faults, PYTHON)), found


def test_late_imports_that_are_allowed_exist() -> None:
    assert rules.LATE_IMPORTS.keys() <= TREE.keys()


def test_files_and_functions_are_small() -> None:
    sized = {
        name: text for name, text in TREE.items() if name == "caretill" or Path(name).suffix in (".py", ".sql", ".html")
    }
    assert not (found := faults(rules.size_faults, sized)), found


def test_one_clock() -> None:
    assert not (found := faults(rules.clock_faults, SOURCE)), found


def test_money_is_whole_cents() -> None:
    assert not (found := faults(rules.money_faults, SOURCE)), found


def test_no_path_of_a_machine() -> None:
    assert not (found := faults(rules.machine_faults, TREE)), found


def test_no_address_of_a_stranger() -> None:
    shown = {
        name: text for name, text in TREE.items() if name.startswith(("src/", "organisation/")) and name.endswith(SHOWN)
    }
    assert not (found := faults(rules.stranger_faults, shown)), found


def test_key_rule_catches(owner_connection: psycopg.Connection[Any]) -> None:
    bad = {
        "primary": "CREATE TABLE bad (id uuid PRIMARY KEY, account_id uuid)",
        "unique": "CREATE TABLE bad (account_id uuid, id uuid, number text UNIQUE, PRIMARY KEY (account_id, id))",
        "foreign": "CREATE TABLE bad (account_id uuid PRIMARY KEY, name text REFERENCES core_function)",
        "index": "CREATE TABLE bad (account_id uuid PRIMARY KEY, n int); CREATE UNIQUE INDEX ON bad (n, account_id)",
        "none": "CREATE TABLE bad (account_id uuid)",
    }
    for kind, statement in bad.items():
        with owner_connection.transaction(force_rollback=True):
            owner_connection.execute(statement)
            assert any(fault.startswith("bad: ") for fault in catalogs.key_faults(owner_connection)), kind


def test_every_key_starts_with_the_account(owner_connection: psycopg.Connection[Any]) -> None:
    assert not (found := catalogs.key_faults(owner_connection)), "\n".join(found)


def test_commit_rule_catches(owner_connection: psycopg.Connection[Any]) -> None:
    light = "CREATE TEMP TABLE light (id uuid, name varchar(40)) ON COMMIT DELETE ROWS"
    heavy = "CREATE TEMP TABLE heavy (id uuid, name text) ON COMMIT DELETE ROWS"
    keyed = "CREATE TEMP TABLE keyed (id uuid PRIMARY KEY) ON COMMIT DELETE ROWS"
    assert catalogs.heavy_tables(owner_connection, [light, heavy, keyed]) == {"heavy", "keyed"}


def test_what_a_worker_keeps_for_a_moment_costs_its_commits_little(owner_connection: psycopg.Connection[Any]) -> None:
    made = catalogs.moment_tables()
    assert len(made) > 15 and catalogs.HEAVY.keys() <= made.keys()
    ours = [statement for name, statement in made.items() if not name.startswith("feed_")]
    assert catalogs.heavy_tables(owner_connection, ours) == catalogs.HEAVY.keys()


def test_word_rule_catches() -> None:
    english = {"a.b": "Pay {amount}", "a.c": "Two", "a.d": "x"}
    spanish = {"a.b": "Pague {monto}", "a.e": "Dos", "a.d": " "}
    found = "\n".join(catalogs.word_faults({"en": english, "es": spanish}))
    assert "a.b: other placeholders" in found
    assert "a.c: not in es" in found
    assert "a.e: not in en" in found
    assert "a.d (es): empty" in found


def test_words_are_complete() -> None:
    found = catalogs.word_faults({language: words.catalogue(language) for language in words.LANGUAGES})
    assert not found, "\n".join(found)
