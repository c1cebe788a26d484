"""Billing accounts and people, as the billing system describes them."""

from __future__ import annotations

from django.db import models

from caretill.core.keys import Sharded


class BillingAccount(models.Model):
    """One guarantor and the bills they answer for. `*_norm` are cleaned for comparing, never shown."""

    account_id = models.UUIDField(primary_key=True)
    region = models.TextField()
    number = models.TextField()
    first_name = models.TextField()
    last_name = models.TextField()
    last_norm = models.TextField()
    street = models.TextField()
    city = models.TextField()
    state = models.TextField()
    zip = models.TextField()
    email = models.TextField()
    phone = models.TextField()
    language = models.TextField()
    group_number = models.TextField()
    subgroup = models.TextField()
    bill_group = models.TextField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "people_account"


class Person(Sharded):
    """Somebody who was cared for, on a guarantor's account."""

    health_record_number = models.TextField()
    first_name = models.TextField()
    last_name = models.TextField()
    last_norm = models.TextField()
    birth_date = models.DateField(null=True)
    relation = models.TextField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "people_person"
