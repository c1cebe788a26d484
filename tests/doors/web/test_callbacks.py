"""The processor's messages at the door: kept, refused, or unknown; never acted on there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError
from django.test import Client

from caretill.core import sql
from caretill.payments import callbacks
from caretill.sim.processor.shell import Shell
from caretill.web.pages import callbacks as page
from house.cast import a_bill
from house.desk import Desk, at_once, processor_desk
from house.payer import Payer

__all__ = ["processor_desk"]

Send = Callable[..., Any]


@pytest.fixture
def messages(processor: Desk) -> list[tuple[Mapping[str, str], bytes]]:
    """What the processor sends for one paid bill; nothing of it was received yet."""
    got: list[tuple[Mapping[str, str], bytes]] = []
    assert page.receive is callbacks.receive, "the page has the real one, whichever test came first"
    with mock.patch.object(callbacks, "receive", lambda _, raw, headers: got.append((dict(headers), raw))):
        payer = Payer(a_bill(14_000))
        processor.card(payer.to_card())
    assert got
    return got


def post(body: bytes, headers: Mapping[str, str], gateway: str = "sandbox") -> Any:
    sent = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    kept = {name: value for name, value in sent.items() if name not in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH")}
    strict = Client(SERVER_NAME="127.0.0.1", enforce_csrf_checks=True)
    return strict.post(f"/callbacks/{gateway}", body, content_type="application/json", **kept)  # type: ignore[arg-type]


def kept() -> int:
    row = sql.one("SELECT count(*) AS n FROM payments_callback")
    assert row is not None
    return int(row["n"])


def test_a_message_is_kept_once_and_answered_each_time(messages: Any) -> None:
    headers, body = messages[0]
    assert [post(body, headers).status_code for _ in range(3)] == [200] * 3
    assert kept() == 1
    assert callbacks.apply_due() == 1
    assert sql.one("SELECT state FROM payments_payment") == {"state": "succeeded"}


def test_many_at_once_are_kept_once(messages: Any) -> None:
    headers, body = messages[0]
    answers = at_once([lambda: post(body, headers)] * 16)
    assert [answer.status_code for answer in answers] == [200] * 16 and kept() == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda headers, body: ({}, body),
        lambda headers, body: (headers, body.replace(b"completed", b"refunded ")),
        lambda headers, body: ({**headers, "Processor-Signature": "t=1,v1=00"}, body),
        lambda headers, body: (headers, b""),
        lambda headers, body: (headers, b"\xff\xfe" + body),
    ],
)
def test_a_foreign_or_changed_message_is_refused_logged_and_not_kept(
    messages: Any, spoil: Any, caplog: pytest.LogCaptureFixture
) -> None:
    headers, body = spoil(*messages[0])
    answer = post(body, headers)
    assert (answer.status_code, answer.content) == (400, b"refused\n")
    assert kept() == 0
    lines = [str(record.msg) for record in caplog.records if "a callback was refused" in str(record.msg)]
    assert len(lines) == 1
    assert "session" not in lines[0] and "charge" not in lines[0], "nothing of the message is in the log"


def test_a_message_that_is_too_large_is_not_read(messages: Any) -> None:
    headers, body = messages[0]
    assert post(body + b" " * 20_000, headers).status_code == 413
    assert post(body + b" " * 90_000, headers).status_code == 413
    assert kept() == 0


def test_an_unknown_processor_has_no_address(messages: Any) -> None:
    headers, body = messages[0]
    assert post(body, headers, "nobody").status_code == 404
    assert Client(SERVER_NAME="127.0.0.1").get("/callbacks/sandbox").status_code == 405


def test_a_database_that_is_away_makes_the_processor_try_again(messages: Any) -> None:
    headers, body = messages[0]
    with mock.patch.object(callbacks.sql, "execute", side_effect=OperationalError("gone")):
        assert post(body, headers).status_code == 503
    assert post(body, headers).status_code == 200


def test_the_processors_own_sender_takes_the_answer_for_delivered(processor: Desk) -> None:
    def deliver(url: str, headers: Mapping[str, str], body: bytes) -> int:
        return int(post(body, headers, url.rsplit("/", 1)[1]).status_code)

    shell: Shell = processor.shell
    with mock.patch.object(shell, "_sender", deliver, create=True):
        payer = Payer(a_bill(14_000))
        processor.card(payer.to_card())
    assert kept() == 1
