"""Some of the world's people have an account: a guarantor, a grown person of the family, and a friend who helps."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from caretill.core import sql, tokens
from caretill.core.ids import deterministic_uuid
from caretill.people import household, passwords, register
from caretill.people.viewer import NOBODY

REGION = "oregon"
PASSWORD = "seven quiet otters swim"  # of a world that is made up, on this machine alone
_EMAILS = {"guarantor": "guarantor@example.org", "patient": "patient@example.org", "helper": "helper@example.org"}

# The family with the most open bills in which somebody else is of full age.
_FAMILY = """
    SELECT a.account_id, (
        SELECT p.id FROM people_person p WHERE p.account_id = a.account_id AND p.relation NOT IN ('self', 'child')
        ORDER BY p.id LIMIT 1) AS adult
    FROM people_account a
    WHERE a.region = %s
    ORDER BY (
        SELECT p.id FROM people_person p WHERE p.account_id = a.account_id AND p.relation NOT IN ('self', 'child')
        LIMIT 1) IS NULL,
        (SELECT count(*) FROM ledger_balance r WHERE r.account_id = a.account_id AND r.kind = 'receivable'
            AND r.debits_posted > r.credits_posted) DESC, a.account_id
    LIMIT 1
"""


def make() -> None:
    """Let them register, as far as they have not. Repeating it changes nothing."""
    row = sql.one(_FAMILY, (REGION,))
    if row is None:
        return
    _register("guarantor", register.Standing(row["account_id"], NOBODY, "holder"), "Avery", "Guarantor")
    if row["adult"]:
        _register("patient", register.Standing(row["account_id"], row["adult"], "own"), "Robin", "Patient")
    if _register("helper", None, "Sam", "Helper"):
        household.invite(household.viewer_of(_id("guarantor")), row["account_id"], _EMAILS["helper"], {NOBODY: "see"})
        household.take(_id("helper"), _mailed(row["account_id"]))


def logins() -> list[dict[str, Any]]:
    """Who can sign in: email, password, role (guarantor, patient, helper)."""
    there = {row["email"] for row in sql.query("SELECT email FROM people_login WHERE email = ANY(%s)", (_addresses(),))}
    return [{"email": email, "password": PASSWORD, "role": role} for role, email in _EMAILS.items() if email in there]


def _mailed(account_id: UUID) -> str:
    """The link that the invitation's mail holds."""
    row = sql.one(
        "SELECT body->>'sealed' AS sealed FROM core_outbox WHERE account_id = %s AND topic = 'invite'"
        " ORDER BY due_at DESC LIMIT 1",
        (account_id,),
    )
    assert row is not None
    return str(tokens.unseal("invite", row["sealed"])["token"])


def _addresses() -> list[str]:
    return list(_EMAILS.values())


def _id(role: str) -> UUID:
    return deterministic_uuid("demo login", role)


def _register(role: str, standing: register.Standing | None, first_name: str, last_name: str) -> bool:
    if sql.one("SELECT 1 FROM people_login WHERE id = %s", (_id(role),)):
        return False
    named = register.on_file(standing) if standing else {}
    wish = register.Wish(
        login_id=_id(role),
        region=REGION,
        standing=standing,
        email=_EMAILS[role],
        password=passwords.keep(PASSWORD),
        whole=passwords.alone(PASSWORD),
        first_name=named.get("first_name") or first_name,
        last_name=named.get("last_name") or last_name,
        street=named.get("street", "1 Example Street"),
        city=named.get("city", "Sampleton"),
        state=named.get("state", "OR"),
        zip=named.get("zip", "97201"),
        language="en",
        paperless=False,
        agreed=(),
    )
    return register.make(wish) == "made"
