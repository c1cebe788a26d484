"""Bank numbers at rest: the envelope, its ring of keys, and what a copy of a row is worth."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from caretill.core import sealed

OLD, NEW = "old-key-of-a-test-old-key-of-a-test", "new-key-of-a-test-new-key-of-a-test"
ROW = b"account and id of a row"


def test_a_text_is_opened_only_for_its_own_row() -> None:
    kept = sealed.seal("123456789", ROW)
    assert b"123456789" not in kept
    assert sealed.unseal(kept, ROW) == "123456789"
    with pytest.raises(sealed.SealBroken) as raised:
        sealed.unseal(kept, b"another row")
    assert raised.value.code == "changed"


def test_the_same_text_twice_is_not_the_same_bytes() -> None:
    assert sealed.seal("123456789", ROW) != sealed.seal("123456789", ROW)


@pytest.mark.parametrize("place", [0, 1, 10, 40, 70, 82, -1])
def test_one_changed_byte_anywhere_is_refused(place: int) -> None:
    kept = bytearray(sealed.seal("123456789", ROW))
    kept[place] ^= 1
    with pytest.raises(sealed.SealBroken):
        sealed.unseal(bytes(kept), ROW)


@pytest.mark.parametrize("kept", [b"", b"\x01", b"\x01" * 60])
def test_what_is_cut_short_is_refused(kept: bytes) -> None:
    with pytest.raises(sealed.SealBroken):
        sealed.unseal(kept, ROW)


def test_a_turned_ring_opens_what_the_old_key_sealed_and_seals_with_the_new(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The ring in the file is read again: a program that runs on needs no restart."""
    file = tmp_path / "seal_keys"
    file.write_text(OLD)
    monkeypatch.setattr(settings, "CARETILL_SEAL_KEYS_FILE", file)
    kept = sealed.seal("123456789", ROW)
    file.write_text(f"{NEW}\n{OLD}\n")
    assert sealed.unseal(kept, ROW) == "123456789"
    turned = sealed.rekey(kept, ROW)
    assert sealed.sealed_by(turned) == sealed.key_id(NEW)
    assert sealed.unseal(turned, ROW) == "123456789"
    assert sealed.rekey(turned, ROW) == turned
    assert sealed.sealed_by(sealed.seal("1", ROW)) == sealed.key_id(NEW)


def test_a_key_that_is_not_in_the_ring_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "CARETILL_SEAL_KEYS_FILE", None)
    monkeypatch.setattr(settings, "CARETILL_SEAL_KEYS", OLD + "-that-was-lost")
    kept = sealed.seal("123456789", ROW)
    monkeypatch.setattr(settings, "CARETILL_SEAL_KEYS", NEW)
    sealed._opened.cache_clear()
    with pytest.raises(sealed.SealBroken) as raised:
        sealed.unseal(kept, ROW)
    assert raised.value.code == "key"
