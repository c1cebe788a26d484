"""Notifications of change: the payer's bank tells what an entry should have said. No money moves (ACH-4).

What it says about the account is put right at once, so before the next debit and well within six banking days.
"""

from __future__ import annotations

from typing import Any

from caretill.ach.decided import Decision
from caretill.core import sealed
from caretill.formats import nacha, nacha_codes
from caretill.formats.nacha_codes import BadCorrection, UnknownCode
from caretill.methods import change
from caretill.regions import bankdays

Row = dict[str, Any]


def apply(row: Row, entry: Row | None) -> Decision:
    """Correct the account, or say why not. A change that our own bank refused (C61 to C69) is only noted."""
    if nacha.refused_change(row["code"]):
        return Decision("noted", "refused_change", "office")
    day = bankdays.eastern_day(row["received_at"])
    try:
        known = nacha_codes.change(row["code"], day)
    except UnknownCode:
        return Decision("quarantined", "unknown_code")
    if entry is None:
        return Decision("quarantined", "unknown_trace")
    if entry["sent_at"] is None:
        return Decision("quarantined", "never_sent")
    if not set(known.fields) - {"individual_id"}:
        return Decision("noted", "about_our_file", "office")
    raw = sealed.unseal(row["corrected"], line_row(row["sha256"], row["line"])) if row["corrected"] else ""
    try:
        corrected = nacha_codes.corrected(row["code"], raw, day)
    except BadCorrection as bad:
        return Decision("quarantined", f"corrected_{bad.code}")
    answer = change.correct(
        entry["account_id"],
        entry["method_id"],
        row["code"],
        routing=corrected.routing,
        number=corrected.account,
        account_type=corrected.account_type,
        holder_name=corrected.name,
    )
    if answer == "corrected":
        return Decision("applied", "corrected")
    return Decision("quarantined", f"account_{answer}")


def line_row(digest: bytes, line: int) -> bytes:
    """The identity that corrected data is sealed for."""
    return bytes(digest) + line.to_bytes(4, "big") + b"corrected"
