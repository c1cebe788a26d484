"""The second step of signing in: a code of an app, a passkey or a recovery code; or setting one up, where the password
is too short to be enough alone. Nothing else is open before."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from caretill.core import tokens
from caretill.letters.qr import qr_svg
from caretill.people import factors, passkeys, signin
from caretill.people.passkeys import Refused
from caretill.people.sessions import Session
from caretill.regions.catalog import organisation
from caretill.web.account import door, keys, member
from caretill.web.forms.sign_in import SecondForm, SignInForm
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts, form_page
from caretill.web.pages.receipt import scaled

SEED_SECONDS = 1800


@accepts("GET", "POST")
def second(request: HttpRequest) -> HttpResponse:
    """Who gave the right password ten minutes ago at most takes the second step here."""
    login_id = door.half(request)
    form = SecondForm.read(request)
    if login_id is None and form.kept:
        again = SignInForm(next=form.next, kept=form.kept)
        return form_page(request, "account/sign_in_again.html", again, keys=keys.to_use(request), here=None)
    if login_id is None:
        return SeeOther(f"{url('sign_in')}?{urlencode({'next': form.next})}")
    if not form.sent:
        return second_page(request, login_id, form)
    if not factors.ways(login_id).second:
        return _add(request, login_id, form)
    if form.passkey:
        return _by_passkey(request, login_id, form)
    answer = signin.by_code(login_id, form.code, door.place(request))
    if answer == "right":
        return door.enter(request, login_id, second=True, next=form.next, keep=form.kept)
    return second_page(request, login_id, form.wrong("code", f"signin.error.code_{answer}"))


def second_page(request: HttpRequest, login_id: UUID, form: SecondForm) -> HttpResponse:
    """What is asked after a right password."""
    ways = factors.ways(login_id)
    if ways.second:
        figures: dict[str, Any] = {"held": ways, "keys": keys.to_use(request) if ways.passkeys else None}
        return form_page(request, "account/second.html", form, **figures)
    email = signin.email_of(login_id)
    app, asked = app_of(form.seed, login_id, email), keys.to_add(request, login_id, email)
    return form_page(request, "account/second_add.html", form, app=app, keys=asked)


def app_of(sealed: str, login_id: UUID, email: str) -> dict[str, str]:
    """A seed to be put into an app: `seed` sealed, `key` as text in groups of four, `square` as a drawing,
    `link` for an app on this device."""
    seed = open_seed(sealed, login_id) or factors.new_seed()
    name = organisation().name
    square = scaled(qr_svg(factors.seed_address(seed, email, name)))
    return {
        # An address on a page names nobody; the square is a drawing.
        "link": factors.seed_address(seed, f"{email[:1]}***", name),
        "seed": tokens.seal(f"seed:{login_id}", {"s": seed}, SEED_SECONDS),
        "key": " ".join(seed[at : at + 4] for at in range(0, len(seed), 4)),
        "square": square,
    }


def open_seed(sealed: str, login_id: UUID) -> str:
    """The seed that a page showed this login; empty where that was too long ago."""
    try:
        return str(tokens.unseal(f"seed:{login_id}", sealed)["s"])
    except tokens.TokenError:
        return ""


def _by_passkey(request: HttpRequest, login_id: UUID, form: SecondForm) -> HttpResponse:
    try:
        if passkeys.use(keys.origin(request), form.state, form.passkey) != login_id:
            raise Refused("bad")
    except Refused:
        return second_page(request, login_id, form.wrong("code", "signin.error.passkey_no"))
    return door.enter(request, login_id, second=True, next=form.next, keep=form.kept)


def _add(request: HttpRequest, login_id: UUID, form: SecondForm) -> HttpResponse:
    """Keep the app or the passkey that was set up, sign in, and show the recovery codes once."""
    wrong = _set_up_passkey(request, login_id, form) if form.passkey else _set_up_app(login_id, form)
    if wrong:
        return second_page(request, login_id, form.wrong("code", wrong))
    signin.tell(login_id, "factor_changed")
    codes = factors.new_codes(login_id)
    begun = door.begin(request, login_id, second=True)
    return begun.onto(codes_page(request, begun.session, codes, next=form.next, keep=form.kept))


def _set_up_app(login_id: UUID, form: SecondForm) -> str:
    seed = open_seed(form.seed, login_id)
    if not seed:
        return "signin.error.seed_late"
    return "" if factors.add_totp(login_id, seed, form.code) else "signin.error.app_wrong"


def _set_up_passkey(request: HttpRequest, login_id: UUID, form: SecondForm) -> str:
    try:
        passkeys.add(login_id, keys.origin(request), form.state, form.passkey, door.browser(request))
    except Refused as refused:
        return f"security.error.passkey_{refused.code}"
    return ""


def codes_page(
    request: HttpRequest, session: Session, codes: list[str], *, next: str = "", keep: str = ""
) -> HttpResponse:
    """New recovery codes, shown this once. From here it goes on by the button."""
    return member.member_page(request, session, "account/second_codes.html", codes=codes, next=next, kept=keep)


@accepts("POST")
@member.signed_in
def go_on(request: HttpRequest, session: Session) -> HttpResponse:
    """From the recovery codes to where somebody was going."""
    return door.onward(request, session, request.POST.get("next", ""), request.POST.get("kept", ""))
