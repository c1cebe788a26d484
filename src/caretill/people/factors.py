"""What a login signs in with beside its password: an authenticator app, ten recovery codes; and all ways in.

Seeds are sealed, recovery codes are kept as keyed digests. A code of an app is good once (RFC 6238, section 5.2), one
step of 30 seconds early or late. The last way in cannot be taken away.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pyotp
from django.db import transaction

from caretill.core import clock, sql, tokens
from caretill.core.blind import blind_index
from caretill.core.ids import uuid7

STEP_SECONDS = 30
CODES = 10
_CODE_LENGTH = 10
_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# What people take for another sign, as on pay codes.
_MEANT = str.maketrans("OIL", "011")


class LastWay(Exception):
    """Without it, nobody could sign in to this account any more."""


@dataclass(frozen=True)
class Passkey:
    """A passkey as its owner sees it."""

    id: UUID
    label: str
    added_at: datetime
    used_at: datetime | None


@dataclass(frozen=True)
class Ways:
    """How a login can sign in. `whole`: the password is long enough alone. `codes`: recovery codes not used yet."""

    password: bool
    whole: bool
    totp: bool
    passkeys: tuple[Passkey, ...]
    codes: int

    @property
    def second(self) -> bool:
        """Whether something beside the password is set up."""
        return self.totp or bool(self.passkeys)

    @property
    def asked(self) -> bool:
        """Whether the password alone is not enough: an app is always asked for, a passkey beside a short password."""
        return self.totp or (not self.whole and bool(self.passkeys))

    @property
    def open(self) -> bool:
        """Whether somebody could sign in with these."""
        return bool(self.passkeys) or (self.password and (self.whole or self.totp))


def ways(login_id: UUID) -> Ways:
    """All ways in of a login; one query."""
    row = sql.one(sql.load(__file__, "ways.sql"), {"login": login_id})
    if row is None:
        return Ways(False, False, False, (), 0)
    keys = sql.answer(row["passkeys"])["rows"]
    return Ways(row["password"], row["whole"], row["totp"], tuple(_passkey(each) for each in keys), row["codes"])


def new_seed() -> str:
    """The seed of an authenticator app, 160 bits in base32."""
    return pyotp.random_base32()


def seed_address(seed: str, email: str, issuer: str) -> str:
    """What the square code of an app holds."""
    return pyotp.TOTP(seed).provisioning_uri(name=email, issuer_name=issuer)


def add_totp(login_id: UUID, seed: str, code: str) -> bool:
    """Keep the seed if `code` shows that the app has it; that code is used up. An app that was set up before ends."""
    step = _step_of(seed, code)
    if step is None:
        return False
    with transaction.atomic():
        sql.execute(
            "UPDATE people_factor SET ended_at = %s WHERE login_id = %s AND kind = 'totp' AND ended_at IS NULL",
            (clock.now(), login_id),
        )
        sealed = tokens.seal(_purpose(login_id), {"s": seed}, None).encode()
        add(login_id, "totp", "", sealed, count=step)
    return True


def take_totp(login_id: UUID, code: str) -> bool:
    """Whether `code` is one of the app's, now, and for the first time. It is used up."""
    row = sql.one(
        "SELECT id, secret FROM people_factor WHERE login_id = %s AND kind = 'totp' AND ended_at IS NULL", (login_id,)
    )
    seed = _seed(login_id, bytes(row["secret"])) if row else new_seed()
    step = _step_of(seed, code)
    if row is None or step is None:
        return False
    return bool(
        sql.execute(
            "UPDATE people_factor SET count = %s, used_at = %s WHERE id = %s AND count < %s AND ended_at IS NULL",
            (step, clock.now(), row["id"], step),
        )
    )


