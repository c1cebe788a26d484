"""Files that are sent to us: held in memory while they are judged, so that none lies open on a disk."""

from __future__ import annotations

import re
from typing import Any

from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest

from caretill.formats.papers import LARGEST_BYTES

# The words of the form, and what a browser puts between files.
MOST_BYTES = LARGEST_BYTES + 65_536
_PATH = re.compile(r"/help/[\w-]+/send/")


class _Held(MemoryFileUploadHandler):
    """Whatever the size: the door has measured the whole already."""

    def handle_raw_input(self, *args: Any, **kwargs: Any) -> None:
        self.activated = True


def welcome(request: HttpRequest, size: int) -> bool:
    """Whether a post of that size may come in here; then its files are held in memory."""
    if size > MOST_BYTES or not _PATH.fullmatch(request.path):
        return False
    request.upload_handlers = [_Held(request)]
    return True
