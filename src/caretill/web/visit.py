"""What a payer without an account is in the middle of: a flow, kept in a sealed cookie of its own and nowhere else.

A flow has an opaque id that stands in the address; each tab has its own, and at most five are kept. The cookie is
sealed for that id, so one flow cannot be passed off as another. The database learns of a flow when a payment begins.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from caretill.core import clock, ids, tokens

MOST_FLOWS = 5
KEPT_SECONDS = 4 * 3600
ID_LENGTH = 16


@dataclass
class Flow:
    """One payment in the making. `key` is the idempotency key: it changes when what is asked changes, and only then."""

    id: str
    region: str
    account_id: str
    scope: str
    bills: list[str]
    amounts: dict[str, int] = field(default_factory=dict)
    choice: str = ""
    payer_name: str = ""
    email: str = ""
    language: str = ""
    key: str = ""
    payment_id: str = ""
    lines_open: bool = False

    @classmethod
    def new(cls, region: str, account_id: str, scope: str, bills: list[str]) -> Self:
        """A flow that has found something to pay. Its id begins with its second: the oldest sorts first."""
        made = int(clock.now().timestamp())
        return cls(f"{made:08x}{secrets.token_hex(4)}", region, account_id, scope, bills)

    def ask(self, amounts: dict[str, int], choice: str) -> None:
        """Set what is to be paid, in cents per bill. The same again keeps the key, so Back and a reload pay once."""
        if not self.key or amounts != self.amounts:
            self.key = str(ids.uuid7())
            self.payment_id = ""
        self.amounts = dict(amounts)
        self.choice = choice

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
        payload: dict[str, Any] = tokens.unseal(_purpose(flow_id), sealed)
    except tokens.TokenError:
        return None
    return Flow(id=flow_id, **payload)


def save(request: HttpRequest, response: HttpResponse, flow: Flow) -> None:
    """Write the flow into its cookie; beyond five, the oldest is dropped."""
    payload = asdict(flow)
    del payload["id"]
    name = _prefix() + flow.id
    others = sorted(each for each in request.COOKIES if each.startswith(_prefix()) and each != name)
    for old in others[: max(0, len(others) + 1 - MOST_FLOWS)]:
        _drop(response, old)
    sealed = tokens.seal(_purpose(flow.id), payload, KEPT_SECONDS)
    response.set_cookie(name, sealed, secure=_secure(), httponly=True, samesite="Lax")


def forget(response: HttpResponse, flow_id: str) -> None:
    """Drop a flow."""
    _drop(response, _prefix() + flow_id)


def _drop(response: HttpResponse, name: str) -> None:
    # Not delete_cookie: a __Host- cookie is only accepted, also for its deletion, when it is Secure.
    response.set_cookie(name, "", max_age=0, secure=_secure(), httponly=True, samesite="Lax")
