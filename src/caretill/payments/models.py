"""The intent, the calls made for it, the evidence that came back, and who holds a bill. Only `payments/sql` writes."""

from __future__ import annotations

from django.db import models

from caretill.core.keys import Sharded, cents


class Payment(Sharded):
    """What a payer asked. `state` moves only by the transition table; `reference` is what people read out."""

    state = models.TextField()
    key = models.UUIDField()
    reference = models.TextField()
    check_code = models.TextField()
    region = models.TextField()
    amount_cents = cents()
    currency = models.CharField(max_length=3)
    processor_account = models.TextField()
    payer_name = models.TextField()
    email = models.TextField()
    language = models.TextField()
    channel = models.TextField()
    visit = models.BinaryField()
    failure_code = models.TextField(default="")
    method_brand = models.TextField(default="")
    method_last4 = models.TextField(default="")
    charge_ref = models.TextField(default="")
    captured_cents = cents(default=0)
    refunded_cents = cents(default=0)
    business_date = models.DateField()
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    promised_at = models.DateTimeField(null=True)
    returned_at = models.DateTimeField(null=True)
    family = models.BooleanField(db_default=False)  # its bills stand in several accounts: see Forward and Share
    help_id = models.UUIDField(null=True)  # the link by which somebody else paid it: see Help
    method_id = models.UUIDField(null=True)  # the saved card or bank account it is taken from (room methods)
    mandate_id = models.UUIDField(null=True)  # what the payer agreed to
    origin = models.TextField(db_default="")  # schedule, autopay, plan: who asked for it in the payer's name
    origin_id = models.UUIDField(null=True)
    deposit_cents = cents(db_default=0)  # what of it goes on the account instead of a bill
    returned_cents = cents(db_default=0)  # bank debits that came back: see Return
    lost_cents = cents(db_default=0)  # disputes that were lost: see Dispute
    posts_on = models.DateField(null=True)  # when the bank is to move it; the organisation's calendar
    settled_on = models.DateField(null=True)  # when it reached the organisation's bank account (room reconcile)
    deposit_payee = models.TextField(db_default="")  # whom that part pays
    login_id = models.UUIDField(null=True)  # the member who asked for it, or in whose name it is taken

    class Meta:
        db_table = "payments_payment"
        constraints = [models.CheckConstraint(condition=models.Q(amount_cents__gt=0), name="payments_payment_amount")]
        indexes = [
            models.Index(
                fields=["account_id", "help_id"],
                condition=models.Q(help_id__isnull=False),
                name="payments_payment_help_of",
            )
        ]


class Part(models.Model):
    """How much of a payment goes to one bill, and the pending transfer that reserves it."""

    pk = models.CompositePrimaryKey("account_id", "payment_id", "bill_id")
    account_id = models.UUIDField()
    payment_id = models.UUIDField()
    bill_id = models.UUIDField()
    amount_cents = cents()
    payee = models.TextField()
    transfer_id = models.UUIDField()

    class Meta:
        db_table = "payments_part"
        constraints = [models.CheckConstraint(condition=models.Q(amount_cents__gt=0), name="payments_part_amount")]
        indexes = [models.Index(fields=["account_id", "bill_id"], name="payments_part_bill")]


class Forward(models.Model):
    """A bill of a payment for several accounts, in the payer's account; the bill itself is in `to_account_id`."""

    pk = models.CompositePrimaryKey("account_id", "payment_id", "bill_id")
    account_id = models.UUIDField()
    payment_id = models.UUIDField()
    bill_id = models.UUIDField()
    to_account_id = models.UUIDField()
    amount_cents = cents()
    payee = models.TextField()
    state = models.TextField()  # open, booked, released

    class Meta:
        db_table = "payments_forward"
        constraints = [models.CheckConstraint(condition=models.Q(amount_cents__gt=0), name="payments_forward_amount")]


class Share(models.Model):
    """What one account has in a payment for several: once for each payment, whoever asks how often.

    Its amounts are transfers of this account. One that was released first can never be reserved.
    """

    pk = models.CompositePrimaryKey("account_id", "payment_id")
    account_id = models.UUIDField()
    payment_id = models.UUIDField()
    from_account_id = models.UUIDField()
    reference = models.TextField()
    state = models.TextField()  # reserved, booked, released
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "payments_share"


