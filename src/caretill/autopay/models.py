"""What a member asked to be taken later, each day on which it is, and the runs that take it."""

from __future__ import annotations

from django.db import models

from caretill.core.keys import Sharded, cents

KINDS = ("schedule", "autopay", "plan")


class Order(Sharded):
    """What a member asked to be taken later: a schedule, automatic payment or a plan. `account_id` is whose bills.

    The method stands in `method_account_id`, where the payment will stand, too. A schedule and a plan have every due
    from their first day; automatic payment is planned due by due, with a notice each. Of it alone: `scope` all, person
    or kind; `day` of the month, or `days_before` a bill's due date; `cap_cents`, the most on one day; `starts_on`, the
    first day that may be planned; `tell_also`, whether all who answer for the account get the notices.
    """

    kind = models.TextField()
    login_id = models.UUIDField()  # of nobody (all zeros): a guest's, who holds its link
    region = models.TextField()
    method_account_id = models.UUIDField()
    method_id = models.UUIDField(null=True)  # null: a plan paid by hand
    method_kind = models.TextField()  # card, bank or ""
    mandate_id = models.UUIDField(null=True)
    mandate_ended = models.BooleanField(db_default=False)
    payer_name = models.TextField()
    email = models.TextField()
    language = models.TextField()
    scope = models.TextField(db_default="")
    person_id = models.UUIDField(null=True)
    bill_kind = models.TextField(db_default="")
    cap_cents = models.BigIntegerField(null=True)
    day = models.SmallIntegerField(null=True)
    days_before = models.SmallIntegerField(null=True)
    tell_also = models.BooleanField(db_default=False)
    starts_on = models.DateField()
    state = models.TextField()  # active, paused, ended
    ended_why = models.TextField(db_default="")  # payer, done, missed, replaced, ...
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "autopay_order"
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=KINDS), name="autopay_order_kind"),
            models.CheckConstraint(
                condition=models.Q(kind__in=("schedule", "plan")) | models.Q(day__isnull=False, days_before=None)
                | models.Q(day=None, days_before__isnull=False),
                name="autopay_order_rhythm",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["login_id"], name="autopay_order_login"),
            models.Index(fields=["method_account_id", "method_id"], name="autopay_order_method"),
            models.Index(
                fields=["ended_at"],
                condition=models.Q(state="ended", mandate_ended=False, mandate_id__isnull=False),
                name="autopay_order_to_end",
            ),
        ]


class Due(models.Model):
    """What is taken for an order, for payees of one processor account, on one day. `due_on` names it for ever.

    `take_on` is when it is taken: it moves, `due_on` does not, so nothing is planned twice. It can be changed until
    `closes_at`. `parts` are bills with at most so many cents each; `taking` what was asked of them when a run took it,
    with a payment whose key is made of the due and `tries` (fn_due.sql). States: waiting; taking; begun (the payment
    stands); taken; failed; skipped; not_needed; above_cap; stopped.
    """

    pk = models.CompositePrimaryKey("account_id", "order_id", "due_on", "processor_account")
    account_id = models.UUIDField()
    order_id = models.UUIDField()
    due_on = models.DateField()
    processor_account = models.TextField()
    kind = models.TextField()
    region = models.TextField()
    take_on = models.DateField()
    closes_at = models.DateTimeField()
    parts = models.JSONField()
    amount_cents = cents()
    state = models.TextField()
    noticed_on = models.DateField(null=True)
    notice_put = models.BooleanField(db_default=False)  # the mail is in the outbox; `noticed_on` says it left
    first_on = models.DateField(null=True)  # when it was first tried
    tries = models.SmallIntegerField(db_default=0)
    taking = models.JSONField(null=True)
    taking_at = models.DateTimeField(null=True)
    run_id = models.UUIDField(null=True)
    payment_id = models.UUIDField(null=True)
    taken_cents = cents(db_default=0)
    code = models.TextField(db_default="")  # why it ended so
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "autopay_due"
        constraints = [models.CheckConstraint(condition=models.Q(amount_cents__gt=0), name="autopay_due_amount")]
        indexes = [
            models.Index(
                fields=["closes_at", "account_id"],
                condition=models.Q(state="waiting"),
                name="autopay_due_waiting",
            ),
            models.Index(
                fields=["state", "account_id"],
                condition=models.Q(state__in=("taking", "begun")),
                name="autopay_due_under_way",
            ),
            models.Index(fields=["account_id"], condition=models.Q(notice_put=False), name="autopay_due_to_tell"),
        ]


class Plan(Sharded):
    """What was agreed in a payment plan, as it was signed; its `id` is its order's. Its dues are its payments.

    `bills` are its bills with what was owed then. `text` is the agreement in the payer's words, kept as evidence.
    """

    total_cents = cents()
    payments = models.SmallIntegerField()
    bills = models.JSONField()
    text = models.TextField()
    text_hash = models.BinaryField()
    version = models.TextField()
    rule = models.TextField()  # the dated row of the state's rules that was kept
    missed = models.SmallIntegerField(db_default=0)  # in a row
    paused = models.SmallIntegerField(db_default=0)  # so many times it was put off by a month
    signed_at = models.DateTimeField()

    class Meta:
        db_table = "autopay_plan"


class Run(models.Model):
    """One taking of what automatic payment has due: planned with its totals, approved, run, perhaps paused."""

    id = models.UUIDField(primary_key=True)
    until = models.DateTimeField()  # what closes by then
    state = models.TextField()  # planned, approved, running, paused, done
    planned = models.IntegerField()
    planned_cents = cents()
    before = models.IntegerField()  # a month ago
    before_cents = cents()
    done = models.IntegerField(db_default=0)
    done_cents = cents(db_default=0)
    causes = models.JSONField(default=dict)  # why what was not taken was not
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)
    approved_by = models.TextField(db_default="")

    class Meta:
        db_table = "autopay_run"
        indexes = [models.Index(fields=["made_at"], name="autopay_run_made")]


class Feed(models.Model):
    """A member's calendar: the number that its address holds. A new number ends the old address."""

    login_id = models.UUIDField(primary_key=True)
    number = models.IntegerField()
    amounts = models.BooleanField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "autopay_feed"
