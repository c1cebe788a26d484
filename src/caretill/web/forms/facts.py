"""The second fact: a last name or a ZIP code, either of them or both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from django.http import HttpRequest

from caretill.regions.models import Region
from caretill.web.forms.form import Form, Reader


def read_facts(reader: Reader, region: Region, both: bool = False) -> dict[str, str]:
    """`last_name` and `zip` as typed. At least one must be there, and each that is there must look like one."""
    typed = {name: reader.text(name) for name in ("last_name", "zip")}
    for name, value in typed.items():
        if value and region.fields[name].clean(value) is None:
            reader.fault(name, f"find.error.{name}_shape")
        elif both and not value:
            reader.fault(name, f"find.error.{name}_missing")
    if not any(typed.values()):
        reader.fault("last_name", "find.error.second_missing")
    return typed


@dataclass(frozen=True)
class FactsForm(Form):
    """The second fact alone, where the number is known already; `both` for what opens more than an amount."""

    last_name: str = ""
    zip: str = ""

    @classmethod
    def read(cls, request: HttpRequest, region: Region, both: bool = False) -> Self:
        """What was posted, or an empty form."""
        reader = Reader(request)
        typed = read_facts(reader, region, both)
        return cls(**typed, **reader.outcome())  # type: ignore[arg-type]

    def entries(self) -> dict[str, str]:
        """What was typed, to be posted once more."""
        return {"last_name": self.last_name, "zip": self.zip}
