"""A code by mail opens a bill when the paper is lost, or when a lookup was missed too often.

It goes to the address on file and proves only that somebody reads mail there. The page says the same whether anything
was found: the token it carries is of one length, and the same statements run.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from uuid import UUID

from caretill.billing.lookup import Found
from caretill.core import clock, limits, sql, tokens
from caretill.core.ids import uuid7

SECONDS = 900
TRIES = 5
# However many codes are asked for: who knows an address and its ZIP code needs years to guess one of a million.
TRIES_A_DAY = 50
NOBODY = UUID(int=0)
PAD = 220


def send(found: Found | None, region: str, language: str) -> str:
    """Mail a six-digit code to the contact of what was found; the token that the page carries along either way.

    The mail leaves by the outbox (`lookup_code`); where nothing was found, or there is no address, a row that tells
    nobody anything (`lookup_nothing`) is written in its place. At most three mails an hour go to one account.
    """
    code = f"{secrets.randbelow(10**6):06d}"
    account_id = found.account_id if found else NOBODY
    row = sql.one("SELECT email FROM people_account WHERE account_id = %s", (account_id,))
    mails = limits.Limit("code_mail", str(account_id), 3, 3600)
    allowed = limits.take([mails])[0] <= mails.most
    reached = bool(row and row["email"]) and allowed
    body = {
        "sealed": tokens.seal("lookup_code", {"code": code}, SECONDS),
        "region": region,
        "language": language,  # of the page that asked: its reader waits for this mail
    }
    sql.execute(
        "INSERT INTO core_outbox (account_id, id, topic, body, due_at, tries) VALUES (%s, %s, %s, %s::jsonb, %s, 0)",
        (account_id, uuid7(), "lookup_code" if reached else "lookup_nothing", sql.dumps(body), clock.now()),
    )
    salt = secrets.token_hex(8)
    kept = {
        "a": str(account_id),
        "b": str(found.bill_id or "") if found else "",
        "p": str(found.person_id or "") if found else "",
        "s": found.scope if found else "bill",
        "h": _digest(salt, code if reached else secrets.token_hex(8)),
        "n": salt,
    }
    kept["x"] = "x" * max(0, PAD - len("".join(kept.values())))
    return tokens.seal("lookup_sent", kept, SECONDS)


def redeem(token: str, code: str) -> Found | None:
    """What the code opens; None for a wrong, late or worn-out one (five tries a token, then it is dead; fifty a day at
    one account).
    """
    try:
        kept = tokens.unseal("lookup_sent", token)
    except tokens.TokenError:
        return None
    # Counted and read in one statement: of many that come at once, none looks before the others have counted.
    tries = [
        limits.Limit("code_try", kept["n"], TRIES, SECONDS * 2),
        limits.Limit("code_try_day", kept["a"], TRIES_A_DAY, 24 * 3600),
    ]
    allowed = all(count <= each.most for count, each in zip(limits.take(tries), tries, strict=True))
    right = hmac.compare_digest(_digest(kept["n"], code.strip()), kept["h"])
    if not (right and allowed):
        return None
    return Found(
        account_id=UUID(kept["a"]),
        scope=kept["s"],
        bill_id=UUID(kept["b"]) if kept["b"] else None,
        person_id=UUID(kept["p"]) if kept["p"] else None,
    )


def _digest(salt: str, code: str) -> str:
    return hashlib.sha256(f"{salt}:{code}".encode()).hexdigest()
