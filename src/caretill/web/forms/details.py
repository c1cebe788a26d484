"""Who pays, and where the receipt goes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from django.http import HttpRequest

from caretill.web.forms.form import Form, Reader
from caretill.web.visit import Flow

LONGEST_NAME = 80
LONGEST_EMAIL = 254
# What browsers take for one address (HTML, "valid e-mail address"), with a dot in the host: mail leaves this house.
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+"
)


@dataclass(frozen=True)
class DetailsForm(Form):
    """A name, and an email address or none."""

    payer_name: str = ""
    email: str = ""

    @classmethod
    def read(cls, request: HttpRequest, flow: Flow) -> Self:
        """What was posted, otherwise what was given before."""
        if request.method != "POST":
            return cls(payer_name=flow.payer_name, email=flow.email)
        reader = Reader(request)
        payer_name, email = read_payer(reader), read_email(reader)
        return cls(payer_name=payer_name, email=email, **reader.outcome())  # type: ignore[arg-type]


@dataclass(frozen=True)
class ReceiptForm(Form):
    """Where a receipt is to be sent once more."""

    email: str = ""

    @classmethod
    def read(cls, request: HttpRequest) -> Self:
        """What was posted, or an empty form."""
        reader = Reader(request)
        email = read_email(reader, missing="details.error.email_missing")
        return cls(email=email, **reader.outcome())  # type: ignore[arg-type]


def read_payer(reader: Reader) -> str:
    """The name of who pays."""
    payer_name = reader.text("payer_name", missing="details.error.name_missing", longest=LONGEST_NAME)
    if payer_name and not any(each.isalpha() for each in payer_name):
        reader.fault("payer_name", "details.error.name_shape")
    return payer_name


def read_email(reader: Reader, missing: str | None = None) -> str:
    """One plain address, as typed."""
    email = reader.text("email", missing=missing, longest=LONGEST_EMAIL)
    if email and not _EMAIL.fullmatch(email):
        reader.fault("email", "details.error.email_shape")
    return email
