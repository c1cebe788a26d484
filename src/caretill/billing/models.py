"""A bill describes; what is owed on it stands in the ledger alone."""

from __future__ import annotations

from django.db import models

from caretill.core.keys import Sharded, cents

KINDS = ("hospital", "professional", "pharmacy")


class Bill(Sharded):
    """One bill as the feed's latest version has it. `digest` is of all its content, lines included.

    `private`: the feed marked the visit; its care is shown to the patient alone.
    """

    region = models.TextField()
    number = models.TextField()
    pay_code = models.TextField()
    kind = models.TextField()
    payee = models.TextField()
    person_id = models.UUIDField()
    provider_name = models.TextField()
    service_from = models.DateField()
    service_to = models.DateField()
    issue_date = models.DateField()
    due_date = models.DateField()
    currency = models.CharField(max_length=3)
    version = models.BigIntegerField()
    digest = models.BinaryField()
    source = models.TextField()
    recorded_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    private = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "billing_bill"
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=KINDS), name="billing_bill_kind"),
            models.UniqueConstraint(fields=["account_id", "number"], name="billing_bill_number"),
        ]


class Line(models.Model):
    """One line of a bill. `charge_cents` is the full price; the four parts say how the patient's share came about."""

    pk = models.CompositePrimaryKey("account_id", "bill_id", "line_no")
    account_id = models.UUIDField()
    bill_id = models.UUIDField()
    line_no = models.IntegerField()
    service_date = models.DateField()
    code_system = models.TextField()
    code = models.TextField()
    text = models.TextField()
    units = models.DecimalField(max_digits=12, decimal_places=3)
    charge_cents = cents()
    discount_cents = cents()
    plan_paid_cents = cents()
    written_off_cents = cents()
    copay_cents = cents()
    deductible_cents = cents()
    coinsurance_cents = cents()
    not_covered_cents = cents()

    class Meta:
        db_table = "billing_line"


class OutsidePayment(models.Model):
    """Paid at a desk or elsewhere, told by the feed. A newer version with 0 takes it back."""

    pk = models.CompositePrimaryKey("account_id", "bill_id", "number")
    account_id = models.UUIDField()
    bill_id = models.UUIDField()
    number = models.TextField()
    version = models.BigIntegerField()
    paid_on = models.DateField()
    amount_cents = cents()
    method = models.TextField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "billing_outside_payment"


class Change(Sharded):
    """What a newer version changed on a bill, in cents by code. Insert only."""

    bill_id = models.UUIDField()
    from_version = models.BigIntegerField()
    to_version = models.BigIntegerField()
    deltas = models.JSONField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "billing_change"
        indexes = [models.Index(fields=["account_id", "bill_id"], name="billing_change_bill")]


class LookupKey(models.Model):
    """A printed number's blind index, unique in its region across accounts: claimed first, a collision is a reject."""

    pk = models.CompositePrimaryKey("region", "kind", "blind")
    region = models.TextField()
    kind = models.TextField()
    blind = models.BinaryField()
    account_id = models.UUIDField()
    ref = models.UUIDField()

    class Meta:
        db_table = "billing_lookup_key"
