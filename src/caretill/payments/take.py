"""A person pays: the key, call 1, the processor with nothing held, call 2 (money.md, Exactly once)."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from caretill.core import clock, ids, sql, tokens
from caretill.payments import family, velocity
from caretill.payments.gateways import gateway
from caretill.payments.gateways.base import GatewayRefused, GatewayUnknown, Session, SessionRequest
from caretill.payments.look import look_again
from caretill.payments.record import AFTER_END, ASK_AGAIN_OPEN, record, record_session
from caretill.payments.saved_ask import deposit_payee
from caretill.regions import catalog

SESSION_MINUTES = 30
SENDING_LEASE = timedelta(seconds=20)


@dataclass(frozen=True)
class Ask:
    """What a payer asked. The key was made with the form and survives reload; the same key is the same payment."""

    key: UUID
    account_id: UUID
    region: str
    parts: tuple[tuple[UUID, int], ...]
    payer_name: str
    email: str
    language: str
    visit: bytes
    statement_name: str
    processor_account: str
    channel: str = "guest"
    network: str = ""
    others: tuple[tuple[UUID, UUID, int], ...] = ()  # account, bill, cents: bills of other accounts (payments.family)
    help_id: UUID | None = None  # the link by which somebody else pays (payments.helping)
    login_id: UUID | None = None
    save: bool = False  # the member wants this card to be kept for later
    deposit_cents: int = 0  # goes on the account; `deposit_payee` as in payments.saved_ask
    deposit_payee: str = ""

    @property
    def bills(self) -> tuple[family.Bill, ...]:
        """Every bill with its account and cents."""
        return tuple((self.account_id, bill, cents) for bill, cents in self.parts) + self.others

    @property
    def total_cents(self) -> int:
        """All of it."""
        return self.deposit_cents + sum(cents for _, _, cents in self.bills)

    def digest(self) -> str:
        """Of what was asked, never of live balances."""
        asked = (self.region, sorted(self.parts), self.payer_name, self.email, self.processor_account)
        more = (self.deposit_cents, self.deposit_payee, self.save) if self.deposit_cents or self.save else ()
        text = repr((*asked, sorted(self.others), *more) if self.others or more else asked)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Answer:
    """`code`: open (go to `url`), ended, not_sent (nothing was charged; press again), key_conflict, being_paid (until
    `until`), above_owed, not_found, help_ended, too_many, refused. `mine` says that this browser holds the payment.
    `state` is that of this payment, where one was begun; `holder_account_id` is where the payment stands that holds a
    bill.
    """

    code: str
    payment_id: UUID | None = None
    url: str = ""
    state: str = ""
    until: datetime | None = None
    mine: bool = False
    holder_account_id: UUID | None = None


def pay(ask: Ask) -> Answer:
    """Begin the payment, or find it again under its key, and open the processor's page for it.

    Locks, in one transaction before the processor is called: the key, the bills' claims, their balances in order.
    With bills of other accounts the claims and balances come after it, a transaction for each account in their order;
    what cannot be held voids the payment, with the answer of why.

    Before all of it a place is taken among the sessions that may be opened, and left where no payment was begun.
    Whoever dies in between costs that place for the rest of the hour.
    """
    bills, helps = [bill for _, bill, _ in ask.bills], ask.help_id is not None
    place = velocity.enter(ask.account_id, ask.key, bills, ask.network, helps=helps)
    if not place.allowed and not _known(ask):
        return Answer("too_many")
    answer = _claim(ask)
    # Who finds a payment again leaves as well: whoever began it keeps the place that both may hold under its key.
    if answer.code != "begun":
        place.leave()
    if answer.code in ("begun", "repeat") and answer.payment_id:
        return open_page(ask.account_id, answer.payment_id)
    return answer


def _claim(ask: Ask) -> Answer:
    """Begin it, or find it again: begun or repeat, with its id; otherwise why there is none."""
    payees: dict[UUID, str] = {}
    if ask.others and not _known(ask):
        verdict, payees = family.look(ask.region, ask.bills)
        if verdict.code == "being_paid" and _let_go(verdict):
            verdict, payees = family.look(ask.region, ask.bills)
        # The same form may have been sent twice at once, and what is held may be held for it.
        if verdict.code != "free" and not _known(ask):
            return held(ask.visit, verdict)
    begun = _begin(ask, payees)
    if begun["code"] == "being_paid":
        verdict = family.held_by(ask.account_id, begun)
        if verdict.holder_id and not _let_go(verdict):
            return held(ask.visit, verdict)
        begun = _begin(ask, payees)
    code = begun["code"]
    if code in ("begun", "repeat"):
        return Answer(code, UUID(begun["payment_id"]))
    return held(ask.visit, family.held_by(ask.account_id, begun)) if code == "being_paid" else Answer(code)


def open_page(account_id: UUID, payment_id: UUID) -> Answer:
    """The processor's page of a payment that has begun: opened once, the same page ever after.

    Where the answer is lost the same request goes out again under the same key, later or by the sweeper. Making a
    session moves no money, so the payer may be told that nothing was charged.
    """
    row = _payment(account_id, payment_id)
    if row is None:
        return Answer("not_found")
    if row["state"] == "submitting" and not row["method_id"]:
        return _send(account_id, row)
    if row["state"] == "requires_action" and row["session_url"]:
        return Answer("open", payment_id, url=row["session_url"], state=row["state"])
    return Answer("ended", payment_id, state=row["state"])


def send_again(account_id: UUID, payment_id: UUID) -> Answer:
    """The sweeper's: finish a call whose answer was lost."""
    row = _payment(account_id, payment_id)
    opens = row and row["state"] == "submitting" and not row["method_id"]
    return _send(account_id, row) if row and opens else Answer("ended", payment_id)


