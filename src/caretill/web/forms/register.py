"""Forms of registering and of the ways back in: a mail address, a name and an address, yes to the terms, a language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from django.http import HttpRequest

from caretill.formats.states import CODES
from caretill.regions.catalog import organisation
from caretill.regions.names import zip5
from caretill.web.forms.details import LONGEST_EMAIL, LONGEST_NAME
from caretill.web.forms.form import Form, Reader
from caretill.web.forms.paperless import read_paper

PLACES = ("first_name", "last_name", "street", "city", "state", "zip")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
# What a mail server takes: one plain address with a dot in its host.
_USUAL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)


@dataclass(frozen=True)
class EmailForm(Form):
    """A mail address. One that looks as if no mail could reach it is asked about once: `sure` is that address."""

    email: str = ""
    sure: str = ""

    @classmethod
    def read(cls, request: HttpRequest, before: str = "") -> Self:
        """What was posted, otherwise `before`."""
        if request.method != "POST":
            return cls(email=before)
        reader = Reader(request)
        email = reader.text("email", missing="register.error.email_missing", longest=LONGEST_EMAIL)
        if email and not _ADDRESS.fullmatch(email):
            reader.fault("email", "register.error.email_shape")
        elif email and not _USUAL.fullmatch(email) and reader.post.get("sure") != email:
            reader.fault("email", "register.error.email_unusual")
        return cls(email=email, sure=email if reader.judged else "", **reader.outcome())  # type: ignore[arg-type]


@dataclass(frozen=True)
class TermsForm(Form):
    """Yes to the terms of use."""

    agreed: bool = False

    @classmethod
    def read(cls, request: HttpRequest, before: bool = False) -> Self:
        """What was posted, otherwise `before`."""
        if request.method != "POST":
            return cls(agreed=before)
        reader = Reader(request)
        agreed = reader.post.get("agreed") == "yes"
        if not agreed:
            reader.fault("agreed", "register.error.terms_missing")
        return cls(agreed=agreed, **reader.outcome())  # type: ignore[arg-type]


@dataclass(frozen=True)
class NameForm(Form):
    """Who registers and where paper goes; its fields are PLACES."""

    first_name: str = ""
    last_name: str = ""
    street: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""

    @classmethod
    def read(cls, request: HttpRequest, before: Mapping[str, str]) -> Self:
        """What was posted, otherwise `before`."""
        if request.method != "POST":
            return cls((), False, *(before.get(name, "") for name in PLACES))
        reader = Reader(request)
        typed = {
            name: reader.text(name, missing=f"profile.error.{said}_missing", longest=LONGEST_NAME)
            for name, said in (
                ("first_name", "first"),
                ("last_name", "last"),
                ("street", "street"),
                ("city", "city"),
                ("state", "state"),
                ("zip", "zip"),
            )
        }
        for name in ("first_name", "last_name"):
            if typed[name] and not any(each.isalpha() for each in typed[name]):
                reader.fault(name, "profile.error.name_shape")
        if typed["state"] and not _state(typed["state"]):
            reader.fault("state", "profile.error.state_shape")
        if typed["zip"] and zip5(typed["zip"]) is None:
            reader.fault("zip", "profile.error.zip_shape")
        return cls(**typed, **reader.outcome())  # type: ignore[arg-type]

    def values(self) -> dict[str, str]:
        """As they are kept."""
        return {
            "first_name": self.first_name,
            "last_name": self.last_name,
            "street": self.street,
            "city": self.city,
            "state": _state(self.state),
            "zip": self.zip,
        }


def _state(typed: str) -> str:
    """Its two letters, also where its name was typed; empty where there is no such state."""
    return CODES.get(typed.lower(), typed.upper() if typed.upper() in CODES.values() else "")


@dataclass(frozen=True)
class SpeakForm(Form):
    """The language we write in, and paper or screen (`account/_paperless.html`)."""

    speak: str = ""
    paper: str = ""
    opened: bool = False

    @classmethod
    def read(cls, request: HttpRequest, before: str) -> Self:
        """What was posted, otherwise the language of the page and no choice of paper."""
        if request.method != "POST":
            return cls(speak=before)
        reader = Reader(request)
        speak = reader.post.get("speak", "")
        if speak not in organisation().languages:
            speak = ""
            reader.fault("speak", "profile.error.language_missing")
        paper, opened = read_paper(reader)
        return cls(speak=speak, paper=paper, opened=opened, **reader.outcome())  # type: ignore[arg-type]