def new_codes(login_id: UUID) -> list[str]:
    """Ten new recovery codes, `XXXXX-XXXXX`, shown once; those before end."""
    made = ["".join(secrets.choice(_SIGNS) for _ in range(_CODE_LENGTH)) for _ in range(CODES)]
    with transaction.atomic():
        _end_codes(login_id)
        for code in made:
            add(login_id, "recovery", "", _digest(login_id, code))
    return [f"{code[:5]}-{code[5:]}" for code in made]


def take_recovery(login_id: UUID, typed: str) -> bool:
    """Whether it is a recovery code that was not used yet. It is used up. Blanks, dashes and small letters are fine."""
    code = re.sub(r"[^0-9A-Z]", "", typed.upper()).translate(_MEANT)
    now = clock.now()
    return bool(
        sql.execute(
            "UPDATE people_factor SET used_at = %s, ended_at = %s"
            " WHERE login_id = %s AND kind = 'recovery' AND secret = %s AND ended_at IS NULL",
            (now, now, login_id, _digest(login_id, code)),
        )
    )


def may_be_short(login_id: UUID) -> bool:
    """Whether a password of 8 to 14 characters is enough, because there is a second step."""
    return ways(login_id).second


def add(login_id: UUID, kind: str, label: str, secret: bytes, credential: bytes | None = None, count: int = 0) -> UUID:
    """Write down a factor that was checked."""
    factor_id = uuid7()
    sql.execute(
        "INSERT INTO people_factor (id, login_id, kind, label, secret, credential, count, added_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (factor_id, login_id, kind, label, secret, credential, count, clock.now()),
    )
    return factor_id


def remove(login_id: UUID, kind: str, factor_id: UUID | None = None) -> bool:
    """Take a factor away (`totp`, or the passkey of that id); whether there was one. Raises LastWay.

    Recovery codes stand in for a second step, so they end with the last one.
    """
    with transaction.atomic():
        sql.execute("SELECT 1 FROM people_login WHERE id = %s FOR UPDATE", (login_id,))
        gone = sql.execute(
            "UPDATE people_factor SET ended_at = %(now)s WHERE login_id = %(login)s AND kind = %(kind)s"
            " AND ended_at IS NULL AND (%(id)s::uuid IS NULL OR id = %(id)s)",
            {"now": clock.now(), "login": login_id, "kind": kind, "id": factor_id},
        )
        left = ways(login_id)
        if gone and not left.open:
            raise LastWay
        if not left.second:
            _end_codes(login_id)
    return bool(gone)


def rename(login_id: UUID, factor_id: UUID, label: str) -> None:
    """Call a passkey something else."""
    sql.execute(
        "UPDATE people_factor SET label = %s WHERE login_id = %s AND id = %s AND kind = 'passkey'",
        (label, login_id, factor_id),
    )


def _end_codes(login_id: UUID) -> None:
    sql.execute(
        "UPDATE people_factor SET ended_at = %s WHERE login_id = %s AND kind = 'recovery' AND ended_at IS NULL",
        (clock.now(), login_id),
    )


def _step_of(seed: str, typed: str) -> int | None:
    """The step whose code was typed: this one, the one before or the one after."""
    code = re.sub(r"\s", "", typed).encode()
    now = int(clock.now().timestamp()) // STEP_SECONDS
    app = pyotp.TOTP(seed)
    # All three are compared, so the time taken does not tell which one it was.
    found = [step for step in (now - 1, now, now + 1) if hmac.compare_digest(app.generate_otp(step).encode(), code)]
    return found[-1] if found else None


def _passkey(row: dict[str, Any]) -> Passkey:
    used = datetime.fromisoformat(row["used_at"]) if row["used_at"] else None
    return Passkey(UUID(row["id"]), row["label"], datetime.fromisoformat(row["added_at"]), used)


def _purpose(login_id: UUID) -> str:
    return f"totp:{login_id}"


def _seed(login_id: UUID, sealed: bytes) -> str:
    return str(tokens.unseal(_purpose(login_id), sealed.decode())["s"])


def _digest(login_id: UUID, code: str) -> bytes:
    return blind_index("recovery", str(login_id), code)