def stop(account_id: UUID, payment_id: UUID) -> str:
    """Give up a payment that is open: the processor closes its page first, and only its word voids. The state after it.

    Raises GatewayUnknown where the processor cannot be asked: the bill stays held, and nothing was charged by us.
    """
    row = _payment(account_id, payment_id)
    if row is None:
        return ""
    if row["method_id"]:
        return str(row["state"])  # what a saved method pays has no page
    if row["state"] == "submitting":
        _send(account_id, row)
        row = _payment(account_id, payment_id) or row
    if row["state"] != "requires_action" or not row["session_ref"]:
        return str(row["state"])
    try:
        session = gateway(row["gateway"]).expire_session(row["session_ref"])
    except GatewayRefused:
        return look_again(account_id, payment_id)
    answer = record_session(account_id, payment_id, row["region"], row["gateway"], row["amount_cents"], session)
    return str(answer["state"] or row["state"])


def _begin(ask: Ask, payees: dict[UUID, str]) -> dict[str, Any]:
    now = clock.now()
    payment_id, attempt_id = ids.uuid7(), ids.uuid7()
    expires_at = (now + timedelta(minutes=SESSION_MINUTES)).replace(microsecond=0)
    token = tokens.seal("payment", {"a": str(ask.account_id), "p": str(payment_id)}, None)
    request = SessionRequest(
        key=str(attempt_id),
        reference=str(attempt_id),
        amount_cents=ask.total_cents,
        currency="USD",
        processor_account=ask.processor_account,
        return_url=f"{settings.CARETILL_PUBLIC_URL}/pay/return/{token}",
        cancel_url=f"{settings.CARETILL_PUBLIC_URL}/pay/cancel/{token}",
        expires_at=expires_at,
        language=ask.language,
        statement_name=ask.statement_name,
        save=ask.save,
    )
    return sql.call(
        "payments_begin",
        ask.account_id,
        {
            "payment_id": payment_id,
            "attempt_id": attempt_id,
            "event_id": ids.uuid7(),
            "key": ask.key,
            "request_hash": ask.digest(),
            "reference": ids.new_pay_code()[:10],
            "check_code": ids.new_check_code(),
            "region": ask.region,
            "currency": "USD",
            "processor_account": ask.processor_account,
            "payer_name": ask.payer_name,
            "email": ask.email,
            "language": ask.language,
            "channel": ask.channel,
            "help_id": ask.help_id,
            **_more(ask),
            "visit": ask.visit,
            "gateway": gateway().name,
            "request": asdict(request),
            "business_date": clock.today(catalog.region(ask.region).time_zone),
            "now": now,
            "lease_until": now + SENDING_LEASE,
            "expires_at": expires_at,
            "declined_since": now - velocity.DECLINED_SINCE,
            "declined_most": velocity.DECLINED_AN_ACCOUNT,
            "declined_by_helpers": velocity.DECLINED_BY_HELPERS,
            "parts": [
                {"bill_id": bill, "amount_cents": cents, "transfer_id": ids.uuid7()}
                for bill, cents in (() if ask.others else ask.parts)
            ],
            "forwards": [
                {"account_id": account, "bill_id": bill, "amount_cents": cents, "payee": payees.get(bill, "")}
                for account, bill, cents in (ask.bills if ask.others else ())
            ],
        },
    )


