"""One payment from a bank account that somebody agrees to on a page: what they read, then the debit (rules.md ACH-1).

A bank account that is typed is kept only once its owner agreed, for this payment alone. The agreement has the key of
the payment, so that a form that is sent many times at once agrees once and debits once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID, uuid5

from django.db import transaction

from caretill.core import clock
from caretill.core.sql import one
from caretill.methods import keep, mandates, pause, validate
from caretill.methods.keep import BankAsk
from caretill.methods.mandates import MandateText
from caretill.payments import charge, saved_ask
from caretill.payments.saved_ask import Method, SavedAsk
from caretill.payments.take import Answer

TYPED = Method("bank", "prenote")
_NOBODY = UUID(int=0)


class _Faster(Exception):
    """The same form was sent twice at once, and the other one agreed first."""


@dataclass(frozen=True)
class Offer:
    """What is shown before the press: the whole text, the day the money leaves, and until when it can be taken back."""

    text: MandateText
    posts_on: date

    @property
    def mark(self) -> str:
        """Of what was shown: a press answers to these words and no others."""
        return self.text.hash.hex()[:16]


def offer(
    region: str,
    language: str,
    amount_cents: int,
    *,
    last4: str,
    account_type: str,
    method: Method = TYPED,
    guest: bool,
    corporate: bool = False,
    take_on: date | None = None,
) -> Offer:
    """One debit of `amount_cents`, on the first day the banks can, or on the day that was asked for."""
    day = saved_ask.posts_on(method, clock.now(), take_on)
    text = mandates.words(
        "once", language, region=region, account="bank", last4=last4, account_type=account_type,
        amount_cents=amount_cents, on=[day], guest=guest, corporate=corporate,
    )  # fmt: skip
    return Offer(text, day)


def pay(ask: SavedAsk, text: MandateText, bank: BankAsk | None = None) -> Answer:
    """The payer agreed to `text` and pressed: keep what was agreed, then queue the debit. Again: the same payment.

    `bank` is an account that was typed; otherwise `ask.method_id` is a saved one. What the ask says of method and
    mandate is filled in here. Codes as in `charge.charge`, and those of a wrong account (`keep.AddedCode`).
    """
    mandate_id = uuid5(ask.key, "mandate")
    known = mandates.one(ask.account_id, mandate_id)
    if known is None:
        try:
            fault = _agree(ask, text, bank, mandate_id)
        except _Faster:
            fault = ""
        if fault:
            return Answer(fault)
        known = mandates.one(ask.account_id, mandate_id)
        assert known is not None
    whole = replace(ask, method_id=known["method_id"], mandate_id=mandate_id)
    answer = charge.charge(whole)
    if answer.payment_id is None or answer.code in ("being_paid", "key_conflict"):
        # Nothing was begun: what was agreed ends with it. The next press has a new key, and agrees anew.
        mandates.end(ask.account_id, mandate_id, "not_begun")
    return answer


def typed(account_id: UUID, bank: BankAsk) -> BankAsk:
    """The account as it is kept: a guest's, for one payment, whoever typed it."""
    return replace(bank, account_id=account_id, login_id=None)


def nobody() -> UUID:
    """Stands for the method of an ask whose account is still to be kept."""
    return _NOBODY


def _agree(ask: SavedAsk, text: MandateText, bank: BankAsk | None, mandate_id: UUID) -> str:
    with transaction.atomic():
        method_id = ask.method_id
        if bank is not None:
            added = keep.add_bank(typed(ask.account_id, bank))
            if added.method_id is None:
                return added.code
            method_id = added.method_id
            validate.begin(ask.account_id, method_id, "prenote")
        elif not _there(ask.account_id, method_id):
            return "method_gone"
        elif pause.paused():
            return "paused"
        mandates.agree(
            ask.account_id, method_id, ask.login_id, "once", "member" if ask.login_id else "guest", text, ask.network,
            amount_cents=ask.total_cents, email="" if ask.login_id else ask.email, mandate_id=mandate_id,
        )  # fmt: skip
        kept = mandates.one(ask.account_id, mandate_id)
        if kept is None or kept["method_id"] != method_id:
            raise _Faster
    return ""


def _there(account_id: UUID, method_id: UUID) -> bool:
    query = "SELECT 1 AS yes FROM methods_method WHERE account_id = %s AND id = %s AND kind = 'bank'"
    return one(query, (account_id, method_id)) is not None
