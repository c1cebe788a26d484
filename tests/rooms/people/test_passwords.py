"""Passwords: ten thousand known ones refused, long ones of any script taken (rules.md SEC-2)."""

from __future__ import annotations

import pytest

from caretill.people import passwords


def test_ten_thousand_listed_passwords_are_refused() -> None:
    listed = sorted(passwords._known(), key=lambda each: (-len(each), each))[:10_000]
    assert len(listed) == 10_000
    assert [each for each in listed if passwords.fault(each) not in ("known", "short")] == []
    assert [each for each in listed if len(each) >= 8 and passwords.fault(each.upper()) != "known"] == []


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("", "empty"),
        ("otters", "short"),
        ("otterse", "short"),
        ("otters s", ""),
        ("x" * 257, "long"),
        ("aaaaaaaaaaaaaaaaaaaa", "known"),
        ("abababababababab", "known"),
        ("iloveyou", "known"),
        ("Juana.Solano", "about_you"),
        ("larkspurhealth1", "about_you"),
        ("juana swims with otters", ""),
        ("河馬 🦦 бегемот ñandú" * 3, ""),
        ("ñ" * 7, "short"),
    ],
)
def test_what_is_wrong_with_a_password(password: str, told: str) -> None:
    assert passwords.fault(password, ("Juana", "Solano", "Larkspur", "Health", "X")) == told


def test_sixty_four_characters_of_unicode_are_kept_whole() -> None:
    password = "河馬🦦 бегемот ñandú" * 4
    assert len(password) >= 64 and passwords.fault(password) == ""
    kept = passwords.keep(password)
    assert passwords.matches(kept, password) and not passwords.matches(kept, password[:-1] + "u")
    assert passwords.matches(passwords.keep("ñandú bajo el cielo"), "n\u0303andu\u0301 bajo el cielo")


def test_blanks_count_and_length_is_that_of_what_is_kept() -> None:
    kept = passwords.keep(" seven quiet otters ")
    assert passwords.matches(kept, " seven quiet otters ") and not passwords.matches(kept, "seven quiet otters")
    assert passwords.alone("seven quiet ott") and not passwords.alone("seven quiet ot")


def test_nobodys_password_is_never_right() -> None:
    assert not passwords.matches("", "") and not passwords.matches("", "a password that nobody has")
    assert not passwords.matches("nonsense", "nonsense")
