"""What stands on the papers of bills that a round pays or looks at, a line each.

python -m bench.child papers pay COUNT | links
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.calls import CENTS, bills_to_pay
from bench.world import LONG
from caretill.core import sql
from caretill.letters import links
from caretill.regions import catalog


def main(arguments: Sequence[str]) -> None:
    """`pay`: region, bill number, last name of bills to pay. `links`: last name, ZIP, link of bills of twelve lines."""
    if arguments[0] == "pay":
        for bill in bills_to_pay(int(arguments[1]), 0, CENTS):
            print(bill["region"], bill["number"], bill["last_name"], sep="\t")
        return
    rows = sql.query(
        "SELECT b.account_id, b.id, b.version, b.region, a.last_name, a.zip FROM billing_bill b"
        " JOIN people_account a ON a.account_id = b.account_id WHERE b.number LIKE %s ORDER BY b.number",
        (f"{LONG}%",),
    )
    for row in rows:
        zone = catalog.region(row["region"]).time_zone
        link = links.bill_link(row["account_id"], row["id"], row["version"], "en", zone)
        print(row["last_name"], row["zip"], link.url.rpartition("/")[2].partition("?")[0], sep="\t")
