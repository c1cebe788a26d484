"""Model helpers of sharded tables: the key starts with the billing account, relations are made in SQL."""

from __future__ import annotations

from django.db import models


class Sharded(models.Model):
    """A row that lives with its billing account. Make it with `create()`: `save()` would look before it writes."""

    pk = models.CompositePrimaryKey("account_id", "id")
    account_id = models.UUIDField()
    id = models.UUIDField()

    class Meta:
        abstract = True


def cents(**options: object) -> models.BigIntegerField:
    """A column of whole cents."""
    return models.BigIntegerField(**options)  # type: ignore[arg-type]
