"""The merchant's requests about saved cards, refunds, disputes and payouts: their names, subjects and deeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from caretill.sim.processor import api, charges, disputes, methods, payouts, refunds, saved
from caretill.sim.processor.faults import Subject
from caretill.sim.processor.parts import Parts, subject_of_charge
from caretill.sim.processor.wire import CSV, Answer, Refusal, Request, read_object, say

Deed = tuple[str, Subject, Callable[[], Answer]]


def deed(parts: Parts, request: Request, rest: tuple[str, ...]) -> Deed:
    """What is to be done for /v1/REST: (operation as faults know it, its subject, the effect). Raises Refusal."""
    query = request.query
    match request.method, rest:
        case "POST", ("charges",):
            return "charge", asked_subject(request), lambda: api.keyed(parts, request, saved.charge)
        case "POST", ("charges", charge_id, "void"):

            def void(parts: Parts, asked: Mapping[str, Any], key: str) -> dict[str, Any]:
                return saved.void(parts, charge_id, key)

            return "void", charge_subject(parts, charge_id), lambda: api.keyed(parts, request, void)
        case "GET", ("charges",):
            subject = Subject(query.get("session"), query.get("reference"), query.get("account"))
            return "charges", subject, lambda: say(200, {"data": charges.find(parts, query)})
        case "GET", ("saved-charges",) if query.get("reference"):
            subject = Subject(reference=query["reference"])
            return "saved", subject, lambda: say(200, {"data": saved.find(parts, query["reference"])})
        case "POST", ("refunds",):
            return "refund", _refund_subject(parts, request), lambda: api.keyed(parts, request, refunds.refund)
        case "GET", ("refunds",) if query.get("reference"):
            subject = Subject(reference=query["reference"])
            return "refunds", subject, lambda: say(200, {"data": refunds.find(parts, query["reference"])})
        case "GET", ("refunds", refund_id):
            row = refunds.load(parts, refund_id)
            return "refunds", Subject(reference=row["reference"]), lambda: say(200, refunds.show(parts, row))
    return _kept_or_paid(parts, request, rest)


def _kept_or_paid(parts: Parts, request: Request, rest: tuple[str, ...]) -> Deed:
    query = request.query
    match request.method, rest:
        case "GET", ("methods", method_id):
            return "method", Subject(), lambda: say(200, methods.show(methods.load(parts, method_id)))
        case "POST", ("methods", method_id, "forget"):
            return "forget", Subject(), lambda: say(200, methods.forget(parts, method_id))
        case "GET", ("disputes",):
            return "disputes", Subject(), lambda: say(200, {"data": disputes.find(parts, query)})
        case "GET", ("disputes", dispute_id):
            row = disputes.load(parts, dispute_id)
            subject = Subject(None, row["reference"], row["account"])
            return "disputes", subject, lambda: say(200, disputes.show(parts, row))
        case "GET", ("payouts",):
            subject = Subject(account=query.get("account"))
            return "payouts", subject, lambda: say(200, {"data": payouts.find(parts, query)})
        case "GET", ("payouts", payout_id, "file"):
            row = payouts.load(parts, payout_id)
            subject = Subject(account=row["account"])
            return "file", subject, lambda: Answer(200, payouts.file_of(parts, row), CSV)
    raise Refusal(404, "no_such_page", "There is no such page.")


def asked_subject(request: Request) -> Subject:
    """Whom a request with a body is about, before anything of it was checked."""
    try:
        asked = read_object(request.body)
    except Refusal:
        return Subject()
    return Subject(reference=_text(asked.get("reference")), account=_text(asked.get("account")))


def charge_subject(parts: Parts, charge_id: str) -> Subject:
    charge = charges.get(parts, charge_id)
    return subject_of_charge(charge) if charge else Subject()


def _refund_subject(parts: Parts, request: Request) -> Subject:
    """A refund is known by its own reference and by the session its charge belongs to."""
    try:
        asked = read_object(request.body)
    except Refusal:
        return Subject()
    charge = charges.get(parts, asked.get("charge"))
    reference = _text(asked.get("reference"))
    return Subject(charge["session"], reference, charge["account"]) if charge else Subject(reference=reference)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
