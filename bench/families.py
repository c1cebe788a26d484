"""A world with families of 40 bills, some of them paid here, and logins; and the same many times over."""

from __future__ import annotations

from typing import Any

import psycopg

from bench import data, import_csv, pay_web, world
from bench.place import Place, say
from bench.site import standing
from bench.walk import drive
from caretill.cli.frame import Refused
from caretill.people import passwords
from caretill.people.viewer import NOBODY

FAMILIES = 20
BILLS = 40
PAID = 8  # of a family's bills, in part
LOGINS = 100_000
PASSWORD = "seven quiet otters swim"
GROWN = "grown"


def base(place: Place, bills: int) -> str:
    """The small world with the families in it; everybody has a login. Made once in a run."""
    name = f"families{bills}"
    if name in place.made:
        return name
    small = world.small(place, bills)
    say(f"{FAMILIES} families of {BILLS} bills pay some of them")
    place.make(name, small)
    folder = place.folder / name
    world.write(folder, data.families(FAMILIES, BILLS))
    import_csv.run(place, name, folder)
    world.told(place, name)
    count = FAMILIES * PAID
    ready = pay_web.prepare(place, name, count, "families")
    with standing(place, name) as site:
        paid = drive([pay_web.pays(site, each) for each in ready], 4, first_address=8_000_000).walks
        if paid < count:
            raise Refused(f"{count} bills of families were to be paid, and {paid} were")
        pay_web.drained(place, count, name)
    with place.connect("owner", name) as connection:
        _logins(connection, "member", LOGINS)
        connection.execute("VACUUM (ANALYZE)")
    return name


def many(place: Place, bills: int, times: int) -> int:
    """Have that world `times` times in GROWN, with 100,000 logins; how many bills stand there. Made once in a run."""
    if GROWN not in place.made:
        place.make(GROWN, base(place, bills))
        say(f"growing {bills:,} bills {times:,} times")
        with place.connect("admin", GROWN) as connection:
            try:
                # Copies by one who may leave out what keys would check row by row, where that is allowed.
                connection.execute("SET session_replication_role = replica")
            except psycopg.errors.InsufficientPrivilege:
                pass
            world.multiply(connection, times)
            _logins(connection, "other", LOGINS)
            connection.execute("VACUUM (ANALYZE) people_login, people_access")
    with place.connect("owner", GROWN) as connection:
        row = connection.execute("SELECT count(*) FROM billing_bill").fetchone()
    assert row is not None
    return int(row[0])


def _logins(connection: psycopg.Connection[Any], name: str, most: int) -> None:
    """A login, `name` 1, 2, ... @example.org, that holds each account which nobody holds; families first."""
    connection.execute(_LOGINS, {"name": name, "most": most, "password": passwords.keep(PASSWORD), "everybody": NOBODY})


_LOGINS = """
    WITH owner AS (
        SELECT a.*, gen_random_uuid() AS login_id, row_number() OVER (ORDER BY a.number LIKE 'F7%%' DESC, a.number,
            a.account_id) AS place
        FROM people_account a
        WHERE NOT EXISTS (SELECT 1 FROM people_access x WHERE x.account_id = a.account_id)
    ), login AS (
        INSERT INTO people_login (id, email, email_key, password, whole_password, region, first_name, last_name,
            street, city, state, zip, phone, language, paperless, made_at, changed_at)
        SELECT login_id, %(name)s || place || '@example.org', %(name)s || place || '@example.org', %(password)s, true,
            region, first_name, last_name, street, city, state, zip, '', 'en', false, now(), now()
        FROM owner WHERE place <= %(most)s
    )
    INSERT INTO people_access (login_id, account_id, person_id, level, given_at)
    SELECT login_id, account_id, %(everybody)s, 'holder', now() FROM owner WHERE place <= %(most)s"""
