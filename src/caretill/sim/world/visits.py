"""Payers of the world pay here: on the processor's page, with published test cards, weeks or days ago.

Every payment is keyed by the seed and its story, so going through them again, after a kill as well, pays nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from caretill.billing import access
from caretill.core import clock, sql
from caretill.core.ids import deterministic_uuid
from caretill.payments import callbacks, gateways, look, refund, take
from caretill.payments.gateways.base import CallbackRefused
from caretill.payments.gateways.sandbox import SandboxGateway
from caretill.regions import catalog
from caretill.sim.processor.keys import Keys
from caretill.sim.processor.shell import BASE_URL, Shell
from caretill.sim.world.books import Book, Told
from caretill.sim.world.stories import DECLINED_CARD, GOOD_CARDS, Visit

TRIES_OF_A_SESSION = 5  # then the processor closes it


class WorldBroken(RuntimeError):
    """A payment of the world did not end as its story has it."""


@contextmanager
def processor_here(store: Path, keys: Keys) -> Iterator[Shell]:
    """The sandbox processor inside this process, over the store that its program uses afterwards."""

    def deliver(_: str, headers: Mapping[str, str], body: bytes) -> int:
        try:
            callbacks.receive("sandbox", body, headers)
        except CallbackRefused:
            return 400
        return 200

    shell = Shell(sender=deliver, path=store, keys=keys)
    here = SandboxGateway(BASE_URL, keys.key, (keys.callback_secret,), send=shell.request)
    usual = gateways.GATEWAYS["sandbox"]
    gateways.GATEWAYS["sandbox"] = lambda: here
    try:
        yield shell
    finally:
        gateways.GATEWAYS["sandbox"] = usual
        shell.close()


def pay_all(shell: Shell, seed: str, books: list[Book], until: datetime, floor: datetime) -> int:
    """Every visit of every book, some days before `until` but none before `floor`; how many there were."""
    count = 0
    for place, book in enumerate(books):
        for told in book.told:
            for number, visit in enumerate(told.story.visits):
                days = 3 + (5 * told.index + 7 * place) % 15
                at = until - timedelta(days=days, minutes=17 * (told.index + place))
                with clock.fixed(max(at, floor)):
                    _pay(shell, _key(seed, book, told, number), told, visit, count)
                count += 1
    return count


def give_back_all(shell: Shell, seed: str, books: list[Book]) -> int:
    """Refund the credit that newer versions of paid bills left, where the story has it; how many cents."""
    total_cents = 0
    for book in books:
        for told in book.told:
            for number, visit in enumerate(told.story.visits):
                if visit.give_back:
                    total_cents += _give_back(_key(seed, book, told, number), told, visit)
    return total_cents


def _pay(shell: Shell, key: UUID, told: Told, visit: Visit, count: int) -> None:
    region = catalog.region(told.family.region)
    account = region.processor_account(told.bills[visit.bills[0]].kind)
    chosen = [index for index in visit.bills if region.processor_account(told.bills[index].kind) == account]
    rows = _stored(told, [told.bills[index].number for index in chosen])
    payee = catalog.organisation().payees[rows[told.bills[chosen[0]].number]["payee"]]
    amounts = [(told.bills[index].number, told.owed_cents[index] * visit.percent // 100) for index in chosen]
    account_id = rows[amounts[0][0]]["account_id"]
    ask = take.Ask(
        key=key,
        account_id=account_id,
        region=region.slug,
        parts=tuple((rows[number]["id"], cents) for number, cents in amounts if cents),
        payer_name=f"{told.family.payer.first_name} {told.family.payer.last_name}",
        email=told.family.email,
        language=told.family.language,
        visit=b"world",
        statement_name=payee.name,
        processor_account=account,
    )
    answer = take.pay(ask)
    if answer.payment_id is None or answer.code not in ("open", "ended"):
        raise WorldBroken(f"{region.slug}, {told.story.name}: {answer.code}")
    if answer.code == "open":
        _at_the_processor(shell, answer.url, told, visit, count)
    state = look.came_back(account_id, answer.payment_id)
    callbacks.apply_due()
    if state != ("failed" if visit.declined else "succeeded"):
        raise WorldBroken(f"{region.slug}, {told.story.name}: the payment is {state}")


def _at_the_processor(shell: Shell, url: str, told: Told, visit: Visit, count: int) -> None:
    """Type the card, as often as it is declined."""
    card = DECLINED_CARD if visit.declined else GOOD_CARDS[count % len(GOOD_CARDS)]
    form = {
        "number": card,
        "expiry": f"12/{(clock.now().year + 3) % 100:02d}",
        "security_code": "1234" if card.startswith("3") else "123",
        "name": f"{told.family.payer.first_name} {told.family.payer.last_name}",
        "zip": told.family.zip,
    }
    for _ in range(TRIES_OF_A_SESSION if visit.declined else 1):
        shell.browse("POST", f"{url}/pay", form)


def _give_back(key: UUID, told: Told, visit: Visit) -> int:
    rows = _stored(told, [told.bills[index].number for index in visit.bills])
    account_id = next(iter(rows.values()))["account_id"]
    credit_cents = sum(access.bill_figures(account_id, row["id"])["credit_cents"] for row in rows.values())
    payment = sql.one(
        "SELECT id, refunded_cents FROM payments_payment WHERE account_id = %s AND key = %s", (account_id, key)
    )
    if payment is None or credit_cents == 0:
        return int(payment["refunded_cents"]) if payment else 0
    again = deterministic_uuid("refund", str(key))
    answer = refund.refund(account_id, payment["id"], credit_cents, again, "the bill was lowered")
    callbacks.apply_due()
    if answer["code"] not in ("refunded", "repeat"):
        raise WorldBroken(f"{told.family.region}, {told.story.name}: the refund is {answer['code']}")
    return credit_cents


def _key(seed: str, book: Book, told: Told, number: int) -> UUID:
    return deterministic_uuid("world", seed, book.region.slug, str(told.index), str(number))


def _stored(told: Told, numbers: list[str]) -> dict[str, dict[str, Any]]:
    """The bills of these numbers as they stand in the database."""
    rows = sql.query(
        "SELECT account_id, id, number, payee FROM billing_bill WHERE region = %s AND number = ANY(%s)",
        (told.family.region, numbers),
    )
    found = {row["number"]: row for row in rows}
    if missing := set(numbers) - found.keys():
        raise WorldBroken(f"{told.family.region}: bills did not come in: {', '.join(sorted(missing))}")
    return found
