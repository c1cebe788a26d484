"""What a processor must be able to do for us, in our words. One adapter a processor, each in its own folder.

An adapter turns every end of a call into one of three things: an answer that was checked, GatewayRefused (the processor
said no: there was no effect) or GatewayUnknown (anything else: there may have been one). Nothing in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

SessionStatus = Literal["open", "complete", "expired"]
SessionOutcome = Literal["unpaid", "processing", "paid", "declined"]
RefundStatus = Literal["succeeded", "pending", "failed"]


class GatewayUnknown(Exception):
    """No answer that can be believed: silence, a broken connection, a 5xx, words that are not the processor's.

    The call may have had its effect. Repeat it under the same key, or ask; never start again.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class GatewayRefused(Exception):
    """The processor said no in its own words: this call had no effect. `code` is the processor's."""

    def __init__(self, code: str, status: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


class CallbackRefused(Exception):
    """A callback that is not the processor's, was changed, or is too old. `code` says which; nothing of it is used."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class SessionRequest:
    """One checkout to open. This is all that a processor is told (rules.md HIP-2): no person, no bill, no care."""

    key: str
    reference: str
    amount_cents: int
    currency: str
    processor_account: str
    return_url: str
    cancel_url: str
    expires_at: datetime
    language: str
    statement_name: str


@dataclass(frozen=True)
class Session:
    """A checkout at the processor, as it said when asked."""

    id: str
    url: str
    status: SessionStatus
    outcome: SessionOutcome
    reference: str
    amount_cents: int
    currency: str
    charge_id: str | None
    failure_code: str | None
    card_brand: str | None
    card_last4: str | None
    expires_at: datetime
    refunded_cents: int


@dataclass(frozen=True)
class Refund:
    """Money sent back from one charge."""

    id: str
    charge_id: str
    reference: str
    amount_cents: int
    currency: str
    status: RefundStatus
    created: datetime


@dataclass(frozen=True)
class GivenBack:
    """One refund of a charge, as the list of charges shows it."""

    id: str
    amount_cents: int


@dataclass(frozen=True)
class Charge:
    """Money taken, as the processor's list shows it, with what was given back of it."""

    id: str
    session_id: str
    reference: str
    processor_account: str
    amount_cents: int
    refunded_cents: int
    currency: str
    created: datetime
    refunds: tuple[GivenBack, ...]


@dataclass(frozen=True)
class Callback:
    """News that something may have changed. It carries no outcome: whoever wants one asks the processor."""

    event_id: str
    kind: str
    session_id: str | None
    charge_id: str | None
    refund_id: str | None
    created: datetime


class Gateway(Protocol):
    """A processor with a hosted page. Each call raises GatewayRefused or GatewayUnknown; none repeats itself."""

    name: str

    def create_session(self, request: SessionRequest) -> Session:
        """Open a checkout; moves no money. The same key and request give the same session for 24 hours."""

    def retrieve_session(self, session_id: str) -> Session:
        """The checkout as it is now."""

    def find_sessions(self, reference: str) -> list[Session]:
        """Every checkout opened under our reference, oldest first."""

    def expire_session(self, session_id: str) -> Session:
        """Close a checkout so that it can never be paid. Refused with `already_paid` or `processing` when too late."""

    def refund(self, key: str, charge_id: str, amount_cents: int, reference: str) -> Refund:
        """Send `amount_cents` of a charge back. Refused with `refund_too_big` above what is left of it."""

    def read_callback(self, raw: bytes, headers: Mapping[str, str]) -> Callback:
        """Check a callback's signature and age over the bytes as they came. Raises CallbackRefused; calls nobody."""

    def find_charges(
        self, *, reference: str | None = None, after: str | None = None, limit: int = 100
    ) -> Sequence[Charge]:
        """Charges, oldest first, those after the charge named by `after`; at most `limit` (100)."""
