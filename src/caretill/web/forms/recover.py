"""Forms of the ways back in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from django.http import HttpRequest

from caretill.regions.models import Region
from caretill.web.forms.details import LONGEST_EMAIL
from caretill.web.forms.find import FieldsForm
from caretill.web.forms.form import Form, Reader
from caretill.web.forms.sign_in import judge, typed

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True)
class ForgotForm(FieldsForm):
    """The facts that a region asks of who registers and, for a new password, the address they sign in with."""

    email: str = ""

    @classmethod
    def read(cls, request: HttpRequest, region: Region, *, email: bool) -> Self:  # type: ignore[override]
        """What was posted, or an empty form."""
        facts = FieldsForm.read(request, region, region.register)
        reader = Reader(request)
        address = _address(reader) if email else ""
        own = cls(**reader.outcome())  # type: ignore[arg-type]
        return cls((*own.faults, *facts.faults), own.sent and facts.sent, facts.typed, facts.clean, email=address)

    def entries(self) -> dict[str, str]:
        """What was typed, to be posted once more."""
        return {**super().entries(), "email": self.email}


@dataclass(frozen=True)
class InvitedForm(Form):
    """The address alone."""

    email: str = ""

    @classmethod
    def read(cls, request: HttpRequest) -> Self:
        """What was posted, or an empty form."""
        reader = Reader(request)
        return cls(email=_address(reader), **reader.outcome())  # type: ignore[arg-type]


def _address(reader: Reader) -> str:
    address = reader.text("email", missing="register.error.email_missing", longest=LONGEST_EMAIL)
    if address and not _ADDRESS.fullmatch(address):
        reader.fault("email", "register.error.email_shape")
    return address


@dataclass(frozen=True)
class ResetForm(Form):
    """A new password and, where a second step is set up, its code."""

    new_password: str = ""
    code: str = ""

    @classmethod
    def read(cls, request: HttpRequest, about: Sequence[str], *, short: bool, second: bool) -> Self:
        """What was posted, judged."""
        reader = Reader(request)
        password = typed(reader, "new_password")
        if reader.judged:
            judge(reader, "new_password", password, about, short=short)
        code = reader.text("code", missing="recover.error.code_missing") if second else ""
        return cls(new_password=password, code=code, **reader.outcome())  # type: ignore[arg-type]
