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


class Login(models.Model):
    """Somebody who signs in. `email_key` is the address as it is compared; `password` is an argon2 hash or empty.

    `whole_password` says that the password alone is enough (15 characters and more; a shorter one needs a second step).
    """

    id = models.UUIDField(primary_key=True)
    email = models.TextField()
    email_key = models.TextField(unique=True)
    password = models.TextField()
    whole_password = models.BooleanField()
    region = models.TextField()
    first_name = models.TextField()
    last_name = models.TextField()
    street = models.TextField()
    city = models.TextField()
    state = models.TextField()
    zip = models.TextField()
    phone = models.TextField()
    language = models.TextField()
    paperless = models.BooleanField(default=False)
    quiet_from = models.SmallIntegerField(null=True)
    quiet_to = models.SmallIntegerField(null=True)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "people_login"


class Access(models.Model):
    """What a login may do on a billing account. `person_id` is NOBODY where it is about everybody on it.

    `holder`: the guarantor. `own`: the person is this login. `manage`, `pay`, `see`: given by a holder or the person.

    `ended_at` may lie ahead: what others give for a child ends at the moment the child is grown.
    """

    pk = models.CompositePrimaryKey("login_id", "account_id", "person_id")
    login_id = models.UUIDField()
    account_id = models.UUIDField()
    person_id = models.UUIDField()
    level = models.TextField()
    given_by = models.UUIDField(null=True)
    given_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "people_access"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(level__in=("holder", "own", "manage", "pay", "see")), name="people_access_level"
            )
        ]
        indexes = [models.Index(fields=["account_id", "person_id"], name="people_access_account")]


class SignedIn(models.Model):
    """A browser that is signed in. `id` is a digest of the cookie. `fresh_at`: when they last proved who they are."""

    id = models.BinaryField(primary_key=True)
    login_id = models.UUIDField()
    device = models.BinaryField()
    browser = models.TextField()
    second = models.BooleanField()
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    fresh_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "people_signed_in"
        indexes = [models.Index(fields=["login_id", "seen_at"], name="people_signed_in_login")]


class Factor(models.Model):
    """Something a login signs in with beside the password. `secret` is sealed.

    `passkey`: secret is its public key, `credential` its id, `count` its counter. `totp`: secret is the seed, `count`
    the last step used. `recovery`: ten one-time codes, one row each, secret is its digest.
    """

    id = models.UUIDField(primary_key=True)
    login_id = models.UUIDField()
    kind = models.TextField()
    label = models.TextField()
    secret = models.BinaryField()
    credential = models.BinaryField(null=True, unique=True)
    count = models.BigIntegerField(default=0)
    added_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "people_factor"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=("passkey", "totp", "recovery")), name="people_factor_kind"
            )
        ]
        indexes = [models.Index(fields=["login_id"], name="people_factor_login")]


class Device(models.Model):
    """A browser that a login has signed in from; a new one is told to its owner."""

    pk = models.CompositePrimaryKey("login_id", "device")
    login_id = models.UUIDField()
    device = models.BinaryField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        db_table = "people_device"


class Consent(models.Model):
    """What somebody agreed to: `terms` or `paperless`, in which version and language. Insert only; evidence."""

    pk = models.CompositePrimaryKey("login_id", "id")
    login_id = models.UUIDField()
    id = models.UUIDField()
    kind = models.TextField()
    agreed = models.BooleanField()
    version = models.TextField()
    language = models.TextField()
    digest = models.BinaryField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "people_consent"


class Change(models.Model):
    """A change of a profile: what it was, what it is. Told to the old contact, undone for 48 hours, exported."""

    pk = models.CompositePrimaryKey("login_id", "id")
    login_id = models.UUIDField()
    id = models.UUIDField()
    field = models.TextField()
    old = models.JSONField()
    new = models.JSONField()
    made_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "people_change"
        indexes = [models.Index(fields=["made_at"], name="people_change_time")]


class Invite(Sharded):
    """An offer of access by mail. `rights` is {person id or NOBODY: level}; the token's digest finds it, once."""

    by_login = models.UUIDField()
    email = models.TextField()
    rights = models.JSONField()
    digest = models.BinaryField()
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    taken_by = models.UUIDField(null=True)
    taken_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "people_invite"
        indexes = [models.Index(fields=["digest"], name="people_invite_digest")]


class Topic(models.Model):
    """Whether a login wants to hear of a topic by a channel. No row: as the organisation's default says."""

    pk = models.CompositePrimaryKey("login_id", "topic", "channel")
    login_id = models.UUIDField()
    topic = models.TextField()
    channel = models.TextField()
    wanted = models.BooleanField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "people_topic"
