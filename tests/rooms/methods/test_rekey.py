"""Turning the ring of keys: a new one in front, every row again under it, from wherever it was stopped."""

from __future__ import annotations

import argparse
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings

from caretill.cli import keys
from caretill.cli.frame import Refused
from caretill.core import sealed, sql
from caretill.methods import access, rekey, validate
from house import cast, wallet
from house.member import a_member

NUMBERS = [f"77000{n:04d}" for n in range(5)]


@pytest.fixture
def ring(db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A file with the key of all tests; at the end the rows are sealed with that again, which the laws know."""
    file, own = tmp_path / "seal_keys", str(settings.CARETILL_SEAL_KEYS)
    file.write_text(own)
    monkeypatch.setattr(settings, "CARETILL_SEAL_KEYS_FILE", file)
    yield file
    file.write_text(f"{own}\n" + "\n".join(key for key in file.read_text().split() if key != own))
    sum(rekey.sets())


@pytest.fixture
def banks(ring: Path) -> tuple[UUID, list[UUID]]:
    own = cast.a_bill(10_000).account_id
    member = a_member(own)
    made = [wallet.a_bank(own, member.login_id, number=number, proved=False) for number in NUMBERS]
    validate.begin(own, made[0])
    return own, made


def asked(action: str, **more: bool) -> dict[str, Any]:
    answer = keys.run(argparse.Namespace(action=action, **{"no_new_key": False, **more}))
    assert answer.figures is not None
    return answer.figures


def opened(own: UUID) -> list[str]:
    rows = sql.query("SELECT id, account_sealed FROM methods_method ORDER BY created_at, id")
    return list(access.bank_numbers((own, row["id"], row["account_sealed"]) for row in rows))


def test_a_new_key_seals_every_row_and_the_old_one_stays(ring: Path, banks: tuple[UUID, list[UUID]]) -> None:
    own, made = banks
    pair = wallet.the_amounts(own, made[0])
    before = ring.read_text().split()
    told = asked("rotate")
    assert told == {"keys": 2, "made": True, "sealed_again": 5, "waiting": 0}
    after = ring.read_text().split()
    assert after[1:] == before and len(after[0]) >= 32 and after[0] != before[0]
    assert stat.S_IMODE(ring.stat().st_mode) == 0o600
    assert opened(own) == NUMBERS and wallet.the_amounts(own, made[0]) == pair
    kept = sql.query("SELECT account_sealed FROM methods_method")
    assert {sealed.sealed_by(row["account_sealed"]) for row in kept} == {sealed.key_id(after[0])}
    assert asked("status") == {"keys": 2, "made": False, "sealed_again": 0, "waiting": 0}


def test_killed_on_the_way_it_goes_on_without_another_key(
    ring: Path, banks: tuple[UUID, list[UUID]], monkeypatch: pytest.MonkeyPatch
) -> None:
    own, _ = banks
    whole, turns = rekey.some, iter([True, False])

    def some(most: int, after: rekey.Place) -> tuple[int, rekey.Place | None]:
        if not next(turns):
            raise KeyboardInterrupt
        return whole(2, after)

    monkeypatch.setattr(rekey, "some", some)
    with pytest.raises(KeyboardInterrupt):
        asked("rotate")
    monkeypatch.setattr(rekey, "some", whole)
    assert asked("status")["waiting"] == 3
    assert opened(own) == NUMBERS
    monkeypatch.setattr(rekey, "SET", 2)
    assert asked("rotate") == {"keys": 2, "made": False, "sealed_again": 3, "waiting": 0}
    assert opened(own) == NUMBERS


def test_a_ring_of_the_environment_is_only_sealed_again(
    ring: Path, banks: tuple[UUID, list[UUID]], monkeypatch: pytest.MonkeyPatch
) -> None:
    own, _ = banks
    monkeypatch.setattr(settings, "CARETILL_SEAL_KEYS_FILE", None)
    old = settings.CARETILL_SEAL_KEYS
    monkeypatch.setattr(settings, "CARETILL_SEAL_KEYS", f"{'new-key-of-a-test' * 2} {old}")
    assert asked("rotate") == {"keys": 2, "made": False, "sealed_again": 5, "waiting": 0}
    assert opened(own) == NUMBERS
    monkeypatch.setattr(settings, "CARETILL_SEAL_KEYS", f"{old} {'new-key-of-a-test' * 2}")
    assert asked("rotate")["sealed_again"] == 5


def test_a_key_that_is_missing_is_said(ring: Path, banks: tuple[UUID, list[UUID]]) -> None:
    own = ring.read_text()
    ring.write_text("another-key-of-a-test-another-key-of-a-test")
    sealed._opened.cache_clear()
    with pytest.raises(Refused, match="key of the ring missing"):
        asked("rotate", no_new_key=True)
    ring.write_text(own)
    assert opened(banks[0]) == NUMBERS


def test_two_at_once_do_not_both_make_a_key(ring: Path, second_connection: Any) -> None:
    with second_connection() as other:
        other.execute("SELECT pg_advisory_lock(hashtext('keys rotate'))")
        with pytest.raises(Refused, match="at work"):
            asked("rotate")
        other.execute("SELECT pg_advisory_unlock(hashtext('keys rotate'))")
