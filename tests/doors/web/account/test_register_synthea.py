"""People of a real Synthea export register by their region's facts and see their own bills, all of them, no others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from caretill.billing import member
from caretill.billing.member import Filters
from caretill.core import sql
from caretill.intake import run
from caretill.people import sessions
from caretill.people.viewer import Viewer
from caretill.regions import catalog
from caretill.web.account import member as door
from house.registrant import Registrant

FOLDER = Path(__file__).resolve().parents[5] / "shared" / "data" / "synthea"
pytestmark = [
    pytest.mark.usefixtures("db"),
    pytest.mark.skipif(not FOLDER.is_dir(), reason="the shared data is not here"),
]


def people() -> list[dict[str, Any]]:
    """A guarantor of each of three kinds of regions: five numbers, record and name, account number and name."""
    found = []
    for number_field in ("group_number", "health_record_number", "account_number"):
        slugs = [each.slug for each in catalog.regions() if each.register.fields[0] == number_field]
        row = sql.one(
            "SELECT a.account_id, a.region, a.number AS account_number, a.last_name, a.zip, a.group_number,"
            " a.subgroup, a.bill_group, p.health_record_number FROM people_account a JOIN people_person p"
            " USING (account_id) WHERE a.region = ANY(%s) AND p.relation = 'self' AND a.last_name = p.last_name"
            " ORDER BY (SELECT count(*) FROM billing_bill b WHERE b.account_id = a.account_id) DESC LIMIT 1",
            (slugs,),
        )
        assert row is not None
        found.append(row)
    return found


def everything(viewer: Viewer) -> list[Any]:
    """Every page of the list of all bills."""
    found: list[Any] = []
    after = None
    while True:
        page = member.bill_list(viewer, Filters(state="all", after=after))
        found += page.rows
        after = page.after
        if after is None:
            return found


def test_three_of_them_see_exactly_their_familys_bills() -> None:
    run.bring_in(run.Ask("synthea", FOLDER))
    for place, person in enumerate(people()):
        one = Registrant(person["region"])
        typed = {name: person[name] for name in catalog.region(person["region"]).register.fields}
        email = f"person{place}@example.org"
        assert one.whole(typed, email)["Location"] == "/register/done/"
        session = sessions.who(one.client.cookies[door.cookie()].value)
        assert session is not None and session.viewer.accounts == (person["account_id"],)
        theirs = sql.query("SELECT id FROM billing_bill WHERE account_id = %s", (person["account_id"],))
        seen = [row["bill_id"] for row in everything(session.viewer)]
        assert len(seen) == len(set(seen)) > 20 and set(seen) == {row["id"] for row in theirs}
        listed = one.get("/account/bills/?state=all")
        assert listed.status_code == 200
    assert len(sql.query("SELECT 1 FROM people_access")) == 3
