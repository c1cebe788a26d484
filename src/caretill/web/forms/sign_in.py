"""Forms of signing in and of how somebody signs in. Passwords are taken as they are typed or pasted, never cleaned."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from django.http import HttpRequest

from caretill.core import tokens
from caretill.people import passwords
from caretill.web.forms.form import Form, Reader

LONGEST_EMAIL = 254
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
MOST_KEPT = 32_768
TYPED_SECONDS = 600


@dataclass(frozen=True)
class SignInForm(Form):
    """An address, a password, and what to do after it: `next` is a page, `kept` a sealed form that was broken off.

    `passkey` and `state` are the browser's answer in place of the first two.
    """

    email: str = ""
    password: str = field(default="", repr=False)
    next: str = ""
    kept: str = ""
    passkey: str = ""
    state: str = ""

    @classmethod
    def read(cls, request: HttpRequest) -> Self:
        """What was posted, or an empty form that knows where it leads."""
        reader = Reader(request)
        passkey, sealed = reader.post.get("passkey", ""), reader.post.get("typed", "")
        if sealed:
            email, password = opened(sealed)
            if not password:
                reader.fault("password", "signin.error.password_missing")
        elif passkey:
            email, password = reader.text("email", longest=LONGEST_EMAIL), ""
        else:
            email = reader.text("email", missing="signin.error.email_missing", longest=LONGEST_EMAIL)
            if email and not _EMAIL.fullmatch(email):
                reader.fault("email", "signin.error.email_shape")
            password = typed(reader, "password", "signin.error.password_missing")
        wish = reader.post.get("next", "") or request.GET.get("next", "")
        return cls(
            email=email,
            password=password,
            next=wish[:500],
            kept=reader.post.get("kept", "")[:MOST_KEPT],
            passkey=passkey,
            state=reader.post.get("state", ""),
            **reader.outcome(),  # type: ignore[arg-type]
        )


@dataclass(frozen=True)
class SecondForm(Form):
    """The code of an app or a recovery code, or a passkey; `next` and `kept` as above. `seed`: sealed, of a new app."""

    code: str = ""
    next: str = ""
    kept: str = ""
    passkey: str = ""
    state: str = ""
    seed: str = ""

    @classmethod
    def read(cls, request: HttpRequest, missing: str = "signin.error.code_missing") -> Self:
        """What was posted, or an empty form."""
        reader = Reader(request)
        passkey = reader.post.get("passkey", "")
        wish = reader.post.get("next", "") or request.GET.get("next", "")
        return cls(
            code=reader.text("code", missing=None if passkey else missing),
            next=wish[:500],
            kept=reader.post.get("kept", "")[:MOST_KEPT],
            passkey=passkey,
            state=reader.post.get("state", ""),
            seed=reader.post.get("seed", ""),
            **reader.outcome(),  # type: ignore[arg-type]
        )


@dataclass(frozen=True)
class ProveForm(Form):
    """The password once more, and the code of an app or a recovery code where `second` is asked; or a passkey."""

    password: str = field(default="", repr=False)
    code: str = ""
    next: str = ""
    passkey: str = ""
    state: str = ""

    @classmethod
    def read(cls, request: HttpRequest, second: bool = False) -> Self:
        """What was posted, or an empty form that knows where it leads."""
        reader = Reader(request)
        passkey = reader.post.get("passkey", "")
        password = "" if passkey else typed(reader, "password", "signin.error.password_missing")
        code = reader.text("code", missing=None if passkey else "signin.error.code_missing") if second else ""
        wish = reader.post.get("next", "") or request.GET.get("next", "")
        state = reader.post.get("state", "")
        told = {"next": wish[:500], "passkey": passkey, "state": state}
        return cls(password=password, code=code, **told, **reader.outcome())  # type: ignore[arg-type]


@dataclass(frozen=True)
class NewPasswordForm(Form):
    """A password to be kept from now on."""

    new_password: str = field(default="", repr=False)

    @classmethod
    def read(cls, request: HttpRequest, about: Sequence[str], *, short: bool) -> Self:
        """What was posted, judged: `about` as in passwords.fault; `short`: 8 characters are enough."""
        reader = Reader(request)
        password = typed(reader, "new_password")
        if reader.judged:
            judge(reader, "new_password", password, about, short=short)
        return cls(new_password=password, **reader.outcome())  # type: ignore[arg-type]


@dataclass(frozen=True)
class PasskeyForm(Form):
    """A passkey that the browser made, and what its owner calls it."""

    label: str = ""
    passkey: str = ""
    state: str = ""

    @classmethod
    def read(cls, request: HttpRequest) -> Self:
        """What was posted, or an empty form."""
        reader = Reader(request)
        label = reader.text("label", longest=40)
        passkey = reader.post.get("passkey", "")
        if reader.judged and not passkey:
            reader.fault("label", "security.error.passkey_none")
        return cls(label=label, passkey=passkey, state=reader.post.get("state", ""), **reader.outcome())  # type: ignore[arg-type]


def sealed(form: SignInForm) -> str:
    """What was typed, for a page that sends it again by itself: no password stands in it for all to read."""
    return tokens.seal("typed", {"e": form.email, "p": form.password}, TYPED_SECONDS)


def opened(token: str) -> tuple[str, str]:
    """The address and the password of `sealed`; empty where that was too long ago."""
    try:
        held = tokens.unseal("typed", token)
    except tokens.TokenError:
        return "", ""
    return held["e"], held["p"]


def typed(reader: Reader, name: str, missing: str = "") -> str:
    """A password as it was typed: blanks and all."""
    text = reader.post.get(name, "")
    if not text and missing:
        reader.fault(name, missing)
    return text


def judge(reader: Reader, name: str, password: str, about: Sequence[str], *, short: bool) -> None:
    """Note what is wrong with a new password (rules.md SEC-2). `short`: there is a second step, so 8 are enough."""
    wrong = passwords.fault(password, about)
    if wrong in ("", "short") and not short and not passwords.alone(password):
        wrong = "short_alone"
    if wrong:
        reader.fault(name, f"security.error.password_{wrong}")
