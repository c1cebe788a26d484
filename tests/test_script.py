"""The one script: makes its environment once, anew when it must, and hands on what the command says."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "caretill"
PROGRAM = "import os, sys\nprint(sys.prefix, *sys.argv[1:])\nsys.exit(int(os.environ.get('WANTED', '0')))\n"


@pytest.fixture
def script() -> ModuleType:
    """The script as a module, so that one step of it can be asked."""
    loader = SourceFileLoader("caretill_script", str(SCRIPT))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    module = module_from_spec(spec)
    loader.exec_module(module)
    sys.dont_write_bytecode = before
    return module


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A checkout with nothing to install and a program that only tells where it runs."""
    shutil.copy(SCRIPT, tmp_path / "caretill")
    for name in ("requirements.lock", "requirements-test.lock"):
        (tmp_path / name).write_text("# nothing\n")
    (tmp_path / "src" / "caretill").mkdir(parents=True)
    (tmp_path / "src" / "caretill" / "__main__.py").write_text(PROGRAM)
    return tmp_path


def start(house: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(house / "caretill"), *arguments],
        env={**os.environ, "PIP_NO_INDEX": "1", **environment},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_environment_is_made_once_and_anew_when_it_must(house: Path) -> None:
    env = house / ".caretill" / "env"
    first = start(house, "pay", "--all")
    assert first.stdout == f"{env} pay --all\n", first.stderr
    assert "this happens once" in first.stderr

    second = start(house, WANTED="7", PYTHONPATH="/nonsense")
    assert (second.returncode, second.stdout, second.stderr) == (7, f"{env}\n", "")

    # Another lock file: installed into what stands.
    mark = env / "mark"
    mark.touch()
    (house / "requirements.lock").write_text("# still nothing\n")
    third = start(house)
    assert (third.stdout, third.stderr) == (f"{env}\n", "")
    assert mark.exists()

    # A start killed half way: made anew, and by one of two starts at once.
    (house / ".caretill" / "env.unfinished").touch()
    both = [
        subprocess.Popen(
            [sys.executable, str(house / "caretill")],
            env={**os.environ, "PIP_NO_INDEX": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=120) for process in both]
    assert [answer[0] for answer in answers] == [f"{env}\n"] * 2
    assert "".join(answer[1] for answer in answers).count("this happens once") == 1
    assert not mark.exists()

    # Its Python went away (an upgrade of the system): made anew.
    for name in ("python", "python3"):
        (env / "bin" / name).unlink()
    assert start(house).stdout == f"{env}\n"


@pytest.mark.slow
def test_other_python_first_in_the_path_changes_nothing(house: Path) -> None:
    strange = house / "strange"
    strange.mkdir()
    for name in ("python3.14", "python3.13", "python3.12", "python3", "python"):
        (strange / name).write_text("#!/bin/sh\necho 'command not found' >&2\nexit 127\n")
        (strange / name).chmod(0o755)
    done = start(house, PATH=f"{strange}{os.pathsep}{os.environ['PATH']}")
    assert done.stdout == f"{house / '.caretill' / 'env'}\n", done.stderr


@pytest.mark.slow
def test_packages_that_cannot_be_fetched_are_said_and_tried_again(house: Path) -> None:
    (house / "requirements.lock").write_text("no-such-package==1 --hash=sha256:" + "0" * 64 + "\n")
    for _ in range(2):
        done = start(house)
        assert done.returncode == 1
        assert "the packages of requirements.lock could not be installed" in done.stderr.splitlines()[-1]


def test_python_is_looked_for_and_its_lack_is_said(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def works(python: str, code: str) -> bool:
        asked.append(python)
        return answers(python, code)

    monkeypatch.setattr(script, "works", works)
    said: list[str] = []
    monkeypatch.setattr(script, "say", said.append)

    answers = lambda python, code: False  # noqa: E731
    with pytest.raises(SystemExit):
        script.find_python()
    assert "Python 3.11 or newer is needed" in said[-1]
    assert len(asked) == len(set(asked))

    answers = lambda python, code: "version_info" in code  # noqa: E731
    with pytest.raises(SystemExit):
        script.find_python()
    assert "apt-get install python3-venv" in said[-1]

    # The Python that reads the script is too old, another one on the machine is not.
    answers = lambda python, code: python != sys.executable  # noqa: E731
    assert script.find_python() != sys.executable


@pytest.mark.parametrize(
    ("codes", "result"),
    [([0, 0, 0, 0], 0), ([1, 0, 0, 0], 1), ([0, 0, 2, 0], 2), ([0, 0, 0, 1], 1), ([1, 0, 0, 5], 5)],
)
def test_worst_exit_code_is_handed_on(
    script: Any, monkeypatch: pytest.MonkeyPatch, codes: list[int], result: int
) -> None:
    ran: list[tuple[str, ...]] = []

    def run(*arguments: str) -> int:
        ran.append(arguments)
        return codes[len(ran) - 1]

    monkeypatch.setattr(script, "run", run)
    monkeypatch.setattr(script, "need_chromium", lambda: None)
    assert script.test(["tests/rooms", "-k", "floor"]) == result
    assert [arguments[0] for arguments in ran] == ["ruff", "ruff", "mypy", "pytest"]
    assert ran[-1] == ("pytest", "-n", "2", "--dist", "loadfile", "-m", "not slow", "tests/rooms", "-k", "floor")


def test_slow_tests_alone(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(script, "run", lambda *arguments: ran.append(arguments) or 0)
    monkeypatch.setattr(script, "need_chromium", lambda: None)
    assert script.test(["--slow", "-x"]) == 0
    assert ran == [("pytest", "-n", "2", "--dist", "loadfile", "-m", "slow", "-x")]


def test_chromium_is_installed_where_that_is_allowed(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []
    said: list[str] = []
    monkeypatch.setattr(script, "say", said.append)
    monkeypatch.setattr(script.subprocess, "call", lambda command, **_: ran.append(command) or 0)

    monkeypatch.setattr(script.shutil, "which", lambda name: "/usr/bin/chromium" if name == "chromium" else None)
    script.need_chromium()
    assert (ran, said) == ([], [])

    monkeypatch.setattr(script.shutil, "which", lambda name: None)
    script.need_chromium()
    assert ran == []
    assert "apt-get install chromium" in said[-1]

    monkeypatch.setattr(script.shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
    monkeypatch.setattr(script.os, "geteuid", lambda: 0)
    script.need_chromium()
    assert [command[:2] for command in ran] == [["apt-get", "update"], ["apt-get", "install"]]
    assert "chromium is missing" in said[-1]


def test_older_python_can_read_it() -> None:
    ast.parse(SCRIPT.read_text(), feature_version=(3, 7))


def test_continuous_run_is_the_script_and_nothing_else() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert lines[-2:] == ["./caretill test", "./caretill test --slow"]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
