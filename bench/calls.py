"""What the product does for each payment, call by call, taken down while its own code runs against nothing.

    python -m bench.child calls FILE COUNT FIRST

The verbs of `payments` run with a database and a processor that only note what they are asked and answer what they
would. So the floor makes the same calls as the product, today's and tomorrow's, without its code around them.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from caretill.core import clock, sql
from caretill.core.http import Response
from caretill.payments import callbacks, gateways, look, take
from caretill.payments.gateways.base import CallbackRefused
from caretill.payments.gateways.sandbox import SandboxGateway
from caretill.regions import catalog

# Stand for what only the processor knows; the floor puts the real ones in their place.
SESSION = "cs_stands_for_a_session"
CHARGE = "ch_stands_for_a_charge"
PAGE = "http://127.0.0.1/c/cs_stands_for_a_session"


@dataclass(frozen=True)
class Sql:
    """A statement and what it was given."""

    text: str
    params: Sequence[Any]


@dataclass(frozen=True)
class Http:
    """A call to the processor."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str


Step = Sql | Http


@dataclass
class Payment:
    """One payment's calls by hop, and the bill it is for."""

    reference: str
    account_id: UUID
    bill_id: UUID
    check: list[Step] = field(default_factory=list)
    came_back: list[Step] = field(default_factory=list)
    worker: list[Step] = field(default_factory=list)

    def called(self, function: str) -> list[str]:
        """The payloads handed to one of our functions, in order."""
        steps = [*self.check, *self.came_back, *self.worker]
        return [step.params[1] for step in steps if isinstance(step, Sql) and function in step.text]


@dataclass
class Taken:
    """What was taken down: the payments, and the calls of a callback and of the worker's claim, which all share."""

    payments: list[Payment]
    callback: list[Sql]
    claim: list[Sql]


class _Recorder:
    """Stands in the place of the database and of the processor."""

    def __init__(self, account_id: UUID, amount_cents: int) -> None:
        self.account_id = account_id
        self.amount = amount_cents
        self.steps: list[Step] = []
        self.state = "submitting"
        self.begun: dict[str, Any] = {}
        self.reference = ""
        self.paid = False

    def call(self, function: str, account_id: UUID, payload: dict[str, Any]) -> dict[str, Any]:
        self.steps.append(Sql(f"SELECT {function}(%s, %s::jsonb)", (account_id, sql.dumps(payload))))
        if function == "payments_begin":
            self.begun = payload
            self.reference = payload["request"]["reference"]
            return {"code": "begun", "payment_id": str(payload["payment_id"])}
        was, event = self.state, payload["event"]
        self.state = {"session_opened": "requires_action", "succeeded": "succeeded"}.get(event, was)
        return {"code": "repeat" if was == "succeeded" else "applied", "state": self.state}

    def query(self, text: str, params: Any = ()) -> list[dict[str, Any]]:
        self.steps.append(Sql(text, tuple(params)))
        return [{"full_at": 0}] if "core_enter" in text else []

    def one(self, text: str, params: Any = ()) -> dict[str, Any] | None:
        self.steps.append(Sql(text, tuple(params)))
        if "payments_object" in text:
            return {"account_id": self.account_id, "payment_id": self.begun["payment_id"]}
        return {
            "id": self.begun["payment_id"],
            "state": self.state,
            "method_id": None,
            "region": self.begun["region"],
            "amount_cents": self.amount,
            "visit": self.begun["visit"],
            "returned_at": None,
            "expires_at": self.begun["expires_at"],
            "gateway": "sandbox",
            "request": json.loads(sql.dumps(self.begun["request"])),
            "session_ref": SESSION if self.state != "submitting" else "",
            "session_url": PAGE,
            "family": False,
        }

    def execute(self, text: str, params: Any = ()) -> int:
        self.steps.append(Sql(text, tuple(params)))
        return 1

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: object | None = None,
        timeout: float = 0.0,
    ) -> Response:
        split = urlsplit(url)
        body = "" if json is None else sql.dumps(json)
        path = split.path + (f"?{split.query}" if split.query else "")
        self.steps.append(Http(method, path, dict(headers or {}), body))
        return Response(200, sql.dumps(self._session()))

    def _session(self) -> dict[str, Any]:
        return {
            "id": SESSION,
            "url": PAGE,
            "status": "complete" if self.paid else "open",
            "outcome": "paid" if self.paid else "unpaid",
            "reference": self.reference,
            "amount_cents": self.amount,
            "currency": "USD",
            "charge": CHARGE if self.paid else None,
            "failure_code": None,
            "card": {"brand": "visa", "last4": "4242"} if self.paid else None,
            "expires_at": self.begun["expires_at"].isoformat(),
            "refunded_cents": 0,
        }

    def hop(self) -> list[Step]:
        """The steps since the last hop."""
        steps, self.steps = self.steps, []
        return steps


