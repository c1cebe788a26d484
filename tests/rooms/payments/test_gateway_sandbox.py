"""The sandbox adapter: what leaves, and which of the three ends each answer is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from caretill.core.http import HttpUnknown, Response
from caretill.payments.gateways import UnknownGateway, gateway
from caretill.payments.gateways.base import GatewayRefused, GatewayUnknown, SessionRequest
from caretill.payments.gateways.sandbox import SandboxGateway

REQUEST = SessionRequest(
    key="key-1",
    reference="attempt-1",
    amount_cents=14_000,
    currency="USD",
    processor_account="acct_hospital",
    return_url="https://pay.example.org/back",
    cancel_url="https://pay.example.org/cancel",
    expires_at=datetime(2026, 3, 4, 9, 30, tzinfo=timezone(timedelta(hours=-8))),
    language="es",
    statement_name="Larkspur Health",
)
SESSION: dict[str, Any] = {
    "id": "cs_1",
    "url": "https://processor.example.org/c/cs_1",
    "status": "open",
    "outcome": "unpaid",
    "reference": "attempt-1",
    "amount_cents": 14_000,
    "currency": "USD",
    "charge": None,
    "failure_code": None,
    "card": None,
    "expires_at": "2026-03-04T17:30:00.000Z",
    "refunded_cents": 0,
}
REFUND = {
    "id": "re_1", "charge": "ch_1", "reference": "refund-1", "amount_cents": 500, "currency": "USD",
    "status": "succeeded", "created": "2026-03-04T17:30:00.000Z",
}  # fmt: skip
CALLS: dict[str, Callable[[SandboxGateway], Any]] = {
    "create": lambda there: there.create_session(REQUEST),
    "retrieve": lambda there: there.retrieve_session("cs_1"),
    "find": lambda there: there.find_sessions("attempt-1"),
    "expire": lambda there: there.expire_session("cs_1"),
    "refund": lambda there: there.refund("key-2", "ch_1", 500, "refund-1"),
    "charges": lambda there: there.find_charges(),
}


class Wire:
    """Stands where core.http.request does: keeps what was sent, answers what it was told."""

    def __init__(self, answer: Response | Exception) -> None:
        self.answer = answer
        self.sent: list[dict[str, Any]] = []

    def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: object | None = None,
        timeout: float = 0,
    ) -> Response:
        self.sent.append({"method": method, "url": url, "headers": headers, "json": json, "timeout": timeout})
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def there(answer: Response | Exception) -> SandboxGateway:
    return SandboxGateway("https://processor.example.org/", "secret", ("callback",), timeout=3, send=Wire(answer))


def ok(body: object, status: int = 200) -> Response:
    return Response(status, json.dumps(body))


def test_a_processor_is_told_this_and_nothing_else() -> None:
    wire = Wire(ok(SESSION, 201))
    adapter = SandboxGateway("https://processor.example.org/", "secret", (), timeout=3, send=wire)
    session = adapter.create_session(REQUEST)
    assert wire.sent == [
        {
            "method": "POST",
            "url": "https://processor.example.org/v1/sessions",
            "headers": {"Authorization": "Bearer secret", "Idempotency-Key": "key-1"},
            "json": {
                "reference": "attempt-1",
                "amount_cents": 14_000,
                "currency": "USD",
                "account": "acct_hospital",
                "statement_name": "Larkspur Health",
                "language": "es",
                "return_url": "https://pay.example.org/back",
                "cancel_url": "https://pay.example.org/cancel",
                "expires_at": "2026-03-04T17:30:00.000+00:00",
            },
            "timeout": 3,
        }
    ]
    assert (session.id, session.status, session.expires_at) == (
        "cs_1",
        "open",
        datetime(2026, 3, 4, 17, 30, tzinfo=UTC),
    )


def test_the_same_request_sends_the_same_bytes_again() -> None:
    """A repeated key must come with an equal body, whatever zone its time was written in."""
    wire = Wire(ok(SESSION, 201))
    adapter = SandboxGateway("https://processor.example.org", "secret", (), send=wire)
    adapter.create_session(REQUEST)
    adapter.create_session(replace(REQUEST, expires_at=REQUEST.expires_at.astimezone(UTC)))
    assert wire.sent[0] == wire.sent[1]


UNKNOWN = [
    HttpUnknown("GET: ReadTimeoutError"),
    Response(500, '{"error":{"code":"processor_error"}}'),
    Response(502, "<html>Bad gateway</html>"),
    Response(503, ""),
    Response(200, ""),
    Response(200, "<html>Sign in to the network</html>"),
    Response(200, "[]"),
    Response(200, "{}"),
    Response(302, "{}"),
    Response(304, ""),
    Response(400, "Bad Request"),
    Response(403, "<html>Blocked by policy</html>"),
    Response(404, '{"message":"no route"}'),
    Response(404, '{"error":"no route"}'),
    Response(408, '{"error":{"code":"too_slow"}}'),
    Response(409, '{"error":{"code":"key_in_use"}}'),
]


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("answer", UNKNOWN, ids=str)
def test_whatever_is_not_the_processors_own_no_is_unknown(name: str, answer: Response | Exception) -> None:
    with pytest.raises(GatewayUnknown):
        CALLS[name](there(answer))


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "bad_value"),
        (401, "not_allowed"),
        (404, "no_such_session"),
        (409, "already_paid"),
        (409, "idempotency_mismatch"),
        (422, "bad_value"),
        (429, "too_many"),
    ],
)
def test_the_processors_own_no_is_a_refusal(name: str, status: int, code: str) -> None:
    with pytest.raises(GatewayRefused) as raised:
        CALLS[name](there(Response(status, json.dumps({"error": {"code": code, "message": "No."}}))))
    assert (raised.value.code, raised.value.status) == (code, status)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", None), ("id", ""), ("url", 5), ("status", "closed"), ("outcome", "refunded"), ("amount_cents", 14_000.0),
        ("amount_cents", "14000"), ("amount_cents", -1), ("amount_cents", True), ("expires_at", "soon"),
        ("expires_at", "2026-03-04T17:30:00"), ("refunded_cents", None), ("card", "4242"), ("reference", "attempt-2"),
        ("amount_cents", 14_001), ("currency", "EUR"),
    ],
)  # fmt: skip
def test_an_answer_that_is_not_what_was_asked_for_is_unknown(field: str, value: object) -> None:
    with pytest.raises(GatewayUnknown):
        there(ok({**SESSION, field: value}, 201)).create_session(REQUEST)


def test_paid_without_a_charge_is_unknown() -> None:
    with pytest.raises(GatewayUnknown):
        there(ok({**SESSION, "status": "complete", "outcome": "paid"})).retrieve_session("cs_1")


def test_an_answer_about_another_object_is_unknown() -> None:
    with pytest.raises(GatewayUnknown):
        there(ok({**SESSION, "id": "cs_2"})).retrieve_session("cs_1")
    with pytest.raises(GatewayUnknown):
        there(ok({"data": [{**SESSION, "reference": "attempt-2"}]})).find_sessions("attempt-1")
    for field, value in (("charge", "ch_2"), ("amount_cents", 501), ("reference", "refund-2")):
        with pytest.raises(GatewayUnknown):
            there(ok({**REFUND, field: value}, 201)).refund("key-2", "ch_1", 500, "refund-1")
    assert there(ok(REFUND, 201)).refund("key-2", "ch_1", 500, "refund-1").status == "succeeded"


@pytest.mark.parametrize("session_id", ["", "../charges", "cs_1?x=1", "cs 1", "x" * 65])
def test_an_id_that_cannot_be_one_is_never_sent(session_id: str) -> None:
    wire = Wire(ok(SESSION))
    with pytest.raises(GatewayRefused, match="no_such_session"):
        SandboxGateway("https://processor.example.org", "secret", (), send=wire).retrieve_session(session_id)
    assert wire.sent == []


def test_a_reference_cannot_break_out_of_its_place() -> None:
    wire = Wire(ok({"data": []}))
    SandboxGateway("https://processor.example.org", "secret", (), send=wire).find_sessions("a&account=b#c")
    assert wire.sent[0]["url"] == "https://processor.example.org/v1/sessions?reference=a%26account%3Db%23c"


def test_the_registry_knows_the_sandbox_and_nobody_else(settings_of_processor: None) -> None:
    assert gateway().name == gateway("sandbox").name == "sandbox"
    assert gateway() is gateway("sandbox")
    with pytest.raises(UnknownGateway, match="sandbox"):
        gateway("stripes")


@pytest.fixture
def settings_of_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    class Settings:
        CARETILL_PROCESSOR_URL = "https://processor.example.org"
        CARETILL_PROCESSOR_KEY = "secret"
        CARETILL_PROCESSOR_CALLBACK_SECRET = "callback"

    monkeypatch.setattr("caretill.payments.gateways.sandbox.adapter.settings", Settings)
