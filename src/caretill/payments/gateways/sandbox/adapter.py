"""The calls to the sandbox processor, and what each kind of answer means."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any, Protocol
from urllib.parse import urlencode

from django.conf import settings

from caretill.core import http
from caretill.payments.gateways.base import (
    Callback,
    Charge,
    ChargeRequest,
    ChargeResult,
    Dispute,
    GatewayRefused,
    GatewayUnknown,
    Payout,
    Refund,
    SavedMethod,
    Session,
    SessionRequest,
)
from caretill.payments.gateways.sandbox import answers, callback
from caretill.payments.gateways.sandbox.answers import list_of, read

TIMEOUT_SECONDS = 10.0

_ID = re.compile(r"[A-Za-z0-9_]{1,64}")
# A refusal that says nothing about the effect: the same call may be at work elsewhere, or a middleman gave up waiting.
_UNDECIDED = frozenset({408, 425})
_UNDECIDED_CODES = frozenset({"key_in_use"})


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
        # Named only where they say something: a key kept from before they were known must come with the same body.
        if request.save:
            body["save"] = True
        if request.purpose != "pay":
            body["purpose"] = request.purpose
        session = read(answers.session, self._call("POST", "/v1/sessions", json=body, key=request.key))
        asked = (request.reference, request.amount_cents, request.currency)
        if (session.reference, session.amount_cents, session.currency) != asked:
            raise GatewayUnknown("the session answered is not the one asked for")
        return session

    def retrieve_session(self, session_id: str) -> Session:
        return self._one_session("GET", session_id, "")

    def find_sessions(self, reference: str) -> list[Session]:
        answer = self._call("GET", "/v1/sessions?" + urlencode({"reference": reference}))
        sessions = read(list_of(answers.session), answer)
        if any(session.reference != reference for session in sessions):
            raise GatewayUnknown("a session of another reference was answered")
        return sessions

    def expire_session(self, session_id: str) -> Session:
        return self._one_session("POST", session_id, "/expire")

    def refund(self, key: str, charge_id: str, amount_cents: int, reference: str) -> Refund:
        body = {"charge": charge_id, "amount_cents": amount_cents, "reference": reference}
        refund = read(answers.refund, self._call("POST", "/v1/refunds", json=body, key=key))
        if (refund.charge_id, refund.amount_cents, refund.reference) != (charge_id, amount_cents, reference):
            raise GatewayUnknown("the refund answered is not the one asked for")
        return refund

    def charge_saved(self, request: ChargeRequest) -> ChargeResult:
        body = {
            "reference": request.reference,
            "amount_cents": request.amount_cents,
            "currency": request.currency,
            "account": request.processor_account,
            "method": request.method_ref,
            "network_ref": request.network_ref,
            "initiator": request.initiator,
            "reason": request.reason,
            "statement_name": request.statement_name,
        }
        result = read(answers.charge_result, self._call("POST", "/v1/charges", json=body, key=request.key))
        asked = (request.reference, request.amount_cents, request.currency)
        if (result.reference, result.amount_cents, result.currency) != asked:
            raise GatewayUnknown("the charge answered is not the one asked for")
        return result

    def find_saved_charges(self, reference: str) -> list[ChargeResult]:
        answer = self._call("GET", "/v1/saved-charges?" + urlencode({"reference": reference}))
        results = read(list_of(answers.charge_result), answer)
        if any(result.reference != reference for result in results):
            raise GatewayUnknown("a charge of another reference was answered")
        return results

    def retrieve_method(self, method_ref: str) -> SavedMethod:
        body = self._call("GET", f"/v1/methods/{_id(method_ref, 'no_such_method')}")
        method = read(answers.method, body)
        if method.method_ref != method_ref:
            raise GatewayUnknown("another method was answered")
        return method

    def forget_method(self, method_ref: str) -> None:
        body = self._call("POST", f"/v1/methods/{_id(method_ref, 'no_such_method')}/forget")
        if body != {"id": method_ref, "forgotten": True}:
            raise GatewayUnknown("an answer without what it must hold")

    def retrieve_refund(self, refund_id: str) -> Refund:
        refund = read(answers.refund, self._call("GET", f"/v1/refunds/{_id(refund_id, 'no_such_refund')}"))
        if refund.id != refund_id:
            raise GatewayUnknown("another refund was answered")
        return refund

    def find_refunds(self, reference: str) -> list[Refund]:
        found = read(list_of(answers.refund), self._call("GET", "/v1/refunds?" + urlencode({"reference": reference})))
        if any(refund.reference != reference for refund in found):
            raise GatewayUnknown("a refund of another reference was answered")
        return found

    def void(self, key: str, charge_id: str) -> ChargeResult:
        path = f"/v1/charges/{_id(charge_id, 'no_such_charge')}/void"
        result = read(answers.charge_result, self._call("POST", path, json={}, key=key))
        if (result.id, result.status) != (charge_id, "voided"):
            raise GatewayUnknown("the charge answered is not the one voided")
        return result

    def list_disputes(self, after: str | None = None, limit: int = 100) -> list[Dispute]:
        return read(list_of(answers.dispute), self._call("GET", "/v1/disputes?" + _after(after, limit)))

    def retrieve_dispute(self, dispute_id: str) -> Dispute:
        dispute = read(answers.dispute, self._call("GET", f"/v1/disputes/{_id(dispute_id, 'no_such_dispute')}"))
        if dispute.id != dispute_id:
            raise GatewayUnknown("another dispute was answered")
        return dispute

    def list_payouts(self, after: str | None = None, limit: int = 100) -> list[Payout]:
        return read(list_of(answers.payout), self._call("GET", "/v1/payouts?" + _after(after, limit)))

    def payout_file(self, payout_id: str) -> bytes:
        answer = self._answer("GET", f"/v1/payouts/{_id(payout_id, 'no_such_payout')}/file")
        if answer.status == 200:
            return answers.payout_file(answer.text, payout_id)
        _refuse(answer)
        raise GatewayUnknown(f"status {answer.status}")

    def find_charges(self, *, reference: str | None = None, after: str | None = None, limit: int = 100) -> list[Charge]:
        asked = {"reference": reference, "after": after, "limit": str(limit)}
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return read(list_of(answers.charge), self._call("GET", "/v1/charges?" + query))

    def read_callback(self, raw: bytes, headers: Mapping[str, str]) -> Callback:
        return callback.read_callback(raw, headers, self._secrets)

    def _one_session(self, method: str, session_id: str, rest: str) -> Session:
        path = f"/v1/sessions/{_id(session_id, 'no_such_session')}{rest}"
        session = read(answers.session, self._call(method, path))
        if session.id != session_id:
            raise GatewayUnknown("another session was answered")
        return session

    def _call(self, method: str, path: str, *, json: object | None = None, key: str | None = None) -> Any:
        answer = self._answer(method, path, json=json, key=key)
        try:
            body = answer.json()
        except ValueError as error:
            raise GatewayUnknown(f"status {answer.status}, not JSON") from error
        if answer.status in (200, 201):
            return body
        _refuse(answer)
        raise GatewayUnknown(f"status {answer.status}")

    def _answer(self, method: str, path: str, *, json: object | None = None, key: str | None = None) -> http.Response:
        headers = self._headers if key is None else {**self._headers, "Idempotency-Key": key}
        try:
            return self._send(method, self._url + path, headers=headers, json=json, timeout=self._timeout)
        except http.HttpUnknown as error:
            raise GatewayUnknown(str(error)) from error


def _id(value: str, code: str) -> str:
    """An id as it may stand in an address. What cannot be one is nobody's: it is never sent."""
    if not _ID.fullmatch(value):
        raise GatewayRefused(code)
    return value


def _after(after: str | None, limit: int) -> str:
    return urlencode({"limit": str(limit)} | ({"after": after} if after is not None else {}))


def _refuse(answer: http.Response) -> None:
    """Raise GatewayRefused where the answer is the processor's own no."""
    try:
        code = _refusal_code(answer.json())
    except ValueError:
        return
    definite = 400 <= answer.status < 500 and answer.status not in _UNDECIDED and code not in _UNDECIDED_CODES
    if definite and code is not None:
        raise GatewayRefused(code, answer.status)


def _refusal_code(body: Any) -> str | None:
    """The processor's own code: a 4xx without one may come from anything between us and it, and proves nothing."""
    error = body.get("error") if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) and code else None


@functools.lru_cache(maxsize=8)
def _made(url: str, key: str, secrets: tuple[str, ...]) -> SandboxGateway:
    return SandboxGateway(url, key, secrets)


def from_settings() -> SandboxGateway:
    """The adapter as the CARETILL_PROCESSOR_ settings say; the same object while they stay the same."""
    secrets = (settings.CARETILL_PROCESSOR_CALLBACK_SECRET,)
    return _made(settings.CARETILL_PROCESSOR_URL, settings.CARETILL_PROCESSOR_KEY, secrets)
