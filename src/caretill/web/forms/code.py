"""The contact on file, the code that was mailed to it, and the check code of a receipt."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from django.http import HttpRequest

from caretill.regions.models import Region
from caretill.web.forms.form import Form, Reader

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
LONGEST_EMAIL = 254


@dataclass(frozen=True)
class ContactForm(Form):
    """The mail address and the ZIP code that stand on file."""

    email: str = ""
    zip: str = ""

    @classmethod
    def read(cls, request: HttpRequest, region: Region) -> Self:
        """What was posted, or an empty form."""
        reader = Reader(request)
        email = reader.text("email", missing="code.error.email_missing", longest=LONGEST_EMAIL)
        if email and not _EMAIL.fullmatch(email):
            reader.fault("email", "code.error.email_shape")
        zip_code = reader.text("zip", missing="code.error.zip_missing")
        if zip_code and region.fields["zip"].clean(zip_code) is None:
            reader.fault("zip", "find.error.zip_shape")
        return cls(email=email, zip=zip_code, **reader.outcome())  # type: ignore[arg-type]


@dataclass(frozen=True)
class CodeForm(Form):
    """A code as typed: `code`. Blanks and dashes do not matter."""

    code: str = ""

    @classmethod
    def read(cls, request: HttpRequest, missing: str) -> Self:
        """What was posted, or an empty form; `missing` is the fault of an empty field."""
        reader = Reader(request)
        code = reader.text("code", missing=missing)
        return cls(code=code, **reader.outcome())  # type: ignore[arg-type]

    @property
    def bare(self) -> str:
        """Without what people put between its parts."""
        return re.sub(r"[\s\-\u2010-\u2015]+", "", self.code)
