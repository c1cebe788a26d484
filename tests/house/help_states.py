"""Every page and state of help: support, papers sent to us, and somebody else who pays by a link.

As in `house.matrix_states`: each leaves a browser in front of one. `HELP` has them all.
"""

from __future__ import annotations

import re
from uuid import UUID

from django.conf import settings
from django.test import Client

from caretill.payments import helping as links
from caretill.payments.helping import Link
from caretill.web.flow import help_token
from caretill.web.jinja import url
from house.cast import a_bill
from house.door_states import carry, press
from house.matrix_states import Show, Stage, open_bill
from house.member import a_member
from house.member_states import opened, two_accounts
from house.payer import Payer
from house.scenes import several
from house.sent_papers import pdf

MINE = {"amount": "all", "other_amount": "", "payer_name": "Ruth Helper", "email": "ruth@example.org"}
HELP: dict[str, Show] = {}


def shown(show: Show) -> Show:
    HELP[show.__name__] = show
    return show


# Support and papers


@shown
def support_regions(s: Stage) -> None:
    s.page.goto("/help/")


@shown
def support(s: Stage) -> None:
    s.page.goto("/help/oregon/")


@shown
def support_member(s: Stage) -> None:
    opened(s, a_member(a_bill(14_000).account_id), "/help/oregon/")


@shown
def support_bill(s: Stage) -> None:
    """From a bill's details: its number stands beside whom to call."""
    open_bill(s, a_bill(14_000))
    with s.page.expect_navigation():
        s.page.locator(".three a").last.click()


@shown
def support_bill_member(s: Stage) -> None:
    made, found = two_accounts()
    opened(s, made, f"/account/bills/{found[0].bill_id}/")
    with s.page.expect_navigation():
        s.page.locator(".three a").last.click()


@shown
def paid_receipt_sent(s: Stage) -> None:
    """Of a bill that is paid, the receipt goes to the contact on file."""
    bill = a_bill(14_000)
    s.scene().paid(Payer(bill, language=s.language))
    payer = Payer(bill, language=s.language)
    s.enter(payer)
    s.page.goto(payer.at("amount"))
    with s.page.expect_navigation():
        s.page.locator("main form.go button").click()


@shown
def paycode_typo(s: Stage) -> None:
    code = a_bill(14_000).pay_code
    s.page.goto(f"/p/{code[:-1]}{'A' if code[-1] != 'A' else 'B'}")


@shown
def documents(s: Stage) -> None:
    s.page.goto("/help/oregon/send/")


@shown
def documents_empty(s: Stage) -> None:
    documents(s)
    press(s)


def papers(s: Stage, name: str, body: bytes) -> None:
    documents(s)
    s.page.locator("main input[type=radio]").first.check()
    s.page.fill("#name", "Pat Payer")
    s.page.set_input_files("#files", {"name": name, "mimeType": "application/pdf", "buffer": body})
    press(s)


@shown
def documents_hostile(s: Stage) -> None:
    papers(s, "paper.pdf", pdf(b"/OpenAction << /S /JavaScript >>"))


@shown
def documents_sent(s: Stage) -> None:
    papers(s, "paper.pdf", pdf())


# Who asks


@shown
def ask_help(s: Stage) -> None:
    asks(s, s.scene().payer(s.scene().bill()))


def asks(s: Stage, payer: Payer, other: str = "") -> Payer:
    chosen = {"amount": "other" if other else "all", "other_amount": other}
    payer.post("amount", (chosen if len(payer.bills) == 1 else payer.each()) | {"do": "helper"})
    s.enter(payer)
    s.page.goto(payer.at("someone-else"))
    return payer


@shown
def ask_help_wrong(s: Stage) -> None:
    ask_help(s)
    s.send(email="nobody")


@shown
def ask_help_made(s: Stage) -> None:
    ask_help(s)
    press(s)


@shown
def ask_help_two_places(s: Stage) -> None:
    asks(s, several(s.scene(), "hawaii"))


@shown
def ask_help_two_places_made(s: Stage) -> None:
    ask_help_two_places(s)
    press(s)


@shown
def ask_help_paid_in_part(s: Stage) -> None:
    payer = asks(s, s.scene().payer(s.scene().bill()))
    press(s)
    helped(s, payer, amount="other", other_amount="25")
    s.page.reload()


