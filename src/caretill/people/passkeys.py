"""Passkeys (WebAuthn): made on a device, held there, and enough to sign in by themselves.

The device checks who holds it (a finger, a face, a PIN): `user verification` is required, so a passkey is two factors.
What a page asks for is sealed with its challenge in a token, good for an hour and once. A key belongs to the name of
the site, so it works under that name alone; browsers take `localhost` for one, an address of numbers for none.
"""

from __future__ import annotations

import json
import logging
import struct
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db import IntegrityError, transaction
from fido2.rpid import verify_rp_id
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from caretill.core import clock, limits, sql, tokens
from caretill.people import factors

SECONDS = 3600
MOST = 10
# What the library makes of answers that are none.
_WRONG = (ValueError, LookupError, TypeError, AttributeError, AssertionError, struct.error)
# It writes down which passkey was used.
logging.getLogger("fido2").setLevel(logging.WARNING)


class Refused(Exception):
    """What came from the browser is no passkey's answer to what was asked. `code`: bad, late, taken or many."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def possible(origin: str) -> bool:
    """Whether browsers make passkeys for pages of this origin (`https://pay.example.org`)."""
    host = urlsplit(origin).hostname or ""
    return verify_rp_id(host, origin) and not host.replace(".", "").isdigit() and ":" not in host


def to_add(login_id: UUID, email: str, origin: str, name: str) -> tuple[str, dict[str, Any]]:
    """A sealed token, and what `navigator.credentials.create` is asked (bytes as base64url). `name` is shown."""
    held = sql.query(
        "SELECT credential FROM people_factor WHERE login_id = %s AND kind = 'passkey' AND ended_at IS NULL",
        (login_id,),
    )
    options, state = _server(origin, name).register_begin(
        PublicKeyCredentialUserEntity(id=login_id.bytes, name=email, display_name=email),
        credentials=[
            PublicKeyCredentialDescriptor(type=PublicKeyCredentialType.PUBLIC_KEY, id=bytes(row["credential"]))
            for row in held
        ],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _sealed("add", state, str(login_id)), dict(options)


def add(login_id: UUID, origin: str, token: str, answer: str, label: str) -> UUID:
    """Keep the passkey that the browser made. Raises Refused."""
    state = _opened("add", token, str(login_id))
    try:
        made = _server(origin).register_complete(state, json.loads(answer))
    except _WRONG as error:
        raise Refused("bad") from error
    key = made.credential_data
    if key is None:
        raise Refused("bad")
    try:
        with transaction.atomic():
            sql.execute("SELECT 1 FROM people_login WHERE id = %s FOR UPDATE", (login_id,))
            if len(factors.ways(login_id).passkeys) >= MOST:
                raise Refused("many")
            return factors.add(login_id, "passkey", label, bytes(key), key.credential_id, made.counter)
    except IntegrityError as error:
        raise Refused("taken") from error


def to_use(origin: str) -> tuple[str, dict[str, Any]]:
    """A sealed token, and what `navigator.credentials.get` is asked. It names nobody: the browser offers its own."""
    options, state = _server(origin).authenticate_begin(user_verification=UserVerificationRequirement.REQUIRED)
    return _sealed("use", state, ""), dict(options)


def use(origin: str, token: str, answer: str) -> UUID:
    """Whose passkey answered what was asked. Raises Refused.

    A counter that did not grow is that of a copy (WebAuthn, section 6.1.1); most passkeys keep it at zero.
    """
    state = _opened("use", token, "")
    try:
        given = AuthenticationResponse.from_dict(json.loads(answer))
        row = sql.one(
            "SELECT id, login_id, secret FROM people_factor WHERE kind = 'passkey' AND credential = %s"
            " AND ended_at IS NULL",
            (bytes(given.raw_id),),
        )
        if row is None:
            raise Refused("bad")
        _server(origin).authenticate_complete(state, [AttestedCredentialData(bytes(row["secret"]))], given)
        counter = given.response.authenticator_data.counter
        whose = given.response.user_handle
    except _WRONG as error:
        raise Refused("bad") from error
    login_id = UUID(str(row["login_id"]))
    if whose and bytes(whose) != login_id.bytes:
        raise Refused("bad")
    used = sql.execute(
        "UPDATE people_factor SET count = %(count)s, used_at = %(now)s WHERE id = %(id)s AND ended_at IS NULL"
        " AND (count < %(count)s OR (count = 0 AND %(count)s = 0))",
        {"count": counter, "now": clock.now(), "id": row["id"]},
    )
    if not used:
        raise Refused("bad")
    return login_id


def _server(origin: str, name: str = "-") -> Fido2Server:
    host = urlsplit(origin).hostname or ""
    return Fido2Server(PublicKeyCredentialRpEntity(id=host, name=name), verify_origin=lambda said: said == origin)


def _sealed(purpose: str, state: dict[str, Any], whose: str) -> str:
    held = {"c": state["challenge"], "u": str(state["user_verification"].value), "w": whose}
    return tokens.seal(f"passkey {purpose}", held, SECONDS)


def _opened(purpose: str, token: str, whose: str) -> dict[str, Any]:
    """The state of a token that was made for them, in time and for the first time."""
    try:
        held = tokens.unseal(f"passkey {purpose}", token)
    except tokens.TokenError as error:
        raise Refused("late" if error.code == "expired" else "bad") from error
    once = [limits.Limit("passkey", str(held["c"]), 1, 2 * SECONDS)]
    if held["w"] != whose:
        raise Refused("bad")
    if limits.take(once)[0] > 1:
        raise Refused("late")
    return {"challenge": held["c"], "user_verification": UserVerificationRequirement(held["u"])}
