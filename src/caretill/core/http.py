"""Calls to the outside, each with a time limit. No answer is its own error: the effect is then unknown, not failed."""

from __future__ import annotations

import functools
import json as json_module
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import urllib3


class HttpUnknown(Exception):
    """No whole answer came: it may or may not have had an effect."""


@dataclass(frozen=True)
class Response:
    """An answer: `status`, `text`, and `json()`."""

    status: int
    text: str

    def json(self) -> Any:
        return json_module.loads(self.text)


@functools.cache
def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(num_pools=8, maxsize=64, retries=False)


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    json: object | None = None,
    timeout: float = 10.0,
) -> Response:
    """One call, never repeated here: only the caller knows whether it may be. Raises HttpUnknown."""
    sent = dict(headers or {})
    body = None
    if json is not None:
        sent["Content-Type"] = "application/json"
        body = json_module.dumps(json, separators=(",", ":")).encode()
    try:
        answer = _pool().request(
            method, url, headers=sent, body=body, timeout=urllib3.Timeout(connect=3.0, read=timeout), redirect=False
        )
        return Response(answer.status, answer.data.decode("utf-8", "replace"))
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise HttpUnknown(f"{method}: {type(error).__name__}") from error
