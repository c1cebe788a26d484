"""The three secrets that the processor and its merchant share, in one file that its owner alone can read."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from caretill.sim.processor.store import Store
from caretill.sim.processor.wire import Refusal, dumps, read_object

NewId = Callable[[str], str]


class BadKeys(ValueError):
    """The secret file is missing, unreadable or lacks a value; the message says which, never what it held."""


@dataclass(frozen=True)
class Keys:
    """`key` opens /v1, `callback_secret` signs callbacks, `admin_key` opens /admin."""

    key: str
    callback_secret: str
    admin_key: str


def make() -> Keys:
    """Three new secrets."""
    return Keys(*(secrets.token_urlsafe(24) for _ in range(3)))


def write(path: Path, keys: Keys) -> None:
    """Put the secrets into `path`, whole or not at all, mode 0600."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
        file.write(dumps(asdict(keys)))
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)


def read(path: Path) -> Keys:
    """The secrets of a file that `write` made. Raises BadKeys."""
    try:
        found: dict[str, Any] = read_object(path.read_bytes())
    except OSError as error:
        raise BadKeys(f"{path}: {error.strerror}") from error
    except Refusal as error:
        raise BadKeys(f"{path}: {error.message}") from error
    values = []
    for name in ("key", "callback_secret", "admin_key"):
        value = found.get(name)
        if not isinstance(value, str) or len(value) < 16:
            raise BadKeys(f'{path}: "{name}" must be a text of at least 16 characters')
        values.append(value)
    if len(set(values)) < 3:
        raise BadKeys(f"{path}: the three secrets must differ")
    return Keys(*values)


def random_id(prefix: str) -> str:
    """An id nobody can guess: the address of a checkout is all that opens it."""
    return f"{prefix}_{secrets.token_hex(12)}"


def used_ids(store: Store) -> int:
    """At least as many ids as a store has seen: where a seeded row of them goes on after a restart."""
    row = store.one("SELECT coalesce(max(seq), 0) AS seq FROM log")
    return 10 * row["seq"] if row else 0


def seeded_ids(seed: str, start: int = 0) -> NewId:
    """Ids that repeat from run to run, for simulations; `start` keeps them apart after a restart."""
    count = start

    def new(prefix: str) -> str:
        nonlocal count
        count += 1
        return f"{prefix}_{sha256(f'{seed}/{count}'.encode()).hexdigest()[:24]}"

    return new
