"""Money of a member's accounts in motion: payments under way with their trackers, and what happened lately."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from caretill.billing.member import Person, scope
from caretill.core import sql
from caretill.payments.states import HOLDING
from caretill.people.viewer import Viewer
from caretill.regions import catalog

MOST = 5
Figures = dict[str, Any]


def under_way(viewer: Viewer, people: Iterable[Person]) -> list[Figures]:
    """Payments that have not ended, the newest first: state, `amount_cents`, payees, and the times of the tracker.

    `people` is what `billing.member.seen` answers. A payment shows where every bill in it may be seen.
    """
    rows = sql.query(
        sql.load(__file__, "motion.sql"),
        scope(viewer, people) | {"holding": sorted(HOLDING), "most": MOST},
    )
    return [_read(sql.answer(row["figures"])) for row in rows]


def recent(viewer: Viewer, people: Iterable[Person]) -> list[Figures]:
    """What happened lately: `kind` (here, refund, returned, desk, elsewhere), day, `amount_cents`, the card."""
    return sql.query(sql.load(__file__, "recent.sql"), scope(viewer, people) | {"most": MOST})


def of_bill(account_id: UUID, bill_id: UUID) -> list[Figures]:
    """Payments that went through for a bill that the caller opened: id, day, `amount_cents` for it; newest first."""
    return sql.query(
        "SELECT p.account_id, p.id AS payment_id, p.business_date AS day, t.amount_cents"
        " FROM payments_part t JOIN payments_payment p ON p.account_id = t.account_id AND p.id = t.payment_id"
        " WHERE t.account_id = %(account)s AND t.bill_id = %(bill)s AND p.state = 'succeeded'"
        # What a bank took back did not pay anything.
        " AND p.returned_cents + p.lost_cents < p.captured_cents"
        # What a family paid for it stands in the payer's account; what came of it here is this account's share.
        " UNION ALL SELECT s.from_account_id, s.payment_id, t.business_date, t.amount_cents FROM payments_share s"
        " JOIN ledger_transfer t ON t.account_id = s.account_id AND t.payment_id = s.payment_id AND t.phase = 'post'"
        " WHERE s.account_id = %(account)s AND s.state = 'booked' AND t.subject_id = %(bill)s ORDER BY 2 DESC",
        {"account": account_id, "bill": bill_id},
    )


def _read(figures: Figures) -> Figures:
    payees = catalog.organisation().payees
    for name in ("created_at", "expires_at", "promised_at", "returned_at"):
        figures[name] = datetime.fromisoformat(figures[name]) if figures[name] else None
    figures["posts_on"] = date.fromisoformat(figures["posts_on"]) if figures["posts_on"] else None
    for event in figures["events"]:
        event["at"] = datetime.fromisoformat(event["at"])
    figures["account_id"], figures["payment_id"] = UUID(figures["account_id"]), UUID(figures["payment_id"])
    figures["payee_names"] = sorted(payees[payee].name for payee in figures.pop("payees") or ())
    figures["paid_at"] = None
    return figures
