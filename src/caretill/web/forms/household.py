"""What somebody may do for whom, and to whom an invitation goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self, cast
from uuid import UUID

from django.http import HttpRequest

from caretill.people.family import Household
from caretill.people.viewer import LEVELS, Level
from caretill.web.forms.details import read_email
from caretill.web.forms.form import Form, Reader

NONE = "none"
ANSWERS = (NONE, *LEVELS)


def field_name(household: Household, person_id: UUID) -> str:
    """`rights` of the first choice, then `rights-2`: by the order on the page, no id stands in it."""
    place = household.managed.index(person_id)
    return f"rights-{place + 1}" if place else "rights"


@dataclass(frozen=True)
class RightsForm(Form):
    """A level or nothing for everybody and for each person. `chosen` is by field; what was posted, else what stands."""

    chosen: Mapping[str, str] = field(default_factory=dict)
    wishes: Mapping[UUID, Level | None] = field(default_factory=dict)

    @classmethod
    def read(
        cls, request: HttpRequest, household: Household, now: Mapping[UUID, Level], asked: tuple[UUID, ...]
    ) -> Self:
        """`asked` are the people, or everybody, that the page asks about."""
        reader = Reader(request)
        chosen, wishes = _rights(reader, household, now, asked)
        return cls(chosen=chosen, wishes=wishes, **reader.outcome())  # type: ignore[arg-type]


@dataclass(frozen=True)
class InviteForm(RightsForm):
    """The same, and an address."""

    email: str = ""

    @classmethod
    def invite(cls, request: HttpRequest, household: Household, own_email: str) -> Self:
        """What was posted, or an empty form. At least one thing is given."""
        reader = Reader(request)
        email = read_email(reader, missing="household.error.email_missing")
        if email and email.lower() == own_email.lower():
            reader.fault("email", "household.error.own_email")
        chosen, wishes = _rights(reader, household, {}, household.managed)
        if not any(wishes.values()):
            reader.fault("rights", "household.error.rights_missing")
        return cls(email=email, chosen=chosen, wishes=wishes, **reader.outcome())  # type: ignore[arg-type]


def _rights(
    reader: Reader, household: Household, now: Mapping[UUID, Level], asked: tuple[UUID, ...]
) -> tuple[dict[str, str], dict[UUID, Level | None]]:
    chosen: dict[str, str] = {}
    wishes: dict[UUID, Level | None] = {}
    for person_id in asked:
        name = field_name(household, person_id)
        answer = reader.post.get(name, now.get(person_id) or NONE)
        if answer not in ANSWERS:
            reader.fault(name, "household.error.rights_unknown")
            answer = now.get(person_id) or NONE
        chosen[name] = answer
        wishes[person_id] = None if answer == NONE else cast(Level, answer)
    return chosen, wishes
