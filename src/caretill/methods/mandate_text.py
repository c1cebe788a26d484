"""The words of what somebody agrees to, in their language, whole (rules.md ACH-1, EFT-1, COF-1).

Each holds: that it is an authorization, who takes the money, from which account (its last digits), how much or how that
is reckoned, when or how often, how to end it, that a copy comes by mail. The figures that a text was made from are kept
beside it: the same can be said again for the account that takes over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from babel.dates import format_date
from babel.lists import format_list

from caretill.core import money
from caretill.core.words import say
from caretill.regions.catalog import organisation

# Goes up with every change of words/*/mandate.toml: whoever agreed, agreed to the words of one version.
VERSION = "2026-11-22"
MandateKind = Literal["once", "schedule", "recurring", "plan", "save"]
Account = Literal["card", "bank"]
Scope = Literal["all", "kind", "person"]


@dataclass(frozen=True)
class MandateText:
    """What is shown before the press, and kept after it. `text`: its paragraphs, with a blank line between two."""

    kind: MandateKind
    language: str
    title: str
    text: str
    summary: str
    version: str
    figures: dict[str, Any]

    @property
    def hash(self) -> bytes:
        """SHA-256 of all that was shown."""
        return hashlib.sha256("\n".join((self.version, self.language, self.title, self.text)).encode()).digest()

    @property
    def paragraphs(self) -> list[str]:
        return self.text.split("\n\n")


def words(
    kind: MandateKind,
    language: str,
    *,
    region: str,
    account: Account,
    last4: str = "",
    account_type: str = "",
    brand: str = "",
    corporate: bool = False,
    amount_cents: int | None = None,
    last_cents: int | None = None,
    on: Sequence[date | str] = (),
    scope: Scope = "all",
    at_most_cents: int | None = None,
    day: int | None = None,
    days_before: int | None = None,
    guest: bool = False,
) -> MandateText:
    """The text for a kind of agreement.

    `account`: card or bank; `last4` empty means the card that is typed on the processor's page next. once: amount and
    one day. schedule: amount of each, and its days. plan: amount of each, all its days, `last_cents` where the last
    differs. recurring: `scope`, `at_most_cents` (None: no limit), and `day` of the month or `days_before` due (0: that
    day). save: nothing more. Raises ValueError where a figure lacks that the kind must tell.
    """
    days = [each if isinstance(each, date) else date.fromisoformat(each) for each in on]
    figures: dict[str, Any] = {
        "region": region, "account": account, "last4": last4, "account_type": account_type, "brand": brand,
        "corporate": corporate, "amount_cents": amount_cents, "last_cents": last_cents,
        "on": [each.isoformat() for each in days], "scope": scope, "at_most_cents": at_most_cents, "day": day,
        "days_before": days_before, "guest": guest,
    }  # fmt: skip
    known = organisation().languages
    teller = _Teller(language if language in known else known[0], kind, figures, days)
    title = say(teller.language, f"mandate.title.{account}{'_save' if kind == 'save' else ''}")
    summary = say(teller.language, f"mandate.summary.{kind}", amount=money.show(amount_cents or 0), n=max(1, len(days)))
    return MandateText(kind, teller.language, title, "\n\n".join(teller.told()), summary, VERSION, figures)


def again(text_figures: dict[str, Any], kind: MandateKind, language: str, **changed: Any) -> MandateText:
    """The same agreement for another account: `changed` names what differs (account, last4, account_type, brand)."""
    return words(kind, language, **{**text_figures, **changed})


class _Teller:
    """Puts the paragraphs of one text together."""

    def __init__(self, language: str, kind: MandateKind, figures: dict[str, Any], days: list[date]) -> None:
        self.language, self._kind, self._figures, self._days = language, kind, figures, days
        contact = organisation().region(figures["region"]).contact("medical_bills")
        self._about = {"organisation": organisation().name, "phone": contact.phone, "account": self._account()}

    def told(self) -> list[str]:
        """Paragraphs: who and from where; how much and when; how it ends; the law and the copy."""
        bank = self._figures["account"] == "bank"
        if self._kind == "save":
            if bank:
                return [self._say("bank_save", "bank_check", "bank_none"), self._say("stop_save"),
                        self._say("law", "copy")]  # fmt: skip
            return [self._say("card_save", "card_save_use"), self._say("card_told", "stop_save"),
                    self._say("copy_card")]  # fmt: skip
        ends = [self._ends(), *(["again"] if bank else [])]
        last = ["law", "copy"] if bank else ["copy_card"]
        return [self._say("bank" if bank else "card"), " ".join(self._how_much()), self._say(*ends), self._say(*last)]

    def _how_much(self) -> list[str]:
        if self._kind == "recurring":
            return self._recurring()
        amount, days = self._figures["amount_cents"], self._days
        if amount is None or not days:
            raise ValueError(f"an agreement of the kind {self._kind} tells its amount and its days")
        shown, dates = money.show(amount), [self._date(each) for each in days]
        if self._kind == "once":
            return [self._line("once", amount=shown, date=dates[0])]
        if self._kind == "plan":
            lines = [self._line("plan", n=len(days), amount=shown, first=dates[0], last=dates[-1])]
            if self._figures["last_cents"] not in (None, amount):
                lines.append(self._line("plan_last", amount=money.show(self._figures["last_cents"])))
            return lines
        if len(days) == 1:
            return [self._line("dates_one", amount=shown, date=dates[0])]
        listed = format_list(dates, locale=self.language)
        return [self._line("dates", n=len(days), amount=shown, dates=listed)]

    def _recurring(self) -> list[str]:
        figures = self._figures
        lines = [self._line(figures["scope"])]
        if figures["at_most_cents"] is None:
            lines.append(self._line("no_limit"))
        else:
            lines.append(self._line("at_most", amount=money.show(figures["at_most_cents"])))
        if figures["day"] is not None:
            lines.append(self._line("day", day=figures["day"]))
        elif figures["days_before"] is not None:
            before = figures["days_before"]
            lines.append(self._line("days_before", days=before) if before else self._line("due_day"))
        else:
            raise ValueError("an automatic payment tells its day of the month, or its days before a bill is due")
        return [*lines, self._line("notice"), self._line("until")]

    def _ends(self) -> str:
        told = "stop_once" if self._kind == "once" else "stop"
        return f"{told}_guest" if self._figures["guest"] else told

    def _account(self) -> str:
        figures = self._figures
        if figures["account"] == "card":
            key = "card" if figures["last4"] else "card_next"
            brand = figures["brand"].capitalize()
            text = say(self.language, f"mandate.account.{key}", brand=brand, last4=figures["last4"])
            return " ".join(text.split())
        key = figures["account_type"] + ("_business" if figures["corporate"] else "")
        return say(self.language, f"mandate.account.{key}", last4=figures["last4"])

    def _say(self, *keys: str) -> str:
        return " ".join(self._line(key) for key in keys)

    def _line(self, key: str, **figures: object) -> str:
        return say(self.language, f"mandate.text.{key}", **self._about, **figures)

    def _date(self, day: date) -> str:
        return format_date(day, "long", self.language)