@contextmanager
def _recording(recorder: _Recorder) -> Iterator[None]:
    with ExitStack() as patches:
        for name in ("call", "query", "one", "execute"):
            patches.enter_context(mock.patch.object(sql, name, getattr(recorder, name)))
        made = SandboxGateway("http://processor.test", "KEY", ("SECRET",), send=recorder.send)
        patches.enter_context(mock.patch.dict(gateways.GATEWAYS, {"sandbox": lambda: made}))
        yield


def take_down(bill: dict[str, Any], cents: int, network: str) -> Payment:
    """Everything that one guest payment of that bill asks, hop by hop."""
    recorder = _Recorder(bill["account_id"], cents)
    region = catalog.region(bill["region"])
    ask = take.Ask(
        key=uuid4(),
        account_id=bill["account_id"],
        region=bill["region"],
        parts=((bill["id"], cents),),
        payer_name="Pat Payer",
        email="",
        language="en",
        visit=uuid4().bytes,
        statement_name=catalog.organisation().payees[bill["payee"]].name,
        processor_account=region.processor_accounts[bill["payee"]],
        network=network,
    )
    with _recording(recorder):
        answer = take.pay(ask)
        assert answer.code == "open" and answer.payment_id is not None, answer
        made = Payment(recorder.reference, bill["account_id"], bill["id"], check=recorder.hop())
        recorder.paid = True
        assert look.came_back(bill["account_id"], answer.payment_id) == "succeeded"
        made.came_back = recorder.hop()
        row = {"provider": "sandbox", "body": sql.dumps({"session": SESSION}).encode(), "tries": 1, "kind": ""}
        with mock.patch.object(sql, "query", lambda text, params=(): [row | {"event_ref": "EVENT", "object_ref": ""}]):
            with mock.patch.object(callbacks.transaction, "atomic", ExitStack):
                callbacks.apply_due()
        made.worker = recorder.hop()
    return made


def _shared() -> tuple[list[Sql], list[Sql]]:
    """The call of a callback, and the call by which the worker claims some."""
    recorder = _Recorder(uuid4(), CENTS)
    with _recording(recorder), mock.patch.object(callbacks.transaction, "atomic", ExitStack):
        callbacks.apply_due()
        claim = recorder.hop()
        news = mock.Mock(event_id="EVENT", kind="session.completed", session_id=SESSION, charge_id=None)
        with mock.patch.object(SandboxGateway, "read_callback", lambda *_: news):
            try:
                callbacks.receive("sandbox", b"BODY", {})
            except CallbackRefused as refused:
                raise AssertionError("the stand-in is never refused") from refused
        kept = recorder.hop()
    return [step for step in kept if isinstance(step, Sql)], [step for step in claim if isinstance(step, Sql)]


def bills_to_pay(count: int, first: int, least_cents: int) -> list[dict[str, Any]]:
    """Bills that owe at least so much, in an order of no meaning; `first` of them are left out."""
    return sql.query(
        "SELECT b.account_id, b.id, b.region, b.payee, b.number, a.last_name FROM billing_bill b"
        " JOIN people_account a ON a.account_id = b.account_id JOIN ledger_balance r ON r.account_id = b.account_id"
        " AND r.kind = 'receivable' AND r.ref = b.id AND r.debits_posted - r.credits_posted - r.credits_pending >= %s"
        " ORDER BY md5(b.id::text) OFFSET %s LIMIT %s",
        (least_cents, first, count),
    )


CENTS = 1_250


def main(arguments: Sequence[str]) -> None:
    """Take down COUNT payments, the FIRST left out, and write them to FILE."""
    path, count, first = Path(arguments[0]), int(arguments[1]), int(arguments[2])
    bills = bills_to_pay(count, first, CENTS)
    if len(bills) < count:
        raise SystemExit(f"{count} bills to pay are needed, and there are {len(bills)}")
    payments = [take_down(bill, CENTS, f"bench {place // 90}") for place, bill in enumerate(bills)]
    kept, claim = _shared()
    path.write_bytes(pickle.dumps(Taken(payments, kept, claim)))
    print(len(payments), clock.now().isoformat())
