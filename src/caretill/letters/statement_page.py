"""A bill's figures put into words and shares for `templates/statement.typ`. Nothing is added up here but what is shown.

The figures are those of `billing.access.bill_figures`, the same that the screen gets. Amounts are cents until they are
written; shares of the bars are basis points of the full price.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from caretill.core.ids import show_pay_code
from caretill.core.money import show
from caretill.core.words import say
from caretill.letters.dates import day_of, day_there, long_date, short_date
from caretill.letters.letterhead import Letterhead
from caretill.letters.qr import qr_svg
from caretill.letters.scan_line import scan_line
from caretill.regions import catalog

Figures = dict[str, Any]

# Numbers in the order they stand on the paper; those of a row share it.
NUMBER_ROWS = (
    ("bill_number",),
    ("account_number",),
    ("health_record_number",),
    ("group_number", "subgroup", "bill_group"),
)
PARTS = ("copay", "deductible", "coinsurance", "not_covered")
SHOWN_CHANGES = 5
# A change's cents raise (+) or lower (-) what is owed; a discount that grew lowers it, so its sign is turned for words.
CHANGE_CODES = (("charge", 1), ("discount", -1), ("plan_paid", -1), ("written_off", -1))
_WHOLE, _THIN = 10_000, 60
_ZIP_AT_END = re.compile(r"(.*?)\s*(\d{5}(?:-\d{4})?)\s*")
# Clinical vocabularies end a term with its class: "Colonoscopy (procedure)".
_CLASS_AT_END = re.compile(r"\s*\((?:procedure|finding|disorder|situation|regime/therapy|observable entity|event)\)$")


def plain_line(text: str) -> str:
    """The words of a line without the class that a clinical vocabulary puts behind them."""
    return _CLASS_AT_END.sub("", text.strip())


def statement_page(figures: Figures, language: str, head: Letterhead) -> dict[str, Any]:
    """Everything that `statement.typ` shows, in words of that language."""
    care = {"lines": _lines(figures, _Words(language)), "closed": None}
    return {**front(figures, language, head), **bill_words(figures, language), **care}


def front(figures: Figures, language: str, head: Letterhead) -> dict[str, Any]:
    """What is owed, how it is paid and whom to ask: nothing of the care."""
    words, number, statement = _Words(language), figures["number"], statement_number(figures)
    on = statement_date(figures)
    return {
        "title": words("document", number=number, statement=statement),
        "date": [on.year, on.month, on.day],
        "running": words(
            "running", organisation=head.name, number=number, statement=statement, date=long_date(on, language)
        ),
        "page_word": words("page"),
        "of_word": words("of"),
        "numbers": _numbers(figures, words, head),
        "mail": _mail(figures),
        **_owe(figures, words),
        "pay": _pay(figures, words, head),
        "slip": _slip(figures, words, head),
        "ask": _ask(words, head),
    }


def bill_words(figures: Figures, language: str) -> dict[str, Any]:
    """What paper and screen both say of a bill: its kind, what is owed, the care, the money's way, changes."""
    words = _Words(language)
    return {
        "kind": words(f"kind.{figures['kind']}"),
        "kind_text": words(f"kind_text.{figures['kind']}"),
        **_owe(figures, words),
        "care": _care(figures, words),
        "money": _money(figures, words),
        "payments": _payments(figures, words),
        "changes": _changes(figures, words),
    }


def statement_number(figures: Figures) -> int:
    """Which statement of its bill this is."""
    return int(figures.get("statement_number") or 1)


def statement_date(figures: Figures) -> date:
    """The day the statement was made; a sample has only the bill's own."""
    return day_of(figures.get("statement_date") or figures["issue_date"])


