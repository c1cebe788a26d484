"""Secrets made once and kept in the data directory, readable by their owner alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def make_data_folder(data: Path) -> None:
    """Make the data directory when there is none. Root's database runs as another user, who must pass through."""
    if not data.exists():
        data.mkdir(parents=True, exist_ok=True)
        data.chmod(0o711 if os.geteuid() == 0 else 0o700)


def kept(data: Path, name: str) -> str:
    """The secret of that name in `data/secrets`; made the first time it is asked for.

    Two processes that ask at the same moment get the same secret: the file appears whole, and only once.
    """
    folder = data / "secrets"
    path = folder / name
    if not path.exists():
        make_data_folder(data)
        folder.mkdir(mode=0o700, exist_ok=True)
        draft = folder / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()


def put_in_front(path: Path, key: str) -> None:
    """Add a key as the first line of a file of keys. The file is whole at every moment, and as private as before."""
    before = path.read_text(encoding="ascii")
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{key}\n{before.strip()}\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
