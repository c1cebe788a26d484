"""Statements that were made, and mails that were sent."""

from __future__ import annotations

from django.db import models

from caretill.core.keys import Sharded


class Statement(Sharded):
    """A bill as it was told once: its figures then, and the digest of the paper they made.

    The figures are kept, not the paper. They are a fiftieth of its size, and the same figures make the same bytes as
    long as the layout (templates, fonts, typst) is the same; `sha256` proves it, and `layout` tells when it cannot.
    """

    bill_id = models.UUIDField()
    number = models.IntegerField()
    version = models.BigIntegerField()
    language = models.TextField()
    issued_at = models.DateTimeField()
    figures = models.JSONField()
    figures_digest = models.BinaryField()
    layout = models.TextField()
    sha256 = models.BinaryField()

    class Meta:
        db_table = "letters_statement"
        constraints = [
            models.UniqueConstraint(fields=["account_id", "bill_id", "number"], name="letters_statement_number"),
            models.CheckConstraint(condition=models.Q(number__gt=0), name="letters_statement_positive"),
        ]


class Mail(Sharded):
    """A mail by the id of what it tells, so that it leaves once. Neither address nor words are kept."""

    topic = models.TextField()
    message_id = models.TextField()
    begun_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "letters_mail"
