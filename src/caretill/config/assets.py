"""The files pages need beside their text: gathered once, named by their content, compressed."""

from __future__ import annotations

import fcntl
import hashlib
from pathlib import Path

from django.conf import settings
from django.core.management import call_command


def gather() -> bool:
    """Put the web's static files into the data directory if they changed since the last time; whether they had.

    A page names each file by its content, so browsers may keep them for ever.
    """
    target = Path(settings.STATIC_ROOT)
    target.mkdir(parents=True, exist_ok=True)
    mark = _mark([Path(folder) for folder in settings.STATICFILES_DIRS])
    with (target / ".gathered").open("a+", encoding="ascii") as stamp:
        # Two starts at once would write the same files into each other.
        fcntl.flock(stamp, fcntl.LOCK_EX)
        stamp.seek(0)
        if stamp.read() == mark:
            return False
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.seek(0)
        stamp.truncate()
        stamp.write(mark)
    return True


def _mark(folders: list[Path]) -> str:
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(found for found in folder.rglob("*") if found.is_file()):
            digest.update(f"{path.relative_to(folder)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
