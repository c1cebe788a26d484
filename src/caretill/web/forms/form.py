"""The shape of every form: values, faults, and whether it is new, kept for another language, or to be acted on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from django.http import HttpRequest, QueryDict

from caretill.core.redact import looks_like_card
from caretill.web import preferences

LONGEST_TEXT = 64


@dataclass(frozen=True)
class Fault:
    """What is wrong with one field: a key of words and its figures."""

    name: str
    key: str
    figures: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Form:
    """`sent` is true when the form was posted to be acted on and nothing in it is wrong."""

    faults: tuple[Fault, ...] = ()
    sent: bool = False

    def fault(self, name: str) -> Fault | None:
        """The fault of a field, if it has one."""
        return next((each for each in self.faults if each.name == name), None)

    def wrong(self, name: str, key: str, **figures: object) -> Self:
        """The same form with a fault that only the verb behind it could find."""
        return replace(self, faults=(*self.faults, Fault(name, key, figures)), sent=False)


class Reader:
    """Takes texts out of a request one by one and collects what is wrong with them.

    A post that only switches the language or the look is read as well, so nothing typed is lost, but not judged.
    """

    def __init__(self, request: HttpRequest) -> None:
        self.post: QueryDict = request.POST if request.method == "POST" else QueryDict()
        self.judged = request.method == "POST" and not preferences.switched(request)
        self._faults: list[Fault] = []

    def fault(self, name: str, key: str, **figures: object) -> None:
        """Note what is wrong; one fault a field, the first."""
        if all(each.name != name for each in self._faults):
            self._faults.append(Fault(name, key, figures))

    def text(self, name: str, missing: str | None = None, longest: int = LONGEST_TEXT) -> str:
        """What was typed, blanks tidied. `missing` is the fault for nothing. A card number is refused and forgotten."""
        typed = " ".join(self.post.get(name, "").split())
        if looks_like_card(typed):
            self.fault(name, "errors.form.card_number")
            return ""
        if not typed.isprintable():
            self.fault(name, "errors.form.characters")
            typed = "".join(each for each in typed if each.isprintable())
        if len(typed) > longest:
            self.fault(name, "errors.form.too_long", most=longest)
        elif not typed and missing:
            self.fault(name, missing)
        return typed[:longest]

    def outcome(self) -> dict[str, object]:
        """The fields that every form has."""
        faults = tuple(self._faults) if self.judged else ()
        return {"faults": faults, "sent": self.judged and not faults}
