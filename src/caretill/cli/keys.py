"""The keys that seal bank account numbers: which are in use, and turning them.

`keys rotate` puts a new key in front, where the ring is kept in a file, and seals every row again under it, in sets. It
may be killed anywhere: the next call goes on, with no second new key. Older keys stay, for backups. Where the
environment itself holds the ring, put the new key in front there first, and start every program again.
"""

from __future__ import annotations

import argparse
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings

from caretill.cli.frame import Answer, Refused
from caretill.config import keys
from caretill.core import sealed, sql
from caretill.methods import rekey

_LOCK = "SELECT pg_try_advisory_lock(hashtext('keys rotate')) AS mine"
_UNLOCK = "SELECT pg_advisory_unlock(hashtext('keys rotate'))"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Look, or turn."""
    parser.add_argument("action", choices=("status", "rotate"))
    parser.add_argument(
        "--no-new-key", action="store_true", help="only seal again what an older key of the ring sealed"
    )


def run(options: argparse.Namespace) -> Answer:
    """Tell how many keys there are and how many rows wait for the first of them."""
    if options.action == "status":
        return _told("", 0)
    mine = sql.one(_LOCK)
    if mine is None or not mine["mine"]:
        raise Refused("another `keys rotate` is at work")
    try:
        return _rotate(settings.CARETILL_SEAL_KEYS_FILE, make=not options.no_new_key)
    finally:
        sql.execute(_UNLOCK)


def _rotate(file: Path | None, make: bool) -> Answer:
    made = ""
    if make and file is not None and not rekey.waiting():
        keys.put_in_front(file, secrets.token_urlsafe(32))
        made = "a new key was made; "
    done = 0
    try:
        while rekey.waiting():
            done += sum(rekey.sets())
    except sealed.SealBroken as broken:
        raise Refused(f"a bank account cannot be opened ({broken.code}): is a key of the ring missing?") from None
    return _told(made, done)


def _told(made: str, done: int) -> Answer:
    figures: dict[str, Any] = {
        "keys": len(sealed.key_ids()), "made": bool(made), "sealed_again": done, "waiting": rekey.waiting(),
    }  # fmt: skip
    line = f"{made}{done} rows sealed again; {figures['keys']} keys, {figures['waiting']} rows under older ones"
    return Answer(line, figures)
