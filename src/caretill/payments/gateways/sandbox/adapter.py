"""The calls to the sandbox processor, and what each kind of answer means."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode

from django.conf import settings

from caretill.core import http
from caretill.payments.gateways.base import (
    Callback,
    Charge,
    GatewayRefused,
    GatewayUnknown,
    GivenBack,
    Refund,
    Session,
    SessionRequest,
)
from caretill.payments.gateways.sandbox import callback

TIMEOUT_SECONDS = 10.0

T = TypeVar("T")

_ID = re.compile(r"[A-Za-z0-9_]{1,64}")
# A refusal that says nothing about the effect: the same call may be at work elsewhere, or a middleman gave up waiting.
_UNDECIDED = frozenset({408, 425})
_UNDECIDED_CODES = frozenset({"key_in_use"})
_STATUSES = frozenset({"open", "complete", "expired"})
_OUTCOMES = frozenset({"unpaid", "processing", "paid", "declined"})


class Send(Protocol):
    """`core.http.request`, or something that answers like it."""

    def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: object | None = None,
        timeout: float = ...,
    ) -> http.Response: ...


class SandboxGateway:
    """Gateway of the sandbox processor. Holds no state but its pool of connections."""

    name = "sandbox"

    def __init__(
        self,
        url: str,
        key: str,
        callback_secrets: tuple[str, ...],
        *,
        timeout: float = TIMEOUT_SECONDS,
        send: Send = http.request,
    ) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"}
        self._secrets = callback_secrets
        self._timeout = timeout
        self._send = send

    def create_session(self, request: SessionRequest) -> Session:
        body = {
            "reference": request.reference,
            "amount_cents": request.amount_cents,
            "currency": request.currency,
            "account": request.processor_account,
            "statement_name": request.statement_name,
            "language": request.language,
            "return_url": request.return_url,
            "cancel_url": request.cancel_url,
            "expires_at": request.expires_at.astimezone(UTC).isoformat(timespec="milliseconds"),
        }
        session = _read(_session, self._call("POST", "/v1/sessions", json=body, key=request.key))
        asked = (request.reference, request.amount_cents, request.currency)
        if (session.reference, session.amount_cents, session.currency) != asked:
            raise GatewayUnknown("the session answered is not the one asked for")
        return session

    def retrieve_session(self, session_id: str) -> Session:
        return self._one_session("GET", session_id, "")

    def find_sessions(self, reference: str) -> list[Session]:
        answer = self._call("GET", "/v1/sessions?" + urlencode({"reference": reference}))
        sessions = _read(_list_of(_session), answer)
        if any(session.reference != reference for session in sessions):
            raise GatewayUnknown("a session of another reference was answered")
        return sessions

    def expire_session(self, session_id: str) -> Session:
        return self._one_session("POST", session_id, "/expire")

    def refund(self, key: str, charge_id: str, amount_cents: int, reference: str) -> Refund:
        body = {"charge": charge_id, "amount_cents": amount_cents, "reference": reference}
        refund = _read(_refund, self._call("POST", "/v1/refunds", json=body, key=key))
        if (refund.charge_id, refund.amount_cents, refund.reference) != (charge_id, amount_cents, reference):
            raise GatewayUnknown("the refund answered is not the one asked for")
        return refund

    def find_charges(self, *, reference: str | None = None, after: str | None = None, limit: int = 100) -> list[Charge]:
        asked = {"reference": reference, "after": after, "limit": str(limit)}
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return _read(_list_of(_charge), self._call("GET", "/v1/charges?" + query))

    def read_callback(self, raw: bytes, headers: Mapping[str, str]) -> Callback:
        return callback.read_callback(raw, headers, self._secrets)

    def _one_session(self, method: str, session_id: str, rest: str) -> Session:
        if not _ID.fullmatch(session_id):
            raise GatewayRefused("no_such_session")
        session = _read(_session, self._call(method, f"/v1/sessions/{session_id}{rest}"))
        if session.id != session_id:
            raise GatewayUnknown("another session was answered")
        return session

    def _call(self, method: str, path: str, *, json: object | None = None, key: str | None = None) -> Any:
        headers = self._headers if key is None else {**self._headers, "Idempotency-Key": key}
        try:
            answer = self._send(method, self._url + path, headers=headers, json=json, timeout=self._timeout)
        except http.HttpUnknown as error:
            raise GatewayUnknown(str(error)) from error
        try:
            body = answer.json()
        except ValueError as error:
            raise GatewayUnknown(f"status {answer.status}, not JSON") from error
        if answer.status in (200, 201):
            return body
        code = _refusal_code(body)
        definite = 400 <= answer.status < 500 and answer.status not in _UNDECIDED and code not in _UNDECIDED_CODES
        if definite and code is not None:
            raise GatewayRefused(code, answer.status)
        raise GatewayUnknown(f"status {answer.status}")


def _refusal_code(body: Any) -> str | None:
    """The processor's own code: a 4xx without one may come from anything between us and it, and proves nothing."""
    error = body.get("error") if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) and code else None


