"""Every page and state of saved ways to pay. As in `house.matrix_states`: each leaves a browser in front of one."""

from __future__ import annotations

import functools
from datetime import date
from uuid import UUID

from caretill.methods import change, mandates, pause, validate
from house import wallet
from house.cast import a_bill
from house.matrix_states import Show, Stage
from house.member import MemberOf, a_member
from house.member_states import opened

WAYS = "/account/ways/"
FRIDAY = date(2026, 11, 20)
METHODS: dict[str, Show] = {}


def shown(show: Show) -> Show:
    METHODS[show.__name__] = show
    return show


def owner() -> tuple[UUID, MemberOf]:
    account_id = a_bill(14_000).account_id
    return account_id, a_member(account_id)


def a_full_wallet() -> tuple[MemberOf, dict[str, UUID]]:
    """One of each: ready, ending soon, over, refused by the bank, not proved yet."""
    own, member = owner()
    made = {"card": wallet.a_card(own, member.login_id), "bank": wallet.a_bank(own, member.login_id)}
    change.rename(own, made["bank"], "House money for the whole family")
    made["soon"] = wallet.a_card(own, member.login_id, last4="1881", month=11, year=2026)
    made["over"] = wallet.a_card(own, member.login_id, last4="0069", month=1, year=2026)
    change.disable(own, made["over"], "expired")
    made["closed"] = wallet.a_bank(own, member.login_id, number="5544332211", account_type="savings")
    change.disable(own, made["closed"], "R02")
    made["new"] = wallet.a_bank(own, member.login_id, number="998877665544", proved=False)
    wallet.a_mandate(own, made["card"], member.login_id)
    wallet.a_mandate(own, made["card"], member.login_id, "save")
    return member, made


@shown
def methods_all(s: Stage) -> None:
    opened(s, a_full_wallet()[0], WAYS)


@shown
def methods_paused(s: Stage) -> None:
    member = a_full_wallet()[0]
    pause.keep([wallet.TOO_MANY])
    opened(s, member, WAYS)


@shown
def methods_none(s: Stage) -> None:
    opened(s, owner()[1], WAYS)


@shown
def methods_no_account(s: Stage) -> None:
    opened(s, a_member(None), WAYS)


def page_of(name: str, rest: str, s: Stage) -> None:
    member, made = a_full_wallet()
    opened(s, member, f"{WAYS}{made[name]}/{rest}")
    s.page.evaluate("for (const each of document.querySelectorAll('main details')) each.open = true")


METHODS |= {
    "method_card": functools.partial(page_of, "card", ""),
    "method_renamed": functools.partial(page_of, "bank", "?done=renamed"),
    "method_ends_soon": functools.partial(page_of, "soon", ""),
    "method_closed": functools.partial(page_of, "closed", ""),
    "method_delete": functools.partial(page_of, "card", "delete/"),
    "method_replace": functools.partial(page_of, "over", "replace/"),
    "method_prove_begin": functools.partial(page_of, "new", "prove/"),
    "method_prove_closed": functools.partial(page_of, "closed", "prove/"),
}


@shown
def method_replace_check(s: Stage) -> None:
    member, made = a_full_wallet()
    opened(s, member, f"{WAYS}{made['card']}/replace/?by={made['bank']}")


@shown
def method_replace_with_none(s: Stage) -> None:
    own, member = owner()
    opened(s, member, f"{WAYS}{wallet.a_card(own, member.login_id)}/replace/")


def proving(rest: str, s: Stage) -> tuple[MemberOf, UUID]:
    own, member = owner()
    bank = wallet.a_bank(own, member.login_id, proved=False)
    validate.begin(own, bank)
    if rest:
        wallet.arrived(own, bank, date.fromisoformat(rest))
    opened(s, member, f"{WAYS}{bank}/prove/")
    return member, bank


def _proving(rest: str, s: Stage) -> None:
    proving(rest, s)


METHODS |= {
    "method_prove_soon": functools.partial(_proving, ""),
    "method_prove_wait": functools.partial(_proving, "2026-11-27"),
    "method_prove": functools.partial(_proving, "2026-11-20"),
}


@shown
def method_prove_wrong(s: Stage) -> None:
    proving("2026-11-20", s)
    s.page.locator("#cents1").fill("99")
    s.page.locator("#cents2").fill("99")
    with s.page.expect_navigation():
        s.page.locator("#cents2").press("Enter")


@shown
def method_add_card(s: Stage) -> None:
    opened(s, owner()[1], f"{WAYS}card/")


@shown
def method_card_away(s: Stage) -> None:
    """The processor does not answer."""
    s.desk.fault("dark", 1)
    opened(s, owner()[1], f"{WAYS}card/")
    with s.page.expect_navigation():
        s.page.locator("#nickname").press("Enter")


@shown
def method_saved_open(s: Stage) -> None:
    own, member = owner()
    text = mandates.words("save", s.language, region="oregon", account="card")
    wish = wallet.a_saving(own, member.login_id, text)
    opened(s, member, f"{WAYS}saved/{wish}/")


@shown
def method_add_bank(s: Stage) -> None:
    opened(s, owner()[1], f"{WAYS}bank/")


def typed(s: Stage, routing: str) -> None:
    opened(s, owner()[1], f"{WAYS}bank/")
    for name, value in (("holder_name", "Juana Solano"), ("routing", routing), ("number", "000123456789")):
        s.page.locator(f"#{name}").fill(value)
    s.page.locator("#number_again").fill("000123456789")
    with s.page.expect_navigation():
        s.page.locator("#number_again").press("Enter")


@shown
def method_bank_wrong(s: Stage) -> None:
    typed(s, "021099994")


@shown
def method_bank_check(s: Stage) -> None:
    typed(s, wallet.ROUTING)
