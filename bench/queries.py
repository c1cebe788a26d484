"""How many statements a page costs: `python -m bench.child queries`, in one process, without a server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.db import connection
from django.test import Client

from bench.calls import CENTS, bills_to_pay
from bench.world import LONG
from caretill.core import sql
from caretill.letters import links


def counted(page: Callable[[], Any], status: int) -> int:
    """Statements that a page sends."""
    count = 0

    def one_more(execute: Callable[..., Any], *given: Any) -> Any:
        nonlocal count
        count += 1
        return execute(*given)

    with connection.execute_wrapper(one_more):
        answer = page()
    assert answer.status_code == status, answer.status_code
    return count


def main(_: Sequence[str]) -> None:
    """A hit and a miss of the lookup, and a bill of twelve lines, each at its second visit."""
    client = Client(SERVER_NAME="127.0.0.1")
    bill = bills_to_pay(1, 0, CENTS)[0]
    path = f"/pay/{bill['region']}/"
    hit = {"number": bill["number"], "last_name": bill["last_name"]}
    miss = {"number": "P9999999999", "last_name": bill["last_name"]}
    client.post(path, hit)
    print("hit", counted(lambda: client.post(path, hit), 303), sep="\t")
    client.post(path, miss)
    print("miss", counted(lambda: client.post(path, miss), 422), sep="\t")
    row = sql.one(
        "SELECT b.account_id, b.id, b.version, a.last_name, a.zip FROM billing_bill b"
        " JOIN people_account a ON a.account_id = b.account_id WHERE b.number LIKE %s LIMIT 1",
        (f"{LONG}%",),
    )
    assert row is not None
    link = links.bill_link(row["account_id"], row["id"], row["version"], "en", "UTC")
    opened = client.post(urlsplit(link.url).path, {"last_name": row["last_name"], "zip": row["zip"]})
    print("bill", counted(lambda: client.get(opened.headers["Location"]), 200), sep="\t")
