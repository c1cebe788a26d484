"""Deliveries, the sets they were applied in, what was refused, and the posting files that went out.

The staging tables of `migrations/0002_staging.py` have no models: they are filled, read and emptied in sets.
"""

from __future__ import annotations

from django.db import models

from caretill.core.keys import cents


class Delivery(models.Model):
    """One run of an import. `digest` is of its files and options: a delivery that went in whole is known again."""

    id = models.UUIDField(primary_key=True)
    kind = models.TextField()
    digest = models.BinaryField()
    files = models.JSONField()
    options = models.JSONField()
    state = models.TextField()  # running, done
    summary = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "intake_delivery"
        indexes = [models.Index(fields=["digest"], name="intake_delivery_digest")]


class DeliverySet(models.Model):
    """A set that was applied, with its counts. Written in the transaction that applied it."""

    pk = models.CompositePrimaryKey("delivery_id", "stage", "number")
    delivery_id = models.UUIDField()
    stage = models.TextField()
    number = models.IntegerField()
    counts = models.JSONField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "intake_set"


class Refused(models.Model):
    """A row that did not go in. `row` counts lines of the file, from 1; an empty field means the whole row."""

    pk = models.CompositePrimaryKey("delivery_id", "file", "row", "table_name", "field", "reason")
    delivery_id = models.UUIDField()
    file = models.TextField()
    row = models.BigIntegerField()
    field = models.TextField()
    reason = models.TextField()
    table_name = models.TextField()
    value = models.TextField()

    class Meta:
        db_table = "intake_refused"


class PostingFile(models.Model):
    """A day's payments, refunds and reversals as told to the billing system. The bytes are kept and sent again."""

    number = models.IntegerField(primary_key=True)
    business_date = models.DateField()
    body = models.BinaryField()
    sha256 = models.TextField()
    rows = models.IntegerField()
    debit_cents = cents()
    credit_cents = cents()
    made_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "intake_posting_file"
