"""The number on the bill and a second fact, or a region's full set of fields."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Self

from django.http import HttpRequest

from caretill.regions import numbers
from caretill.regions.models import Lookup, Region
from caretill.web import preferences
from caretill.web.forms.facts import FactsForm, read_facts
from caretill.web.forms.form import Form, Reader

_NUMBER = re.compile(r"[0-9A-Z]{3,24}")
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015\u2212.]+")
_FLOW = re.compile(r"[0-9a-f]{16}")


def started(request: HttpRequest) -> str:
    """The id of the payment that what is found shall join (`?add=`), or empty."""
    told = request.POST.get("add") or request.GET.get("add") or ""
    return told if _FLOW.fullmatch(told) else ""


@dataclass(frozen=True)
class FindForm(FactsForm):
    """One box for any number on the paper, and a last name or a ZIP code (either, or both)."""

    number: str = ""
    add: str = ""

    @classmethod
    def read(cls, request: HttpRequest, region: Region, both: bool = False) -> Self:
        """What was posted, or an empty form."""
        reader = Reader(request)
        number = reader.text("number", missing="find.error.number_missing")
        if number and not _NUMBER.fullmatch(bare(number)):
            reader.fault("number", "find.error.number_shape")
        typed = read_facts(reader, region, both)
        return cls(number=number, add=started(request), **typed, **reader.outcome())  # type: ignore[arg-type]

    @classmethod
    def of(cls, form: FieldsForm, lookup: Lookup) -> Self:
        """What stands in the full fields of a lookup, as far as it has a place beside the one box."""
        typed = form.typed
        facts = (typed.get("last_name", ""), typed.get("zip", ""))
        return cls(form.faults, form.sent, *facts, number=typed[lookup.number_field], add=form.add)

    def entries(self) -> dict[str, str]:
        """What was typed, to be posted once more."""
        return {"number": self.number, "add": self.add, **super().entries()}


def bare(number: str) -> str:
    """The number in capitals without what people put between its parts."""
    return _SEPARATORS.sub("", number).upper()


@dataclass(frozen=True)
class FieldsForm(Form):
    """The fields of one of the region's lookups: as typed, and in the spelling that is searched for."""

    typed: dict[str, str] = field(default_factory=dict)
    clean: dict[str, str] = field(default_factory=dict)
    add: str = ""

    @classmethod
    def read(cls, request: HttpRequest, region: Region, lookup: Lookup) -> Self:
        """What was posted, or an empty form."""
        reader = Reader(request)
        language = preferences.of(request).language
        typed: dict[str, str] = {}
        clean: dict[str, str] = {}
        for name in lookup.fields:
            asked = region.fields[name]
            typed[name] = reader.text(name)
            if not typed[name]:
                reader.fault(name, "find.fields.error.missing", label=asked.label[language])
                continue
            value = numbers.stored_value(region, name, typed[name])
            if value is None:
                reader.fault(name, "find.fields.error.shape", label=asked.label[language], example=asked.example)
            clean[name] = value or ""
        return cls(typed=typed, clean=clean, add=started(request), **reader.outcome())  # type: ignore[arg-type]

    def entries(self) -> dict[str, str]:
        """What was typed, to be posted once more."""
        return {**self.typed, "add": self.add}
