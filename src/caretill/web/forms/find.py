"""The number on the bill and a second fact, or a region's full set of fields."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Self

from django.http import HttpRequest

from caretill.regions.models import Lookup, Region
from caretill.web import preferences
from caretill.web.forms.form import Form, Reader

_NUMBER = re.compile(r"[0-9A-Z]{3,24}")
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015\u2212.]+")


@dataclass(frozen=True)
class FindForm(Form):
    """One box for any number on the paper, and a last name or a ZIP code (either, or both)."""

    number: str = ""
    last_name: str = ""
    zip: str = ""

    @classmethod
    def read(cls, request: HttpRequest, region: Region) -> Self:
        """What was posted, or an empty form."""
        reader = Reader(request)
        number = reader.text("number", missing="find.error.number_missing")
        last_name = reader.text("last_name")
        zip_code = reader.text("zip")
        if number and not _NUMBER.fullmatch(_SEPARATORS.sub("", number.upper())):
            reader.fault("number", "find.error.number_shape")
        if last_name and region.fields["last_name"].clean(last_name) is None:
            reader.fault("last_name", "find.error.last_name_shape")
        if zip_code and region.fields["zip"].clean(zip_code) is None:
            reader.fault("zip", "find.error.zip_shape")
        if not last_name and not zip_code:
            reader.fault("last_name", "find.error.second_missing")
        return cls(number=number, last_name=last_name, zip=zip_code, **reader.outcome())  # type: ignore[arg-type]


@dataclass(frozen=True)
class FieldsForm(Form):
    """The fields of one of the region's lookups: as typed, and in the spelling that is searched for."""

    typed: dict[str, str] = field(default_factory=dict)
    clean: dict[str, str] = field(default_factory=dict)

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
            value = asked.clean(typed[name])
            if value is None:
                reader.fault(name, "find.fields.error.shape", label=asked.label[language], example=asked.example)
            clean[name] = value or ""
        return cls(typed=typed, clean=clean, **reader.outcome())  # type: ignore[arg-type]
