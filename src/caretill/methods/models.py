"""Saved cards and bank accounts, and what was agreed to about them. Verbs of this room are the only writers."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from caretill.core.keys import Sharded, cents


class Method(Sharded):
    """A card, as the processor's token, or a bank account, its number sealed. `account_id`: where it is charged.

    `login_id` is whose it is; none for a guest's, kept for one payment. `state`: checking (a bank account that is not
    proved), ready, disabled, deleted; `why` says why it is no longer ready (a return code, expired, replaced, ...).

    `validation`: none, micro (two small amounts are on their way), prenote, valid, failed. `opens_on` is the first day
    on which the amounts can have arrived, or on which a prenote that nobody refused makes it valid.
    """

    login_id = models.UUIDField(null=True)
    kind = models.TextField()
    state = models.TextField()
    why = models.TextField(default="")
    nickname = models.TextField(default="")
    gateway = models.TextField()
    token_ref = models.TextField(default="")
    network_ref = models.TextField(default="")
    brand = models.TextField(default="")
    last4 = models.TextField()
    expiry_month = models.SmallIntegerField(null=True)
    expiry_year = models.SmallIntegerField(null=True)
    funding = models.TextField(default="")
    holder_name = models.TextField(default="")
    routing = models.TextField(default="")
    account_sealed = models.BinaryField(null=True)
    number_blind = models.BinaryField(null=True)  # to know the same account again; a keyed digest
    account_type = models.TextField(default="")
    corporate = models.BooleanField(default=False)
    validation = models.TextField(default="none")
    validation_sealed = models.BinaryField(null=True)  # the two small amounts
    began_at = models.DateTimeField(null=True)
    filed_at = models.DateTimeField(null=True)
    opens_on = models.DateField(null=True)
    validated_at = models.DateTimeField(null=True)
    guesses = models.SmallIntegerField(default=0)
    is_default = models.BooleanField(default=False)
    replaced_by = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    warned_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "methods_method"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=("card", "bank")), name="methods_method_kind"),
            models.CheckConstraint(
                condition=Q(state__in=("checking", "ready", "disabled", "deleted")), name="methods_method_state"
            ),
            models.CheckConstraint(
                condition=Q(validation__in=("none", "prenote", "micro", "valid", "failed")),
                name="methods_method_validation",
            ),
            models.CheckConstraint(
                condition=Q(kind="card", account_sealed__isnull=True, routing="")
                | Q(kind="bank", token_ref="", account_type__in=("checking", "savings")),
                name="methods_method_shape",
            ),
            models.CheckConstraint(condition=~Q(is_default=True) | Q(state="ready"), name="methods_method_default"),
            models.UniqueConstraint(
                fields=["account_id", "login_id"], condition=Q(is_default=True), name="methods_method_one_default"
            ),
            models.UniqueConstraint(
                fields=["account_id", "gateway", "token_ref"],
                condition=~Q(token_ref=""),
                name="methods_method_token",
            ),
            models.UniqueConstraint(
                fields=["account_id", "login_id", "number_blind"],
                condition=Q(state__in=("checking", "ready"), login_id__isnull=False, number_blind__isnull=False),
                name="methods_method_number",
            ),
        ]
        indexes = [
            models.Index(fields=["login_id"], condition=Q(login_id__isnull=False), name="methods_method_login"),
            models.Index(fields=["token_ref"], condition=~Q(token_ref=""), name="methods_method_by_token"),
            models.Index(
                fields=["expiry_year", "expiry_month"],
                condition=Q(state="ready", kind="card"),
                name="methods_method_expiry",
            ),
            models.Index(
                fields=["began_at"],
                condition=Q(validation__in=("prenote", "micro")),
                name="methods_method_validating",
            ),
            models.Index(
                fields=["created_at"],
                condition=Q(login_id__isnull=True) & ~Q(state="deleted"),
                name="methods_method_guest",
            ),
            models.Index(
                fields=["changed_at"],
                condition=Q(state="deleted") & (~Q(token_ref="") | Q(account_sealed__isnull=False)),
                name="methods_method_to_forget",
            ),
        ]


class Mandate(Sharded):
    """What somebody agreed to, word for word (rules.md ACH-1, ACH-2, COF-1): who may take money, how much, when, until.

    Written once; only its end, the day of its last debit and how long it is kept change. Its words go no sooner than
    `keep_until`. `figures` are what its words were made from, so that the same can be said for a method that follows;
    `follows` is the mandate that it took over from.
    """

    method_id = models.UUIDField()
    login_id = models.UUIDField(null=True)
    kind = models.TextField()
    channel = models.TextField()
    sec_code = models.TextField()
    language = models.TextField()
    title = models.TextField()
    text = models.TextField()
    summary = models.TextField()
    text_hash = models.BinaryField()
    version = models.TextField()
    figures = models.JSONField()
    network = models.TextField()
    evidence = models.TextField()
    email = models.TextField()
    last4 = models.TextField()
    amount_cents = cents(null=True)
    varies = models.BooleanField()
    agreed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_why = models.TextField(default="")
    last_debit_on = models.DateField(null=True)
    keep_until = models.DateField()
    follows = models.UUIDField(null=True)
    purged_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "methods_mandate"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=("once", "schedule", "recurring", "plan", "save")), name="methods_mandate_kind"
            ),
            models.CheckConstraint(
                condition=Q(channel__in=("guest", "member", "phone", "paper")), name="methods_mandate_channel"
            ),
            models.CheckConstraint(
                condition=Q(sec_code__in=("", "PPD", "WEB", "TEL", "CCD")), name="methods_mandate_sec"
            ),
            models.UniqueConstraint(
                fields=["account_id", "follows"], condition=Q(follows__isnull=False), name="methods_mandate_follows"
            ),
        ]
        indexes = [
            models.Index(fields=["account_id", "method_id"], name="methods_mandate_method"),
            models.Index(fields=["keep_until"], condition=Q(purged_at__isnull=True), name="methods_mandate_keep"),
        ]


class Pause(models.Model):
    """A payee of which too many debits came back: no new agreement to one until it is better, or somebody answers."""

    payee = models.TextField(primary_key=True)
    kind = models.TextField()
    returned = models.IntegerField()
    debits = models.IntegerField()
    since_at = models.DateTimeField()
    allowed_by = models.TextField(default="")

    class Meta:
        db_table = "methods_pause"


class Saving(Sharded):
    """A card that is being saved: the payer agreed and went to the processor's page. It ends as saved or as nothing."""

    login_id = models.UUIDField()
    state = models.TextField()  # sending, open, saved, ended
    gateway = models.TextField()
    processor_account = models.TextField()
    session_ref = models.TextField(default="")
    method_id = models.UUIDField(null=True)
    replaces = models.UUIDField(null=True)
    nickname = models.TextField()
    consent = models.JSONField()
    network = models.TextField()
    agreed_at = models.DateTimeField()
    look_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "methods_saving"
        indexes = [
            models.Index(fields=["look_at"], condition=Q(state__in=("sending", "open")), name="methods_saving_look")
        ]