class _Words:
    """`say` for this paper's file in one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, key: str, **figures: object) -> str:
        return say(self.language, f"statement.{key}", **figures)

    def money(self, key: str, cents: int) -> str:
        return self(key, amount=show(cents, self.language))

    def minus(self, cents: int) -> str:
        """Written as taken away, with a real minus sign."""
        shown = show(abs(cents), self.language)
        return shown if cents <= 0 else f"\u2212{shown}"


def _numbers(figures: Figures, words: _Words, head: Letterhead) -> list[dict[str, Any]]:
    """Rows of the box of numbers: those that this region asks for, so any number printed here can be typed there."""
    known = {**figures, "bill_number": figures["number"]}
    rows: list[dict[str, Any]] = []
    for names in NUMBER_ROWS:
        printed = [name for name in names if known.get(name) and (name in head.labels or name == "bill_number")]
        if printed:
            cells = [{"spot": name, "title": _label(name, words, head), "value": known[name]} for name in printed]
            rows.append({"spot": "group_block" if len(names) > 1 else "", "cells": cells})
    return rows


def _label(name: str, words: _Words, head: Letterhead) -> str:
    """What the region's form calls the field: paper and form use one name."""
    return head.labels.get(name) or words(f"numbers.{name}")


def _mail(figures: Figures) -> dict[str, Any]:
    """The address of the window, its last name and ZIP code apart because people are asked for them."""
    mail = figures["mail_to"]
    name = mail["name"].strip()
    last = figures.get("guarantor_last") or name.rsplit(" ", 1)[-1]
    if not name.endswith(last):
        last = name
    lines = [line for line in mail["lines"] if line]
    found = _ZIP_AT_END.fullmatch(lines[-1]) if lines else None
    city, zip_code = found.groups() if found else ("", "")
    return {
        "first": name.removesuffix(last).strip(),
        "last": last,
        "lines": lines[:-1] if found else lines,
        "city": city,
        "zip": zip_code,
    }


def _owe(figures: Figures, words: _Words) -> dict[str, Any]:
    open_cents, pending, credit = figures["open_cents"], figures["pending_cents"], figures["credit_cents"]
    due_day = long_date(figures["due_date"], words.language)
    if credit > 0 and open_cents <= 0:
        return {"owe": words.money("owe.credit", credit), "due": "", "notes": [words("owe.credit_note")]}
    if open_cents <= 0:
        return {"owe": words.money("owe.paid", 0), "due": "", "notes": [words("owe.paid_note")]}
    notes = []
    if pending >= open_cents:
        return {
            "owe": words.money("owe.open", open_cents),
            "due": "",
            "notes": [words.money("owe.all_pending_note", pending)],
        }
    if pending > 0:
        left = show(figures["payable_cents"], words.language)
        notes.append(words("owe.pending_note", amount=show(pending, words.language), left=left))
    late = figures["status"] == "overdue"
    if late:
        notes.append(words("owe.overdue_note"))
    return {
        "owe": words.money("owe.open", open_cents),
        "due": words("owe.overdue" if late else "owe.due", date=due_day),
        "notes": notes,
    }


def _care(figures: Figures, words: _Words) -> list[list[str]]:
    start, end = figures["service_from"], figures["service_to"]
    dates = long_date(start, words.language)
    if end and day_of(end) != day_of(start):
        dates = words("care.range", start=short_date(start, words.language), end=short_date(end, words.language))
    return [
        [words("care.patient"), figures["patient_name"]],
        [words("care.provider"), figures["provider_name"]],
        [words("care.dates"), dates],
    ]


def _pay(figures: Figures, words: _Words, head: Letterhead) -> dict[str, str]:
    url = pay_url(head, figures["pay_code"])
    due = figures["payable_cents"] > 0
    return {
        "qr": qr_svg(url),
        "qr_alt": words("pay.qr", url=url),
        "heading": words("pay.heading" if due else "pay.none_heading"),
        "scan": words("pay.scan"),
        "go": words("pay.go"),
        "url": head.public_url,
        "site": head.site,
        "pay_code_title": _label("pay_code", words, head),
        "pay_code": show_pay_code(figures["pay_code"]),
        "others": words("pay.phone_and_mail" if due else "pay.none_others", phone=head.phone),
    }


def pay_url(head: Letterhead, pay_code: str) -> str:
    """What the QR code opens, in the language of the paper."""
    ending = "" if head.language == "en" else f"?lang={head.language}"
    return f"{head.public_url}/p/{pay_code}{ending}"


