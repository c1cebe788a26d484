"""What a payer without an account is in the middle of: a flow, kept in a sealed cookie of its own and nowhere else.

A flow has an opaque id that stands in the address; each tab has its own, and at most five are kept. The cookie is
sealed for that id, so one flow cannot be passed off as another. The database learns of a flow when a payment begins.

Beside the flows, a browser has a name of its own: 128 random bits. A payment remembers it, so the same browser, in any
tab, may go on with its payment or change it.
"""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import asdict, dataclass, field
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from caretill.core import clock, ids, tokens

MOST_FLOWS = 5
KEPT_SECONDS = 4 * 3600
ID_LENGTH = 16
MOST_EARLIER = 8
BROWSER = "browser"
_BROWSER = re.compile(r"[0-9a-f]{32}")
_ON_REQUEST = "_caretill_browser"


@dataclass
class Flow:
    """One payment in the making. `key` is the idempotency key: it changes when what is asked changes, and only then.

    `payees` says whom each chosen bill pays, `ends` how its number ends. `payment_id` is the payment that
    `key` began; those that went through before it, where one choice takes several payments, are `earlier`.
    `proved` says what registering need not ask again.

    `how` is empty for a card that is typed on the processor's page, which `keep` has kept for later; `bank` for the
    account in `bank`, which is debited on the day `later` where one was chosen; or the id of a saved method. `planned`
    is the order that `key` made for such a day.

    A member's flow names their `login` and is open to nobody else; `then` is the flow of another region to pay next.
    A helper's flow names the link it came by, `helps`, and opens no page that tells of a bill.
    `account_id` is the account that pays; bills of a family's other accounts have theirs in `accounts`.
    """

    id: str
    region: str
    account_id: str
    scope: str
    bills: list[str]
    amounts: dict[str, int] = field(default_factory=dict)
    choice: str = ""
    payees: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    ends: dict[str, str] = field(default_factory=dict)
    masked_name: str = ""
    payer_name: str = ""
    email: str = ""
    language: str = ""
    key: str = ""
    payment_id: str = ""
    earlier: list[str] = field(default_factory=list)
    lines_open: bool = False
    lines_version: int = 0
    proved: str = ""
    login: str = ""
    then: str = ""
    helps: str = ""
    how: str = ""
    bank: dict[str, str] = field(default_factory=dict)
    keep: bool = False
    later: str = ""
    planned: str = ""

    @classmethod
    def new(cls, region: str, account_id: str, scope: str, bills: list[str]) -> Self:
        """A flow that has found something to pay. Its id begins with its second: the oldest sorts first."""
        made = int(clock.now().timestamp())
        return cls(f"{made:08x}{secrets.token_hex(4)}", region, account_id, scope, bills)

    def ask(self, amounts: dict[str, int], choice: str) -> None:
        """Set what is to be paid, in cents per bill. The same again keeps the key, so Back and a reload pay once."""
        if not self.key or amounts != self.amounts:
            self.renew()
        self.amounts = dict(amounts)
        self.choice = choice

    def pay_as(self, payer_name: str, email: str) -> None:
        """Set who pays. Another payer is another request."""
        if self.key and (payer_name, email) != (self.payer_name, self.email):
            self.renew()
        self.payer_name, self.email = payer_name, email

    def pay_by(self, how: str, bank: dict[str, str] | None = None, later: str = "") -> None:
        """Set what it is paid from, and on which day to come. Another way to pay is another request."""
        if self.key and (how, bank or {}, later) != (self.how, self.bank, self.later):
            self.renew()
        self.how, self.bank, self.later = how, bank or {}, later

    def move_to(self, account_id: str) -> None:
        """Pay it from another account of the member's: where a saved method is charged. Bills stay where they are."""
        homes = {bill: self.account_of(bill) for bill in self.bills}
        self.account_id = account_id
        self.accounts = {bill: home for bill, home in homes.items() if home != account_id}

    def renew(self) -> None:
        """What follows is a new request: the payment that the old key began, if any, has ended or been given up."""
        self.key = str(ids.uuid7())
        self.payment_id = self.planned = ""

    def settle(self, bills: list[str]) -> None:
        """The payment under way went through and paid these bills: they are no longer asked; the rest is new."""
        self.earlier = [*self.earlier, self.payment_id][-MOST_EARLIER:]
        self.amounts = {bill: cents for bill, cents in self.amounts.items() if bill not in bills}
        self.renew()

    def made(self, payment_id: str) -> bool:
        """Whether that payment is one of this flow."""
        return bool(payment_id) and payment_id in (self.payment_id, *self.earlier)

    def account_of(self, bill: str) -> str:
        """The billing account of a bill."""
        return self.accounts.get(bill, self.account_id)

    @property
    def homes(self) -> dict[str, list[str]]:
        """The bills by account, the payer's account first."""
        found: dict[str, list[str]] = {self.account_id: []}
        for bill in self.bills:
            found.setdefault(self.account_of(bill), []).append(bill)
        return found

    @property
    def made_at(self) -> int:
        """The second in which it was begun."""
        return int(self.id[:8], 16)

    @property
    def total_cents(self) -> int:
        """All of it."""
        return sum(self.amounts.values())


