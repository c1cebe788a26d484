"""What is asked of a saved card or bank account, and what the database is told of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from caretill.core import clock, ids, sql
from caretill.payments import family, velocity
from caretill.payments.gateways.base import Initiator, Reason
from caretill.regions import bankdays, catalog

CALL_LEASE = timedelta(seconds=20)  # by then the call to the processor is answered, or the sweeper repeats it
SET_LEASE = timedelta(minutes=5)  # a set of 1,000 charges is called one after the other
CARD_HOLDS = timedelta(minutes=2)  # how long the page says that a card is being charged
PRENOTE_DAYS = 4  # three banking days for an answer, one for the file (ACH-3)


@dataclass(frozen=True)
class SavedAsk:
    """One payment from a saved method. The key was made before; the same key is the same payment.

    `initiator` and `reason` are the networks' flags of stored cards (COF-1): `merchant` where nobody is there, and then
    each part is at most what is owed at that time. `deposit_cents` goes on the account; `deposit_payee` names whom it
    pays, else the first payee of that account at the processor. `take_on` is the day that was asked for.
    """

    key: UUID
    account_id: UUID
    region: str
    parts: tuple[tuple[UUID, int], ...]
    payer_name: str
    email: str
    language: str
    statement_name: str
    processor_account: str
    channel: str
    method_id: UUID
    mandate_id: UUID | None
    origin: str = ""
    origin_id: UUID | None = None
    initiator: Initiator = "customer"
    reason: Reason = "none"
    deposit_cents: int = 0
    visit: bytes = b""
    others: tuple[tuple[UUID, UUID, int], ...] = ()  # account, bill, cents: bills of other accounts (payments.family)
    login_id: UUID | None = None
    take_on: date | None = None
    deposit_payee: str = ""
    network: str = ""

    @property
    def bills(self) -> tuple[family.Bill, ...]:
        """Every bill with its account and cents."""
        return tuple((self.account_id, bill, cents) for bill, cents in self.parts) + self.others

    @property
    def total_cents(self) -> int:
        """All of it."""
        return self.deposit_cents + sum(cents for _, _, cents in self.bills)

    @property
    def in_name(self) -> bool:
        """Whether it is taken in the payer's name, who is not there."""
        return self.initiator == "merchant"

    def digest(self) -> str:
        """Of what was asked, never of live balances."""
        asked = (
            self.region, sorted(self.parts), sorted(self.others), self.deposit_cents, self.payer_name, self.email,
            self.processor_account, self.method_id, self.mandate_id, self.initiator, self.take_on,
        )  # fmt: skip
        return hashlib.sha256(repr(asked).encode()).hexdigest()


@dataclass(frozen=True)
class Method:
    """As much of a saved method as its payments' dates need: card or bank, and whether its bank is still asked."""

    kind: str
    validation: str


def methods(wanted: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], Method]:
    """Those of these (billing account, method) that are there."""
    rows = sql.query(
        "SELECT m.account_id, m.id, m.kind, m.validation FROM unnest(%s::uuid[], %s::uuid[]) AS w(account_id, id)"
        " JOIN methods_method m ON m.account_id = w.account_id AND m.id = w.id",
        ([account for account, _ in wanted], [method for _, method in wanted]),
    )
    return {(row["account_id"], row["id"]): Method(row["kind"], row["validation"]) for row in rows}


def posts_on(method: Method, now: datetime, take_on: date | None = None) -> date:
    """When the bank moves it: on the day asked for, or the next on which it can. Honest for an account still asked."""
    wanted, cut_off = take_on, _cut_off()
    if method.validation not in ("valid", "failed"):
        known = bankdays.add(bankdays.effective_entry_date(now, cut_off=cut_off), PRENOTE_DAYS)
        wanted = max(known, take_on) if take_on else known
    return bankdays.posts_on(now, wanted, cut_off=cut_off)


def back_until(day: date) -> datetime:
    """Until when a bank debit that posts that day can be taken back: its file leaves then at the latest."""
    return bankdays.file_by(day, _cut_off())


def _cut_off() -> time:
    bank = catalog.organisation().debit_bank
    return bank.cut_off if bank else bankdays.CUT_OFF


@lru_cache(maxsize=1024)
def known_by(day: date, time_zone: str) -> datetime:
    """When a debit of that day is settled: the end of the banking day after it."""
    return datetime.combine(bankdays.next_banking_day(day), time(23, 59), ZoneInfo(time_zone))


def payload(
    ask: SavedAsk, method: Method, payees: Mapping[UUID, str], now: datetime, *, in_set: bool = False
) -> dict[str, Any]:
    """What `payments_begin` and `payments_begin_set` are told."""
    attempt_id, region = ids.uuid7(), catalog.region(ask.region)
    day = posts_on(method, now, ask.take_on) if method.kind == "bank" else None
    until = known_by(day, region.time_zone) if day else now + CARD_HOLDS
    request: dict[str, Any] = {
        "key": str(attempt_id), "reference": str(attempt_id), "amount_cents": ask.total_cents, "currency": "USD",
        "processor_account": ask.processor_account, "initiator": ask.initiator, "reason": ask.reason,
        "statement_name": ask.statement_name,
    }  # fmt: skip
    if day:
        request["posts_on"] = day
    return {
        "payment_id": ids.uuid7(), "attempt_id": attempt_id, "event_id": ids.uuid7(), "key": ask.key,
        "request_hash": ask.digest(), "reference": ids.new_pay_code()[:10], "check_code": ids.new_check_code(),
        "region": ask.region, "currency": "USD", "processor_account": ask.processor_account,
        "payer_name": ask.payer_name, "email": ask.email, "language": ask.language, "channel": ask.channel,
        "help_id": None, "login_id": ask.login_id, "visit": ask.visit, "gateway": "", "request": request,
        "business_date": clock.today(region.time_zone), "now": now,
        "lease_until": now + (SET_LEASE if in_set else CALL_LEASE), "expires_at": until,
        "declined_since": now - velocity.DECLINED_SINCE,
        # Only cards that are typed count: a saved one was taken before, and a run must not shut anybody out.
        "declined_most": 1_000_000_000, "declined_by_helpers": 1_000_000_000,
        "method_id": ask.method_id, "mandate_id": ask.mandate_id, "origin": ask.origin, "origin_id": ask.origin_id,
        "deposit_cents": ask.deposit_cents, "deposit_payee": _payee(ask), "posts_on": day,
        "why": "debit" if day else "run" if ask.in_name else "session", "in_name": ask.in_name,
        "parts": [
            {"bill_id": bill, "amount_cents": cents, "transfer_id": ids.uuid7()}
            for bill, cents in (() if ask.others else ask.parts)
        ],
        "forwards": [
            {"account_id": account, "bill_id": bill, "amount_cents": cents, "payee": payees.get(bill, "")}
            for account, bill, cents in (ask.bills if ask.others else ())
        ],
    }  # fmt: skip


def _payee(ask: SavedAsk) -> str:
    return deposit_payee(ask.region, ask.processor_account, ask.deposit_payee) if ask.deposit_cents else ""


def deposit_payee(region: str, processor_account: str, named: str = "") -> str:
    """Whom money on the account pays: the payee that is named, else the first with that account at the processor.

    Raises ValueError where no payee of the region has it.
    """
    payees = sorted(catalog.region(region).processor_accounts.items())
    found = named or next((payee for payee, account in payees if account == processor_account), "")
    if not found:
        raise ValueError(f"no payee of {region} has the account {processor_account!r} at the processor")
    return found
