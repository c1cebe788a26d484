"""What a login wants to hear of, by which channel, and when (rules.md MSG-1).

No row means the default: everything by email, nothing by text or push until somebody asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from uuid import UUID

from caretill.core import clock, sql
from caretill.regions import catalog

TOPICS = ("bill_ready", "receipt", "payment_trouble", "security", "household")
CHANNELS = ("email", "text", "push")
# Who gets into an account turns off its warnings first: these leave by email whatever was chosen.
ALWAYS = frozenset({("security", "email")})
# A telephone makes a noise: without a quiet time of one's own it rests at night (47 CFR 64.1200(c)(1): 8 to 21).
NIGHT = (21, 8)
_STOP = frozenset(("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"))
_STOP_ES = frozenset(("alto", "parar", "pare", "cancelar", "baja", "terminar"))
Wishes = Mapping[tuple[str, str], bool]


def wishes(login_id: UUID) -> dict[tuple[str, str], bool]:
    """Whether each topic is wanted by each channel."""
    rows = sql.query("SELECT topic, channel, wanted FROM people_topic WHERE login_id = %s", (login_id,))
    chosen = {(row["topic"], row["channel"]): row["wanted"] for row in rows}
    every = {(topic, channel): channel == "email" for topic in TOPICS for channel in CHANNELS}
    return {pair: pair in ALWAYS or chosen.get(pair, default) for pair, default in every.items()}


def choose(login_id: UUID, chosen: Wishes) -> None:
    """Write what was chosen; what is not named stays. A wish against ALWAYS is not kept."""
    pairs = [pair for pair in chosen if pair not in ALWAYS]
    unknown = {pair for pair in pairs if pair[0] not in TOPICS or pair[1] not in CHANNELS}
    if unknown:
        raise ValueError(f"no such topic and channel: {sorted(unknown)}")
    sql.execute(
        "INSERT INTO people_topic (login_id, topic, channel, wanted, changed_at)"
        " SELECT %s, u.topic, u.channel, u.wanted, %s"
        " FROM unnest(%s::text[], %s::text[], %s::boolean[]) AS u(topic, channel, wanted)"
        " ON CONFLICT (login_id, topic, channel) DO UPDATE SET wanted = excluded.wanted,"
        " changed_at = excluded.changed_at WHERE people_topic.wanted <> excluded.wanted",
        (
            login_id,
            clock.now(),
            [topic for topic, _ in pairs],
            [channel for _, channel in pairs],
            [chosen[pair] for pair in pairs],
        ),
    )


def stop(login_id: UUID, topic: str, channel: str) -> bool:
    """Send nothing more of a topic by a channel, from now on. False where it cannot be stopped."""
    if (topic, channel) in ALWAYS or topic not in TOPICS or channel not in CHANNELS:
        return False
    choose(login_id, {(topic, channel): False})
    return True


def text_came(phone: str, words: str) -> int:
    """A text came in from a number. STOP and its like turn off all texts of every login with it, at once; how many.

    0 for any other words. The words are those of 47 CFR 64.1200(a)(12), and Spanish ones.
    """
    if re.sub(r"[^a-zñ]", "", words.lower()) not in _STOP | _STOP_ES:
        return 0
    digits = re.sub(r"[^0-9]", "", phone)[-10:]
    if len(digits) < 10:
        return 0
    rows = sql.query(
        r"SELECT id FROM people_login WHERE phone <> '' AND right(regexp_replace(phone, '[^0-9]', '', 'g'), 10) = %s",
        (digits,),
    )
    for row in rows:
        choose(row["id"], {(topic, "text"): False for topic in TOPICS})
    return len(rows)


def due(region: str, quiet: tuple[int, int] | None, channel: str, at: datetime | None = None) -> datetime:
    """When a message may leave: now, or at the end of the quiet time of the region's clocks. UTC.

    `quiet` is from an hour to an hour, over midnight too. Codes and security do not ask.
    """
    moment = at or clock.now()
    hours = quiet or (NIGHT if channel in ("text", "push") else None)
    if hours is None:
        return moment
    zone = catalog.region(region).zone
    local = moment.astimezone(zone)
    begin, end = hours
    inside = begin <= local.hour < end if begin < end else local.hour >= begin or local.hour < end
    if not inside:
        return moment
    day = local.date() + timedelta(days=1 if begin > end and local.hour >= begin else 0)
    return datetime.combine(day, time(end), zone).astimezone(moment.tzinfo)
