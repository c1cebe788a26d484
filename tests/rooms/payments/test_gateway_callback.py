"""A callback is believed only when it is the processor's, unchanged and young."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caretill.core import clock
from caretill.payments.gateways.base import CallbackRefused
from caretill.payments.gateways.sandbox import SIGNATURE_HEADER, SandboxGateway

SECRET = "the-secret-of-callbacks"
NOW = datetime(2026, 3, 4, 17, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
EVENT: dict[str, Any] = {
    "id": "evt_1",
    "type": "session.completed",
    "created": "2026-03-04T17:00:00.000Z",
    "session": "cs_1",
    "charge": "ch_1",
    "refund": None,
}
GATEWAY = SandboxGateway("https://processor.example.org", "key", (SECRET,))


@pytest.fixture(autouse=True)
def held() -> Iterator[None]:
    with clock.fixed(NOW):
        yield


def signed(body: object = EVENT, at: int = SECONDS, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    digest = hmac.new(secret.encode(), f"{at}.".encode() + raw, hashlib.sha256).hexdigest()
    return raw, {SIGNATURE_HEADER: f"t={at},v1={digest}"}


def code_of(raw: bytes, headers: dict[str, str], gateway: SandboxGateway = GATEWAY) -> str:
    with pytest.raises(CallbackRefused) as raised:
        gateway.read_callback(raw, headers)
    return raised.value.code


def test_a_good_callback() -> None:
    news = GATEWAY.read_callback(*signed())
    assert (news.event_id, news.kind, news.session_id, news.charge_id) == ("evt_1", "session.completed", "cs_1", "ch_1")
    assert news.created == NOW and news.refund_id is None


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("payout.paid", {"payout": "po_1"}),
        ("method.updated", {"method": "pm_1"}),
        ("charge.succeeded", {"charge": "ch_1"}),
        ("dispute.opened", {"charge": "ch_1", "dispute": "dp_1"}),
    ],
)
def test_news_of_what_belongs_to_no_session(kind: str, named: dict[str, str]) -> None:
    body = {"id": "evt_1", "type": kind, "created": EVENT["created"], "session": None, "charge": None, "refund": None}
    news = GATEWAY.read_callback(*signed({**body, **named}))
    told = {"charge": news.charge_id, "payout": news.payout_id, "dispute": news.dispute_id, "method": news.method_ref}
    assert news.kind == kind and {name: value for name, value in told.items() if value} == named
    assert code_of(*signed({**body, **dict.fromkeys(named)})) == "malformed"
    assert code_of(*signed({**body, **dict.fromkeys(named, "../x")})) == "malformed"


def test_header_names_are_found_in_any_case() -> None:
    raw, headers = signed()
    assert GATEWAY.read_callback(raw, {"processor-signature": headers[SIGNATURE_HEADER]}).event_id == "evt_1"


def test_either_secret_will_do_while_one_replaces_the_other() -> None:
    both = SandboxGateway("https://processor.example.org", "key", ("the-new-one", SECRET))
    assert both.read_callback(*signed()).event_id == "evt_1"
    assert both.read_callback(*signed(secret="the-new-one")).event_id == "evt_1"
    assert code_of(*signed(secret="another"), both) == "bad_signature"
    assert code_of(*signed(), SandboxGateway("https://processor.example.org", "key", ())) == "bad_signature"


@pytest.mark.parametrize("shift", [-300, 300])
def test_five_minutes_either_way_are_young(shift: int) -> None:
    assert GATEWAY.read_callback(*signed(at=SECONDS + shift)).event_id == "evt_1"


@pytest.mark.parametrize("shift", [-301, 301, -SECONDS, 10**9])
def test_older_and_newer_are_refused(shift: int) -> None:
    assert code_of(*signed(at=SECONDS + shift)) == "too_old"


def test_a_new_time_on_an_old_signature_is_refused() -> None:
    raw, headers = signed(at=SECONDS - 1000)
    moved = headers[SIGNATURE_HEADER].replace(str(SECONDS - 1000), str(SECONDS))
    assert code_of(raw, {SIGNATURE_HEADER: moved}) == "bad_signature"


@given(place=st.integers(0, 10_000), by=st.integers(1, 255))
def test_one_changed_byte_is_refused(place: int, by: int) -> None:
    raw, headers = signed()
    place %= len(raw)
    changed = raw[:place] + bytes([(raw[place] + by) % 256]) + raw[place + 1 :]
    assert code_of(changed, headers) == "bad_signature"


@pytest.mark.parametrize(
    "value",
    [
        "", "nonsense", "t=1", f"t={SECONDS}", "v1=" + "0" * 64, f"t={SECONDS},v1=", f"t={SECONDS},v1=" + "0" * 64,
        f"t={SECONDS},t={SECONDS},v1=" + "0" * 64, "t=,v1=" + "0" * 64, "t=-5,v1=" + "0" * 64, "," * 5000,
        f"t={SECONDS},v0=" + "0" * 64, f"t={SECONDS},v1=" + "é" * 64,
    ],
)  # fmt: skip
def test_a_signature_that_is_none_is_refused(value: str) -> None:
    raw, _ = signed()
    assert code_of(raw, {SIGNATURE_HEADER: value}) in ("bad_signature", "no_signature")
    assert code_of(raw, {}) == "no_signature"


def test_the_right_digest_may_stand_among_others() -> None:
    raw, headers = signed()
    several = headers[SIGNATURE_HEADER] + ",v1=" + "0" * 64 + ",v2=new"
    assert GATEWAY.read_callback(raw, {SIGNATURE_HEADER: several}).event_id == "evt_1"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed"),
        (b"not json", "malformed"),
        (b"\xff\xfe", "malformed"),
        ([], "malformed"),
        ({**EVENT, "id": None}, "malformed"),
        ({**EVENT, "id": "a b"}, "malformed"),
        ({**EVENT, "created": "today"}, "malformed"),
        ({**EVENT, "created": "2026-03-04T17:00:00"}, "malformed"),
        ({**EVENT, "created": 5}, "malformed"),
        ({**EVENT, "session": 5}, "malformed"),
        ({**EVENT, "session": "../x"}, "malformed"),
        ({**EVENT, "session": None, "charge": None}, "malformed"),
        ({"id": "evt_1"}, "malformed"),
        ({**EVENT, "type": "session.invented"}, "unknown_kind"),
        (b"x" * 20_000, "too_big"),
    ],
)
def test_a_signed_body_of_another_form_is_refused(body: object, code: str) -> None:
    assert code_of(*signed(body)) == code
