"""Every page and state on the way in: registering, signing in, the second step, and both ways back.

As in `house.matrix_states`: each leaves a browser in front of one. `DOOR` has them all.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import pyotp
from django.test import Client

from caretill.billing import guard
from caretill.core import clock, sql
from caretill.people import factors, tries
from house.cast import a_bill
from house.matrix_states import Show, Stage
from house.member import PASSWORD, a_login, a_member
from house.registrant import Registrant, facts, mails

SHORT = "otters swim"
NO_WORK = "**/work.*.js"
DOOR: dict[str, Show] = {}


def door(show: Show) -> Show:
    DOOR[show.__name__] = show
    return show


def carry(s: Stage, client: Client) -> None:
    """The browser goes on where a client without a screen stopped."""
    held = [{"name": name, "value": each.value, "url": s.site} for name, each in client.cookies.items()]
    s.page.context.add_cookies(held)  # type: ignore[arg-type]


def press(s: Stage) -> None:
    """The first button that leads on."""
    with s.page.expect_navigation():
        s.page.locator("main .ds-c-button--solid").first.click()


# Registering

STEPS: dict[str, Callable[[Registrant], object]] = {
    "terms": lambda one: one.facts(facts(a_bill(14_000))),
    "email": lambda one: one.terms(),
    "code": lambda one: one.email(),
    "name": lambda one: one.code(),
    "password": lambda one: one.name(),
    "paper": lambda one: one.secret(),
    "done": lambda one: one.paper(),
}


def register_to(step: str, s: Stage) -> None:
    """As far as a page of it, asked for by its address."""
    one = Registrant(language=s.language)
    for name, go in STEPS.items():
        one.paper(speak=s.language) if name == "done" else go(one)
        if name == step:
            break
    carry(s, one.client)
    s.page.goto(f"/register/{step}/")


def register_wrong(step: str, s: Stage, **typed: str) -> None:
    """That page, answered with a mistake."""
    register_to(step, s)
    for name, value in typed.items():
        s.page.locator(f"#{name}").fill(value)
    press(s)


DOOR.update({f"register_{step}": functools.partial(register_to, step) for step in STEPS})
DOOR.update({
    "register_terms_wrong": functools.partial(register_wrong, "terms"),
    "register_email_wrong": functools.partial(register_wrong, "email", email="pat"),
    "register_email_odd": functools.partial(register_wrong, "email", email="odd@localhost"),
    "register_code_wrong": functools.partial(register_wrong, "code", code="000000"),
    "register_name_wrong": functools.partial(register_wrong, "name", street="", zip="9"),
    "register_password_short": functools.partial(register_wrong, "password", new_password="short"),
    "register_password_known": functools.partial(register_wrong, "password", new_password="Larkspur Health 1"),
})  # fmt: skip


@door
def register_place(s: Stage) -> None:
    s.page.goto("/register/")


@door
def register_place_unknown(s: Stage) -> None:
    s.page.goto("/register/")
    s.send(place="Atlantis")


def facts_page(s: Stage) -> None:
    one = Registrant(language=s.language)
    one.place()
    carry(s, one.client)
    s.page.goto("/register/facts/")


@door
def register_facts(s: Stage) -> None:
    facts_page(s)


@door
def register_facts_empty(s: Stage) -> None:
    facts_page(s)
    press(s)


@door
def register_facts_miss(s: Stage) -> None:
    facts_page(s)
    s.send(**facts(a_bill(14_000), zip="97202"))


@door
def register_facts_member_number(s: Stage) -> None:
    """A region that asks for a member's numbers."""
    one = Registrant("california", s.language)
    one.place()
    carry(s, one.client)
    s.page.goto("/register/facts/")


def missed(count: int, number: str) -> None:
    for _ in range(count):
        guard.missed("oregon", [number], "127.0.0.1")


@door
def register_work(s: Stage) -> None:
    bill = a_bill(14_000)
    missed(5, bill.account_number)
    s.page.route(NO_WORK, lambda route: route.fulfill(content_type="text/javascript", body=""))
    facts_page(s)
    s.send(**facts(bill))


@door
def register_closed(s: Stage) -> None:
    bill = a_bill(14_000)
    missed(20, bill.account_number)
    facts_page(s)
    s.send(**facts(bill))


@door
def register_paper_no_sample(s: Stage) -> None:
    register_to("paper", s)
    s.page.check("#paper-screen")
    press(s)


@door
def register_from_payment(s: Stage) -> None:
    """Who found a bill as a guest is not asked for its numbers again."""
    bill = a_bill(14_000)
    s.page.goto("/pay/oregon/")
    s.send(number=bill.account_number, last_name=bill.last_name, zip=bill.zip)
    flow = s.page.url.split("/")[-2]
    s.page.goto(f"/register/?pay={flow}")
    s.page.goto("/register/facts/")


# Signing in


def type_in(s: Stage, **typed: str) -> None:
    s.page.goto("/sign-in/?next=/account/security/")
    s.send(**typed)


def app_of(email: str = "app@example.org") -> pyotp.TOTP:
    """A login with an app and recovery codes."""
    login_id = a_login(email)
    made = pyotp.TOTP(factors.new_seed())
    assert factors.add_totp(login_id, made.secret, code_of(made, -1))
    factors.new_codes(login_id)
    return made


