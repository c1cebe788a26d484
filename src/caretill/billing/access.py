"""The one doorway to bills. Missing and forbidden get the same answer: Hidden."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from caretill.billing.lookup import Found
from caretill.core import audit, clock, sql
from caretill.people.age import grown
from caretill.people.viewer import Hidden, Viewer, mask
from caretill.regions import catalog

# All that is said of a bill to who may pay it and may not see its care.
OWED = (
    "region", "number", "payee", "due_date", "currency", "version", "status",
    "charged_cents", "open_cents", "pending_cents", "payable_cents", "credit_cents",
)  # fmt: skip


def bill_figures(account_id: UUID, bill_id: UUID) -> dict[str, Any]:
    """Everything a bill shows, in one query; for papers and other readers inside the house. Raises Hidden.

    Amounts are cents. `payable_cents` is what may be paid now: open less what is being paid. `status` is one of
    credit, paid, being_paid, overdue, partly_paid, open.

    `for_patient`: the care is for its patient's eyes, and somebody else answers for the bill. Then `mail_to` is the
    address that the patient's own login gives, where it wants paper, and `payer_mail_to` is the guarantor's.
    """
    row = sql.one(sql.load(__file__, "bill_figures.sql"), {"account_id": account_id, "bill_id": bill_id})
    if row is None:
        raise Hidden
    figures = sql.answer(row["figures"])
    figures["masked_name"] = mask(figures["guarantor_first"], figures["guarantor_last"])
    figures["guarantor_name"] = f"{figures['guarantor_first']} {figures['guarantor_last']}".strip()
    figures["patient_name"] = f"{figures['patient_first'] or ''} {figures['patient_last'] or ''}".strip()
    figures["mail_to"] = {"name": figures["guarantor_name"], "lines": figures["mail_to"]}
    today = clock.today(catalog.region(figures["region"]).time_zone)
    born = date.fromisoformat(text) if (text := figures.pop("birth_date")) else None
    figures["for_patient"] = for_patient(figures["private"], figures.pop("relation"), born, today)
    own = figures.pop("patient_mail")
    if figures["for_patient"] and own:
        figures["payer_mail_to"], figures["mail_to"] = figures["mail_to"], own
    figures["status"] = status(figures, today)
    return figures


def for_patient(private: bool, relation: str | None, born: date | None, today: date) -> bool:
    """Whether the care of a bill is for its patient's eyes, and the guarantor is somebody else: of a private visit, and
    of a child who is grown by `today` in their region. What a child gave somebody by name opens on screens alone.
    """
    return (private and relation != "self") or grown(born, relation or "", today)


def read_lines(viewer: Viewer, account_id: UUID, bill_id: UUID) -> dict[str, Any]:
    """The whole bill for somebody who may see what was done. The read is logged. Raises Hidden.

    A guest knows facts of the guarantor: a private visit is not open to them, nor the care of a grown child.
    """
    if not viewer.may_read_lines(account_id, bill_id):
        raise Hidden
    figures = bill_figures(account_id, bill_id)
    if (figures["private"] or figures["for_patient"]) and viewer.kind == "guest":
        raise Hidden
    audit.record_read(account_id, viewer.kind, "lines", bill_id)
    return figures


def scope_of(found: Found) -> list[UUID]:
    """The bills a lookup opens: the one it named, else the open ones of the person or account, oldest due first."""
    if found.bill_id:
        return [found.bill_id]
    rows = sql.query(
        "SELECT b.id FROM billing_bill b JOIN ledger_balance r ON r.account_id = b.account_id AND r.kind = 'receivable'"
        " AND r.ref = b.id AND r.currency = b.currency"
        " WHERE b.account_id = %s AND (%s::uuid IS NULL OR b.person_id = %s) AND r.debits_posted > r.credits_posted"
        " ORDER BY b.due_date, b.id LIMIT 50",
        (found.account_id, found.person_id, found.person_id),
    )
    return [row["id"] for row in rows]


def payable_bills(viewer: Viewer) -> list[dict[str, Any]]:
    """What a guest sees of the bills in their scope: payee, masked name, amounts, due date, who holds it. Logged.

    Bills that are not there are left out. Oldest due first.
    """
    rows = sql.query(
        sql.load(__file__, "open_bills.sql") + " AND b.id = ANY(%(bills)s) ORDER BY b.due_date, b.id",
        {"account_id": viewer.account_id, "bills": list(viewer.bills)},
    )
    audit.record_read(viewer.account_id, viewer.kind, "amounts", None)
    for row in rows:
        row["masked_name"] = mask(row.pop("first_name"), row.pop("last_name"))
        row["status"] = status(
            row | {"paid_here_cents": row["charged_cents"] - row["open_cents"]},
            clock.today(catalog.region(row["region"]).time_zone),
        )
    return rows


def due_now_cents(bill: dict[str, Any], today: date) -> int:
    """The part that is due by today: all of an overdue bill, and all of one without a plan once its day has come."""
    due = date.fromisoformat(bill["due_date"]) if isinstance(bill["due_date"], str) else bill["due_date"]
    return int(bill["payable_cents"]) if due <= today else 0


def status(figures: dict[str, Any], today: date) -> str:
    """One word for where the bill stands."""
    due = figures["due_date"]
    due = date.fromisoformat(due) if isinstance(due, str) else due
    if figures["open_cents"] == 0:
        return "credit" if figures["credit_cents"] > 0 else "paid"
    if figures["payable_cents"] == 0:
        return "being_paid"
    if due < today:
        return "overdue"
    return "partly_paid" if figures["paid_here_cents"] > 0 else "open"