@shown
def ask_help_paid(s: Stage) -> None:
    payer = asks(s, s.scene().payer(s.scene().bill()), "60.00")
    press(s)
    helped(s, payer)
    s.page.reload()


@shown
def ask_help_taken_back(s: Stage) -> None:
    ask_help_made(s)
    with s.page.expect_navigation():
        s.page.locator("main button[name=back]").click()


@shown
def ask_help_member(s: Stage) -> None:
    made, found = two_accounts()
    opened(s, made, f"/account/pay/?of={found[0].bill_id}")
    with s.page.expect_navigation():
        s.page.locator("main button[name=do][value=helper]").click()


@shown
def ask_help_member_made(s: Stage) -> None:
    ask_help_member(s)
    press(s)


# Who helps


def link(cents: int = 6_000, charge: int = 14_000) -> tuple[Link, str]:
    """A link for a part of a bill of 140.00, and its address."""
    bill = a_bill(charge)
    made = links.make(bill.account_id, bill.region, [(bill.bill_id, cents)])
    assert made is not None
    return made, url("helping", help_token(made.account_id, made.id))


def helper(s: Stage, address: str, **typed: str) -> tuple[Client, str]:
    """A client with no screen that stands on the check page; its address."""
    client = Client(SERVER_NAME="127.0.0.1", HTTP_ACCEPT_LANGUAGE=s.language)
    answer = client.post(address, MINE | typed)
    assert answer.status_code == 303, answer.content.decode()
    return client, str(answer["Location"])


def to_card(client: Client, check: str) -> str:
    """The button that pays; the processor's page."""
    found = re.search(r'name="key" value="([^"]+)"', client.get(check).content.decode())
    assert found
    return str(client.post(check, {"key": found[1]})["Location"])


def paid(s: Stage, address: str, **typed: str) -> tuple[Client, str]:
    """All the way; the done page."""
    client, check = helper(s, address, **typed)
    back = client.get(s.desk.card(to_card(client, check)).removeprefix(settings.CARETILL_PUBLIC_URL))
    return client, str(back["Location"] if back.status_code == 303 else back.request["PATH_INFO"])


def helped(s: Stage, payer: Payer, **typed: str) -> None:
    """Somebody paid by the newest link of this payer's bills."""
    made = links.of_bills(UUID(payer.flow.account_id), [bill.bill_id for bill in payer.bills])[0]
    paid(s, url("helping", help_token(made.account_id, made.id)), **typed)


@shown
def helping(s: Stage) -> None:
    s.page.goto(link()[1])


@shown
def helping_wrong(s: Stage) -> None:
    helping(s)
    s.page.locator("main input[value=other]").check()
    s.send(email="nobody", other_amount="60.01")


@shown
def helping_fallen(s: Stage) -> None:
    s.page.goto(f"{link()[1]}?fallen")


@shown
def helping_check(s: Stage) -> None:
    client, check = helper(s, link()[1])
    carry(s, client)
    s.page.goto(check)


@shown
def helping_cancel(s: Stage) -> None:
    """Back from the processor's page."""
    address = link()[1]
    client, check = helper(s, address)
    to_card(client, check)
    carry(s, client)
    s.page.goto(address)


@shown
def helping_done(s: Stage) -> None:
    client, done = paid(s, link()[1])
    carry(s, client)
    s.page.goto(done.removeprefix(settings.CARETILL_PUBLIC_URL))


@shown
def helping_done_in_part(s: Stage) -> None:
    client, done = paid(s, link()[1], amount="other", other_amount="25", email="")
    carry(s, client)
    s.page.goto(done.removeprefix(settings.CARETILL_PUBLIC_URL))


@shown
def helping_receipt(s: Stage) -> None:
    helping_done(s)
    s.page.goto(s.page.url.replace("/pay/done/", "/r/"))


@shown
def helping_taken_back(s: Stage) -> None:
    made, address = link()
    links.take_back(made.account_id, made.id)
    s.page.goto(address)


@shown
def helping_held(s: Stage) -> None:
    """Somebody pays right now."""
    address = link()[1]
    bill = s.scene().bill()
    s.scene().begun(Payer(bill, language=s.language))
    s.page.goto(address)


@shown
def helping_paid(s: Stage) -> None:
    address = link()[1]
    paid(s, address)
    s.page.goto(address)


@shown
def helping_unknown(s: Stage) -> None:
    s.page.goto("/h/nothing")
