"""Transfers, guarded balances, and how a pending transfer ended. Only `ledger/sql` writes them."""

from __future__ import annotations

from django.db import models

from caretill.core.keys import cents

PHASES = ("posted", "pending", "post", "void")
# A balance row and a floor that counts what is pending. The side that grows it is named.
GUARDED = {
    "receivable": "debit", "credit": "credit", "deposit": "credit", "refund_payable": "credit",
    "dispute_hold": "debit", "returned_item": "debit",
}  # fmt: skip
UNGUARDED = (
    "revenue", "discount", "plan", "desk", "elsewhere", "write_off", "clearing", "forwarded", "bank", "fee", "suspense",
)  # fmt: skip


class Transfer(models.Model):
    """`amount_cents` out of the credited and into the debited ledger account. Insert only.

    `subject_id` is what it is about (a bill), `target_id` the transfer it posts, voids or reverses.
    """

    pk = models.CompositePrimaryKey("account_id", "transfer_id")
    account_id = models.UUIDField()
    transfer_id = models.UUIDField()
    debit_kind = models.TextField()
    debit_ref = models.UUIDField()
    credit_kind = models.TextField()
    credit_ref = models.UUIDField()
    amount_cents = cents()
    currency = models.CharField(max_length=3)
    code = models.TextField()
    phase = models.TextField()
    journal_id = models.UUIDField()
    subject_id = models.UUIDField(null=True)
    payment_id = models.UUIDField(null=True)
    target_id = models.UUIDField(null=True)
    payee = models.TextField()
    business_date = models.DateField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_transfer"
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_cents__gt=0), name="ledger_transfer_amount"),
            models.CheckConstraint(condition=models.Q(phase__in=PHASES), name="ledger_transfer_phase"),
        ]
        indexes = [
            models.Index(fields=["account_id", "subject_id"], name="ledger_transfer_subject"),
            models.Index(
                fields=["account_id", "payment_id"],
                condition=models.Q(payment_id__isnull=False),
                name="ledger_transfer_payment",
            ),
        ]


class Balance(models.Model):
    """What a guarded ledger account holds; a floor says no before anything can be spent twice."""

    pk = models.CompositePrimaryKey("account_id", "kind", "ref", "currency")
    account_id = models.UUIDField()
    kind = models.TextField()
    ref = models.UUIDField()
    currency = models.CharField(max_length=3)
    debits_posted = cents(default=0)
    credits_posted = cents(default=0)
    debits_pending = cents(default=0)
    credits_pending = cents(default=0)
    version = models.IntegerField(default=0)

    class Meta:
        db_table = "ledger_balance"


class Resolution(models.Model):
    """A pending transfer is posted or voided once; a transfer is reversed once. Insert only."""

    pk = models.CompositePrimaryKey("account_id", "target_id", "action")
    account_id = models.UUIDField()
    target_id = models.UUIDField()
    action = models.TextField()  # "end" (posted or voided) or "reverse"
    transfer_id = models.UUIDField()

    class Meta:
        db_table = "ledger_resolution"
