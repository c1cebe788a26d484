"""The hosted page as HTML: plain, without script, readable by everything that reads a page."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from caretill.core.money import show
from caretill.sim.processor import cards
from caretill.sim.processor.words import LANGUAGES, reason, say, tries_left

_STYLE = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
FIELDS = ("number", "expiry", "security_code", "name", "zip")
KEPT = ("name", "zip")  # what a form shown again still holds: never card data
_AUTOCOMPLETE = {
    "number": "cc-number",
    "expiry": "cc-exp",
    "security_code": "cc-csc",
    "name": "cc-name",
    "zip": "billing postal-code",
}
_HINTS = {"number": "number_hint", "expiry": "expiry_hint", "security_code": "code_hint", "zip": "zip_hint"}


@dataclass(frozen=True)
class Checkout:
    """What a page may show of a session."""

    id: str
    name: str
    amount_cents: int
    language: str
    return_url: str
    cancel_url: str
    saves: bool = False  # nothing is paid here: a card is saved
    save: bool = False  # the payer may have the card saved

    @property
    def amount(self) -> str:
        return show(self.amount_cents, self.language)


def page_headers(return_url: str | None = None) -> tuple[tuple[str, str], ...]:
    """No script, no frame, no memory. A form may lead here and, by our redirect, back to the merchant."""
    allowed = "'self'"
    if return_url:
        parts = urlsplit(return_url)
        allowed += f" {parts.scheme}://{parts.netloc}"
    policy = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action {allowed}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    return (
        ("Content-Security-Policy", policy),
        ("Cache-Control", "no-store"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
    )


def card_page(checkout: Checkout, typed: Mapping[str, str], faults: Mapping[str, str]) -> str:
    """The form; with `faults` (field -> word) the summary on top and each fault beside its field."""
    said = {field: say(checkout.language, word) for field, word in faults.items()}
    links = "".join(f'<li><a href="#{field}">{escape(said[field])}</a></li>' for field in FIELDS if field in said)
    words = say(checkout.language, "nothing_charged")
    summary = _summary(checkout, "problem", (words,), f"<ul>{links}</ul>") if said else ""
    return _form_page(checkout, typed, said, summary)


def declined_page(checkout: Checkout, typed: Mapping[str, str], failure_code: str, tries: int) -> str:
    """The form after a bank's no: what it said, that nothing was charged, how many tries are left."""
    language = checkout.language
    words = (reason(language, failure_code), say(language, "no_money_left"), tries_left(language, tries))
    return _form_page(checkout, typed, {}, _summary(checkout, "no_title", words))


def step_page(checkout: Checkout) -> str:
    """The second step: is it yours?"""
    language = checkout.language
    text = say(language, "step_text", amount=checkout.amount, name=checkout.name)
    if checkout.saves:
        text = say(language, "step_saves", name=checkout.name)
    body = (
        f"<p>{escape(text)}</p>"
        f'<form method="post" action="/c/{checkout.id}/step?language={language}" class="two">'
        f'<button name="answer" value="approve">{escape(say(language, "step_yes"))}</button>'
        f'<button name="answer" value="refuse" class="second">{escape(say(language, "step_no"))}</button></form>'
    )
    title = say(language, "step_title_saves" if checkout.saves else "step_title")
    return _page(language, title, _sum(checkout) + body, f"/c/{checkout.id}/step")


def ended_page(checkout: Checkout, kind: str, count: int = 0) -> str:
    """A session that takes no more money: `paid`, `saved`, `processing`, `declined` or `expired`."""
    language = checkout.language
    text = say(language, f"{kind}_text", amount=checkout.amount, name=checkout.name, count=str(count))
    back = say(language, "back", name=checkout.name)
    body = f'<p>{escape(text)}</p><p><a class="back" href="{escape(checkout.return_url)}">{escape(back)}</a></p>'
    return _page(language, say(language, f"{kind}_title"), body, f"/c/{checkout.id}")


def plain_page(language: str, kind: str, path: str) -> str:
    """A page about no session: `missing`, `broken` or `home`."""
    title = say(language, "test_only" if kind == "home" else f"{kind}_title")
    return _page(language, title, f"<p>{escape(say(language, f'{kind}_text'))}</p>", path)


def _form_page(checkout: Checkout, typed: Mapping[str, str], said: Mapping[str, str], summary: str) -> str:
    language = checkout.language
    title = say(language, "save_title" if checkout.saves else "pay_title", name=checkout.name)
    press = say(language, "save_press") if checkout.saves else say(language, "pay", amount=checkout.amount)
    fields = "".join(_field(language, field, typed, said.get(field)) for field in FIELDS)
    cancel = say(language, "cancel", name=checkout.name)
    body = (
        f"{_sum(checkout)}{summary}"
        f'<form method="post" action="/c/{checkout.id}/pay?language={language}" novalidate>'
        f"<h2>{escape(say(language, 'card'))}</h2>{fields}{_keep(checkout, typed)}"
        f"<button>{escape(press)}</button></form>"
        f'<p><a class="back" href="{escape(checkout.cancel_url)}">{escape(cancel)}</a></p>'
        f"{_test_cards(language, checkout.saves)}"
    )
    head = f"{say(language, 'error')}: {title}" if summary else title
    return _page(
        language, title, body, f"/c/{checkout.id}", head=head if checkout.saves else f"{head}, {checkout.amount}"
    )