def _more(ask: Ask) -> dict[str, Any]:
    """What is asked beyond the bills: money on the account, and a card that is to be kept."""
    payee = deposit_payee(ask.region, ask.processor_account, ask.deposit_payee) if ask.deposit_cents else ""
    agreed = {"network": ask.network} if ask.save else None
    return {"login_id": ask.login_id, "agreed": agreed, "deposit_cents": ask.deposit_cents, "deposit_payee": payee}


def _send(account_id: UUID, row: dict[str, Any]) -> Answer:
    kept = sql.answer(row["request"])
    request = SessionRequest(**kept | {"expires_at": datetime.fromisoformat(kept["expires_at"])})
    payment_id = row["id"]
    figures = {"provider": row["gateway"], "object_ref": request.reference}
    if row["family"]:
        verdict = family.reserve(account_id, payment_id)
        if verdict.code != "reserved":
            return not_reserved(account_id, row, verdict)
    try:
        session = gateway(row["gateway"]).create_session(request)
    except GatewayUnknown:
        return Answer("not_sent", payment_id, state="submitting")
    except GatewayRefused as refused:
        answer = record(
            account_id,
            payment_id,
            row["region"],
            "session_refused",
            evidence=f"refused:{refused.code}",
            failure_code=refused.code,
            **figures,
        )
        return Answer("refused", payment_id, state=answer["state"])
    return opened(account_id, payment_id, row["region"], row["gateway"], request.reference, session)


def opened(account_id: UUID, payment_id: UUID, region: str, name: str, reference: str, session: Session) -> Answer:
    """Record that the processor made a session for us. Repeating it changes nothing."""
    answer = record(
        account_id,
        payment_id,
        region,
        "session_opened",
        provider=name,
        object_ref=reference,
        evidence=f"opened:{session.id}",
        session_ref=session.id,
        session_url=session.url,
        expires_at=session.expires_at,
        lease_until=min(clock.now() + ASK_AGAIN_OPEN, session.expires_at + AFTER_END),
    )
    if answer["state"] == "requires_action":
        return Answer("open", payment_id, url=session.url, state="requires_action")
    return Answer("ended", payment_id, state=answer["state"])


def not_reserved(account_id: UUID, row: dict[str, Any], verdict: family.Verdict) -> Answer:
    """Somebody was faster with a bill of another account: all that was held for this payment is let go."""
    answer = record(
        account_id,
        row["id"],
        row["region"],
        "not_reserved",
        provider="caretill",
        object_ref=str(row["id"]),
        evidence="not_reserved",
        body={"why": verdict.code},
    )
    if verdict.code == "released":
        return Answer("ended", row["id"], state=answer["state"])
    return replace(held(bytes(row["visit"]), verdict), state=answer["state"])


def held(visit: bytes, verdict: family.Verdict) -> Answer:
    """The answer to a payer whose bills cannot be held now."""
    if verdict.holder_account_id is None or verdict.holder_id is None:
        return Answer(verdict.code, until=verdict.until)
    holder = _payment(verdict.holder_account_id, verdict.holder_id)
    mine = holder is not None and bool(visit) and bytes(holder["visit"]) == visit
    return Answer(
        verdict.code,
        verdict.holder_id,
        until=verdict.until,
        mine=mine,
        holder_account_id=verdict.holder_account_id,
    )


def _let_go(verdict: family.Verdict) -> bool:
    """A hold whose time is over falls only by the processor's word: ask for it now rather than at the next sweep."""
    if not verdict.holder_account_id or not verdict.holder_id or not verdict.until or verdict.until > clock.now():
        return False
    try:
        return stop(verdict.holder_account_id, verdict.holder_id) in ("voided", "failed")
    except GatewayUnknown:
        return False


def _known(ask: Ask) -> bool:
    found = sql.one("SELECT 1 FROM core_idempotency WHERE account_id = %s AND key = %s", (ask.account_id, ask.key))
    return found is not None


def _payment(account_id: UUID, payment_id: UUID) -> dict[str, Any] | None:
    return sql.one(
        "SELECT p.id, p.state, p.region, p.amount_cents, p.visit, p.expires_at, p.family, p.method_id, a.gateway,"
        " a.request, a.session_ref, a.session_url FROM payments_payment p JOIN payments_attempt a"
        " ON a.account_id = p.account_id AND a.payment_id = p.id WHERE p.account_id = %s AND p.id = %s",
        (account_id, payment_id),
    )