def _steps(figures: Figures) -> list[tuple[str, int, str]]:
    """What came off the full price, in order: name, cents, pattern. Payments of more than one kind share a row."""
    paid = [(name, figures[f"{name}_cents"]) for name in ("desk_paid", "elsewhere_paid", "paid_here")]
    paid = [(name, cents) for name, cents in paid if cents]
    if len(paid) > 1:
        paid = [("paid", sum(cents for _, cents in paid))]
    steps = [("discount", figures["discount_cents"], "stripes"), ("plan", figures["plan_paid_cents"], "dots")]
    steps += [(name, cents, "bars") for name, cents in paid]
    steps.append(("written_off", figures["written_off_cents"], "white"))
    return [step for step in steps if step[1]]


def _money(figures: Figures, words: _Words) -> dict[str, Any]:
    full = figures["charged_cents"]
    open_cents, credit = figures["open_cents"], figures["credit_cents"]

    def bar(start: int, length: int) -> dict[str, int]:
        if full <= 0 or length == 0:
            return {"from_bp": 0, "width_bp": 0}
        first = min(max(start, 0) * _WHOLE // full, _WHOLE - _THIN)
        last = min(max(start + length, 0) * _WHOLE // full, _WHOLE)
        return {"from_bp": first, "width_bp": max(last - first, _THIN)}

    def row(name: str, amount: str, fill: str, strong: bool, start: int, length: int) -> dict[str, Any]:
        title = words(f"money.row.{name}")
        return {"title": title, "amount": amount, "fill": fill, "strong": strong, **bar(start, length)}

    rows = [row("full", show(full), "full", False, 0, full)]
    left, part, part_shown = full, figures["your_part_cents"], False
    for name, cents, fill in _steps(figures):
        if name not in ("discount", "plan") and not part_shown and 0 <= part < full:
            rows.append(row("part", show(part), "part", False, 0, part))
            part_shown = True
        left -= cents
        rows.append(row(name, words.minus(cents), fill, False, left, cents))
    if credit > 0 and open_cents <= 0:
        rows.append(row("credit", show(credit), "owe", True, 0, credit))
    else:
        rows.append(row("open", show(open_cents), "owe", True, 0, open_cents))
    return {
        "heading": words("money.heading"),
        "sentence": _money_sentence(figures, words),
        "head": [words(f"money.head.{name}") for name in ("step", "amount", "share")],
        "rows": rows,
    }


def _money_sentence(figures: Figures, words: _Words) -> str:
    paid = figures["desk_paid_cents"] + figures["elsewhere_paid_cents"] + figures["paid_here_cents"]
    said = [words.money("money.full", figures["charged_cents"])]
    for key, cents in (("discount", figures["discount_cents"]), ("plan", figures["plan_paid_cents"])):
        if cents:
            said.append(words.money(f"money.{key}", cents))
    if len(said) == 1:
        said.append(words("money.no_plan"))
    if paid:
        said.append(words.money("money.paid", paid))
    if figures["written_off_cents"]:
        said.append(words.money("money.written_off", figures["written_off_cents"]))
    if figures["credit_cents"] > 0 and figures["open_cents"] <= 0:
        said.append(words.money("money.credit", figures["credit_cents"]))
    else:
        said.append(words.money("money.open", figures["open_cents"]))
    return " ".join(said)


def _slip(figures: Figures, words: _Words, head: Letterhead) -> dict[str, Any] | None:
    """The part to send back; none where there is nothing to send."""
    due = figures["payable_cents"]
    if due <= 0:
        return None
    payee = head.payees.get(figures["payee"], head.legal_name)
    return {
        "cut": words("slip.cut"),
        "heading": words("slip.heading"),
        "check_to": words("slip.check_to"),
        "payee": payee,
        "text": words("slip.text", number=figures["number"]),
        "mail_to": words("slip.mail_to"),
        "address": list(head.mail_address),
        "facts": [
            [_label("bill_number", words, head), figures["number"]],
            [words("slip.due_by"), short_date(figures["due_date"], words.language)],
            [_label("pay_code", words, head), show_pay_code(figures["pay_code"])],
            [words("slip.dated"), short_date(statement_date(figures), words.language)],
        ],
        "due_title": words("slip.amount_due"),
        "due": show(due),
        "send_title": words("slip.amount_sent"),
        "scan": scan_line(figures["pay_code"], statement_number(figures), due),
    }


def _lines(figures: Figures, words: _Words) -> dict[str, Any]:
    lines = figures["lines"]
    columns = ["charge_cents"]
    columns += [name for name in ("discount_cents", "plan_paid_cents") if any(line.get(name) for line in lines)]
    titles = {"charge_cents": "full", "discount_cents": "discount", "plan_paid_cents": "plan"}

    def amounts(row: dict[str, int]) -> list[str]:
        part = row["charge_cents"] - row["discount_cents"] - row["plan_paid_cents"]
        taken = [words.minus(row[name]) if row[name] else show(0) for name in columns[1:]]
        return [show(row["charge_cents"]), *taken, show(part)]

    sums = {name: sum(line.get(name) or 0 for line in lines) for name in titles}
    return {
        "heading": words("lines.heading"),
        "columns": len(columns) + 1,
        "head": [words(f"lines.{name}") for name in ("date", "what", *(titles[each] for each in columns), "part")],
        "rows": [
            {
                "date": short_date(line["service_date"], words.language),
                "what": plain_line(line["text"]),
                "detail": _detail(line, words),
                "amounts": amounts({name: line.get(name) or 0 for name in titles}),
            }
            for line in lines
        ],
        "none": words("lines.none"),
        "total": words("lines.total"),
        "totals": amounts(sums),
        "meanings": [words(f"meaning.{name}") for name in PARTS if any(line.get(f"{name}_cents") for line in lines)],
    }


def _detail(line: dict[str, Any], words: _Words) -> str:
    units = str(line.get("units") or "1")
    units = units.rstrip("0").rstrip(".") if "." in units else units
    said = [words.money(f"lines.{name}", line[f"{name}_cents"]) for name in PARTS if line.get(f"{name}_cents")]
    if units != "1":
        said.append(words("lines.units", units=units))
    if line.get("code"):
        said.append(words("lines.code", code=line["code"]))
    return " · ".join(said)


def _payments(figures: Figures, words: _Words) -> dict[str, Any]:
    rows = [
        [
            long_date(paid["date"], words.language),
            words(f"payments.{paid['kind']}"),
            show(paid["amount_cents"]),
        ]
        for paid in figures["payments"]
    ]
    return {
        "heading": words("payments.heading"),
        "head": [words(f"payments.{name}") for name in ("date", "how", "amount")],
        "rows": rows,
    }


def _changes(figures: Figures, words: _Words) -> dict[str, Any]:
    """What newer versions changed, the latest last: a sentence for each kind of change, then the sum."""
    rows, zone = [], catalog.region(figures["region"]).zone
    for change in figures["changes"][-SHOWN_CHANGES:]:
        said = []
        for code, sign in CHANGE_CODES:
            raised = sign * change["deltas"].get(code, 0)
            if raised:
                said.append(words.money(f"changes.{code}.{'up' if raised > 0 else 'down'}", abs(raised)))
        total = sum(change["deltas"].get(code, 0) for code, _ in CHANGE_CODES)
        if total:
            said.append(words.money(f"changes.total.{'up' if total > 0 else 'down'}", abs(total)))
        else:
            said.append(words("changes.total.same"))
        rows.append(
            [words("changes.on", date=long_date(day_there(change["at"], zone), words.language)), " ".join(said)]
        )
    return {"heading": words("changes.heading"), "rows": rows}


def _ask(words: _Words, head: Letterhead) -> dict[str, Any]:
    """The notices are the organisation's own words (rules.md BIL-1); only the questions are ours."""
    questions = [words("ask.questions", phone=head.phone, tty=head.tty), *head.hours, words("ask.write")]
    return {
        "heading": words("ask.heading"),
        "boxes": [
            {"heading": head.help_title, "lines": _paragraphs(head.help_text)},
            {"heading": head.billing_title, "lines": _paragraphs(head.billing_text)},
            {"heading": words("ask.questions_heading"), "lines": questions, "email": head.email},
        ],
        "languages_heading": words("ask.languages_heading"),
    }


def _paragraphs(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]
