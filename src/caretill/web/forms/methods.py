"""Forms of saved ways to pay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID, uuid4

from django.http import HttpRequest

from caretill.methods.keep import LONGEST_NICKNAME
from caretill.web.forms.form import Form, Reader


@dataclass(frozen=True)
class NameForm(Form):
    """The owner's own name for it; empty takes it away."""

    nickname: str = ""

    @classmethod
    def read(cls, request: HttpRequest, before: str) -> Self:
        """What was posted, otherwise what is kept."""
        if request.method != "POST":
            return cls(nickname=before)
        reader = Reader(request)
        return cls(nickname=reader.text("nickname", longest=LONGEST_NICKNAME), **reader.outcome())  # type: ignore[arg-type]


@dataclass(frozen=True)
class CardForm(Form):
    """The consent to keep a card. `key` is made with the form: pressed twice, it is one try."""

    key: str = ""
    nickname: str = ""

    @classmethod
    def read(cls, request: HttpRequest) -> Self:
        """What was posted, otherwise a new one."""
        if request.method != "POST":
            return cls(key=str(uuid4()))
        reader = Reader(request)
        nickname = reader.text("nickname", longest=LONGEST_NICKNAME)
        return cls(key=_key(reader), nickname=nickname, **reader.outcome())  # type: ignore[arg-type]


@dataclass(frozen=True)
class AmountsForm(Form):
    """The two small amounts, in cents."""

    cents1: str = ""
    cents2: str = ""

    @classmethod
    def read(cls, request: HttpRequest) -> Self:
        """What was posted; what was wrong is typed again."""
        if request.method != "POST":
            return cls()
        reader = Reader(request)
        typed = {name: reader.text(name, missing="methods.prove.cents_missing") for name in ("cents1", "cents2")}
        for name, text in typed.items():
            if text and _cents(text) is None:
                reader.fault(name, "methods.prove.cents_shape")
        return cls(**typed, **reader.outcome())  # type: ignore[arg-type]

    def values(self) -> tuple[int, int]:
        """As they are compared."""
        return _cents(self.cents1) or 0, _cents(self.cents2) or 0


@dataclass(frozen=True)
class ByForm(Form):
    """Which of the others takes the place."""

    by: str = ""

    @classmethod
    def read(cls, request: HttpRequest, known: frozenset[str]) -> Self:
        """What was posted, or stands in the address after it."""
        if request.method != "POST":
            return cls(by=request.GET.get("by", ""))
        reader = Reader(request)
        by = reader.text("by")
        if by not in known:
            reader.fault("by", "methods.replace.choose_missing")
        return cls(by=by, **reader.outcome())  # type: ignore[arg-type]


def _key(reader: Reader) -> str:
    try:
        return str(UUID(reader.post.get("key", "")))
    except ValueError:
        return str(uuid4())


def _cents(text: str) -> int | None:
    """`32`, `.32` and `0.32` are 32 cents."""
    bare = text.removeprefix("$").strip()
    for start in ("0.", "."):
        if bare.startswith(start) and len(bare) == len(start) + 2:
            bare = bare[len(start) :]
    return int(bare) if bare.isascii() and bare.isdecimal() and 1 <= int(bare[:9]) <= 99 else None


def held(form: Any) -> dict[str, str]:
    """What a page of two steps keeps of a bank account between them; sealed before it is written into the page."""
    return {name: str(getattr(form, name)) for name in ("holder_name", "routing", "number", "account_type")}
