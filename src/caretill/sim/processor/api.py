"""The merchant's requests, /v1: who may ask, and the promise of the idempotency key."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any

from caretill.sim.processor.parts import Parts
from caretill.sim.processor.wire import Answer, Refusal, Request, dumps, read_object

KEY_KEPT_MS = 24 * 3600 * 1000
_LONGEST_KEY = 255


def check_bearer(parts: Parts, request: Request) -> None:
    """Raises Refusal 401 unless the merchant's key came along."""
    given = request.headers.get("authorization", "").encode()
    if not hmac.compare_digest(given, f"Bearer {parts.keys.key}".encode()):
        raise Refusal(401, "not_allowed", "The key is missing or wrong.")


def check_admin(parts: Parts, request: Request) -> None:
    """Raises Refusal 401 unless the admin's key came along."""
    given = request.headers.get("processor-admin-key", "").encode()
    if not hmac.compare_digest(given, parts.keys.admin_key.encode()):
        raise Refusal(401, "not_allowed", "The admin key is missing or wrong.")


def keyed(parts: Parts, request: Request, effect: Callable[[Parts, Mapping[str, Any], str], dict[str, Any]]) -> Answer:
    """Have the effect once for the key: the same request again gets the first answer, another one a 409.

    A refusal has no effect and is not kept. A key is kept for 24 hours; after that it is a new one.
    """
    key = request.headers.get("idempotency-key", "")
    if not key or len(key) > _LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Refusal(400, "key_missing", f"Send an Idempotency-Key of 1 to {_LONGEST_KEY} plain characters.")
    asked = read_object(request.body)
    shape = hashlib.sha256(f"{request.path}\n{json.dumps(asked, sort_keys=True)}".encode()).digest()
    now = parts.now_ms()
    kept = parts.store.one("SELECT * FROM kept_answer WHERE key = ?", key)
    if kept is not None and kept["created_ms"] > now - KEY_KEPT_MS:
        if kept["asked"] != shape:
            parts.log("key.mismatch", key=key)
            raise Refusal(409, "idempotency_mismatch", "This key came before with another request.")
        parts.log("key.repeated", key=key)
        return Answer(kept["status"], kept["body"], headers=(("Idempotent-Replayed", "true"),))
    body = dumps(effect(parts, asked, key))
    if kept is not None:
        parts.store.run("DELETE FROM kept_answer WHERE key = ?", key)
    parts.store.insert("kept_answer", key=key, asked=shape, status=201, body=body, created_ms=now)
    return Answer(201, body)


def forget_old_keys(parts: Parts) -> int:
    return parts.store.run("DELETE FROM kept_answer WHERE created_ms <= ?", parts.now_ms() - KEY_KEPT_MS)
