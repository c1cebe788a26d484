"""Tables of the ground: the outbox, kept answers, limits, the read log and its seals."""

from __future__ import annotations

from django.db import models

from caretill.core.keys import Sharded


class Outbox(Sharded):
    """Something that must be told. Written by the function that made it true; a relay delivers it, perhaps twice."""

    topic = models.TextField()
    body = models.JSONField()
    due_at = models.DateTimeField()
    tries = models.SmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "core_outbox"
        indexes = [models.Index(fields=["due_at"], condition=models.Q(sent_at=None), name="core_outbox_due")]


class Idempotency(models.Model):
    """One effect for one key: the hash of what was asked, and what was answered. Kept for good."""

    pk = models.CompositePrimaryKey("account_id", "key")
    account_id = models.UUIDField()
    key = models.UUIDField()
    request_hash = models.BinaryField()
    payment_id = models.UUIDField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "core_idempotency"


class Throttle(models.Model):
    """Misses counted in a window of time. The bucket is a digest; it names nobody."""

    pk = models.CompositePrimaryKey("bucket", "window_start")
    bucket = models.BinaryField()
    window_start = models.DateTimeField()
    count = models.IntegerField()

    class Meta:
        db_table = "core_throttle"
        indexes = [models.Index(fields=["window_start"], name="core_throttle_window")]


class Read(Sharded):
    """Somebody saw a person's data: who, what, when (rules.md HIP-4). Insert only."""

    viewer = models.TextField()
    what = models.TextField()
    ref = models.UUIDField(null=True)
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "core_read"


class Seal(models.Model):
    """A link of a hash chain over the rows of a stream up to a moment: a changed row breaks it. Insert only."""

    pk = models.CompositePrimaryKey("account_id", "stream", "sequence")
    account_id = models.UUIDField()
    stream = models.TextField()
    sequence = models.IntegerField()
    since = models.DateTimeField()
    until = models.DateTimeField()
    rows = models.IntegerField()
    digest = models.BinaryField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "core_seal"


class Function(models.Model):
    """Which text of a file of SQL functions is in place."""

    name = models.TextField(primary_key=True)
    digest = models.TextField()

    class Meta:
        db_table = "core_function"
