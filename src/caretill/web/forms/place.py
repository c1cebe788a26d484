"""Where care was given: a ZIP code or the name of a region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from django.http import HttpRequest

from caretill.web.forms.form import Form, Reader


@dataclass(frozen=True)
class PlaceForm(Form):
    """`place` as typed."""

    place: str = ""

    @classmethod
    def read(cls, request: HttpRequest) -> Self:
        """What was posted, or an empty form."""
        reader = Reader(request)
        place = reader.text("place", missing="find.where.error.missing")
        return cls(place=place, **reader.outcome())  # type: ignore[arg-type]