class Giveback(models.Model):
    """What one refund of such a payment takes from one bill; `done` once that bill's account has booked it."""

    pk = models.CompositePrimaryKey("account_id", "refund_id", "bill_id")
    account_id = models.UUIDField()
    refund_id = models.UUIDField()
    bill_id = models.UUIDField()
    payment_id = models.UUIDField()
    to_account_id = models.UUIDField()
    amount_cents = cents()
    payee = models.TextField()
    done = models.BooleanField()

    class Meta:
        db_table = "payments_giveback"
        constraints = [models.CheckConstraint(condition=models.Q(amount_cents__gt=0), name="payments_giveback_amount")]
        indexes = [models.Index(fields=["account_id", "payment_id"], name="payments_giveback_payment")]


class Help(Sharded):
    """A link by which somebody else pays some of these bills, and sees an amount and an initial.

    `parts` are its bills with the cents asked for each; they share one account at the processor. `login_id` made it,
    where it was a member; `email` is told when it was used.
    """

    region = models.TextField()
    parts = models.JSONField()
    asked_cents = cents()
    login_id = models.UUIDField(null=True)
    email = models.TextField()
    language = models.TextField()
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "payments_help"
        constraints = [models.CheckConstraint(condition=models.Q(asked_cents__gt=0), name="payments_help_amount")]


class Attempt(Sharded):
    """One call to a processor: its key, what was sent, the session it made. A lease says who must finish it by when."""

    payment_id = models.UUIDField()
    gateway = models.TextField()
    request = models.JSONField()
    session_ref = models.TextField(default="")
    session_url = models.TextField(default="")
    state = models.TextField()  # sending, open, ended; charging (a saved card), queued and filed (a bank debit)
    lease_until = models.DateTimeField(null=True)
    tries = models.SmallIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "payments_attempt"
        indexes = [
            models.Index(fields=["account_id", "payment_id"], name="payments_attempt_payment"),
            models.Index(
                fields=["lease_until"], condition=models.Q(lease_until__isnull=False), name="payments_attempt_lease"
            ),
        ]


class Event(Sharded):
    """Evidence, in the order it was recorded. Insert only; the same evidence is kept once."""

    payment_id = models.UUIDField()
    provider = models.TextField()
    object_ref = models.TextField()
    evidence = models.TextField()
    event = models.TextField()
    from_state = models.TextField()
    to_state = models.TextField()
    body = models.JSONField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "payments_event"
        constraints = [
            models.UniqueConstraint(
                fields=["account_id", "provider", "object_ref", "evidence"], name="payments_event_evidence"
            )
        ]
        indexes = [models.Index(fields=["account_id", "payment_id"], name="payments_event_payment")]


class Claim(models.Model):
    """Who holds a bill, why, until when. Every door writes and reads it."""

    pk = models.CompositePrimaryKey("account_id", "bill_id")
    account_id = models.UUIDField()
    bill_id = models.UUIDField()
    payment_id = models.UUIDField()
    why = models.TextField()  # session, debit, run
    until = models.DateTimeField()

    class Meta:
        db_table = "payments_claim"


class Announced(models.Model):
    """Money that is said to be coming to a bill: a cheque in the post, a run that will take it (payments.holds).

    It reserves nothing: whoever pays all the same is warned, and what is taken in the payer's name waits.
    """

    pk = models.CompositePrimaryKey("account_id", "bill_id", "why")
    account_id = models.UUIDField()
    bill_id = models.UUIDField()
    why = models.TextField()  # cheque, run
    amount_cents = cents()
    until = models.DateTimeField()
    by = models.TextField()
    said_at = models.DateTimeField()

    class Meta:
        db_table = "payments_announced"


