"""Saved methods for tests: a bank account that is proved, what was agreed about it, and a payment from it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from caretill.core import clock, sql
from caretill.methods import keep, mandates
from caretill.payments.charge import SavedAsk
from caretill.payments.gateways import gateway
from caretill.payments.gateways.base import SessionRequest
from house.cast import TODAY, Bill
from house.desk import Desk

ROUTING = "123456780"


def a_bank(
    bill: Bill, login_id: UUID | None = None, *, validation: str = "valid", number: str = "000123456789"
) -> UUID:
    """A bank account that is charged in the account of this bill."""
    added = keep.add_bank(keep.BankAsk(bill.account_id, login_id, "Pat Payer", ROUTING, number, "checking"))
    assert added.method_id is not None, added.code
    state = "ready" if validation == "valid" else "checking"
    sql.execute(
        "UPDATE methods_method SET validation = %s, state = %s,"
        " validated_at = CASE WHEN %s = 'valid' THEN %s::timestamptz END WHERE account_id = %s AND id = %s",
        (validation, state, validation, clock.now(), bill.account_id, added.method_id),
    )
    return added.method_id


def agreed(bill: Bill, method_id: UUID, kind: Any = "recurring", login_id: UUID | None = None) -> UUID:
    """What the payer agreed to about it."""
    row = sql.one("SELECT kind FROM methods_method WHERE id = %s", (method_id,))
    assert row is not None
    text = mandates.words(
        kind, "en", region=bill.region, account=row["kind"], last4="6789", account_type="checking", brand="visa",
        amount_cents=1_000, on=[TODAY], day=3,
    )  # fmt: skip
    return mandates.agree(bill.account_id, method_id, login_id, kind, "member", text, "192.0.2.1")


def saved_ask(bill: Bill, amount_cents: int, method_id: UUID, *, kind: Any = "once", **changes: Any) -> SavedAsk:
    """A payment of this bill from it; with what was agreed, unless that is given."""
    if "mandate_id" not in changes:
        changes["mandate_id"] = agreed(bill, method_id, kind)
    given: dict[str, Any] = {
        "key": uuid4(),
        "account_id": bill.account_id,
        "region": bill.region,
        "parts": ((bill.bill_id, amount_cents),),
        "payer_name": "Pat Payer",
        "email": "pat@example.org",
        "language": "en",
        "statement_name": "Larkspur Health",
        "processor_account": "main",
        "channel": "member",
        "method_id": method_id,
    }
    return SavedAsk(**given | changes)


def a_card(processor: Desk, bill: Bill, number: str = "4242424242424242", login_id: UUID | None = None) -> UUID:
    """A card that its holder saved on the processor's page."""
    now = clock.now()
    session = gateway().create_session(
        SessionRequest(
            str(uuid4()), str(uuid4()), 0, "USD", "main", "http://127.0.0.1/back", "http://127.0.0.1/cancel",
            now + timedelta(minutes=30), "en", "Larkspur Health", purpose="save",
        )
    )  # fmt: skip
    processor.card(session.url, number)
    return keep.save_card(bill.account_id, login_id, gateway().retrieve_session(session.id))
