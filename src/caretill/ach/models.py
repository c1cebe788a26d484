"""Entries, the files that hold them, and what banks sent back. Verbs of this room are the only writers.

Entries live with their billing account. Files, trace numbers and lines of returns are a second group: a file holds
entries of all accounts, and a line that comes back names a trace number, nothing else.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from caretill.core.keys import Sharded, cents


class Entry(Sharded):
    """One entry of a file: a debit of a payment, or a prenote or a small amount that proves an account.

    `place` tells the three entries of a proof apart. `presentment` counts how often the same debit was presented;
    `first_id` is the entry of the first. `state`: filed, settling, settled, returned, dropped (it never left: its
    account was taken away before the file was written). `validation` is the account's when it was filed.
    """

    file_id = models.UUIDField()
    batch = models.IntegerField(db_default=0)  # a digest of what its batch header says: batches lie together
    sequence = models.IntegerField()
    trace = models.TextField()
    kind = models.TextField()  # debit, credit, prenote, micro
    place = models.SmallIntegerField(default=0)
    payment_id = models.UUIDField(null=True)
    method_id = models.UUIDField()
    mandate_id = models.UUIDField(null=True)
    payee = models.TextField()
    reference = models.TextField()  # what the payer's bank shows beside it: the payment's
    sec_code = models.TextField()
    description = models.TextField()
    transaction_code = models.SmallIntegerField()
    mark = models.TextField()
    amount_cents = cents()
    effective_on = models.DateField()
    presentment = models.SmallIntegerField(default=1)
    first_id = models.UUIDField()
    validation = models.TextField()
    state = models.TextField()
    filed_at = models.DateTimeField()
    filed_on = models.DateField()
    settled_on = models.DateField(null=True)
    returned_on = models.DateField(null=True)
    return_code = models.TextField(default="")
    returned_by = models.TextField(db_default="")  # the line of a file that said so: digest and number
    chain = models.TextField(db_default="")  # dishonoured, contested: what became of the return

    class Meta:
        db_table = "ach_entry"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=("debit", "credit", "prenote", "micro")), name="ach_entry_kind"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("filed", "settling", "settled", "returned", "dropped")), name="ach_entry_state"
            ),
            models.CheckConstraint(
                condition=Q(kind="prenote", amount_cents=0) | Q(amount_cents__gt=0), name="ach_entry_amount"
            ),
            models.CheckConstraint(condition=Q(presentment__gte=1, presentment__lte=3), name="ach_entry_presentment"),
            # A payment is filed once, and so is each proof of an account: whatever dies on the way, no second debit.
            models.UniqueConstraint(
                fields=["account_id", "payment_id"], condition=Q(payment_id__isnull=False), name="ach_entry_once"
            ),
            models.UniqueConstraint(
                fields=["account_id", "method_id", "place"],
                condition=Q(kind__in=("prenote", "micro")),
                name="ach_entry_proof_once",
            ),
            models.UniqueConstraint(
                fields=["account_id", "first_id", "presentment"],
                condition=Q(kind="debit"),
                name="ach_entry_presented",
            ),
        ]
        indexes = [
            models.Index(fields=["file_id", "batch", "sequence"], name="ach_entry_file"),
            models.Index(
                fields=["effective_on"], condition=Q(state__in=("filed", "settling")), name="ach_entry_unsettled"
            ),
            models.Index(fields=["filed_on"], condition=Q(kind="debit"), name="ach_entry_rate"),
            models.Index(fields=["returned_on"], condition=Q(returned_on__isnull=False), name="ach_entry_returned"),
        ]


class Again(Sharded):
    """A debit that came back for want of money and may be presented again; `id` is the entry that came back.

    `key` is that of the payment which presents it again: made before it, so a file knows it whenever it was begun.
    `state`: waiting, begun, dropped, with `why`.
    """

    first_id = models.UUIDField()
    key = models.UUIDField()
    amount_cents = cents()
    from_payment_id = models.UUIDField()
    presentment = models.SmallIntegerField()
    not_before = models.DateField()
    not_after = models.DateField()
    state = models.TextField()
    why = models.TextField(default="")
    payment_id = models.UUIDField(null=True)
    recorded_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "ach_again"
        constraints = [models.UniqueConstraint(fields=["account_id", "key"], name="ach_again_key")]
        indexes = [models.Index(fields=["not_before"], condition=Q(state="waiting"), name="ach_again_waiting")]


class File(models.Model):
    """A file to the bank. `state`: building (entries are being taken), built (its bytes are kept), sent.

    The bytes are kept before they are sent, sealed, in pieces; a second sending sends the same.
    """

    id = models.UUIDField(primary_key=True)
    state = models.TextField()
    day = models.DateField()
    number = models.SmallIntegerField()  # of the day; the file modifier follows from it
    name = models.TextField()
    begun_at = models.DateTimeField()
    same_day = models.BooleanField()
    standard_on = models.DateField()  # the earliest day its entries may ask for
    soonest_on = models.DateField()  # the same, for entries that may settle on the day they are filed
    entries = models.IntegerField(default=0)
    batches = models.IntegerField(default=0)
    debit_cents = cents(default=0)
    credit_cents = cents(default=0)
    size = models.BigIntegerField(default=0)
    chunks = models.IntegerField(default=0)
    sha256 = models.BinaryField(null=True)
    built_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    sendings = models.IntegerField(default=0)

    class Meta:
        db_table = "ach_file"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=("building", "built", "sent")), name="ach_file_state"),
            models.UniqueConstraint(fields=["day", "number"], name="ach_file_number"),
        ]


class Chunk(models.Model):
    """A piece of a file's bytes, at most a mebibyte, sealed for its place. Insert only."""

    pk = models.CompositePrimaryKey("file_id", "place")
    file_id = models.UUIDField()
    place = models.IntegerField()
    content = models.BinaryField()

    class Meta:
        db_table = "ach_chunk"


