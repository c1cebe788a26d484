"""Reading `organisation.toml` and `notices/*.toml`: the organisation itself, its payees, its look, its texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from pathlib import Path

from caretill.core.words import LANGUAGES
from caretill.formats import nacha
from caretill.regions import bankdays
from caretill.regions.logo import logo_problems
from caretill.regions.models import LINKS, DebitBank, LanguageLine, Payee, ProcessorFees
from caretill.regions.plan_rules import read_plan_terms
from caretill.regions.reading import Table
from caretill.regions.region_file import ACCOUNT, NAME, PHONE, PHONE_LIKE, Holidays, read_holidays
from caretill.regions.theme import read_theme

_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_TAX_ID = re.compile(r"[0-9]{2}-[0-9]{7}")
_ROUTING = re.compile(r"[0-9]{9}")
_ORIGIN = re.compile(r"[A-Z0-9]{9,10}")
_CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?")
# Texts that a paper or a page shows and that need the organisation's own words (rules.md BIL-1).
TEXTS: Mapping[str, str] = {
    "billing_notice": "on every bill: who bills what, and what to do when something is wrong",
    "assistance_notice": "on every bill, pay page, plan and receipt: help with paying exists, and where",
    "assistance_summary": "the plain-language summary of the assistance policy: who can get it, how, at what cost",
}
# Texts that somebody agrees to; the version is kept with each consent (rules.md ESG-1).
AGREEMENTS: Mapping[str, str] = {
    "terms": "to whoever registers: what the account is, and what both sides may expect",
    "paperless": "to whoever wants no paper: the right to paper, what it covers, how to go back, what is needed",
}
# Days after which the content of papers that were taken over is deleted here, where the organisation says nothing.
DOCUMENTS_DAYS = 90
Texts = dict[str, dict[str, str]]
_LINK = re.compile(r"https://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[A-Za-z0-9._~/-]*)?")
FILLS = ("name", "short_name", "website", "phone", "tty", "email", "mail_address")
LINE_FILLS = ("phone", "tty")


@dataclass(frozen=True)
class Front:
    """What `organisation.toml` says, before regions and texts are known."""

    values: Mapping[str, object]
    payees: Mapping[str, Payee]
    languages: tuple[str, ...]
    holidays: Holidays


def read_front(table: Table, folder: Path) -> Front:
    """Everything in `organisation.toml`."""
    languages = _read_languages(table)
    values: dict[str, object] = {
        "name": table.text("name", longest=60),
        "short_name": table.text("short_name", longest=24),
        "slug": table.text("slug", re.compile(r"[a-z][a-z0-9-]{1,30}"), "larkspur"),
        "legal_name": table.text("legal_name", longest=80),
        "address_lines": table.texts("address_lines", fewest=2),
        "website_host": table.text("website_host", _HOST, "pay.example.org"),
        "links": _read_links(table.table("links", needed=False)),
        "documents_days": table.whole("documents_days", 1, 3650, needed=False) or DOCUMENTS_DAYS,
        "debit_bank": _read_debit_bank(table.table("ach", needed=False)) if "ach" in table else None,
        "logo_svg": _read_logo(table, "logo", folder),
        "logo_paper_svg": _read_logo(table, "logo_paper", folder, one_colour=True),
        "theme": read_theme(table.table("theme")),
    }
    if "plans" in table:
        values["plans"] = read_plan_terms(table.table("plans"), languages)
    if "processor_fees" in table:
        values["processor_fees"] = _read_fees(table.table("processor_fees"))
    payees = {key: _read_payee(key, inner) for key, inner in table.named("payees").items()}
    holidays = read_holidays(table.named("holidays", needed=False), languages)
    table.close()
    return Front(values, payees, languages, holidays)


def _read_languages(table: Table) -> tuple[str, ...]:
    languages = table.texts("languages", _LANGUAGE, "en")
    for number, language in table.many("languages", str, needed=False):
        if language not in LANGUAGES:
            table.fault("languages", f'"languages" in {table.title}: Caretill has no words in "{language}"', number)
    if languages and "en" not in languages:
        table.fault("languages", f'"languages" in {table.title}: "en" must be one of them')
    return languages or ("en",)


def _read_links(table: Table) -> dict[str, str]:
    """`[links]`: pages of the organisation's own, whichever of them it has, in the order of `LINKS`."""
    found = {name: table.text(name, _LINK, "https://www.example.org/records", needed=False) for name in LINKS}
    table.close()
    return {name: address for name, address in found.items() if address}