def _keep(checkout: Checkout, typed: Mapping[str, str]) -> str:
    """The box that has the card saved, empty until the payer ticks it."""
    if not checkout.save or checkout.saves:
        return ""
    language = checkout.language
    ticked = " checked" if typed.get("save") == "yes" else ""
    return (
        '<div class="field tick"><input id="save" name="save" type="checkbox" value="yes"'
        f' aria-describedby="save-hint"{ticked}><label for="save">{escape(say(language, "save"))}</label>'
        f'<p class="hint" id="save-hint">{escape(say(language, "save_hint", name=checkout.name))}</p></div>'
    )


def _sum(checkout: Checkout) -> str:
    language = checkout.language
    if checkout.saves:
        words = escape(say(language, "save_text", name=checkout.name))
        return f'<dl class="sum"><div><dt>{escape(say(language, "save_for"))}</dt>' + (
            f"<dd>{escape(checkout.name)}</dd></div></dl><p>{words}</p>"
        )
    return (
        f'<dl class="sum"><div><dt>{escape(say(language, "to"))}</dt><dd>{escape(checkout.name)}</dd></div>'
        f"<div><dt>{escape(say(language, 'you_pay'))}</dt>"
        f'<dd><bdi dir="ltr">{escape(checkout.amount)}</bdi></dd></div></dl>'
    )


def _summary(checkout: Checkout, title: str, words: tuple[str, ...], rest: str = "") -> str:
    lines = "".join(f"<p>{escape(line)}</p>" for line in words)
    heading = escape(say(checkout.language, title))
    return (
        '<div class="errors" role="alert" aria-labelledby="errors-title" tabindex="-1" autofocus>'
        f'<h2 id="errors-title">{heading}</h2>{lines}{rest}</div>'
    )


def _field(language: str, field: str, typed: Mapping[str, str], said: str | None) -> str:
    notes, parts = [], [f'<label for="{field}">{escape(say(language, field))}</label>']
    if field in _HINTS:
        notes.append(f"{field}-hint")
        parts.append(f'<p class="hint" id="{field}-hint">{escape(say(language, _HINTS[field]))}</p>')
    if said:
        notes.append(f"{field}-said")
        parts.append(f'<p class="said" id="{field}-said">{escape(said)}</p>')
    extra = f' aria-describedby="{" ".join(notes)}"' if notes else ""
    extra += ' aria-invalid="true"' if said else ""
    extra += ' inputmode="numeric"' if field in ("number", "security_code", "zip") else ""
    extra += ' class="short"' if field in ("expiry", "security_code", "zip") else ""
    value = escape(_kept(typed.get(field, ""))) if field in KEPT else ""
    parts.append(
        f'<input id="{field}" name="{field}" type="text" maxlength="100" value="{value}"'
        f' autocomplete="{_AUTOCOMPLETE[field]}" spellcheck="false"{extra}>'
    )
    return f'<div class="field{" wrong" if said else ""}">{"".join(parts)}</div>'


def _kept(typed: str) -> str:
    """What was typed, unless it may be a card number in the wrong field."""
    return "" if sum(character.isdigit() for character in typed) > 9 else typed[:100]


def _test_cards(language: str, saves: bool) -> str:
    rows = []
    for number in cards.OFFERED:
        card = cards.look_up(number)
        word = card.outcome
        if word == cards.SECOND_STEP and card.after_step != cards.APPROVED:
            word = "second_step_no"
        if saves and card.outcome != cards.APPROVED and card.saving != card.outcome:
            word = "saved_no"
        elif saves and card.outcome == cards.SECOND_STEP:
            word = "saved_step"
        cuts = (0, 4, 10, 15) if len(number) == 15 else (0, 4, 8, 12, 16)
        shown = " ".join(number[start:end] for start, end in pairwise(cuts))
        rows.append(f'<tr><td><bdi dir="ltr">{shown}</bdi></td><td>{escape(say(language, f"card.{word}"))}</td></tr>')
    return (
        f"<details><summary>{escape(say(language, 'cards_title'))}</summary>"
        f"<p>{escape(say(language, 'cards_text'))}</p>"
        f'<table><thead><tr><th scope="col">{escape(say(language, "cards_number"))}</th>'
        f'<th scope="col">{escape(say(language, "cards_what"))}</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></details>"
    )


def _page(language: str, title: str, body: str, path: str, head: str | None = None) -> str:
    choices = "".join(
        f'<span aria-current="true" lang="{code}">{name}</span>'
        if code == language
        else f'<a href="{escape(path)}?language={code}" lang="{code}" hreflang="{code}">{name}</a>'
        for code, name in LANGUAGES.items()
    )
    sandbox = escape(say(language, "sandbox"))
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{escape(head or title)} - {sandbox}</title><style>{_STYLE}</style></head><body>"
        f'<a class="skip" href="#main">{escape(say(language, "skip"))}</a><header>'
        f'<p class="strip"><strong>{sandbox}.</strong> {escape(say(language, "test_only"))}</p>'
        f'<nav aria-label="{escape(say(language, "language"))}">{choices}</nav></header>'
        f'<main id="main" tabindex="-1"><h1>{escape(title)}</h1>{body}</main></body></html>'
    )
