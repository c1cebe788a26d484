"""The money on an account: a deposit and credit. Put it there, use it for a bill, take it back where it came from."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse

from caretill.billing import member as bills
from caretill.core import audit
from caretill.payments import credit, deposits, take
from caretill.payments.deposits import Wish
from caretill.payments.take import Ask
from caretill.people.sessions import Session
from caretill.people.viewer import Hidden
from caretill.regions.catalog import organisation
from caretill.web import network, preferences, visit
from caretill.web.account.bills import bare_id
from caretill.web.account.member import member_form_page, member_page, signed_in
from caretill.web.flow import Made, over_to
from caretill.web.forms.money import PutForm, WishForm
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts
from caretill.web.pages import errors

WAIT_SECONDS = 600
DONE = frozenset({"applied", "nothing", "being_paid", "saved", "back", "kept"})
ROOMS_OF_MONEY = {"deposit": deposits, "credit": credit}


@accepts("GET", "POST")
@signed_in
def deposit(request: HttpRequest, session: Session) -> HttpResponse:
    """What is there, what it can do, and a form to put more there."""
    account_id = account_of(session)
    region = organisation().region(session.region)
    accounts = tuple(dict.fromkeys(region.processor_accounts.values()))
    form = PutForm.read(request, accounts)
    if not form.sent:
        return member_form_page(request, session, "account/deposit.html", form, **figures(request, session, account_id))
    answer = take.pay(_ask(request, session, account_id, form))
    if answer.code == "open":
        return SeeOther(answer.url)
    if answer.code == "too_many":
        return errors.problem(request, 429, "pay_often", retry_seconds=WAIT_SECONDS)
    if answer.payment_id is None:
        return errors.problem(request, 409)
    if answer.code == "not_sent":
        shown = figures(request, session, account_id) | {"done": "not_sent"}
        return member_page(request, session, "account/deposit.html", status=503, form=form, **shown)
    return over_to("wait", Made.of(account_id, answer.payment_id))


def figures(request: HttpRequest, session: Session, account_id: UUID) -> dict[str, Any]:
    """Both balances, the open bills they can go onto, and what was chosen. One read is logged."""
    audit.record_read(account_id, session.viewer.name, "money", None)
    region = organisation().region(session.region)
    payees: dict[str, list[str]] = {}
    for payee, account in region.processor_accounts.items():
        payees.setdefault(account, []).append(organisation().payees[payee].name)
    held = credit.held(account_id)
    rows = [row for row in bills.owed(session.viewer).payable if row["account_id"] == account_id and row["pays"]]
    parts, here = deposits.parts(account_id), region.processor_accounts
    done = request.GET.get("done", "")
    return {
        "balance_cents": deposits.balance(account_id),
        "credit_cents": sum(row["cents"] for row in held),
        "wish": deposits.wish(account_id),
        "payees": [(account, ", ".join(sorted(set(names)))) for account, names in payees.items()],
        "usable": [(row, ways) for row in rows if (ways := _ways(row, held, parts, here.get(row["payee"], "")))],
        "done": done if done in DONE else "",
        "key": str(uuid4()),
        "asked": session.email,
    }


def _ways(
    row: dict[str, Any], held: list[dict[str, Any]], parts: list[dict[str, Any]], account: str
) -> list[tuple[str, int]]:
    """What could go onto a bill: credit and deposit, each with its cents."""
    found = []
    for which, sources in (("credit", held), ("deposit", parts)):
        there = sum(source["cents"] for source in sources if source["processor_account"] == account)
        if there > 0:
            found.append((which, int(min(there, row["payable_cents"]))))
    return found


def _ask(request: HttpRequest, session: Session, account_id: UUID, form: PutForm) -> Ask:
    return Ask(
        key=bare_id(form.key) or uuid4(),
        account_id=account_id,
        region=session.region,
        parts=(),
        payer_name=f"{session.first_name} {session.last_name}".strip(),
        email=session.email,
        language=preferences.of(request).language,
        visit=visit.browser(request),
        statement_name=organisation().name,
        processor_account=form.account,
        channel="member",
        network=network.of(request),
        login_id=session.login_id,
        deposit_cents=form.cents,
    )


@accepts("POST")
@signed_in
def deposit_apply(request: HttpRequest, session: Session) -> HttpResponse:
    """Put money that is there onto one bill, as much as goes. The form's key makes two presses one."""
    account_id = account_of(session)
    bill, key = bare_id(request.POST.get("bill", "")), bare_id(request.POST.get("key", ""))
    rows = bills.to_pay(session.viewer, [bill]) if bill else []
    if key is None or bill is None or not any(row["account_id"] == account_id for row in rows):
        return SeeOther(f"{url('deposit')}?done=nothing#done")
    room = ROOMS_OF_MONEY.get(request.POST.get("which", ""), deposits)
    code = room.apply(account_id, bill, key)["code"]
    done = "applied" if code in ("applied", "repeat") else "being_paid" if code == "being_paid" else "nothing"
    return SeeOther(f"{url('deposit')}?done={done}#done")


@accepts("GET", "POST")
@signed_in
def deposit_wish(request: HttpRequest, session: Session) -> HttpResponse:
    """Whether it goes onto bills by itself, and when they are reminded."""
    account_id = account_of(session)
    form = WishForm.read(request, deposits.wish(account_id))
    if form.sent:
        deposits.choose(account_id, session.login_id, Wish(form.by_itself, form.floor_cents))
        return SeeOther(f"{url('deposit')}?done=saved#done")
    shown = {"balance_cents": deposits.balance(account_id)}
    return member_form_page(request, session, "account/deposit_wish.html", form, **shown)


@accepts("GET", "POST")
@signed_in
def deposit_back(request: HttpRequest, session: Session) -> HttpResponse:
    """All of the deposit back to where it came from: how much, and the press."""
    return _back(request, session, "deposit")


@accepts("GET", "POST")
@signed_in
def refund_ask(request: HttpRequest, session: Session) -> HttpResponse:
    """All credit back to where it came from: how much, and the press."""
    return _back(request, session, "credit")


def _back(request: HttpRequest, session: Session, which: str) -> HttpResponse:
    account_id = account_of(session)
    cents = {"deposit": deposits.balance, "credit": credit.balance}[which](account_id)
    key = bare_id(request.POST.get("key", "")) if request.method == "POST" else None
    if key is not None and "back" in request.POST:
        answer = (deposits.refund_rest if which == "deposit" else credit.give_back)(account_id, key)
        went = [each for each in answer["refunds"] if each["code"] in deposits.WENT]
        done = "back" if went and not answer["kept_cents"] else "kept"
        return SeeOther(f"{url('deposit')}?done={done}#done")
    shown: dict[str, Any] = {"which": which, "cents": cents, "key": str(uuid4())}
    return member_page(request, session, "account/money_back.html", **shown)


def account_of(session: Session) -> UUID:
    """The account whose money a member may see and move: one on which they may pay for everybody, their own first.

    Raises Hidden: whoever may see some people of an account only sees nothing of its money.
    """
    found = [each for each in session.viewer.reaches if each.everybody in ("pay", "manage") or each.holder]
    found.sort(key=lambda each: not each.holder)
    if not found:
        raise Hidden
    return found[0].account_id
