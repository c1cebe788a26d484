"""Reads of saved ways to pay. Who signs in sees what is theirs, and nobody else's, not even in one family.

A number of an account leaves this room by `bank_numbers` alone, for the file to the bank.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from caretill.core import sealed, sql
from caretill.people.viewer import Hidden, Viewer

Kind = Literal["card", "bank"]
State = Literal["checking", "ready", "disabled", "deleted"]
_SHOWN = (
    "account_id, id, login_id, kind, state, why, nickname, gateway, brand, last4, expiry_month, expiry_year, funding,"
    " holder_name, account_type, corporate, validation, opens_on, guesses, is_default, replaced_by, created_at"
)
_CHARGED = (
    "id, login_id, kind, gateway, token_ref, network_ref, brand, last4, state, why, validation, holder_name,"
    " account_type, corporate"
)


@dataclass(frozen=True)
class Method:
    """A saved way to pay as its owner sees it: of a number, the last digits."""

    account_id: UUID
    id: UUID
    login_id: UUID | None
    kind: Kind
    state: State
    why: str
    nickname: str
    gateway: str
    brand: str
    last4: str
    expiry_month: int | None
    expiry_year: int | None
    funding: str
    holder_name: str
    account_type: str
    corporate: bool
    validation: str
    opens_on: date | None
    guesses: int
    is_default: bool
    replaced_by: UUID | None
    created_at: datetime


@dataclass(frozen=True)
class Chargeable:
    """What a charge must know of a method. `token_ref` and `network_ref` are a card's; a bank account has neither."""

    id: UUID
    login_id: UUID | None
    kind: Kind
    gateway: str
    token_ref: str
    network_ref: str
    brand: str
    last4: str
    state: State
    why: str
    validation: str
    holder_name: str
    account_type: str
    corporate: bool


def listed(viewer: Viewer) -> list[Method]:
    """All ways to pay of a member that are not deleted, the default first, then the oldest. Others have none."""
    if viewer.kind != "member" or viewer.login_id is None:
        return []
    rows = sql.query(
        f"SELECT {_SHOWN} FROM methods_method WHERE login_id = %s AND state <> 'deleted'"
        " ORDER BY is_default DESC, created_at, id",
        (viewer.login_id,),
    )
    return [_method(row) for row in rows]


def one(viewer: Viewer, account_id: UUID, method_id: UUID) -> Method:
    """One way to pay of this member. Raises Hidden for what is missing, deleted or somebody else's: all the same."""
    found = by_id(account_id, method_id)
    if viewer.kind != "member" or viewer.login_id is None or found is None or found.login_id != viewer.login_id:
        raise Hidden
    if found.state == "deleted":
        raise Hidden
    return found


def mine(viewer: Viewer, method_id: UUID) -> Method:
    """As `one`, for an address that names the method alone. Raises Hidden."""
    for each in listed(viewer):
        if each.id == method_id:
            return each
    raise Hidden


def by_id(account_id: UUID, method_id: UUID) -> Method | None:
    """For the house itself (letters, runs): nobody is asked who they are. Deleted ones too."""
    row = sql.one(
        f"SELECT {_SHOWN} FROM methods_method WHERE account_id = %s AND id = %s",
        (account_id, method_id),
    )
    return _method(row) if row else None


def chargeable(account_id: UUID, method_id: UUID) -> Chargeable | None:
    """What a charge must know, in whatever state the method is; None where it was never there."""
    row = sql.one(
        f"SELECT {_CHARGED} FROM methods_method WHERE account_id = %s AND id = %s",
        (account_id, method_id),
    )
    return Chargeable(**row) if row else None


def bank_numbers(rows: Iterable[tuple[UUID, UUID, bytes]]) -> Iterator[str]:
    """The account number of each (account_id, method id, account_sealed), in their order, one at a time.

    For the file to the bank; nothing of it may be shown, logged or kept. Raises SealBroken.
    """
    for account_id, method_id, kept in rows:
        yield sealed.unseal(kept, number_row(account_id, method_id))


def bank_number(kept: bytes, identity: bytes) -> str:
    """One account number by the bytes of its billing account and method, as `bank_numbers`; for a million in a row."""
    return sealed.unseal(kept, identity + b"number")


def number_row(account_id: UUID, method_id: UUID) -> bytes:
    """The identity that an account number is sealed for."""
    return account_id.bytes + method_id.bytes + b"number"


def amounts_row(account_id: UUID, method_id: UUID) -> bytes:
    """The identity that the two small amounts are sealed for."""
    return account_id.bytes + method_id.bytes + b"amounts"


def _method(row: dict[str, Any]) -> Method:
    return Method(**row)
