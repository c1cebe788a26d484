"""What every answer of the site carries, and what its log line does not."""

from __future__ import annotations

import json
import logging

import pytest
import structlog
from django.conf import settings
from django.test import Client

from caretill.config import logs


@pytest.mark.parametrize("path", ["/", "/healthz", "/nothing-here/"])
def test_headers(client: Client, path: str) -> None:
    response = client.get(path)
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert f"form-action 'self' {settings.CARETILL_PROCESSOR_URL}" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers["Cache-Control"] == "no-store"
    assert "camera=()" in response.headers["Permissions-Policy"]


def test_foreign_host_is_refused(client: Client) -> None:
    assert client.get("/", SERVER_NAME="elsewhere.example.net").status_code == 400


def test_post_without_the_forms_token_is_refused(db: None) -> None:
    strict = Client(enforce_csrf_checks=True, SERVER_NAME="127.0.0.1")
    assert strict.post("/pay/", {"region": "oregon"}).status_code == 403


def test_log_line_holds_the_route_and_nothing_personal(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="caretill.web"):
        client.get("/pay/oregon/?number=4242424242424242&zip=97201")
    lines = [record.getMessage() for record in caplog.records if record.name == "caretill.web"]
    assert len(lines) == 1
    assert "pay/<slug:slug>/" in lines[0]
    assert not any(part in lines[0] for part in ("4242", "97201", "number="))


def test_card_number_in_any_logged_text_is_taken_out(capfd: pytest.CaptureFixture[str]) -> None:
    logs.set_up()
    structlog.get_logger("caretill.test").warning(
        "told", note="card 4242 4242 4242 4242", count=3, all=[{"n": 4242424242424242}]
    )
    logging.getLogger("a.library").warning("said %s", "4000056655665556")
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [line["logger"] for line in lines] == ["caretill.test", "a.library"]
    assert lines[0]["note"] == "card [card number]"
    assert lines[0]["count"] == 3
    assert lines[0]["all"] == [{"n": "[card number]"}]
    assert lines[1]["event"] == "said [card number]"
    assert lines[1]["at"].endswith("+00:00")