def code_of(app: pyotp.TOTP, step: int = 0) -> str:
    return app.generate_otp(int(clock.now().timestamp()) // 30 + step)


def tried(count: int) -> None:
    for _ in range(count):
        tries.of_password("juana@example.org", tries.Place(b"", "x"), own=False).begin()


@door
def sign_in(s: Stage) -> None:
    s.page.goto("/sign-in/")


@door
def sign_in_empty(s: Stage) -> None:
    type_in(s, email="juana", password="")


@door
def sign_in_wrong(s: Stage) -> None:
    a_login()
    type_in(s, email="juana@example.org", password="wrong")


@door
def sign_in_work(s: Stage) -> None:
    a_login()
    tried(3)
    s.page.route(NO_WORK, lambda route: route.fulfill(content_type="text/javascript", body=""))
    type_in(s, email="juana@example.org", password=PASSWORD)


@door
def sign_in_closed(s: Stage) -> None:
    tried(10)
    type_in(s, email="juana@example.org", password="wrong")


@door
def sign_in_employer(s: Stage) -> None:
    s.page.goto("/sign-in/employer/")


@door
def sign_in_second(s: Stage) -> None:
    app_of()
    type_in(s, email="app@example.org", password=PASSWORD)


@door
def sign_in_second_wrong(s: Stage) -> None:
    sign_in_second(s)
    s.send(code="1")


@door
def sign_in_add(s: Stage) -> None:
    """The password is too short to be enough alone."""
    a_login(password=SHORT)
    type_in(s, email="juana@example.org", password=SHORT)


@door
def sign_in_add_wrong(s: Stage) -> None:
    sign_in_add(s)
    s.send(code="1")


@door
def sign_in_codes(s: Stage) -> None:
    """Recovery codes, shown once."""
    sign_in_add(s)
    app = pyotp.TOTP(s.page.locator(".check-code").inner_text().replace(" ", ""))
    s.send(code=code_of(app))


@door
def sign_in_already(s: Stage) -> None:
    carry(s, a_member(None).client())
    s.page.goto("/sign-in/")


@door
def sign_in_again(s: Stage) -> None:
    """The session ended while a form was open."""
    carry(s, a_member(None).client())
    s.page.goto("/account/profile/address/")
    s.page.context.clear_cookies(name="session")
    s.page.locator("#street").fill("2 New Road")
    press(s)


@door
def sign_in_back(s: Stage) -> None:
    """And back in: what was typed stands there."""
    sign_in_again(s)
    s.send(email="juana@example.org", password=PASSWORD)


@door
def sign_in_other(s: Stage) -> None:
    """Another tab signed in as somebody else."""
    carry(s, a_member(None).client())
    s.page.goto("/account/profile/address/")
    carry(s, a_member(None, email="olmo@example.org").client())
    s.page.locator("#street").fill("2 New Road")
    press(s)


@door
def sign_out(s: Stage) -> None:
    carry(s, a_member(None).client())
    s.page.goto("/sign-out/")


@door
def sign_out_done(s: Stage) -> None:
    s.page.goto("/sign-out/")


@door
def prove(s: Stage) -> None:
    carry(s, a_member(None).client())
    s.page.goto("/account/prove/?next=/account/security/")


@door
def prove_wrong(s: Stage) -> None:
    prove(s)
    s.send(password="wrong")


@door
def prove_app(s: Stage) -> None:
    """A code of the app is asked for beside the password."""
    made = a_member(None)
    app = pyotp.TOTP(factors.new_seed())
    assert factors.add_totp(made.login_id, app.secret, code_of(app, -1))
    sql.execute("UPDATE people_login SET whole_password = false")
    carry(s, made.client())
    s.page.goto("/account/prove/?next=/account/security/")


# Ways back


@door
def forgot_password_place(s: Stage) -> None:
    s.page.goto("/forgot/password/")


@door
def forgot_password(s: Stage) -> None:
    s.page.goto("/forgot/password/oregon/")


@door
def forgot_password_empty(s: Stage) -> None:
    forgot_password(s)
    press(s)


@door
def forgot_password_sent(s: Stage) -> None:
    bill = a_bill(14_000)
    a_member(bill.account_id)
    forgot_password(s)
    s.send(email="juana@example.org", **facts(bill))


@door
def forgot_email(s: Stage) -> None:
    s.page.goto("/forgot/email/oregon/")


@door
def forgot_email_sent(s: Stage) -> None:
    forgot_email(s)
    s.send(**facts(a_bill(14_000)))


def reset_link(s: Stage) -> str:
    forgot_password_sent(s)
    return f"/reset/{mails('recover_password')[-1][1]['link']}/"


@door
def reset(s: Stage) -> None:
    s.page.goto(reset_link(s))


@door
def reset_wrong(s: Stage) -> None:
    reset(s)
    s.send(new_password="short")


@door
def reset_done(s: Stage) -> None:
    reset(s)
    s.send(new_password="eleven loud herons dance")


@door
def reset_over(s: Stage) -> None:
    s.page.goto("/reset/none-of-ours/")
