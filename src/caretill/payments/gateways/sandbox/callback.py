"""Reading a signed callback: is it the processor's, unchanged and young?"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from caretill.core import clock
from caretill.payments.gateways.base import Callback, CallbackRefused

SIGNATURE_HEADER = "Processor-Signature"
TOLERANCE_SECONDS = 300
MAX_BYTES = 16_384
KINDS = frozenset(
    {
        "session.completed",
        "session.expired",
        "session.declined",
        "charge.succeeded",
        "charge.declined",
        "charge.voided",
        "refund.succeeded",
        "refund.failed",
        "dispute.opened",
        "dispute.won",
        "dispute.lost",
        "payout.created",
        "payout.paid",
        "method.updated",
    }
)
_OBJECTS = ("session", "charge", "refund", "dispute", "payout", "method")

_TIME = re.compile(r"[0-9]{1,12}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[A-Za-z0-9_]{1,64}")


def read_callback(raw: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> Callback:
    """Check the signature over `raw` as it came, then its age (5 minutes either way), then its form.

    Any of `secrets` may have signed, so a secret can be changed without losing what is on its way. Raises
    CallbackRefused: too_big, no_signature, bad_signature, too_old, malformed, unknown_kind.
    """
    if len(raw) > MAX_BYTES:
        raise CallbackRefused("too_big")
    signed_at, digests = _signature(headers)
    stamped = f"{signed_at}.".encode() + raw
    found = False
    for secret in secrets:
        expected = hmac.new(secret.encode(), stamped, hashlib.sha256).hexdigest()
        for digest in digests:
            found |= hmac.compare_digest(expected, digest)
    if not found:
        raise CallbackRefused("bad_signature")
    if abs(int(clock.now().timestamp()) - int(signed_at)) > TOLERANCE_SECONDS:
        raise CallbackRefused("too_old")
    return _callback(raw)


def _signature(headers: Mapping[str, str]) -> tuple[str, list[str]]:
    value = next((text for name, text in headers.items() if name.lower() == SIGNATURE_HEADER.lower()), None)
    if not value:
        raise CallbackRefused("no_signature")
    parts = [part.strip().partition("=") for part in value[:1000].split(",")]
    times = [text for name, _, text in parts if name == "t" and _TIME.fullmatch(text)]
    digests = [text for name, _, text in parts if name == "v1" and _DIGEST.fullmatch(text)]
    if len(times) != 1 or not digests:
        raise CallbackRefused("bad_signature")
    return times[0], digests


def _callback(raw: bytes) -> Callback:
    try:
        body = json.loads(raw)
        created = datetime.fromisoformat(body["created"])
        event_id, kind = body["id"], body["type"]
        objects = [_identity(body, name) for name in _OBJECTS]
    except (ValueError, KeyError, TypeError) as error:
        raise CallbackRefused("malformed") from error
    if not isinstance(event_id, str) or not _ID.fullmatch(event_id) or created.tzinfo is None:
        raise CallbackRefused("malformed")
    session_id, charge_id, refund_id, dispute_id, payout_id, method_ref = objects
    if session_id is charge_id is payout_id is method_ref is None:
        raise CallbackRefused("malformed")
    if kind not in KINDS:
        raise CallbackRefused("unknown_kind")
    return Callback(event_id, kind, session_id, charge_id, refund_id, created, dispute_id, payout_id, method_ref)


def _identity(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is not None and (not isinstance(value, str) or not _ID.fullmatch(value)):
        raise ValueError(name)
    return value
