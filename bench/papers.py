"""What stands on the papers of bills that a round pays or looks at, a line each.

python -m bench.child papers pay COUNT | families COUNT | links | facts COUNT
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from bench.calls import CENTS, bills_to_pay
from bench.world import LONG
from caretill.core import sql
from caretill.letters import links
from caretill.regions import catalog


def main(arguments: Sequence[str]) -> None:
    """`pay`: region, bill number, last name of bills to pay; `families`: of families of 40 bills, in turn.
    `links`: last name, ZIP, link of bills of twelve lines. `facts`: region, what it asks of who registers as JSON, and
    the address that they sign in with; accounts with a login, each once.
    """
    if arguments[0] in ("pay", "families"):
        count = int(arguments[1])
        bills = bills_to_pay(count, 0, CENTS) if arguments[0] == "pay" else sql.query(_FAMILIES, (CENTS, count))
        for bill in bills:
            print(bill["region"], bill["number"], bill["last_name"], sep="\t")
        return
    if arguments[0] == "facts":
        for row in sql.query(_FACTS, (int(arguments[1]),)):
            asked = {name: row[name] for name in catalog.region(row["region"]).register.fields}
            print(row["region"], json.dumps(asked), row["email"], sep="\t")
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


_FAMILIES = """
    SELECT region, number, last_name FROM (
        SELECT b.region, b.number, a.last_name, row_number() OVER (PARTITION BY b.account_id ORDER BY b.number) AS turn
        FROM billing_bill b JOIN people_account a ON a.account_id = b.account_id JOIN ledger_balance r
            ON r.account_id = b.account_id AND r.kind = 'receivable' AND r.ref = b.id
        WHERE a.number LIKE 'F7%%' AND r.debits_posted - r.credits_posted - r.credits_pending >= %s
    ) AS owed ORDER BY turn, number LIMIT %s"""
_FACTS = """
    SELECT a.region, a.number AS account_number, a.last_name, a.zip, a.group_number, a.subgroup, a.bill_group,
        p.health_record_number, l.email
    FROM people_account a JOIN people_person p ON p.account_id = a.account_id AND p.relation = 'self'
    JOIN people_access x ON x.account_id = a.account_id JOIN people_login l ON l.id = x.login_id
    WHERE a.number NOT LIKE 'F7%%' ORDER BY md5(a.number) LIMIT %s"""
