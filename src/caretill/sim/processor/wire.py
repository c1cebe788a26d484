"""What goes in and out of the core: a request, an answer, and the reasons to refuse."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

JSON = "application/json"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request taken apart: header names in lower case, the query decoded, the last of a repeated name."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(slots=True)
class Answer:
    """An HTTP answer, and how the shell is to spoil it: late, never, or after some callbacks had their first try."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    delay_ms: int = 0
    lost: bool = False  # close the connection without a word
    hang: bool = False  # keep the connection and say nothing
    hold: tuple[int, ...] = ()  # deliveries to try once before answering


class Refusal(Exception):
    """A definite no: nothing was changed. `code` is for programs, the message for their authors."""

    def __init__(self, status: int, code: str, message: str, at: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.at = at

    def answer(self) -> Answer:
        error = {"code": self.code, "message": self.message}
        if self.at is not None:
            error["field"] = self.at
        return say(self.status, {"error": error})


def say(status: int, body: object) -> Answer:
    """A JSON answer."""
    return Answer(status, dumps(body))


def dumps(body: object) -> bytes:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a request; an empty body is an empty object. Raises Refusal."""
    if not body:
        return {}
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Refusal(400, "not_json", "The body is not JSON.") from None
    if not isinstance(found, dict):
        raise Refusal(400, "not_json", "The body must be a JSON object.")
    return found
