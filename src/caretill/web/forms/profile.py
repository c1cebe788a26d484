"""Forms of a member's profile: one for each question."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Self

from django.http import HttpRequest

from caretill.formats.states import CODES
from caretill.people.profile import Profile
from caretill.regions.catalog import organisation
from caretill.regions.names import zip5
from caretill.web.forms.details import LONGEST_NAME, read_email
from caretill.web.forms.form import Form, Reader

LONGEST_LINE = 120
_NOT_DIGIT = re.compile(r"[^0-9]")
# Ten digits: an area code and an exchange begin with 2 to 9 (47 CFR 52.7, North American Numbering Plan).
_PHONE = re.compile(r"([2-9][0-9]{2})([2-9][0-9]{2})([0-9]{4})")


@dataclass(frozen=True)
class NameForm(Form):
    """First and last name: one letter is enough, of any script."""

    first_name: str = ""
    last_name: str = ""

    @classmethod
    def read(cls, request: HttpRequest, before: Profile) -> Self:
        """What was posted, otherwise what is kept."""
        if request.method != "POST":
            return cls(first_name=before.first_name, last_name=before.last_name)
        reader = Reader(request)
        first = reader.text("first_name", missing="profile.error.first_missing", longest=LONGEST_NAME)
        last = reader.text("last_name", missing="profile.error.last_missing", longest=LONGEST_NAME)
        for name, typed in (("first_name", first), ("last_name", last)):
            if typed and not any(each.isalpha() for each in typed):
                reader.fault(name, "profile.error.name_shape")
        return cls(first_name=first, last_name=last, **reader.outcome())  # type: ignore[arg-type]

    def values(self) -> dict[str, Any]:
        """As they are kept."""
        return {"first_name": self.first_name, "last_name": self.last_name}


@dataclass(frozen=True)
class AddressForm(Form):
    """Where paper goes."""

    street: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""

    @classmethod
    def read(cls, request: HttpRequest, before: Profile) -> Self:
        """What was posted, otherwise what is kept."""
        if request.method != "POST":
            return cls(street=before.street, city=before.city, state=before.state, zip=before.zip)
        reader = Reader(request)
        typed = {
            name: reader.text(name, missing=f"profile.error.{name}_missing", longest=LONGEST_LINE)
            for name in ("street", "city", "state", "zip")
        }
        if typed["state"] and not _state(typed["state"]):
            reader.fault("state", "profile.error.state_shape")
        if typed["zip"] and _zip(typed["zip"]) is None:
            reader.fault("zip", "profile.error.zip_shape")
        return cls(**typed, **reader.outcome())  # type: ignore[arg-type]

    def values(self) -> dict[str, Any]:
        """As they are kept."""
        return {"street": self.street, "city": self.city, "state": _state(self.state), "zip": _zip(self.zip)}


@dataclass(frozen=True)
class PhoneForm(Form):
    """A number of the United States, or none."""

    phone: str = ""

    @classmethod
    def read(cls, request: HttpRequest, before: Profile) -> Self:
        """What was posted, otherwise what is kept."""
        if request.method != "POST":
            return cls(phone=before.phone)
        reader = Reader(request)
        phone = reader.text("phone", longest=40)
        if phone and phone_number(phone) is None:
            reader.fault("phone", "profile.error.phone_shape")
        return cls(phone=phone, **reader.outcome())  # type: ignore[arg-type]

    def values(self) -> dict[str, Any]:
        """As it is kept."""
        return {"phone": phone_number(self.phone) or ""}


@dataclass(frozen=True)
class LanguageForm(Form):
    """`speak`, because a field named `language` switches the page's."""

    speak: str = ""

    @classmethod
    def read(cls, request: HttpRequest, before: Profile) -> Self:
        """What was posted, otherwise what is kept."""
        if request.method != "POST":
            return cls(speak=before.language)
        reader = Reader(request)
        speak = reader.post.get("speak", "")
        if speak not in organisation().languages:
            speak = ""
            reader.fault("speak", "profile.error.language_missing")
        return cls(speak=speak, **reader.outcome())  # type: ignore[arg-type]

    def values(self) -> dict[str, Any]:
        """As it is kept."""
        return {"language": self.speak}


@dataclass(frozen=True)
class QuietForm(Form):
    """No quiet time, or from an hour to an hour; over midnight too."""

    quiet: str = ""
    quiet_from: int = 21
    quiet_to: int = 8

    @classmethod
    def read(cls, request: HttpRequest, before: Profile) -> Self:
        """What was posted, otherwise what is kept."""
        if request.method != "POST":
            if before.quiet_from is None or before.quiet_to is None:
                return cls(quiet="none")
            return cls(quiet="some", quiet_from=before.quiet_from, quiet_to=before.quiet_to)
        reader = Reader(request)
        quiet = reader.post.get("quiet", "")
        begin, end = _hour(reader, "quiet_from"), _hour(reader, "quiet_to")
        if quiet not in ("none", "some"):
            quiet = ""
            reader.fault("quiet", "profile.error.quiet_missing")
        elif quiet == "some" and (begin is None or end is None):
            reader.fault("quiet_from", "profile.error.quiet_hours")
        elif quiet == "some" and begin == end:
            reader.fault("quiet_to", "profile.error.quiet_same")
        kept = {"quiet_from": 21 if begin is None else begin, "quiet_to": 8 if end is None else end}
        return cls(quiet=quiet, **kept, **reader.outcome())  # type: ignore[arg-type]

    def values(self) -> dict[str, Any]:
        """As it is kept."""
        some = self.quiet == "some"
        return {"quiet_from": self.quiet_from if some else None, "quiet_to": self.quiet_to if some else None}


@dataclass(frozen=True)
class NewEmailForm(Form):
    """An address that is not the present one."""

    email: str = ""

    @classmethod
    def read(cls, request: HttpRequest, before: Profile) -> Self:
        """What was posted, or an empty form."""
        reader = Reader(request)
        email = read_email(reader, missing="profile.error.email_missing")
        if email and email.lower() == before.email.lower():
            reader.fault("email", "profile.error.email_same")
        return cls(email=email, **reader.outcome())  # type: ignore[arg-type]


# Mail goes there as well, though no region of health plans is named so (USPS Publication 28, appendix B).
_AFAR = ("PR", "VI", "GU", "AS", "MP", "AA", "AE", "AP")


def phone_number(typed: str) -> str | None:
    """`503-555-0100`, however it was typed; None where it is no number of ten digits."""
    digits = _NOT_DIGIT.sub("", typed)
    found = _PHONE.fullmatch(digits.removeprefix("1") if len(digits) == 11 else digits)
    return "-".join(found.groups()) if found else None


def _state(typed: str) -> str:
    """Its two letters, also where its name was typed; empty where there is no such state."""
    code = CODES.get(typed.lower(), typed.upper())
    return code if code in CODES.values() or code in _AFAR else ""


def _zip(typed: str) -> str | None:
    """Five digits, or nine with a dash; None where it is neither."""
    digits = _NOT_DIGIT.sub("", typed)
    if zip5(typed) is None:
        return None
    return f"{digits[:5]}-{digits[5:]}" if len(digits) == 9 else digits[:5]


def _hour(reader: Reader, name: str) -> int | None:
    typed = reader.post.get(name, "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 2 and int(typed) < 24 else None
