"""A bank number typed on every page that takes one: it stands nowhere but sealed, whatever went wrong on the way.

Pages, their addresses and cookies, mails, what is logged and printed, and every column of every table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import unquote

import psycopg
import pytest
from django.conf import settings
from django.test import Client

from caretill.core import clock, outbox, sql
from caretill.letters import send
from caretill.methods import access, change
from house import cast, wallet
from house.member import a_member
from house.postbox import Postbox

WAYS = "/account/ways/"
NUMBERS = {
    "right": "7733119955", "routing wrong": "7733119956", "twice not the same": "7733119957", "too long": "773311995"
    + "9" * 12, "letters": "7733119958AB", "signed out": "7733119959", "gone": "7733119960",
}  # fmt: skip


def typed(number: str, **changes: str) -> dict[str, str]:
    given = {"holder_name": "Juana Solano", "account_type": "checking", "routing": wallet.ROUTING}
    return {**given, "number": number, "number_again": number, **changes}


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Postbox]:
    box = Postbox()
    monkeypatch.setattr(settings, "CARETILL_SMTP_URL", box.url)
    yield box
    box.close()


def told(answer: Any) -> str:
    """All that an answer says: body, headers, cookies."""
    headers = " ".join(f"{name}: {value}" for name, value in answer.headers.items())
    return unquote(f"{answer.content.decode()} {headers} {answer.cookies.output()}")


def test_a_bank_number_stands_nowhere(
    db: None,
    box: Postbox,
    owner_connection: psycopg.Connection[Any],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    own = cast.a_bill(14_000).account_id
    member = a_member(own)
    browser, said = member.client(), []

    def ask(client: Client, number: str, **changes: str) -> str:
        said.append(told(client.post(f"{WAYS}bank/", typed(number, **changes))))
        return said[-1]

    ask(browser, NUMBERS["routing wrong"], routing="021099994")
    ask(browser, NUMBERS["twice not the same"], number_again="7733119999")
    ask(browser, NUMBERS["too long"])
    ask(browser, NUMBERS["letters"])
    ask(Client(SERVER_NAME="127.0.0.1"), NUMBERS["signed out"])
    kept = re.search(r'name="kept" value="([^"]+)"', ask(browser, NUMBERS["gone"]))
    assert kept
    said.append(told(browser.post(f"{WAYS}bank/", {"kept": kept[1] + "x", "agree": "1"})))
    kept = re.search(r'name="kept" value="([^"]+)"', ask(browser, NUMBERS["right"]))
    assert kept
    said.append(told(browser.post(f"{WAYS}bank/?switch", {"kept": kept[1], "language": "es"})))
    said.append(told(browser.post(f"{WAYS}bank/", {"kept": kept[1], "agree": "1"})))
    (one,) = access.listed(member.session().viewer)
    wallet.arrived(own, one.id, date(2026, 11, 20))
    for page in ("", f"{one.id}/", f"{one.id}/prove/", f"{one.id}/replace/", f"{one.id}/delete/"):
        said.append(told(browser.get(f"{WAYS}{page}")))
    _nowhere(owner_connection, NUMBERS["right"])
    change.correct(own, one.id, "C05", account_type="savings")
    change.disable(own, one.id, "R03")
    with clock.fixed(datetime(2026, 11, 27, 12, tzinfo=UTC)):
        while outbox.relay(send.deliver):
            pass
    assert len(box.mails) >= 4
    said += [
        str(part.get_payload(decode=True)) for mail in box.mails for part in mail.walk() if not part.is_multipart()
    ]
    printed = capfd.readouterr()
    said += [caplog.text, printed.out, printed.err, str(box.mails)]
    for what, number in NUMBERS.items():
        found = [text[max(0, text.index(number) - 80) :][:200] for text in said if number in text]
        assert not found, (what, found)
        _nowhere(owner_connection, number)
    row = sql.one("SELECT account_sealed FROM methods_method WHERE id = %s", (one.id,))
    assert row and list(access.bank_numbers([(own, one.id, row["account_sealed"])])) == [NUMBERS["right"]]


def _nowhere(connection: psycopg.Connection[Any], number: str) -> None:
    """Neither as text nor as bytes, in any column of any table."""
    listed = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    for (table,) in connection.execute(listed).fetchall():
        for needle in (number, number.encode().hex()):
            hits = connection.execute(
                f"SELECT count(*) FROM {table} AS t WHERE strpos(row_to_json(t)::text, %s) > 0", (needle,)
            ).fetchone()
            assert hits == (0,), table