def _read(maker: Callable[[Any], T], body: Any) -> T:
    try:
        return maker(body)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise GatewayUnknown("an answer without what it must hold") from error


def _list_of(maker: Callable[[Any], T]) -> Callable[[Any], list[T]]:
    return lambda body: [maker(item) for item in body["data"]]


def _cents(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("cents")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("text")
    return value


def _one_of(value: Any, allowed: frozenset[str]) -> Any:
    if value not in allowed:
        raise ValueError("word")
    return value


def _time(value: Any) -> datetime:
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError("time without a zone")
    return at.astimezone(UTC)


def _session(body: Any) -> Session:
    card = body["card"] or {}
    outcome = _one_of(body["outcome"], _OUTCOMES)
    charge = body["charge"]
    if outcome == "paid":
        _text(charge)
    return Session(
        id=_text(body["id"]),
        url=_text(body["url"]),
        status=_one_of(body["status"], _STATUSES),
        outcome=outcome,
        reference=_text(body["reference"]),
        amount_cents=_cents(body["amount_cents"]),
        currency=_text(body["currency"]),
        charge_id=charge,
        failure_code=body["failure_code"],
        card_brand=card.get("brand"),
        card_last4=card.get("last4"),
        expires_at=_time(body["expires_at"]),
        refunded_cents=_cents(body["refunded_cents"]),
    )


def _refund(body: Any) -> Refund:
    return Refund(
        id=_text(body["id"]),
        charge_id=_text(body["charge"]),
        reference=_text(body["reference"]),
        amount_cents=_cents(body["amount_cents"]),
        currency=_text(body["currency"]),
        status=_one_of(body["status"], frozenset({"succeeded", "pending", "failed"})),
        created=_time(body["created"]),
    )


def _charge(body: Any) -> Charge:
    return Charge(
        id=_text(body["id"]),
        session_id=_text(body["session"]),
        reference=_text(body["reference"]),
        processor_account=_text(body["account"]),
        amount_cents=_cents(body["amount_cents"]),
        refunded_cents=_cents(body["refunded_cents"]),
        currency=_text(body["currency"]),
        created=_time(body["created"]),
        refunds=tuple(GivenBack(_text(one["id"]), _cents(one["amount_cents"])) for one in body["refunds"]),
    )


@functools.lru_cache(maxsize=8)
def _made(url: str, key: str, secrets: tuple[str, ...]) -> SandboxGateway:
    return SandboxGateway(url, key, secrets)


def from_settings() -> SandboxGateway:
    """The adapter as the CARETILL_PROCESSOR_ settings say; the same object while they stay the same."""
    secrets = (settings.CARETILL_PROCESSOR_CALLBACK_SECRET,)
    return _made(settings.CARETILL_PROCESSOR_URL, settings.CARETILL_PROCESSOR_KEY, secrets)
