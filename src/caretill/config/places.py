"""Where the embedded database lives: its home, its socket, and the user it runs as.

Everything is worked out from the data directory, so a second process finds what the first one started.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

# The kernel takes 107 bytes for the path of a socket; PostgreSQL needs some of them for the lock file's name.
LONGEST_SOCKET_PATH = 100
SERVICE_USER = "caretill"
ROOT_HOMES = Path("/var/lib/caretill")


class PlaceRefused(RuntimeError):
    """A folder cannot be used as it is; the message says which and why."""


@dataclass(frozen=True)
class Owner:
    """The user the server runs as, when that is not the user who starts it."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Places:
    """The paths of one embedded database."""

    data: Path
    home: Path

    @property
    def cluster(self) -> Path:
        return self.home / "cluster"

    @property
    def log(self) -> Path:
        return self.data / "postgres.log"

    @property
    def lock(self) -> Path:
        return self.data / "postgres.lock"

    @property
    def socket_note(self) -> Path:
        return self.data / "postgres.socket"

    @property
    def socket(self) -> Path:
        """The folder of the socket: the one the running server uses, otherwise the one it will use."""
        if self.socket_note.exists():
            noted = Path(self.socket_note.read_text(encoding="utf-8").strip())
            if noted.is_dir():
                return noted
        return socket_folder(self.home)


def places(data: Path) -> Places:
    """The places of the data directory. A home outside it is noted in `postgres.home`, so it is found again."""
    data = data.resolve()
    note = data / "postgres.home"
    inside = data / "postgres"
    if note.exists():
        return Places(data, Path(note.read_text(encoding="utf-8").strip()))
    if os.geteuid() != 0 or inside.exists() or open_to_all(data):
        return Places(data, inside)
    # Root hands the server to a user who cannot enter this path, and no folder above is ours to open.
    return Places(data, outside_home(data))


def outside_home(data: Path) -> Path:
    """The home of a database that cannot be inside its data directory."""
    return ROOT_HOMES / hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:16]


def remember_home(found: Places) -> None:
    """Note a home that is not inside the data directory."""
    if found.home.parent != found.data:
        (found.data / "postgres.home").write_text(f"{found.home}\n", encoding="utf-8")


def forget(data: Path) -> None:
    """Remove the database of a data directory and its notes. The server must be down, the caller holds the lock."""
    found = places(data)
    shutil.rmtree(found.home, ignore_errors=True)
    for path in (data / "postgres.home", found.socket_note, found.log):
        path.unlink(missing_ok=True)


def open_to_all(path: Path) -> bool:
    """Whether every folder down to `path` may be entered by any user. Folders still to be made count as open."""
    for folder in (path, *path.parents):
        if folder.exists() and not folder.stat().st_mode & stat.S_IXOTH:
            return False
    return True


def socket_folder(home: Path) -> Path:
    """`home/run`, or a short runtime folder when the socket's path would be too long for the kernel."""
    folder = home / "run"
    if len(os.fsencode(folder / ".s.PGSQL.5432")) <= LONGEST_SOCKET_PATH:
        return folder
    mark = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    # Root's own runtime folder is closed to the user the server runs as.
    if runtime and os.geteuid() != 0 and Path(runtime).is_dir() and len(os.fsencode(runtime)) < 60:
        return Path(runtime) / f"caretill-{mark}"
    return Path("/tmp") / f"caretill-{os.geteuid()}-{mark}"


def private_folder(path: Path, owner: Owner | None) -> None:
    """Make `path` a folder of mode 0700 that belongs to `owner` (None: to us); refuse one that somebody else made.

    /tmp is open to everybody: a link, or a folder of another user, must not be followed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        pass
    try:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise PlaceRefused(f"{path} must be a folder of our own, not a link or a file ({error.strerror})") from None
    try:
        holder = os.fstat(handle).st_uid
        allowed = {os.geteuid()} | ({owner.uid} if owner else set())
        if holder not in allowed:
            raise PlaceRefused(f"{path} belongs to another user (uid {holder})")
        if owner and holder != owner.uid:
            os.fchown(handle, owner.uid, owner.gid)
        os.fchmod(handle, 0o700)
    finally:
        os.close(handle)


def server_user(found: Places) -> Owner | None:
    """Whom the server runs as: us, or, for root (which PostgreSQL refuses), the cluster's owner or our service user."""
    if os.geteuid() != 0:
        return None
    if found.cluster.exists() and found.cluster.stat().st_uid != 0:
        held = found.cluster.stat()
        return Owner(held.st_uid, held.st_gid)
    try:
        entry = pwd.getpwnam(SERVICE_USER)
    except KeyError:
        entry = _make_service_user()
    return Owner(entry.pw_uid, entry.pw_gid)


def _make_service_user() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVICE_USER]
    if shutil.which("useradd") is None:
        command = ["adduser", "-S", "-D", "-H", SERVICE_USER]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pass
    except subprocess.CalledProcessError:
        pass  # another start made it a moment ago, or it may not be made: the look below tells
    try:
        return pwd.getpwnam(SERVICE_USER)
    except KeyError:
        raise PlaceRefused(
            f"PostgreSQL does not run as root and the user '{SERVICE_USER}' could not be made: run as an ordinary user,"
            f" or make it with: {' '.join(command)}"
        ) from None
