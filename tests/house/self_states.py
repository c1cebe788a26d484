"""Every page and state of who a member is: family, profile, messages, and how they sign in.

As in `house.matrix_states`: each leaves a browser in front of one. `SELF` has them all.
"""

from __future__ import annotations

import functools
from urllib.parse import urlsplit
from uuid import UUID

import pyotp
from django.test import override_settings

from caretill.core import clock, sql, tokens
from caretill.letters import links
from caretill.people import factors, profile
from caretill.people import household as verbs
from caretill.people.viewer import Level
from house.cast import a_bill
from house.door_states import code_of, press
from house.family import Family, a_family
from house.matrix_states import Show, Stage
from house.member import MemberOf, a_member
from house.member_states import opened

PROFILE = "/account/profile/"
SELF: dict[str, Show] = {}


def shown(show: Show) -> Show:
    SELF[show.__name__] = show
    return show


# Family


def at_home(level: str = "holder") -> tuple[Family, MemberOf]:
    family = a_family(private=("Olmo",))
    return family, a_member(family.account_id, level)


def mailed_invitation() -> str:
    row = sql.one("SELECT body FROM core_outbox WHERE topic = 'invite' ORDER BY id DESC LIMIT 1")
    assert row is not None
    return f"/invite/{tokens.unseal('invite', sql.answer(row['body'])['sealed'])['token']}"


def invited() -> tuple[Family, MemberOf]:
    family, holder = at_home()
    wishes: dict[UUID, Level | None] = {family.people["Iker"]: "pay", family.people["Ane"]: "see"}
    verbs.invite(verbs.viewer_of(holder.login_id), family.account_id, "kin@example.org", wishes)
    return family, holder


@shown
def household(s: Stage) -> None:
    opened(s, at_home()[1], "/account/household/")


@shown
def household_busy(s: Stage) -> None:
    """Somebody may see, somebody else is invited, and a child turns 18 soon."""
    family, holder = invited()
    a_member(family.account_id, "pay", family.people["Iker"], email="somebody.with.a.long.address@hospital.example.org")
    opened(s, holder, "/account/household/?said=invited")


@shown
def household_of_one_person(s: Stage) -> None:
    """As somebody sees it who was invited to one child."""
    family, _ = at_home()
    opened(s, a_member(family.account_id, "see", family.people["Iker"], email="kin@example.org"), "/account/household/")


@shown
def household_none(s: Stage) -> None:
    opened(s, a_member(None), "/account/household/")


@shown
def household_invite(s: Stage) -> None:
    family, holder = at_home()
    opened(s, holder, f"/account/household/{family.account_id}/invite/")


@shown
def household_invite_wrong(s: Stage) -> None:
    household_invite(s)
    s.page.fill("#email", "nobody")
    press(s)


@shown
def household_access(s: Stage) -> None:
    family, holder = at_home()
    kin = a_member(family.account_id, "pay", family.people["Iker"], email="kin@example.org")
    opened(s, holder, f"/account/household/{family.account_id}/access/{kin.login_id}/")


@shown
def invite_open(s: Stage) -> None:
    invited()
    s.page.goto(mailed_invitation())


@shown
def invite_take(s: Stage) -> None:
    invited()
    opened(s, a_member(None, email="kin@example.org"), mailed_invitation())


@shown
def invite_own(s: Stage) -> None:
    opened(s, invited()[1], mailed_invitation())


@shown
def invite_gone(s: Stage) -> None:
    s.page.goto("/invite/nothing")


# Profile and messages


def talks() -> MemberOf:
    made = a_member(a_bill(14_000).account_id)
    profile.change(made.login_id, "phone", {"phone": "503-555-0100"})
    return made


def profile_at(path: str, s: Stage) -> None:
    with override_settings(CARETILL_TEXTS="mailbox", CARETILL_PUSH="mailbox"):
        opened(s, talks(), path)


def profile_wrong(path: str, s: Stage, **typed: str) -> None:
    opened(s, talks(), path)
    for name, value in typed.items():
        s.page.locator(f"#{name}").fill(value)
    press(s)


