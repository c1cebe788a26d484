"""What payers agreed to: kept word for word, with the time and the address; ended at once; never lost too early.

A debit without a live mandate is not made. The channel chooses the code of the entry: web WEB, paper PPD, telephone
TEL, a business CCD (rules.md ACH-1, ACH-2).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from django.db import transaction

from caretill.core import clock, outbox, sql
from caretill.core.ids import uuid7
from caretill.methods.mandate_text import Account, MandateKind, MandateText, again, words

__all__ = ["Account", "MandateKind", "MandateText", "again", "agree", "words"]

Channel = Literal["guest", "member", "phone", "paper"]
_YEARS = "interval '2 years 1 day'"  # two years past the last debit, 29 February included
_REPEATS = ("schedule", "recurring", "plan")
_COLUMNS = (
    "account_id, id, method_id, login_id, kind, channel, sec_code, language, title, text, summary, version, figures,"
    " last4, amount_cents, varies, agreed_at, ended_at, ended_why, last_debit_on, keep_until, follows, email"
)


class EvidenceMissing(ValueError):
    """An agreement by telephone or on paper without what proves it: a recording, a written confirmation, the paper."""


def sec_code(channel: Channel, corporate: bool = False, kind: MandateKind = "once") -> str:
    """The code of a bank entry; empty for `save`, which takes nothing."""
    if kind == "save":
        return ""
    if corporate:
        return "CCD"
    return {"guest": "WEB", "member": "WEB", "paper": "PPD", "phone": "TEL"}[channel]


def evidence_fault(channel: Channel, kind: MandateKind, evidence: str) -> str:
    """What is lacking to prove an agreement: `recording_or_written`, `both`, `paper`; or nothing.

    `evidence` names where it is kept: `recording:REF`, `written:REF`, with `;` between two, or `paper:REF`. A press of
    "1" on a keypad proves nothing. Payments that repeat need the recording and the written confirmation.
    """
    if channel in ("guest", "member"):
        return ""
    names = {part.partition(":")[0].strip() for part in evidence.split(";") if part.partition(":")[2].strip()}
    if channel == "paper":
        return "" if "paper" in names else "paper"
    if kind in _REPEATS:
        return "" if {"recording", "written"} <= names else "both"
    return "" if names & {"recording", "written"} else "recording_or_written"


def agree(
    account_id: UUID,
    method_id: UUID,
    login_id: UUID | None,
    kind: MandateKind,
    channel: Channel,
    text: MandateText,
    network: str,
    amount_cents: int | None = None,
    varies: bool = False,
    evidence: str = "",
    *,
    email: str = "",
    mandate_id: UUID | None = None,
    agreed_at: datetime | None = None,
    follows: UUID | None = None,
) -> UUID:
    """Keep what was agreed to; a copy goes to the payer by mail (a guest's to `email`). Its id.

    With a `mandate_id` of the caller's own, the same again changes nothing. Raises EvidenceMissing; ValueError where
    the method is not there.
    """
    if evidence_fault(channel, kind, evidence):
        raise EvidenceMissing(evidence_fault(channel, kind, evidence))
    new_id, now = mandate_id or uuid7(), clock.now()
    at = agreed_at or now
    with transaction.atomic():
        method = sql.one(
            "SELECT kind, corporate, last4 FROM methods_method WHERE account_id = %s AND id = %s",
            (account_id, method_id),
        )
        if method is None:
            raise ValueError("no such way to pay")
        code = sec_code(channel, method["corporate"], kind) if method["kind"] == "bank" else ""
        made = sql.execute(
            "INSERT INTO methods_mandate (account_id, id, method_id, login_id, kind, channel, sec_code, language,"
            " title, text, summary, text_hash, version, figures, network, evidence, email, last4, amount_cents, varies,"
            " agreed_at, ended_why, keep_until, follows) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,"
            " %s::jsonb, %s, %s, %s, %s, %s, %s, %s, '',"
            f" ((%s::timestamptz AT TIME ZONE 'UTC')::date + {_YEARS})::date, %s) ON CONFLICT DO NOTHING",
            (account_id, new_id, method_id, login_id, kind, channel, code, text.language, text.title, text.text,
             text.summary, text.hash, text.version, sql.dumps(text.figures), network, evidence, email, method["last4"],
             amount_cents, varies, at, at, follows),
        )  # fmt: skip
        if made and (login_id is not None or email):
            outbox.put(account_id, "mandate_copy", {"mandate_id": new_id})
    return new_id


def end(account_id: UUID, mandate_id: UUID, why: str) -> Literal["ended", "repeat", "missing"]:
    """No debit is made under it from now on. `why`: cancelled, a return code, replaced. A bank's revocation is told."""
    with transaction.atomic():
        now = clock.now()
        row = sql.one(
            "UPDATE methods_mandate SET ended_at = %s, ended_why = %s,"
            f" keep_until = greatest(keep_until, ((%s::timestamptz AT TIME ZONE 'UTC')::date + {_YEARS})::date)"
            " WHERE account_id = %s AND id = %s AND ended_at IS NULL RETURNING method_id, login_id",
            (now, why, now, account_id, mandate_id),
        )
        if row is not None:
            if why[:1] == "R" and row["login_id"] is not None:
                about = {"mandate_id": mandate_id, "method_id": row["method_id"], "login_id": row["login_id"]}
                outbox.put(account_id, "mandate_stopped", about)
            return "ended"
    return "repeat" if one(account_id, mandate_id) else "missing"


def end_all(account_id: UUID, method_id: UUID, why: str) -> None:
    """Whatever was agreed about a method that goes ends with it. In the caller's transaction."""
    now = clock.now()
    sql.execute(
        "UPDATE methods_mandate SET ended_at = %s, ended_why = %s,"
        f" keep_until = greatest(keep_until, ((%s::timestamptz AT TIME ZONE 'UTC')::date + {_YEARS})::date)"
        " WHERE account_id = %s AND method_id = %s AND ended_at IS NULL",
        (now, why, now, account_id, method_id),
    )


def live(account_id: UUID, mandate_id: UUID) -> bool:
    """Whether a debit may be made under it now."""
    row = sql.one(
        "SELECT ended_at IS NULL AND purged_at IS NULL AS live FROM methods_mandate WHERE account_id = %s AND id = %s",
        (account_id, mandate_id),
    )
    return bool(row and row["live"])


def one(account_id: UUID, mandate_id: UUID) -> dict[str, Any] | None:
    """A mandate with its words, for the house itself (letters, evidence)."""
    row = sql.one(f"SELECT {_COLUMNS} FROM methods_mandate WHERE account_id = %s AND id = %s", (account_id, mandate_id))
    return {**row, "figures": sql.answer(row["figures"])} if row else None


def of_method(account_id: UUID, method_id: UUID) -> list[dict[str, Any]]:
    """Live mandates about a method, the oldest first."""
    rows = sql.query(
        f"SELECT {_COLUMNS} FROM methods_mandate WHERE account_id = %s AND method_id = %s AND ended_at IS NULL"
        " ORDER BY agreed_at, id",
        (account_id, method_id),
    )
    return [{**row, "figures": sql.answer(row["figures"])} for row in rows]


def successor(account_id: UUID, mandate_id: UUID) -> UUID | None:
    """The mandate that took over from this one when its method was replaced."""
    row = sql.one("SELECT id FROM methods_mandate WHERE account_id = %s AND follows = %s", (account_id, mandate_id))
    return row["id"] if row else None


def taken_over(account_id: UUID, method_id: UUID, by: UUID, language: str) -> list[tuple[UUID, MandateText]]:
    """What the owner agrees to when `by` stands in for a method: each live agreement about later money, said anew."""
    method = sql.one(
        "SELECT kind, brand, last4, account_type, corporate FROM methods_method WHERE account_id = %s AND id = %s",
        (account_id, by),
    )
    if method is None:
        return []
    changed = {"account": method["kind"], **{name: method[name] for name in ("brand", "last4", "account_type")}}
    return [
        (row["id"], again(row["figures"], row["kind"], language, **changed, corporate=method["corporate"]))
        for row in of_method(account_id, method_id)
        if row["kind"] in _REPEATS
    ]


def take_over(
    account_id: UUID, method_id: UUID, by: UUID, login_id: UUID, network: str, language: str
) -> dict[UUID, UUID]:
    """The new mandates of `by` for those of the old method, which end: old id -> new id. Twice is the same as once.

    In the caller's transaction, before the rooms above move what used the old method (`autopay.depends.move`).
    """
    moved: dict[UUID, UUID] = {}
    with transaction.atomic():
        for old_id, text in taken_over(account_id, method_id, by, language):
            row = one(account_id, old_id)
            if row is None:
                continue
            moved[old_id] = agree(
                account_id, by, login_id, row["kind"], "member", text, network, row["amount_cents"], row["varies"],
                follows=old_id,
            )  # fmt: skip
            end(account_id, old_id, "replaced")
    return moved


def debited(rows: Iterable[tuple[UUID, UUID, date]]) -> int:
    """Debits were made under (account_id, mandate_id, day): each mandate is kept two years past its last one."""
    given = list(rows)
    if not given:
        return 0
    return sql.execute(
        "UPDATE methods_mandate m SET last_debit_on = greatest(m.last_debit_on, d.day),"
        f" keep_until = greatest(m.keep_until, (d.day + {_YEARS})::date) FROM ("
        " SELECT account_id, id, max(day) AS day FROM unnest(%s::uuid[], %s::uuid[], %s::date[])"
        " AS u (account_id, id, day) GROUP BY 1, 2) AS d WHERE m.account_id = d.account_id AND m.id = d.id",
        ([row[0] for row in given], [row[1] for row in given], [row[2] for row in given]),
    )


def purge(account_id: UUID, mandate_id: UUID) -> Literal["purged", "kept", "missing"]:
    """Take the words and the address away; that there was a mandate, its hash and its days stay.

    `kept`: not before `keep_until` is over (two years past the last debit, ACH-1), and not while it is live. The
    database refuses it too.
    """
    if _purge("account_id = %s AND id = %s", (account_id, mandate_id)):
        return "purged"
    return "kept" if one(account_id, mandate_id) else "missing"


def purge_due(most: int = 500) -> int:
    """Purge what need not be kept any more, at most so many; how many."""
    return _purge(
        "(account_id, id) IN (SELECT account_id, id FROM methods_mandate WHERE purged_at IS NULL AND keep_until < %s"
        " AND (ended_at IS NOT NULL OR kind = 'once') LIMIT %s)",
        (_today(), most),
    )


def _purge(which: str, params: tuple[object, ...]) -> int:
    return sql.execute(
        "UPDATE methods_mandate SET title = '', text = '', summary = '', figures = '{}', network = '', evidence = '',"
        f" email = '', purged_at = %s WHERE {which} AND purged_at IS NULL AND keep_until < %s"
        " AND (ended_at IS NOT NULL OR kind = 'once')",
        (clock.now(), *params, _today()),
    )


def _today() -> date:
    return clock.today("UTC")