def _read_debit_bank(table: Table) -> DebitBank:
    """`[ach]`: the bank that takes files of bank debits. Without it there are none."""
    routing = table.text("routing", _ROUTING, "125099996")
    if routing and nacha.routing_fault(routing):
        table.fault("routing", f'"routing" in {table.title}: {routing} is no routing number: its check digit is wrong')
    cut_off = table.text("cut_off", _CLOCK, f"{bankdays.CUT_OFF:%H:%M}", needed=False)
    bank = DebitBank(
        name=table.text("bank_name", longest=23),
        routing=routing,
        origin=table.text("origin", _ORIGIN, "1001000001"),
        cut_off=time.fromisoformat(cut_off) if cut_off else bankdays.CUT_OFF,
        same_day=table.choice("same_day", ("yes", "no")) == "yes",
    )
    table.close()
    return bank


def _read_logo(table: Table, key: str, folder: Path, one_colour: bool = False) -> str:
    name = table.text(key, re.compile(r"[a-z0-9-]+\.svg"), "logo.svg")
    if not name:
        return ""
    for problem in logo_problems(folder / name, one_colour):
        table.fault(key, f'"{key}" in {table.title}: {name} {problem}')
    return str((folder / name).resolve())


def _read_payee(key: str, table: Table) -> Payee:
    if not NAME.fullmatch(key):
        table.fault(None, f'{table.title}: "{key}" must be small letters, digits and underscores')
    payee = Payee(
        key=key,
        name=table.text("name", longest=40),
        legal_name=table.text("legal_name", longest=80),
        tax_id=table.text("tax_id", _TAX_ID, "00-1234567"),
        remit_address_lines=table.texts("remit_address_lines", fewest=2),
        processor_account=table.text("processor_account", ACCOUNT, "acct_hospital"),
        phone=table.text("phone", PHONE, PHONE_LIKE),
    )
    table.close()
    return payee


def _read_fees(table: Table) -> ProcessorFees:
    """`[processor_fees]`: what was agreed with the processor; a fee above it is listed by `caretill reconcile`."""
    fees = ProcessorFees(
        basis_points=table.whole("basis_points", 0, 2_000) or 0,
        fixed_cents=table.whole("fixed_cents", 0, 10_000) or 0,
        dispute_cents=table.whole("dispute_cents", 0, 100_000) or 0,
    )
    table.close()
    return fees


def read_notice(table: Table, language: str, spoken: bool) -> tuple[LanguageLine, Texts]:
    """One file of `notices/`: the line that offers help in that language and, where pages are `spoken` in it, texts."""
    if not _LANGUAGE.fullmatch(language):
        table.fault(None, f'the name of this file, "{language}", is not a language code such as "es" or "zh-Hant"')
    line = _read_line(table, language)
    texts: Texts = {}
    if spoken:
        outer = table.table("texts")
        for key in TEXTS:
            inner = outer.table(key)
            texts[key] = {"title": inner.prose("title", 80, FILLS), "text": inner.prose("text", 4000, FILLS)}
            inner.close()
        for key in AGREEMENTS:
            inner = outer.table(key)
            version = inner.text("version", re.compile(r"[0-9a-z.-]{1,20}"), "2026-11")
            text = {"title": inner.prose("title", 80, FILLS), "text": inner.prose("text", 8000, FILLS)}
            texts[key] = text | {"version": version}
            inner.close()
        outer.close()
    table.close()
    return line, texts


def _read_line(table: Table, language: str) -> LanguageLine:
    inner = table.table("language_line")
    line = LanguageLine(
        language=language,
        name=table.text("name", longest=40),
        direction=table.choice("direction", ("ltr", "rtl")),
        text=inner.prose("text", 600, LINE_FILLS),
        source=inner.text("source"),
        translator=inner.text("translator"),
        reviewer=inner.text("reviewer", needed=False),
        reviewed_on=inner.day("reviewed_on", needed=False),
    )
    if line.text:
        for fill in LINE_FILLS:
            if f"{{{fill}}}" not in line.text:
                inner.fault("text", f'"text" in {inner.title} must name the {fill}: {{{fill}}}')
    if line.reviewer and line.reviewed_on is None:
        inner.fault("reviewer", f'{inner.title} names a reviewer and no day: "reviewed_on" is missing')
    inner.close()
    return line
