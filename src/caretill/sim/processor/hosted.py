"""The hosted page's requests: show the form, try a card, ask for the second step, send the payer back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from caretill.sim.processor import cards, charges, pages, sessions
from caretill.sim.processor.clock import from_ms
from caretill.sim.processor.parts import Parts
from caretill.sim.processor.wire import HTML, Answer, Refusal, Request
from caretill.sim.processor.words import LANGUAGES


def show(parts: Parts, request: Request, session: Any) -> Answer:
    """GET /c/ID: the form, or what became of the session."""
    checkout = _checkout(request, session)
    if session["status"] != "open":
        return _ended(checkout, session)
    return _page(200, checkout, pages.card_page(checkout, {}, {}))


def pay(parts: Parts, request: Request, session: Any) -> Answer:
    """POST /c/ID/pay: check what was typed, try the card. A session that is paid already just leads back."""
    checkout = _checkout(request, session)
    if session["outcome"] in ("paid", "processing", "saved"):
        return _back(checkout)
    if session["status"] != "open":
        return _ended(checkout, session)
    typed = read_form(request.body)
    today = from_ms(parts.now_ms() - parts.clock.skew_ms())
    card, faults = cards.read_card(typed, (today.year, today.month))
    if card is None:
        return _page(422, checkout, pages.card_page(checkout, typed, faults))
    keep = checkout.save and typed.get("save") == "yes"
    return _after(parts, checkout, typed, charges.try_card(parts, session, card, keep))


def show_step(parts: Parts, request: Request, session: Any) -> Answer:
    """GET /c/ID/step: ask whether the payment is the holder's own."""
    checkout = _checkout(request, session)
    if session["step_outcome"] is None:
        return _elsewhere(checkout, f"/c/{checkout.id}?language={checkout.language}")
    return _page(200, checkout, pages.step_page(checkout))


def answer_step(parts: Parts, request: Request, session: Any) -> Answer:
    """POST /c/ID/step: approve or refuse."""
    checkout = _checkout(request, session)
    if session["outcome"] in ("paid", "processing", "saved"):
        return _back(checkout)
    if session["status"] != "open":
        return _ended(checkout, session)
    if session["step_outcome"] is None:
        return _elsewhere(checkout, f"/c/{checkout.id}?language={checkout.language}")
    answer = read_form(request.body).get("answer")
    if answer not in ("approve", "refuse"):
        return _page(422, checkout, pages.step_page(checkout))
    return _after(parts, checkout, {}, charges.answer_step(parts, session, answer == "approve"))


def plain(request: Request, status: int, kind: str) -> Answer:
    """A page about no session."""
    language = request.query.get("language", "en")
    language = language if language in LANGUAGES else "en"
    return Answer(status, pages.plain_page(language, kind, "/").encode(), HTML, pages.page_headers())


def read_form(body: bytes) -> dict[str, str]:
    """The fields of a posted form. Raises Refusal."""
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=20))
    except ValueError:
        raise Refusal(400, "bad_form", "The form could not be read.") from None


def _after(parts: Parts, checkout: pages.Checkout, typed: Mapping[str, str], outcome: str) -> Answer:
    if outcome in (cards.APPROVED, "processing"):
        return _back(checkout)
    if outcome == cards.SECOND_STEP:
        return _elsewhere(checkout, f"/c/{checkout.id}/step?language={checkout.language}")
    session = sessions.load(parts, checkout.id)
    if session["status"] != "open":
        return _ended(checkout, session)
    return _page(402, checkout, pages.declined_page(checkout, typed, outcome, charges.TRIES - session["tries"]))


def _checkout(request: Request, session: Any) -> pages.Checkout:
    language = request.query.get("language", "")
    return pages.Checkout(
        session["id"],
        session["statement_name"],
        session["amount_cents"],
        language if language in LANGUAGES else session["language"],
        session["return_url"],
        session["cancel_url"],
        saves=session["purpose"] == "save",
        save=bool(session["save"]),
    )


def _ended(checkout: pages.Checkout, session: Any) -> Answer:
    kind = session["outcome"] if session["status"] == "complete" else "expired"
    return _page(410 if kind == "expired" else 200, checkout, pages.ended_page(checkout, kind, charges.TRIES))


def _page(status: int, checkout: pages.Checkout, html: str) -> Answer:
    return Answer(status, html.encode(), HTML, pages.page_headers(checkout.return_url))


def _back(checkout: pages.Checkout) -> Answer:
    return _elsewhere(checkout, checkout.return_url)


def _elsewhere(checkout: pages.Checkout, address: str) -> Answer:
    return Answer(303, b"", HTML, (("Location", address), *pages.page_headers(checkout.return_url)))
