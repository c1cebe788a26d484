"""The smallest page: what granian alone costs. The floor of every page of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable

PAGE = b"Hello\n"
HEADERS = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(PAGE)))]


def application(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
    """A WSGI application, the interface that our own pages use."""
    start_response("200 OK", HEADERS)
    return [PAGE]
