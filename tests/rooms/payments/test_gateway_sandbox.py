"""The sandbox adapter: what leaves, and which of the three ends each answer is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from caretill.core.http import HttpUnknown, Response
from caretill.payments.gateways import UnknownGateway, gateway
from caretill.payments.gateways.base import ChargeRequest, GatewayRefused, GatewayUnknown, SessionRequest
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
CHARGE_REQUEST = ChargeRequest(
    "key-3", "charge-1", 900, "USD", "acct_hospital", "pm_1", "nt_1", "merchant", "recurring", "Larkspur Health"
)
METHOD: dict[str, Any] = {
    "id": "pm_1", "brand": "Visa", "last4": "4242", "expiry_month": 9, "expiry_year": 2031, "funding": "credit",
    "network_ref": "nt_1", "usable": True,
}  # fmt: skip
RESULT: dict[str, Any] = {
    "id": "ch_2", "status": "succeeded", "reference": "charge-1", "amount_cents": 900, "currency": "USD",
    "failure_code": None, "hard": False, "card": {"brand": "Visa", "last4": "4242"}, "network_ref": "nt_2",
}  # fmt: skip
DISPUTE: dict[str, Any] = {
    "id": "dp_1", "charge": "ch_1", "reference": "attempt-1", "amount_cents": 500, "currency": "USD",
    "reason": "fraudulent", "status": "open", "fee_cents": 1500, "respond_by": "2026-03-24T17:30:00.000Z",
    "created": "2026-03-04T17:30:00.000Z",
}  # fmt: skip
PAYOUT: dict[str, Any] = {
    "id": "po_1", "account": "acct_hospital", "amount_cents": 500, "currency": "USD", "status": "in_transit",
    "count": 1, "created": "2026-03-05T00:00:00.000Z", "arrives_on": "2026-03-09", "bank_reference": "PO1",
}  # fmt: skip
HEAD = "kind,operation_id,charge_id,reference,gross_cents,fee_cents,net_cents,currency,time"
FILE = (
    f"{HEAD}\nfee,fe_1,,,0,250,-250,USD,2026-03-04T17:30:00.000Z\ntotal,po_1,,1,0,250,-250,USD,2026-03-05T00:00:00Z\n"
)
CALLS: dict[str, Callable[[SandboxGateway], Any]] = {
    "create": lambda there: there.create_session(REQUEST),
    "retrieve": lambda there: there.retrieve_session("cs_1"),
    "find": lambda there: there.find_sessions("attempt-1"),
    "expire": lambda there: there.expire_session("cs_1"),
    "refund": lambda there: there.refund("key-2", "ch_1", 500, "refund-1"),
    "charges": lambda there: there.find_charges(),
    "charge_saved": lambda there: there.charge_saved(CHARGE_REQUEST),
    "find_saved": lambda there: there.find_saved_charges("charge-1"),
    "retrieve_method": lambda there: there.retrieve_method("pm_1"),
    "forget_method": lambda there: there.forget_method("pm_1"),
    "retrieve_refund": lambda there: there.retrieve_refund("re_1"),
    "find_refunds": lambda there: there.find_refunds("refund-1"),
    "void": lambda there: there.void("key-4", "ch_2"),
    "list_disputes": lambda there: there.list_disputes(),
    "retrieve_dispute": lambda there: there.retrieve_dispute("dp_1"),
    "list_payouts": lambda there: there.list_payouts(),
    "payout_file": lambda there: there.payout_file("po_1"),
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


@pytest.mark.parametrize(
    "name", ["retrieve_method", "forget_method", "retrieve_refund", "retrieve_dispute", "payout_file"]
)
def test_no_other_id_that_cannot_be_one_is_sent_either(name: str) -> None:
    wire = Wire(ok({}))
    adapter = SandboxGateway("https://processor.example.org", "secret", (), send=wire)
    with pytest.raises(GatewayRefused, match=r"^no_such_"):
        getattr(adapter, name)("../admin")
    with pytest.raises(GatewayRefused, match=r"^no_such_charge"):
        adapter.void("key", "ch 1")
    assert wire.sent == []


def test_a_charge_of_a_saved_card_says_this_and_nothing_else() -> None:
    """Every charge carries who began it, why, and the network's reference (COF-1)."""
    wire = Wire(ok(RESULT, 201))
    result = SandboxGateway("https://processor.example.org", "secret", (), send=wire).charge_saved(CHARGE_REQUEST)
    assert wire.sent[0]["url"] == "https://processor.example.org/v1/charges"
    assert wire.sent[0]["headers"]["Idempotency-Key"] == "key-3"
    assert wire.sent[0]["json"] == {
        "reference": "charge-1", "amount_cents": 900, "currency": "USD", "account": "acct_hospital", "method": "pm_1",
        "network_ref": "nt_1", "initiator": "merchant", "reason": "recurring", "statement_name": "Larkspur Health",
    }  # fmt: skip
    assert (result.id, result.status, result.card_last4, result.network_ref) == ("ch_2", "succeeded", "4242", "nt_2")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ""), ("status", "captured"), ("amount_cents", 901), ("currency", "EUR"), ("reference", "charge-2"),
        ("hard", None), ("hard", True), ("status", "declined"), ("card", "4242"),
    ],
)  # fmt: skip
def test_a_charge_answered_in_another_form_is_unknown(field: str, value: object) -> None:
    with pytest.raises(GatewayUnknown):
        there(ok({**RESULT, field: value}, 201)).charge_saved(CHARGE_REQUEST)
    declined = {**RESULT, "status": "declined", "failure_code": "lost_card", "hard": True}
    assert there(ok(declined, 201)).charge_saved(CHARGE_REQUEST).hard