SELF |= {
    "profile": functools.partial(profile_at, PROFILE),
    "profile_saved": functools.partial(profile_at, f"{PROFILE}?saved=address"),
    "messages": functools.partial(profile_at, "/account/messages/"),
    "messages_saved": functools.partial(profile_at, "/account/messages/?saved=yes"),
    **{
        f"profile_{name}": functools.partial(profile_at, f"{PROFILE}{name}/")
        for name in ("name", "address", "phone", "language", "quiet", "paper", "email")
    },
    "profile_name_wrong": functools.partial(profile_wrong, f"{PROFILE}name/", first_name=""),
    "profile_address_wrong": functools.partial(profile_wrong, f"{PROFILE}address/", street="", zip="9"),
    "profile_phone_wrong": functools.partial(profile_wrong, f"{PROFILE}phone/", phone="12"),
    "profile_email_wrong": functools.partial(profile_wrong, f"{PROFILE}email/", email="new@example"),
    "profile_email_code": functools.partial(profile_wrong, f"{PROFILE}email/", email="new@example.org"),
}


@shown
def messages_email_only(s: Stage) -> None:
    opened(s, a_member(None), "/account/messages/")


@shown
def profile_email_code_wrong(s: Stage) -> None:
    profile_wrong(f"{PROFILE}email/", s, email="new@example.org")
    s.send(code="000000")


@shown
def profile_pending(s: Stage) -> None:
    """A change of address that can still be undone."""
    made = talks()
    profile.change(made.login_id, "address", {"street": "2 New Road", "city": "C", "state": "OR", "zip": "97201"})
    opened(s, made, PROFILE)


@shown
def profile_paper_no_sample(s: Stage) -> None:
    opened(s, talks(), f"{PROFILE}paper/")
    s.page.locator("main input[type=radio]").last.check()
    press(s)


def mailed(s: Stage, what: str) -> str:
    login_id = talks().login_id
    if what == "stop":
        link = links.stop_link(login_id, "bill_ready", "email", s.language)
    else:
        made = profile.change(login_id, "address", {"street": "2", "city": "C", "state": "OR", "zip": "97201"})
        assert made is not None
        link = links.undo_link(login_id, made, clock.now() + profile.UNDO_FOR, s.language)
    return urlsplit(link).path


def by_mail(what: str, pressed: bool, s: Stage) -> None:
    s.page.goto(mailed(s, what))
    if pressed:
        press(s)


SELF |= {
    "undo": functools.partial(by_mail, "undo", False),
    "undo_done": functools.partial(by_mail, "undo", True),
    "stop": functools.partial(by_mail, "stop", False),
    "stop_done": functools.partial(by_mail, "stop", True),
}


@shown
def undo_over(s: Stage) -> None:
    s.page.goto("/undo/x")


@shown
def stop_over(s: Stage) -> None:
    s.page.goto("/stop/x")


# Security


def secured(name: str, s: Stage) -> None:
    opened(s, a_member(None), f"/account/{name}")


SELF |= {
    "security": functools.partial(secured, "security/"),
    "security_password": functools.partial(secured, "security/password/"),
    "security_passkeys": functools.partial(secured, "security/passkeys/"),
    "security_app": functools.partial(secured, "security/app/"),
    "security_codes": functools.partial(secured, "security/codes/"),
    "devices": functools.partial(secured, "devices/"),
}


@shown
def security_password_wrong(s: Stage) -> None:
    secured("security/password/", s)
    s.send(new_password="otters")


@shown
def security_app_wrong(s: Stage) -> None:
    secured("security/app/", s)
    s.send(code="1")


@shown
def security_codes_made(s: Stage) -> None:
    made = a_member(None)
    app = pyotp.TOTP(factors.new_seed())
    assert factors.add_totp(made.login_id, app.secret, code_of(app, -1))
    opened(s, made, "/account/security/codes/")
    with s.page.expect_navigation():
        s.page.locator('main button[name="make"]').click()


@shown
def idle(s: Stage) -> None:
    """Two minutes before the end."""
    secured("devices/", s)
    s.page.evaluate("document.getElementById('idle').showModal()")
