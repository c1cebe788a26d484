"""What goes in and out of the core: a request, an answer, and the reasons to refuse."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

JSON = "application/json"
HTML = "text/html; charset=utf-8"
CSV = "text/csv; charset=us-ascii"
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


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


def page_of(query: Mapping[str, str]) -> int:
    """How many of a list are asked for. Raises Refusal."""
    limit = query.get("limit", "100")
    if not (re.fullmatch(r"[0-9]{1,3}", limit) and 1 <= int(limit) <= 100):
        raise Refusal(400, "bad_value", "1 to 100.", "limit")
    return int(limit)


def read_asked(asked: Mapping[str, Any], name: str, fields: Collection[str], texts: Collection[str]) -> None:
    """Check that a body has these fields alone, its amount is one, and its `texts` are plain names. Raises Refusal."""
    unknown = sorted(set(asked) - set(fields))
    if unknown:
        raise Refusal(400, "unknown_field", f"A {name} takes only {', '.join(fields)}.", unknown[0])
    amount = asked.get("amount_cents")
    if type(amount) is not int or amount <= 0:
        raise Refusal(400, "bad_value", "A whole number of cents above 0.", "amount_cents")
    for text in texts:
        value = asked.get(text)
        if not isinstance(value, str) or not NAME.fullmatch(value):
            raise Refusal(400, "bad_value", "1 to 64 letters, digits, - or _.", text)
