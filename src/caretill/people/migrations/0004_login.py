"""Logins: who signs in, with what, from where, and what they may do."""

from django.db import migrations, models

KEYS = """
ALTER TABLE people_access ADD CONSTRAINT people_access_login FOREIGN KEY (login_id) REFERENCES people_login (id);
ALTER TABLE people_signed_in ADD CONSTRAINT people_signed_in_whose FOREIGN KEY (login_id) REFERENCES people_login (id);
ALTER TABLE people_factor ADD CONSTRAINT people_factor_whose FOREIGN KEY (login_id) REFERENCES people_login (id);
ALTER TABLE people_device ADD CONSTRAINT people_device_whose FOREIGN KEY (login_id) REFERENCES people_login (id);
ALTER TABLE people_consent ADD CONSTRAINT people_consent_whose FOREIGN KEY (login_id) REFERENCES people_login (id);
ALTER TABLE people_change ADD CONSTRAINT people_change_whose FOREIGN KEY (login_id) REFERENCES people_login (id);
ALTER TABLE people_topic ADD CONSTRAINT people_topic_whose FOREIGN KEY (login_id) REFERENCES people_login (id);
ALTER TABLE people_invite ADD CONSTRAINT people_invite_account
    FOREIGN KEY (account_id) REFERENCES people_account (account_id);
CREATE INDEX people_access_live ON people_access (login_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX people_access_holder ON people_access (account_id) WHERE level = 'holder' AND ended_at IS NULL;
CREATE UNIQUE INDEX people_access_own ON people_access (account_id, person_id) WHERE level = 'own' AND ended_at IS NULL;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0003_contact"),
    ]

    operations = [
        migrations.CreateModel(
            name="Consent",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "login_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("login_id", models.UUIDField()),
                ("id", models.UUIDField()),
                ("kind", models.TextField()),
                ("agreed", models.BooleanField()),
                ("version", models.TextField()),
                ("language", models.TextField()),
                ("digest", models.BinaryField()),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "db_table": "people_consent",
            },
        ),
        migrations.CreateModel(
            name="Device",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "login_id", "device", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("login_id", models.UUIDField()),
                ("device", models.BinaryField()),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
            ],
            options={
                "db_table": "people_device",
            },
        ),
        migrations.CreateModel(
            name="Invite",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("account_id", models.UUIDField()),
                ("id", models.UUIDField()),
                ("by_login", models.UUIDField()),
                ("email", models.TextField()),
                ("rights", models.JSONField()),
                ("digest", models.BinaryField()),
                ("made_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("taken_by", models.UUIDField(null=True)),
                ("taken_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "people_invite",
                "indexes": [models.Index(fields=["digest"], name="people_invite_digest")],
            },
        ),
        migrations.CreateModel(
            name="Login",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("email", models.TextField()),
                ("email_key", models.TextField(unique=True)),
                ("password", models.TextField()),
                ("whole_password", models.BooleanField()),
                ("region", models.TextField()),
                ("first_name", models.TextField()),
                ("last_name", models.TextField()),
                ("street", models.TextField()),
                ("city", models.TextField()),
                ("state", models.TextField()),
                ("zip", models.TextField()),
                ("phone", models.TextField()),
                ("language", models.TextField()),
                ("paperless", models.BooleanField(default=False)),
                ("quiet_from", models.SmallIntegerField(null=True)),
                ("quiet_to", models.SmallIntegerField(null=True)),
                ("made_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "db_table": "people_login",
            },
        ),
        migrations.CreateModel(
            name="Topic",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "login_id", "topic", "channel", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("login_id", models.UUIDField()),
                ("topic", models.TextField()),
                ("channel", models.TextField()),
                ("wanted", models.BooleanField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "db_table": "people_topic",
            },
        ),
        migrations.CreateModel(
            name="Access",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "login_id",
                        "account_id",
                        "person_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("login_id", models.UUIDField()),
                ("account_id", models.UUIDField()),
                ("person_id", models.UUIDField()),
                ("level", models.TextField()),
                ("given_by", models.UUIDField(null=True)),
                ("given_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "people_access",
                "indexes": [models.Index(fields=["account_id", "person_id"], name="people_access_account")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("level__in", ("holder", "own", "manage", "pay", "see"))),
                        name="people_access_level",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "login_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("login_id", models.UUIDField()),
                ("id", models.UUIDField()),
                ("field", models.TextField()),
                ("old", models.JSONField()),
                ("new", models.JSONField()),
                ("made_at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "people_change",
                "indexes": [models.Index(fields=["made_at"], name="people_change_time")],
            },
        ),
        migrations.CreateModel(
            name="Factor",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("login_id", models.UUIDField()),
                ("kind", models.TextField()),
                ("label", models.TextField()),
                ("secret", models.BinaryField()),
                ("credential", models.BinaryField(null=True, unique=True)),
                ("count", models.BigIntegerField(default=0)),
                ("added_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "people_factor",
                "indexes": [models.Index(fields=["login_id"], name="people_factor_login")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ("passkey", "totp", "recovery"))), name="people_factor_kind"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SignedIn",
            fields=[
                ("id", models.BinaryField(primary_key=True, serialize=False)),
                ("login_id", models.UUIDField()),
                ("device", models.BinaryField()),
                ("browser", models.TextField()),
                ("second", models.BooleanField()),
                ("began_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("fresh_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "people_signed_in",
                "indexes": [models.Index(fields=["login_id", "seen_at"], name="people_signed_in_login")],
            },
        ),
        migrations.RunSQL(KEYS, migrations.RunSQL.noop),
    ]
