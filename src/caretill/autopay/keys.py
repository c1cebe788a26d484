"""The keys under which payments are begun in somebody's name: made of what is due, so the same is taken once."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from caretill.core.ids import deterministic_uuid

DueKey = tuple[UUID, UUID, date, str]  # billing account, order, the day that names it, account at the processor


def of_due(order_id: UUID, due_on: date, processor_account: str, tried: int) -> UUID:
    """The key of the payment of a due in that try (law 16). The database makes the same: `autopay_key`."""
    return deterministic_uuid("autopay due", str(order_id), due_on.isoformat(), processor_account, str(tried))


def of_order(kind: str, key: UUID, place: int = 0) -> UUID:
    """The id of an order from the key of its form: sent twice, it is made once."""
    return deterministic_uuid(f"autopay {kind}", str(key), str(place))