def _secure() -> bool:
    return settings.CARETILL_PUBLIC_URL.startswith("https:")


def _prefix() -> str:
    return "__Host-visit-" if _secure() else "visit-"


def _purpose(flow_id: str) -> str:
    return f"visit:{flow_id}"


def load(request: HttpRequest, flow_id: str) -> Flow | None:
    """The flow of that id if this browser holds it and it is not too old."""
    sealed = request.COOKIES.get(_prefix() + flow_id)
    if not sealed or len(flow_id) != ID_LENGTH:
        return None
    try:
        return Flow(id=flow_id, **_unpacked(tokens.unseal(_purpose(flow_id), sealed)))
    except (tokens.TokenError, KeyError, TypeError):
        # Not ours, too old, or written by another release: the payer starts again.
        return None


def holding(request: HttpRequest, payment_id: str) -> Flow | None:
    """The flow of this browser that made a payment."""
    prefix = _prefix()
    for name in request.COOKIES:
        flow = load(request, name.removeprefix(prefix)) if name.startswith(prefix) else None
        if flow and flow.made(payment_id):
            return flow
    return None


def helping(request: HttpRequest, help_id: UUID) -> Flow | None:
    """The newest flow of this browser that pays by a link to help."""
    prefix = _prefix()
    held = sorted((name.removeprefix(prefix) for name in request.COOKIES if name.startswith(prefix)), reverse=True)
    flows = (load(request, flow_id) for flow_id in held)
    return next((flow for flow in flows if flow and flow.helps == str(help_id)), None)


def save(request: HttpRequest, response: HttpResponse, flow: Flow) -> None:
    """Write the flow into its cookie, and the browser's name; beyond five flows, the oldest is dropped."""
    name = _prefix() + flow.id
    others = sorted(each for each in request.COOKIES if each.startswith(_prefix()) and each != name)
    for old in others[: max(0, len(others) + 1 - MOST_FLOWS)]:
        _drop(response, old)
    _set(response, name, tokens.seal(_purpose(flow.id), _packed(flow), KEPT_SECONDS))
    if request.COOKIES.get(_browser_cookie()) != browser(request).hex():
        _set(response, _browser_cookie(), browser(request).hex())


def forget(response: HttpResponse, flow_id: str) -> None:
    """Drop a flow."""
    _drop(response, _prefix() + flow_id)


def browser(request: HttpRequest) -> bytes:
    """The name of this browser. A new one is told to it with the next flow that is saved."""
    told = request.COOKIES.get(_browser_cookie(), "")
    if _BROWSER.fullmatch(told):
        return bytes.fromhex(told)
    made: bytes | None = getattr(request, _ON_REQUEST, None)
    if made is None:
        made = secrets.token_bytes(16)
        setattr(request, _ON_REQUEST, made)
    return made


def _browser_cookie() -> str:
    return f"__Host-{BROWSER}" if _secure() else BROWSER


def _packed(flow: Flow) -> dict[str, Any]:
    """A cookie has 4 KB: bills as 16 bytes each, what is said of each in the order of the bills."""
    payload = asdict(flow)
    del payload["id"]
    payees = sorted(set(flow.payees.values()))
    payload["bills"] = base64.b64encode(b"".join(UUID(bill).bytes for bill in flow.bills)).decode()
    payload["amounts"] = [flow.amounts.get(bill, 0) for bill in flow.bills]
    payload["ends"] = " ".join(flow.ends.get(bill, "") for bill in flow.bills)
    homes = sorted(set(flow.accounts.values()))
    places = [homes.index(flow.accounts[bill]) if bill in flow.accounts else -1 for bill in flow.bills]
    payload["accounts"] = [homes, places if homes else []]
    payload["payees"] = [payees, [payees.index(flow.payees[b]) if b in flow.payees else -1 for b in flow.bills]]
    return payload


def _unpacked(payload: dict[str, Any]) -> dict[str, Any]:
    raw = base64.b64decode(payload["bills"])
    bills = [str(UUID(bytes=raw[at : at + 16])) for at in range(0, len(raw), 16)]
    names, places = payload["payees"]
    amounts = {bill: cents for bill, cents in zip(bills, payload["amounts"], strict=True) if cents}
    payees = {bill: names[place] for bill, place in zip(bills, places, strict=True) if place >= 0}
    homes, of_homes = payload["accounts"]
    accounts = {bill: homes[place] for bill, place in zip(bills, of_homes, strict=bool(homes)) if place >= 0}
    ends = {bill: end for bill, end in zip(bills, payload["ends"].split(" "), strict=True) if end}
    return payload | {"bills": bills, "amounts": amounts, "payees": payees, "ends": ends, "accounts": accounts}


def _set(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(name, value, secure=_secure(), httponly=True, samesite="Lax")


def _drop(response: HttpResponse, name: str) -> None:
    # Not delete_cookie: a __Host- cookie is only accepted, also for its deletion, when it is Secure.
    response.set_cookie(name, "", max_age=0, secure=_secure(), httponly=True, samesite="Lax")
