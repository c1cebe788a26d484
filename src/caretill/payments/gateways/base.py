"""What a processor must be able to do for us, in our words. One adapter a processor, each in its own folder.

An adapter turns every end of a call into one of three things: an answer that was checked, GatewayRefused (the processor
said no: there was no effect) or GatewayUnknown (anything else: there may have been one). Nothing in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

SessionStatus = Literal["open", "complete", "expired"]
SessionOutcome = Literal["unpaid", "processing", "paid", "declined", "saved"]
RefundStatus = Literal["succeeded", "pending", "failed"]
Purpose = Literal["pay", "save"]
Funding = Literal["credit", "debit", "prepaid"]
Initiator = Literal["customer", "merchant"]
Reason = Literal["recurring", "installment", "unscheduled", "none"]
ChargeStatus = Literal["succeeded", "processing", "declined", "requires_action", "voided"]
DisputeStatus = Literal["open", "won", "lost"]
PayoutStatus = Literal["in_transit", "paid"]
PayoutKind = Literal["charge", "refund", "dispute", "dispute_reversal", "fee"]


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
    """One checkout to open. This is all that a processor is told (rules.md HIP-2): no person, no bill, no care.

    `save` offers the payer to keep the card for later; with the purpose `save` that is all, and `amount_cents` is 0.
    """

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
    save: bool = False
    purpose: Purpose = "pay"


@dataclass(frozen=True)
class Session:
    """A checkout at the processor, as it said when asked.

    `method_ref` names the card the payer chose to keep: then expiry, funding and `network_ref` are known too. The last
    is the network's own reference of this agreement, which every later charge by us must carry (COF-1). `saved` is the
    outcome of a checkout that only saved; `voided` says that its charge was taken back before it was settled.
    """

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
    method_ref: str | None = None
    expiry_month: int | None = None
    expiry_year: int | None = None
    funding: Funding | None = None
    network_ref: str | None = None
    voided: bool = False


@dataclass(frozen=True)
class SavedMethod:
    """A card that the processor keeps for us, as it said when asked. `usable` is false once its bank closed it."""

    method_ref: str
    card_brand: str
    card_last4: str
    expiry_month: int
    expiry_year: int
    funding: Funding
    network_ref: str
    usable: bool


@dataclass(frozen=True)
class ChargeRequest:
    """One charge of a saved card. `initiator` and `reason` are the networks' flags of stored cards (COF-1).

    A charge by us (`merchant`) names its reason and carries the `network_ref` of the agreement, or is refused.
    """

    key: str
    reference: str
    amount_cents: int
    currency: str
    processor_account: str
    method_ref: str
    network_ref: str | None
    initiator: Initiator
    reason: Reason
    statement_name: str


@dataclass(frozen=True)
class ChargeResult:
    """What became of one charge of a saved card, as the processor said when asked.

    `hard`: this card may never be tried again. `requires_action`: only its holder, present, can have it taken.
    `network_ref` is this charge's own. `voided`: it was taken back before it was settled.
    """

    id: str
    status: ChargeStatus
    reference: str
    amount_cents: int
    currency: str
    failure_code: str | None
    hard: bool
    card_brand: str | None
    card_last4: str | None
    network_ref: str | None


@dataclass(frozen=True)
class Refund:
    """Money sent back from one charge. A `pending` one ends as `succeeded`, or as `failed` with a `failure_code`."""

    id: str
    charge_id: str
    reference: str
    amount_cents: int
    currency: str
    status: RefundStatus
    created: datetime
    failure_code: str | None = None


@dataclass(frozen=True)
class GivenBack:
    """One refund of a charge, as the list of charges shows it: it succeeded or still may. Failed ones are left out."""

    id: str
    amount_cents: int
    status: RefundStatus = "succeeded"


@dataclass(frozen=True)
class Charge:
    """Money taken, as the processor's list shows it, with what was given back of it. A saved card's has no session.

    `refunded_cents` counts pending refunds, `disputed_cents` what disputes hold or took.
    """

    id: str
    session_id: str | None
    reference: str
    processor_account: str
    amount_cents: int
    refunded_cents: int
    currency: str
    created: datetime
    refunds: tuple[GivenBack, ...]
    disputed_cents: int = 0
    voided: bool = False


@dataclass(frozen=True)
class Dispute:
    """A payer's bank took the money of a charge back, all or part. `won`: it came again; `lost`: it stays away.

    The fee is taken when it opens, and kept whoever wins. `reference` is the charge's.
    """

    id: str
    charge_id: str
    reference: str
    amount_cents: int
    currency: str
    reason: str
    status: DisputeStatus
    fee_cents: int
    respond_by: datetime
    created: datetime


@dataclass(frozen=True)
class Payout:
    """One transfer to the bank of a processor account: its operations that were not paid out before `created`.

    `amount_cents` is the net of its `count` lines, always above 0: what is less waits for the next. `bank_reference`
    is what the bank's line carries, on `arrives_on` (a working day; bank holidays move it at the bank).
    """

    id: str
    processor_account: str
    amount_cents: int
    currency: str
    status: PayoutStatus
    count: int
    created: datetime
    arrives_on: date
    bank_reference: str


@dataclass(frozen=True)
class PayoutLine:
    """One operation in a payout file. `gross_cents` is what was moved (below 0 when it left us), `net` is gross - fee.

    `operation_id` is the charge, refund or dispute; a fee has its own and neither charge nor reference. A charge names
    itself in `charge_id`, the others the charge they belong to. `reference` is the charge's, for a refund its own.
    """

    kind: PayoutKind
    operation_id: str
    charge_id: str
    reference: str
    gross_cents: int
    fee_cents: int
    net_cents: int
    currency: str
    at: datetime


@dataclass(frozen=True)
class Callback:
    """News that something may have changed. It carries no outcome: whoever wants one asks the processor.

    Kinds: session.completed|expired|declined, charge.succeeded|declined|voided, refund.succeeded|failed,
    dispute.opened|won|lost, payout.created|paid, method.updated. A charge of a saved card names no session.
    """

    event_id: str
    kind: str
    session_id: str | None
    charge_id: str | None
    refund_id: str | None
    created: datetime
    dispute_id: str | None = None
    payout_id: str | None = None
    method_ref: str | None = None


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

    def charge_saved(self, request: ChargeRequest) -> ChargeResult:
        """Charge a saved card, its holder not asked. The same key and request give the first answer for 24 hours.

        A bank's no is an answer (`declined`), not a refusal. Refused, without effect: `cof_missing` (by us without
        network_ref or reason), `cof_unknown` (a network_ref that is not this card's), `no_such_method` (also once
        forgotten), `idempotency_mismatch` (the key came before with another request).
        """

    def find_saved_charges(self, reference: str) -> list[ChargeResult]:
        """Every charge of a saved card under our reference as it is now, oldest first; declined ones too."""

    def retrieve_method(self, method_ref: str) -> SavedMethod:
        """A saved card as it is now: its bank may have given it a new expiry date. Refused with `no_such_method`."""

    def forget_method(self, method_ref: str) -> None:
        """Have a saved card forgotten for good. Twice is the same as once."""

    def refund(self, key: str, charge_id: str, amount_cents: int, reference: str) -> Refund:
        """Send `amount_cents` of a charge back; it may be `pending` first. A pending one counts against what is left.

        Refused with `refund_too_big` above what is left of it, `dispute_open` while one is, `voided` after a void.
        """

    def retrieve_refund(self, refund_id: str) -> Refund:
        """A refund as it is now."""

    def find_refunds(self, reference: str) -> list[Refund]:
        """Every refund under our reference as it is now, oldest first; failed ones too."""

    def void(self, key: str, charge_id: str) -> ChargeResult:
        """Take a whole charge back before it is settled: it never was, for payer and payout alike.

        Works on charges of checkouts and of saved cards. Refused with `already_settled` once the processor's day is
        over, `already_refunded`, `dispute_open`. Twice is the same as once.
        """

    def list_disputes(self, after: str | None = None, limit: int = 100) -> list[Dispute]:
        """Disputes as they are now, oldest first, those opened after the one named; at most `limit` (100)."""

    def retrieve_dispute(self, dispute_id: str) -> Dispute:
        """A dispute as it is now."""

    def list_payouts(self, after: str | None = None, limit: int = 100) -> list[Payout]:
        """Payouts of all processor accounts, oldest first, those after the one named; at most `limit` (100)."""

    def payout_file(self, payout_id: str) -> bytes:
        """What a payout is made of, as a file: always the same bytes. ASCII, lines end in LF, commas, no quotes.

        First `kind,operation_id,charge_id,reference,gross_cents,fee_cents,net_cents,currency,time`; then a line for
        each PayoutLine in the order of time (`2026-03-04T17:00:00.250Z`), a field empty where it has none; last
        `total,PAYOUT_ID,,COUNT,GROSS,FEE,NET,CURRENCY,CREATED`, the sums of the lines before it.
        """

    def read_callback(self, raw: bytes, headers: Mapping[str, str]) -> Callback:
        """Check a callback's signature and age over the bytes as they came. Raises CallbackRefused; calls nobody."""

    def find_charges(
        self, *, reference: str | None = None, after: str | None = None, limit: int = 100
    ) -> Sequence[Charge]:
        """Charges of checkouts and saved cards, oldest first, those after the one named; at most `limit` (100)."""