def test_a_session_that_saves_is_asked_for_and_read() -> None:
    wire = Wire(ok({**SESSION, "amount_cents": 0, "status": "complete", "outcome": "saved", "method": METHOD}, 201))
    adapter = SandboxGateway("https://processor.example.org", "secret", (), send=wire)
    session = adapter.create_session(replace(REQUEST, amount_cents=0, save=True, purpose="save"))
    assert (wire.sent[0]["json"]["save"], wire.sent[0]["json"]["purpose"]) == (True, "save")
    kept = (session.method_ref, session.expiry_month, session.expiry_year, session.funding, session.network_ref)
    assert kept == ("pm_1", 9, 2031, "credit", "nt_1")
    for method in (None, {**METHOD, "expiry_month": 13}, {**METHOD, "funding": "gold"}, {**METHOD, "network_ref": ""}):
        with pytest.raises(GatewayUnknown):
            there(ok({**SESSION, "status": "complete", "outcome": "saved", "method": method})).retrieve_session("cs_1")


def test_answers_about_other_objects_are_unknown_for_every_call() -> None:
    wrong: list[tuple[str, object]] = [
        ("find_saved", {"data": [{**RESULT, "reference": "charge-2"}]}),
        ("retrieve_method", {**METHOD, "id": "pm_2"}),
        ("forget_method", {"id": "pm_2", "forgotten": True}),
        ("forget_method", {"id": "pm_1", "forgotten": False}),
        ("retrieve_refund", {**REFUND, "id": "re_2"}),
        ("find_refunds", {"data": [{**REFUND, "reference": "refund-2"}]}),
        ("void", {**RESULT, "id": "ch_3", "status": "voided"}),
        ("void", RESULT),
        ("retrieve_dispute", {**DISPUTE, "id": "dp_2"}),
        ("list_disputes", {"data": [{**DISPUTE, "status": "closed"}]}),
        ("list_payouts", {"data": [{**PAYOUT, "arrives_on": "soon"}]}),
    ]
    for name, body in wrong:
        with pytest.raises(GatewayUnknown):
            CALLS[name](there(ok(body)))
    assert there(ok({**RESULT, "status": "voided"})).void("key-4", "ch_2").status == "voided"
    assert there(ok({**REFUND, "status": "failed", "failure_code": "x"})).retrieve_refund("re_1").failure_code == "x"
    assert there(ok(DISPUTE)).retrieve_dispute("dp_1").fee_cents == 1500
    assert there(ok({"data": [PAYOUT]})).list_payouts()[0].arrives_on == date(2026, 3, 9)
    there(ok({"id": "pm_1", "forgotten": True})).forget_method("pm_1")


@pytest.mark.parametrize(
    "text",
    [
        "", HEAD, FILE[:-1], FILE[: len(FILE) // 2], FILE.replace("po_1", "po_2"), FILE.replace(",,1,", ",,2,"),
        FILE.replace("fee,fe_1", "f\u00e9e,fe_1"), FILE.replace("kind", "what"), FILE + "more",
    ],
)  # fmt: skip
def test_a_payout_file_that_is_not_whole_is_unknown(text: str) -> None:
    with pytest.raises(GatewayUnknown):
        there(Response(200, text)).payout_file("po_1")
    assert there(Response(200, FILE)).payout_file("po_1") == FILE.encode()


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
