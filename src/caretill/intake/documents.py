"""Papers that people send in: judged, sealed before they are written, and opened again only to be taken over.

The seal's key comes from the installation's blind key, which never changes: a sealed paper must outlive every cookie.
A copy of the table opens nothing. What was taken over is forgotten after the days that the organisation sets: of a
sending its receipt number, region, size and days stay, nothing else.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import transaction

from caretill.core import clock, limits, sql
from caretill.core.ids import new_check_code, show_pay_code, uuid7
from caretill.formats import papers
from caretill.regions import catalog

MOST_FILES = 5
SET = 100  # sendings that are forgotten in one transaction
_LENGTH = 4


@dataclass(frozen=True)
class Sent:
    """What somebody sent: what it is about (`bill`, `help`, `other`), the number on their paper and their name, or
    empty; and each file as (kind, content) from `formats.papers.judge`.
    """

    region: str
    about: str
    bill_number: str
    name: str
    files: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class Waiting:
    """A sending that nobody has taken over yet, as it may be listed: who sent what stays sealed."""

    number: str
    region: str
    files: int
    size_bytes: int
    recorded_at: datetime


@dataclass(frozen=True)
class Forgotten:
    """How many sendings, and how many bytes of sealed content, went or would go."""

    count: int
    size_bytes: int


def allowed(network: str) -> int:
    """Count one sending of that network; 0, or the seconds until there is room again. 10 an hour, 30 a day; for all
    together 2,000 a day, so that nobody fills the disk.
    """
    own = [
        limits.Limit("document_network", network, 10, 3600),
        limits.Limit("document_network_day", network, 30, 86_400),
    ]
    # One after the other: a network that is stopped does not use up the room of all.
    for asked in (own, [limits.Limit("document_all", "", 2000, 86_400)]):
        if any(found > limit.most for found, limit in zip(limits.take(asked), asked, strict=True)):
            return max(1, limits.look(asked).retry_after)
    return 0


def keep(sent: Sent, login_id: UUID | None) -> str:
    """Seal and write it; its receipt number. A guest's belongs to an owner of its own."""
    if not 0 < len(sent.files) <= MOST_FILES:
        raise ValueError("a sending has one to five files")
    if sum(len(body) for _, body in sent.files) > papers.LARGEST_BYTES:
        raise papers.Refused("large")
    row_id, number = uuid7(), new_check_code()
    kinds = [kind for kind, _ in sent.files]
    sealed = _seal(row_id, sent)
    sql.execute(
        "INSERT INTO intake_document (id, number, owner_id, region, kinds, bytes, sealed, recorded_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (row_id, number, login_id or uuid7(), sent.region, kinds, len(sealed), sealed, clock.now()),
    )
    return number


def waiting() -> list[Waiting]:
    """What nobody has taken over yet, oldest first."""
    rows = sql.query(
        "SELECT number, region, cardinality(kinds) AS files, bytes AS size_bytes, recorded_at FROM intake_document"
        " WHERE taken_at IS NULL ORDER BY recorded_at, id"
    )
    return [Waiting(**row) for row in rows]


def take(folder: Path) -> list[str]:
    """Write everything that waits into the folder, readable by its owner alone, and mark it as taken; its numbers.

    Each sending is NUMBER.json with what its sender wrote, and NUMBER-1.pdf and so on. One that was written and not yet
    marked when we were stopped is written again. Raises cryptography's InvalidTag where a row was changed.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    done = []
    for each in waiting():
        with transaction.atomic():
            row = sql.one(
                "SELECT id, sealed FROM intake_document WHERE number = %s AND taken_at IS NULL FOR UPDATE SKIP LOCKED",
                (each.number,),
            )
            if row is None:
                continue
            _write(folder, show_pay_code(each.number), each, _open(row["id"], bytes(row["sealed"])))
            sql.execute("UPDATE intake_document SET taken_at = %s WHERE id = %s", (clock.now(), row["id"]))
        done.append(each.number)
    return done


def old() -> Forgotten:
    """What was taken over longer ago than `documents_days` of the organisation and still has its content."""
    row = sql.one(
        "SELECT count(*) AS count, coalesce(sum(bytes), 0) AS size_bytes FROM intake_document"
        " WHERE forgotten_at IS NULL AND taken_at <= %s",
        (_before(),),
    )
    return Forgotten(**row) if row else Forgotten(0, 0)


def forget(told: Callable[[int], None] = lambda done: None) -> Forgotten:
    """Delete the content of all that is `old()`, and whose it is; what nobody took over stays, however old.

    By sets of 100, each a transaction, the oldest first: it may be stopped anywhere and started again, also twice at
    once. `told` hears after each set how many are done.
    """
    count = size = 0
    while True:
        rows = sql.query(
            "UPDATE intake_document SET sealed = NULL, kinds = ARRAY[]::text[], owner_id = id, forgotten_at = %s"
            " WHERE id IN (SELECT id FROM intake_document WHERE forgotten_at IS NULL AND taken_at <= %s"
            f" ORDER BY taken_at, id LIMIT {SET} FOR UPDATE SKIP LOCKED) RETURNING bytes",
            (clock.now(), _before()),
        )
        if not rows:
            return Forgotten(count, size)
        count, size = count + len(rows), size + sum(row["bytes"] for row in rows)
        told(count)


def _before() -> datetime:
    return clock.now() - timedelta(days=catalog.organisation().documents_days)


def _write(folder: Path, name: str, told: Waiting, sent: Sent) -> None:
    texts = {
        "number": name,
        "sent_at": told.recorded_at.isoformat(),
        "region": sent.region,
        "about": sent.about,
        "bill_number": sent.bill_number,
        "name": sent.name,
    }
    files = [(f"{name}.json", json.dumps(texts, ensure_ascii=False, indent=1).encode())]
    files += [(f"{name}-{count}.{kind}", body) for count, (kind, body) in enumerate(sent.files, 1)]
    for file, body in files:
        path = folder / file
        path.touch(mode=0o600)
        path.write_bytes(body)


def _cipher() -> AESGCM:
    key = settings.CARETILL_BLIND_KEY.encode()[:64]
    return AESGCM(hashlib.blake2b(b"sealed documents", key=key, digest_size=32).digest())


def _seal(row_id: UUID, sent: Sent) -> bytes:
    """Words, then files, in one sealed block that fits this row alone."""
    head = json.dumps(
        {
            "region": sent.region,
            "about": sent.about,
            "bill_number": sent.bill_number,
            "name": sent.name,
            "files": [[kind, len(body)] for kind, body in sent.files],
        }
    ).encode()
    block = len(head).to_bytes(_LENGTH, "big") + head + b"".join(body for _, body in sent.files)
    nonce = secrets.token_bytes(12)
    return nonce + _cipher().encrypt(nonce, block, row_id.bytes)


def _open(row_id: UUID, sealed: bytes) -> Sent:
    block = _cipher().decrypt(sealed[:12], sealed[12:], row_id.bytes)
    at = _LENGTH + int.from_bytes(block[:_LENGTH], "big")
    head = json.loads(block[_LENGTH:at])
    return Sent(
        head["region"], head["about"], head["bill_number"], head["name"], tuple(_cut(block[at:], head["files"]))
    )


def _cut(body: bytes, sizes: Sequence[tuple[str, int]]) -> list[tuple[str, bytes]]:
    found, at = [], 0
    for kind, size in sizes:
        found.append((kind, body[at : at + size]))
        at += size
    return found