class Trace(models.Model):
    """Which entry a trace number names. Numbers come round again after ten million; a file never holds one twice."""

    pk = models.CompositePrimaryKey("trace", "file_id")
    trace = models.TextField()
    file_id = models.UUIDField()
    account_id = models.UUIDField()
    entry_id = models.UUIDField()

    class Meta:
        db_table = "ach_trace"


class ReturnedFile(models.Model):
    """A file of returns, once by its digest. `state`: taken (its lines are known), done, rejected (see `faults`)."""

    sha256 = models.BinaryField(primary_key=True)
    name = models.TextField()
    state = models.TextField()
    created_at = models.DateTimeField(null=True)  # as the file says, without a zone's meaning
    lines = models.IntegerField()
    debit_cents = cents(default=0)
    credit_cents = cents(default=0)
    faults = models.JSONField()
    received_at = models.DateTimeField()

    class Meta:
        db_table = "ach_returned_file"


class ReturnedLine(models.Model):
    """A line of such a file that says something of an entry of ours. It ends with one disposition and a reason.

    `disposition`: "" (not looked at yet), applied, repeat, noted (nothing to do to money or accounts), quarantined.
    `note` is for the office: late, does_not_fit, duplicate_alarm, bereaved,
    ask_first, correct, office.
    `corrected` of a notification of change is sealed, and gone once it is applied.
    """

    pk = models.CompositePrimaryKey("sha256", "line")
    sha256 = models.BinaryField()
    line = models.IntegerField()
    kind = models.TextField()  # return, dishonoured, contested, change, forward (an entry that is none of them)
    code = models.TextField()
    trace = models.TextField()  # of the entry of ours
    own_trace = models.TextField()  # of the line itself
    rdfi = models.TextField()
    amount_cents = cents()
    sec_code = models.TextField()
    corrected = models.BinaryField(null=True)
    refused_code = models.TextField(default="")
    disposition = models.TextField(default="")
    reason = models.TextField(default="")
    note = models.TextField(default="")
    reopened_cents = cents(db_default=0)
    account_id = models.UUIDField(null=True)
    entry_id = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)  # when the office looked at it

    class Meta:
        db_table = "ach_returned_line"
        indexes = [
            models.Index(fields=["entry_id"], condition=Q(entry_id__isnull=False), name="ach_returned_line_entry"),
            models.Index(fields=["decided_at"], condition=~Q(note="") & Q(seen_at=None), name="ach_returned_line_open"),
        ]
