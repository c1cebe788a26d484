"""Members of the grown world: browsers signed in, and what their pages ask of the database.

python -m bench.child members sessions COUNT | long COUNT | queries
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.test import Client

from bench.queries import counted
from bench.world import LONG
from caretill.core import sql
from caretill.people import sessions
from caretill.web.account import member

ADDRESSES = {"page_home": "/account/", "page_bills": "/account/bills/", "page_history": "/account/history/"}
# Guarantors of families of 40 bills, and of bills of twelve lines, in an order of no meaning.
_FAMILIES = """
    SELECT x.login_id, NULL::uuid AS bill_id FROM people_account a JOIN people_access x ON x.account_id = a.account_id
    WHERE a.number LIKE 'F7%%' ORDER BY md5(x.login_id::text) LIMIT %s"""
_LONG = f"""
    SELECT x.login_id, b.id AS bill_id FROM billing_bill b JOIN people_access x ON x.account_id = b.account_id
    WHERE b.number LIKE '{LONG}%%' ORDER BY md5(b.id::text) LIMIT %s"""


def bill_address(bill_id: UUID | str) -> str:
    """Where a member's bill stands."""
    return f"/account/bills/{bill_id}/"


def main(arguments: Sequence[str]) -> None:
    """`sessions`, `long`: cookie and bill of as many. `queries`: how many statements each page sends."""
    if arguments[0] == "queries":
        _queries()
        return
    for row in sql.query(_LONG if arguments[0] == "long" else _FAMILIES, (int(arguments[1]),)):
        print(_signed_in(row), row["bill_id"] or "", sep="\t")


def _signed_in(row: dict[str, Any]) -> str:
    return sessions.begin(row["login_id"], b"bench", "Firefox, Linux", second=False)


def _queries() -> None:
    """Each page at its second visit."""
    family, long = (sql.query(text, (1,))[0] for text in (_FAMILIES, _LONG))
    asked = [(name, family, address) for name, address in ADDRESSES.items()]
    for name, row, address in [*asked, ("page_member_bill", long, bill_address(long["bill_id"]))]:
        client = Client(SERVER_NAME="127.0.0.1")
        client.cookies[member.cookie()] = _signed_in(row)
        client.get(address)
        print(name, counted(lambda client=client, address=address: client.get(address), 200), sep="\t")  # type: ignore[misc]
