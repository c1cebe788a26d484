"""Changes to a saved way to pay. Each is told to its owner by mail; an expected end is a code, never an exception.

Doors ask `access.one` first: these verbs know the row, not who presses.
"""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from django.db import transaction

from caretill.core import clock, sealed, sql
from caretill.formats import nacha
from caretill.methods import mandates
from caretill.methods.access import number_row
from caretill.methods.keep import LONGEST_NAME, LONGEST_NICKNAME, digest, first_choice, locked, shown_digits, told

# What a bank's notification of change may change (money.md, C01-C14). The others are about our own file.
CHANGES = {
    "C01": ("number",),
    "C02": ("routing",),
    "C03": ("routing", "number"),
    "C04": ("name",),
    "C05": ("type",),
    "C06": ("number", "type"),
    "C07": ("routing", "number", "type"),
}


def rename(account_id: UUID, method_id: UUID, nickname: str) -> Literal["renamed", "repeat", "missing"]:
    """Give it another name of the owner's own; empty takes the name away."""
    with transaction.atomic():
        row = locked(account_id, method_id)
        if row is None or row["state"] == "deleted":
            return "missing"
        name = nickname.strip()[:LONGEST_NICKNAME]
        if name == row["nickname"]:
            return "repeat"
        sql.execute(
            "UPDATE methods_method SET nickname = %s, changed_at = %s WHERE account_id = %s AND id = %s",
            (name, clock.now(), account_id, method_id),
        )
        told(account_id, method_id, row["login_id"], "method_renamed")
        return "renamed"


def make_default(account_id: UUID, method_id: UUID) -> Literal["made", "repeat", "not_ready", "missing"]:
    """The owner's other default ends in the same step: there is never more than one."""
    with transaction.atomic():
        row = locked(account_id, method_id)
        if row is None or row["state"] == "deleted" or row["login_id"] is None:
            return "missing"
        if row["state"] != "ready":
            return "not_ready"
        if row["is_default"]:
            return "repeat"
        now = clock.now()
        sql.execute(
            "UPDATE methods_method SET is_default = false, changed_at = %s WHERE login_id = %s AND is_default",
            (now, row["login_id"]),
        )
        sql.execute(
            "UPDATE methods_method SET is_default = true, changed_at = %s WHERE account_id = %s AND id = %s",
            (now, account_id, method_id),
        )
        told(account_id, method_id, row["login_id"], "method_default")
        return "made"


def delete(account_id: UUID, method_id: UUID) -> Literal["deleted", "repeat", "missing"]:
    """Take it away: nothing is charged to it any more, what was agreed to about it ends.

    The processor is told to forget the card, and a bank number goes, by a turn of the worker (`forget`).
    """
    return _leave(account_id, method_id, "deleted", "deleted", "method_deleted")


def replace(
    account_id: UUID, method_id: UUID, by: UUID
) -> Literal["replaced", "repeat", "not_ready", "same", "missing"]:
    """The old one goes, the other stands in for it, as default too. Agreements are moved first: `mandates.take_over`.

    What used the old one is moved by the rooms that use it, in the same transaction, before this.
    """
    with transaction.atomic():
        if by == method_id:
            return "same"
        old, new = locked(account_id, method_id), locked(account_id, by)
        if old is None or new is None or old["login_id"] != new["login_id"]:
            return "missing"
        if old["state"] == "deleted":
            return "repeat" if old["replaced_by"] == by else "missing"
        if new["state"] != "ready":
            return "not_ready"
        now = clock.now()
        sql.execute(
            "UPDATE methods_method SET state = 'deleted', why = 'replaced', replaced_by = %s, is_default = false,"
            " changed_at = %s WHERE account_id = %s AND id = %s",
            (by, now, account_id, method_id),
        )
        if old["is_default"]:
            sql.execute(
                "UPDATE methods_method SET is_default = true, changed_at = %s WHERE account_id = %s AND id = %s",
                (now, account_id, by),
            )
        mandates.end_all(account_id, method_id, "replaced")
        told(account_id, method_id, old["login_id"], "method_replaced", by=by)
        return "replaced"


def disable(account_id: UUID, method_id: UUID, why: str) -> Literal["disabled", "repeat", "missing"]:
    """Charge it no more, because the bank said so: `why` is a return code or the processor's hard decline, or expired.

    Agreements stay: they move with it when its owner puts another in its place.
    """
    with transaction.atomic():
        row = locked(account_id, method_id)
        if row is None or row["state"] == "deleted":
            return "missing"
        if row["state"] == "disabled":
            return "repeat"
        sql.execute(
            "UPDATE methods_method SET state = 'disabled', why = %s, is_default = false, changed_at = %s"
            " WHERE account_id = %s AND id = %s",
            (why, clock.now(), account_id, method_id),
        )
        first_choice(account_id, row["login_id"])
        told(account_id, method_id, row["login_id"], "method_disabled", why=why)
        return "disabled"


