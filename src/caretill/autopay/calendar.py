"""A member's calendar (iCalendar, RFC 5545): the days on which money is taken, and on which bills are due.

Its address is secret and the member's own to renew; a calendar service reads it without signing in. It names no care
and no person, and amounts only where the member wants them there.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from caretill.billing import member
from caretill.core import clock, sql
from caretill.core.blind import blind_index
from caretill.core.money import show
from caretill.core.words import say
from caretill.people.viewer import Hidden, Viewer
from caretill.regions import catalog

LINE_BYTES = 75
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Feed:
    """Whose it is, the number in its address, and whether amounts are told."""

    login_id: UUID
    number: int
    amounts: bool

    @property
    def token(self) -> str:
        """What its address holds: the same until it is renewed."""
        held = self.login_id.bytes + self.number.to_bytes(4, "big")
        return base64.urlsafe_b64encode(held + _mark(held)).rstrip(b"=").decode()


@dataclass(frozen=True)
class Entry:
    """One day in a calendar."""

    uid: str
    day: date
    text: str
    changed_at: datetime


def kept(login_id: UUID) -> Feed | None:
    """The member's feed, where they made one."""
    row = sql.one("SELECT login_id, number, amounts FROM autopay_feed WHERE login_id = %s AND number > 0", (login_id,))
    return Feed(**row) if row else None


def renew(login_id: UUID, *, amounts: bool) -> Feed:
    """A new address; one from before opens nothing any more."""
    row = sql.one(
        "INSERT INTO autopay_feed AS f (login_id, number, amounts, changed_at) VALUES (%s, 1, %s, %s)"
        " ON CONFLICT (login_id) DO UPDATE SET number = abs(f.number) + 1, amounts = excluded.amounts,"
        " changed_at = excluded.changed_at RETURNING login_id, number, amounts",
        (login_id, amounts, clock.now()),
    )
    assert row is not None
    return Feed(**row)


def close(login_id: UUID) -> None:
    """No address opens it any more."""
    sql.execute(
        "UPDATE autopay_feed SET number = -abs(number), changed_at = %s WHERE login_id = %s", (clock.now(), login_id)
    )


def opened(token: str) -> Feed:
    """The feed of an address. Raises Hidden for one that was changed, renewed or closed."""
    try:
        whole = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Hidden from None
    held, mark = whole[:20], whole[20:]
    if len(held) != 20 or not hmac.compare_digest(mark, _mark(held)):
        raise Hidden
    found = kept(UUID(bytes=held[:16]))
    if found is None or found.number != int.from_bytes(held[16:], "big"):
        raise Hidden
    return found


def feed(viewer: Viewer, *, amounts: bool = False, language: str = "en") -> str:
    """The calendar as text, lines ended by CR LF and folded. Logged as a look at amounts."""
    entries = sorted([*_taken(viewer, amounts, language), *_due(viewer, amounts, language)], key=lambda each: each.day)
    name = say(language, "later.calendar.name", organisation=catalog.organisation().short_name)
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Caretill//Payments//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
        f"NAME:{_plain(name)}", f"X-WR-CALNAME:{_plain(name)}", "REFRESH-INTERVAL;VALUE=DURATION:PT12H",
    ]  # fmt: skip
    for each in entries:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{each.uid}",
            f"DTSTAMP:{_moment(clock.now())}",
            f"LAST-MODIFIED:{_moment(each.changed_at)}",
            f"DTSTART;VALUE=DATE:{each.day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{each.day + _DAY:%Y%m%d}",
            f"SUMMARY:{_plain(each.text)}",
            "TRANSP:TRANSPARENT",
            "CLASS:PRIVATE",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _taken(viewer: Viewer, amounts: bool, language: str) -> Iterator[Entry]:
    """Every day on which money is to be taken for this member."""
    rows = sql.query(
        "SELECT d.account_id, d.order_id, d.due_on, min(d.take_on) AS take_on, sum(d.amount_cents)::bigint AS cents,"
        " max(d.changed_at) AS changed_at, bool_or(o.method_id IS NULL) AS by_hand"
        " FROM autopay_due d JOIN autopay_order o ON o.account_id = d.account_id AND o.id = d.order_id"
        " WHERE o.login_id = %s AND d.state = 'waiting' GROUP BY 1, 2, 3",
        (viewer.login_id,),
    )
    for row in rows:
        what = "by_hand" if row["by_hand"] else "taken"
        uid = _uid("due", str(row["order_id"]), row["due_on"].isoformat())
        yield Entry(uid, row["take_on"], _text(what, row["cents"], amounts, language), row["changed_at"])


def _due(viewer: Viewer, amounts: bool, language: str) -> Iterator[Entry]:
    """The days on which bills are due, one entry for each day."""
    days: dict[date, int] = {}
    for row in member.owed(viewer).payable:
        days[row["due_date"]] = days.get(row["due_date"], 0) + row["payable_cents"]
    for day, cents in days.items():
        yield Entry(_uid("bills", str(viewer.login_id), day.isoformat()), day,
                    _text("due", cents, amounts, language), clock.now())  # fmt: skip


def _text(what: str, cents: int, amounts: bool, language: str) -> str:
    name = catalog.organisation().short_name
    key = f"later.calendar.{what}" + ("_amount" if amounts else "")
    return (
        say(language, key, organisation=name, amount=show(cents)) if amounts else say(language, key, organisation=name)
    )


def _uid(*parts: str) -> str:
    """The same for the same thing, and nothing can be read from it."""
    return f"{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:32]}@{catalog.organisation().website_host}"


def _mark(held: bytes) -> bytes:
    return blind_index("calendar", "", held.hex())


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _plain(text: str) -> str:
    """Text as a value of the format: commas, semicolons, backslashes and line ends are marked."""
    for mark in ("\\", ",", ";"):
        text = text.replace(mark, f"\\{mark}")
    return text.replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """A line in pieces of at most 75 octets, none of them cutting a character; further ones begin with a space."""
    piece, room = b"", LINE_BYTES
    for character in line:
        octets = character.encode()
        if len(piece) + len(octets) > room:
            yield piece.decode()
            piece = b" "
        piece += octets
    yield piece.decode()