class Refund(Sharded):
    """Money given back, in part or whole: a child operation with states of its own (payments.refund)."""

    payment_id = models.UUIDField()
    amount_cents = cents()
    state = models.TextField()  # submitting, pending, unknown, succeeded, failed
    refund_ref = models.TextField()
    reason = models.TextField()
    kind = models.TextField(db_default="refund")  # refund, or void: the whole payment taken back before it settled
    not_before = models.DateField(null=True)  # of a bank debit: the first day on which its credit may leave
    recorded_at = models.DateTimeField()
    business_date = models.DateField()
    key = models.UUIDField(null=True)  # the asker's; two equal refunds have two
    changed_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)  # who must finish it by when
    tries = models.SmallIntegerField(db_default=0)
    failure_code = models.TextField(db_default="")  # with `refused:` before it where nothing was done there

    class Meta:
        db_table = "payments_refund"
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_cents__gt=0), name="payments_refund_amount"),
            # Until the processor named it, a refund has no name there.
            models.UniqueConstraint(
                fields=["account_id", "refund_ref"],
                condition=~models.Q(refund_ref=""),
                name="payments_refund_once",
            ),
        ]


class Return(Sharded):
    """A bank debit that came back (money.md, ACH returns). `source_ref` is the line of the file that said so."""

    payment_id = models.UUIDField()
    amount_cents = cents()
    code = models.TextField()  # R01 to R85
    # applied; early (the debit had not settled: the payment failed); undone (the bank took it back: dishonoured)
    state = models.TextField()
    source_ref = models.TextField()
    owed_back_cents = cents(default=0)  # credit that was gone already: a returned item the payer owes
    recorded_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    business_date = models.DateField()

    class Meta:
        db_table = "payments_return"
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_cents__gt=0), name="payments_return_amount"),
            models.UniqueConstraint(fields=["account_id", "source_ref"], name="payments_return_once"),
        ]
        indexes = [models.Index(fields=["account_id", "payment_id"], name="payments_return_payment")]


class Dispute(Sharded):
    """A charge that the cardholder's bank took back for now (a chargeback)."""

    payment_id = models.UUIDField()
    dispute_ref = models.TextField()
    amount_cents = cents()
    fee_cents = cents(default=0)
    state = models.TextField()  # open, won, lost
    owed_back_cents = cents(db_default=0)  # of a lost one: money that had left us again before
    ask_at = models.DateTimeField(null=True)  # of an open one: when the processor is asked about it again
    reason = models.TextField()
    respond_by = models.DateTimeField(null=True)
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    business_date = models.DateField()

    class Meta:
        db_table = "payments_dispute"
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_cents__gt=0), name="payments_dispute_amount"),
            models.UniqueConstraint(fields=["account_id", "dispute_ref"], name="payments_dispute_once"),
        ]
        indexes = [models.Index(fields=["account_id", "payment_id"], name="payments_dispute_payment")]


class DepositWish(models.Model):
    """What a member wants done with the money on an account: put on bills by itself, and a word when it runs low."""

    account_id = models.UUIDField(primary_key=True)
    by_itself = models.BooleanField()
    floor_cents = cents(null=True)  # below it they are reminded, once until it is above again
    login_id = models.UUIDField(null=True)  # who is told
    reminded_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "payments_deposit_wish"


class Callback(models.Model):
    """A processor's message as it came. Stored, answered, and applied later."""

    pk = models.CompositePrimaryKey("provider", "event_ref")
    provider = models.TextField()
    event_ref = models.TextField()
    kind = models.TextField()
    object_ref = models.TextField()
    body = models.BinaryField()
    received_at = models.DateTimeField()
    due_at = models.DateTimeField()
    tries = models.SmallIntegerField(default=0)
    applied_at = models.DateTimeField(null=True)
    answer = models.TextField(default="")

    class Meta:
        db_table = "payments_callback"
        indexes = [models.Index(fields=["due_at"], condition=models.Q(applied_at=None), name="payments_callback_due")]


class ProcessorObject(models.Model):
    """Which billing account and payment an object of a processor belongs to; also codes on receipts."""

    pk = models.CompositePrimaryKey("provider", "object_ref")
    provider = models.TextField()
    object_ref = models.TextField()
    account_id = models.UUIDField()
    payment_id = models.UUIDField()

    class Meta:
        db_table = "payments_object"


class Transition(models.Model):
    """The state machine's table, copied from `payments.states` by `migrate`; the functions read it."""

    pk = models.CompositePrimaryKey("from_state", "event")
    from_state = models.TextField()
    event = models.TextField()
    to_state = models.TextField()

    class Meta:
        db_table = "payments_transition"