def correct(
    account_id: UUID,
    method_id: UUID,
    code: str,
    *,
    routing: str = "",
    number: str = "",
    account_type: str = "",
    holder_name: str = "",
) -> Literal["corrected", "nothing", "wrong", "missing"]:
    """What a bank's notification of change says (rules.md ACH-4): used before the next debit. It moves no money.

    `nothing`: a code that is about our file. `wrong`: the change itself holds no such number; nothing is changed. The
    bank that keeps the account said so itself: it need not be proved again.
    """
    parts = CHANGES.get(code)
    if parts is None:
        return "nothing"
    given = {"routing": nacha.bare_number(routing), "number": nacha.bare_number(number), "type": account_type}
    if "routing" in parts and nacha.routing_fault(given["routing"]):
        return "wrong"
    if "number" in parts and nacha.account_fault(given["number"]):
        return "wrong"
    if ("type" in parts and account_type not in ("checking", "savings")) or ("name" in parts and not holder_name):
        return "wrong"
    with transaction.atomic():
        row = locked(account_id, method_id)
        if row is None or row["kind"] != "bank" or row["account_sealed"] is None:
            return "missing"
        whole = sealed.unseal(row["account_sealed"], number_row(account_id, method_id))
        new_number = given["number"] if "number" in parts else whole
        new_routing = given["routing"] if "routing" in parts else row["routing"]
        _free_number(account_id, method_id, row["login_id"], digest(new_routing, new_number))
        sql.execute(
            "UPDATE methods_method SET routing = %s, account_sealed = %s, number_blind = %s, last4 = %s,"
            " account_type = %s, holder_name = %s, changed_at = %s WHERE account_id = %s AND id = %s",
            (
                new_routing,
                sealed.seal(new_number, number_row(account_id, method_id)),
                digest(new_routing, new_number),
                shown_digits(new_number),
                account_type if "type" in parts else row["account_type"],
                holder_name.strip()[:LONGEST_NAME] if "name" in parts else row["holder_name"],
                clock.now(),
                account_id,
                method_id,
            ),
        )
        if row["state"] != "deleted":
            told(account_id, method_id, row["login_id"], "method_corrected")
        return "corrected"


def renewed(
    gateway: str, token_ref: str, month: int, year: int, last4: str = ""
) -> Literal["renewed", "repeat", "missing"]:
    """The processor says that a card got a new expiry date: an expired one is ready again, a warning may come anew."""
    row = sql.one(
        "SELECT account_id, id FROM methods_method WHERE gateway = %s AND token_ref = %s AND state <> 'deleted'",
        (gateway, token_ref),
    )
    if row is None or not token_ref:
        return "missing"
    with transaction.atomic():
        found = locked(row["account_id"], row["id"])
        if found is None or found["state"] == "deleted":
            return "missing"
        if (found["expiry_month"], found["expiry_year"], found["last4"]) == (month, year, last4 or found["last4"]):
            return "repeat"
        again = found["state"] == "disabled" and found["why"] == "expired"
        sql.execute(
            "UPDATE methods_method SET expiry_month = %s, expiry_year = %s, last4 = %s, warned_at = NULL, state = %s,"
            " why = %s, changed_at = %s WHERE account_id = %s AND id = %s",
            (month, year, last4 or found["last4"], "ready" if again else found["state"], "" if again else found["why"],
             clock.now(), row["account_id"], row["id"]),
        )  # fmt: skip
        first_choice(row["account_id"], found["login_id"])
        told(row["account_id"], row["id"], found["login_id"], "method_renewed")
        return "renewed"


def closed(gateway: str, token_ref: str) -> Literal["disabled", "repeat", "missing"]:
    """The processor says that a card is closed."""
    row = sql.one(
        "SELECT account_id, id FROM methods_method WHERE gateway = %s AND token_ref = %s AND token_ref <> ''",
        (gateway, token_ref),
    )
    return disable(row["account_id"], row["id"], "closed") if row else "missing"


def _leave(
    account_id: UUID, method_id: UUID, state: str, why: str, topic: str
) -> Literal["deleted", "repeat", "missing"]:
    with transaction.atomic():
        row = locked(account_id, method_id)
        if row is None:
            return "missing"
        if row["state"] == "deleted":
            return "repeat"
        sql.execute(
            "UPDATE methods_method SET state = %s, why = %s, is_default = false, changed_at = %s"
            " WHERE account_id = %s AND id = %s",
            (state, why, clock.now(), account_id, method_id),
        )
        mandates.end_all(account_id, method_id, why)
        first_choice(account_id, row["login_id"])
        told(account_id, method_id, row["login_id"], topic)
        return "deleted"


def _free_number(account_id: UUID, method_id: UUID, login_id: UUID | None, blind: bytes) -> None:
    """A bank may correct one account into another that its owner saved as well: the other keeps no digest."""
    sql.execute(
        "UPDATE methods_method SET number_blind = NULL WHERE account_id = %s AND id <> %s AND login_id = %s"
        " AND number_blind = %s",
        (account_id, method_id, login_id, blind),
    )
