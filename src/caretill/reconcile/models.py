"""What the processor paid out and what the bank says, kept as it was told; and what a person said of a difference.

None of it belongs to one billing account: a payout holds payments of thousands, a statement those of everybody.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from caretill.core.keys import cents

# What became of an operation of a payout. Only `matched` is booked; all others but `booked` are looked at again.
OPERATION_STATES = ("new", "matched", "booked", "missing_here", "other_amount", "not_yet", "repeat", "own_fee")
# What became of a line of a statement. `open` is money that nobody has explained; `known` came in another file before.
DISPOSITIONS = ("open", "payout", "known", "announced", "interim", "notice", "test", "deletion", "correction")
COUNTED = ("open", "payout")  # a movement counts once, however many files tell it


class Payout(models.Model):
    """One transfer of a processor (or of a day's bank debits) to our bank, as told; below zero it takes money away.

    `state`: listed (its file is not here), filed (its operations are), refused (its file cannot be believed: `fault`).
    `settled_on` is the day the money was at the bank: by the bank's own line (`line_id`) or, while no statement is ever
    read here, by the processor's word.
    """

    pk = models.CompositePrimaryKey("provider", "payout_ref")
    provider = models.TextField()
    payout_ref = models.TextField()
    place = models.BigIntegerField()  # in the order of the processor's list
    processor_account = models.TextField()
    amount_cents = cents()
    currency = models.CharField(max_length=3)
    count = models.IntegerField()
    status = models.TextField()  # in_transit, paid: the processor's word
    created_at = models.DateTimeField()
    arrives_on = models.DateField()
    bank_name = models.TextField()  # the reference that the bank's line carries: letters and digits alone
    state = models.TextField()
    fault = models.TextField(default="")
    file_sha256 = models.TextField(default="")
    gross_cents = cents(default=0)
    fee_cents = cents(default=0)
    line_id = models.UUIDField(null=True)
    matched_by = models.TextField(default="")  # name, amount, or processor
    settled_on = models.DateField(null=True)
    listed_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "reconcile_payout"
        constraints = [models.UniqueConstraint(fields=["line_id"], name="reconcile_payout_line")]
        indexes = [
            models.Index(fields=["provider", "place"], name="reconcile_payout_place"),
            models.Index(fields=["bank_name"], name="reconcile_payout_name"),
        ]


class Operation(models.Model):
    """One line of a payout's file, and what became of it. `journal_id` holds its transfers once they are booked."""

    pk = models.CompositePrimaryKey("provider", "payout_ref", "number")
    provider = models.TextField()
    payout_ref = models.TextField()
    number = models.IntegerField()  # line of the file
    kind = models.TextField()
    operation_ref = models.TextField()
    charge_ref = models.TextField()
    reference = models.TextField()
    gross_cents = cents()
    fee_cents = cents()
    net_cents = cents()
    at = models.DateTimeField()
    state = models.TextField()
    account_id = models.UUIDField(null=True)
    payment_id = models.UUIDField(null=True)
    known_cents = models.BigIntegerField(null=True)  # what we have of it, where that is another amount
    journal_id = models.UUIDField(null=True)
    booked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "reconcile_operation"
        indexes = [
            models.Index(fields=["provider", "kind", "operation_ref"], name="reconcile_operation_ref"),
            models.Index(fields=["account_id", "payment_id"], name="reconcile_operation_payment"),
            models.Index(
                fields=["provider", "payout_ref", "account_id", "payment_id", "number"],
                condition=models.Q(state="matched"),
                name="reconcile_operation_books",
            ),
            models.Index(
                fields=["state", "at"],
                condition=~models.Q(state="booked"),
                name="reconcile_operation_left",
            ),
        ]


class BankFile(models.Model):
    """A statement file that was read to its end. `file_ref` is its header's own identity."""

    sha256 = models.TextField(primary_key=True)
    kind = models.TextField()
    file_ref = models.TextField()
    name = models.TextField()
    bytes = models.BigIntegerField()
    statements = models.IntegerField(default=0)
    lines = models.IntegerField(default=0)
    total_cents = cents(default=0)  # the sum of all lines, whatever became of them
    received_at = models.DateTimeField()

    class Meta:
        db_table = "reconcile_file"
        indexes = [models.Index(fields=["kind", "file_ref"], name="reconcile_file_ref")]


class Statement(models.Model):
    """One account in a file. Of its number a keyed digest and the last four signs are kept."""

    id = models.UUIDField(primary_key=True)
    sha256 = models.TextField()
    row = models.BigIntegerField()
    statement_ref = models.TextField()
    bank_account = models.BinaryField()
    last4 = models.TextField()
    currency = models.CharField(max_length=3)
    day = models.DateField()
    kind = models.TextField()
    opened_cents = models.BigIntegerField(null=True)
    closed_cents = models.BigIntegerField(null=True)
    gap_cents = models.BigIntegerField(null=True)
    lines = models.IntegerField()
    total_cents = cents()

    class Meta:
        db_table = "reconcile_statement"
        indexes = [
            models.Index(fields=["sha256"], name="reconcile_statement_file"),
            models.Index(fields=["bank_account", "currency", "day"], name="reconcile_statement_day"),
        ]


class Line(models.Model):
    """One movement as a statement told it, with its disposition. Above zero it came in.

    `line_key` is the same in every file that tells the movement. `names` are its references as letters and digits.
    """

    id = models.UUIDField(primary_key=True)
    statement_id = models.UUIDField()
    row = models.BigIntegerField()
    line_key = models.BinaryField()
    amount_cents = cents()
    currency = models.CharField(max_length=3)
    booked_on = models.DateField()
    value_on = models.DateField(null=True)
    code = models.TextField()
    reversal = models.BooleanField()
    bank_ref = models.TextField()
    names = ArrayField(models.TextField())
    text = models.TextField()
    disposition = models.TextField()

    class Meta:
        db_table = "reconcile_line"
        constraints = [
            models.UniqueConstraint(
                fields=["line_key"], condition=models.Q(disposition__in=COUNTED), name="reconcile_line_once"
            )
        ]
        indexes = [
            models.Index(fields=["statement_id"], name="reconcile_line_statement"),
            models.Index(fields=["booked_on"], condition=models.Q(disposition="open"), name="reconcile_line_open"),
        ]


class Note(models.Model):
    """A difference that a person has explained: it is no longer listed."""

    key = models.TextField(primary_key=True)
    because = models.TextField()
    noted_by = models.TextField()
    noted_at = models.DateTimeField()

    class Meta:
        db_table = "reconcile_note"
