"""One more bill for a payment that was begun: of the same account it joins, of another it stands apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from django.test import Client

from caretill.core.words import say
from caretill.web import seek, visit
from house.cast import Bill, a_bill

OREGON = "/pay/oregon/"


@pytest.fixture
def guest(db: None) -> Client:
    return Client(SERVER_NAME="127.0.0.1", HTTP_ACCEPT_LANGUAGE="en")


def begun(guest: Client, bill: Bill, **more: str) -> list[str]:
    """Find it; the ids of the flows in the address that follows."""
    answer = guest.post(OREGON, {"number": bill.number, "zip": bill.zip, **more})
    assert answer.status_code == 303
    return re.findall(r"[0-9a-f]{16}", answer["Location"])


def bills(guest: Client, flow_id: str) -> list[str]:
    cookies = {name: morsel.value for name, morsel in guest.cookies.items()}
    flow = visit.load(mock.Mock(COOKIES=cookies), flow_id)
    assert flow is not None
    return flow.bills


def test_a_bill_of_the_same_account_joins(guest: Client) -> None:
    one = a_bill(14_000)
    two = a_bill(9_000, number="P7777777777")
    (flow,) = begun(guest, one)
    page = guest.get(OREGON, {"add": flow}).content.decode()
    assert f'name="add" value="{flow}"' in page and f'href="/pay/v/{flow}/amount"' in page
    assert begun(guest, two, add=flow) == [flow]
    assert bills(guest, flow) == [str(one.bill_id), str(two.bill_id)]
    assert begun(guest, two, add=flow) == [flow] and len(bills(guest, flow)) == 2
    fields = guest.get("/pay/oregon/fields/pay_code/", {"add": flow}).content.decode()
    assert f'name="add" value="{flow}"' in fields


def test_a_bill_of_another_account_stands_apart(guest: Client, parse: Callable[[bytes], Any]) -> None:
    one, other = a_bill(14_000), a_bill(9_000, family="2")
    (flow,) = begun(guest, one)
    first, second = begun(guest, other, add=flow)
    assert first == flow and bills(guest, flow) == [str(one.bill_id)] and bills(guest, second) == [str(other.bill_id)]
    page = guest.get(f"/pay/v/{first}/apart/{second}/")
    parse(page.content)
    body = page.content.decode()
    assert say("en", "find.apart.title") in body
    assert f'href="/pay/v/{first}/amount"' in body and f'href="/pay/v/{second}/amount"' in body
    stranger = Client(SERVER_NAME="127.0.0.1").get(f"/pay/v/{first}/apart/{second}/")
    assert (stranger.status_code, stranger["Location"]) == (303, "/")


def test_a_full_payment_takes_no_more(guest: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seek, "MOST_BILLS", 1)
    one, two = a_bill(14_000), a_bill(9_000, number="P7777777777")
    (flow,) = begun(guest, one)
    assert len(begun(guest, two, add=flow)) == 2 and bills(guest, flow) == [str(one.bill_id)]


def test_what_was_begun_elsewhere_or_never_is_not_joined(guest: Client) -> None:
    one = a_bill(14_000)
    for add in ("0123456789abcdef", "x", "../../etc", "0123456789ABCDEF"):
        assert len(begun(guest, one, add=add)) == 1
        assert guest.get(OREGON, {"add": "<script>"}).status_code == 200


def test_the_language_switch_keeps_what_is_joined(guest: Client) -> None:
    (flow,) = begun(guest, a_bill(14_000))
    body = guest.post(OREGON, {"number": "H1", "add": flow, "language": "es"}).content.decode()
    assert f'name="add" value="{flow}"' in body and '<html lang="es"' in body
