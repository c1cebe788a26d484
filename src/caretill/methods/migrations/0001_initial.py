"""Saved ways to pay, what was agreed to about them, and cards that are being saved."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Mandate",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("account_id", models.UUIDField()),
                ("id", models.UUIDField()),
                ("method_id", models.UUIDField()),
                ("login_id", models.UUIDField(null=True)),
                ("kind", models.TextField()),
                ("channel", models.TextField()),
                ("sec_code", models.TextField()),
                ("language", models.TextField()),
                ("title", models.TextField()),
                ("text", models.TextField()),
                ("summary", models.TextField()),
                ("text_hash", models.BinaryField()),
                ("version", models.TextField()),
                ("figures", models.JSONField()),
                ("network", models.TextField()),
                ("evidence", models.TextField()),
                ("email", models.TextField()),
                ("last4", models.TextField()),
                ("amount_cents", models.BigIntegerField(null=True)),
                ("varies", models.BooleanField()),
                ("agreed_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_why", models.TextField(default="")),
                ("last_debit_on", models.DateField(null=True)),
                ("keep_until", models.DateField()),
                ("follows", models.UUIDField(null=True)),
                ("purged_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "methods_mandate",
                "indexes": [
                    models.Index(fields=["account_id", "method_id"], name="methods_mandate_method"),
                    models.Index(
                        condition=models.Q(("purged_at__isnull", True)),
                        fields=["keep_until"],
                        name="methods_mandate_keep",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ("once", "schedule", "recurring", "plan", "save"))),
                        name="methods_mandate_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("channel__in", ("guest", "member", "phone", "paper"))),
                        name="methods_mandate_channel",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sec_code__in", ("", "PPD", "WEB", "TEL", "CCD"))),
                        name="methods_mandate_sec",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("follows__isnull", False)),
                        fields=("account_id", "follows"),
                        name="methods_mandate_follows",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Method",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("account_id", models.UUIDField()),
                ("id", models.UUIDField()),
                ("login_id", models.UUIDField(null=True)),
                ("kind", models.TextField()),
                ("state", models.TextField()),
                ("why", models.TextField(default="")),
                ("nickname", models.TextField(default="")),
                ("gateway", models.TextField()),
                ("token_ref", models.TextField(default="")),
                ("network_ref", models.TextField(default="")),
                ("brand", models.TextField(default="")),
                ("last4", models.TextField()),
                ("expiry_month", models.SmallIntegerField(null=True)),
                ("expiry_year", models.SmallIntegerField(null=True)),
                ("funding", models.TextField(default="")),
                ("holder_name", models.TextField(default="")),
                ("routing", models.TextField(default="")),
                ("account_sealed", models.BinaryField(null=True)),
                ("number_blind", models.BinaryField(null=True)),
                ("account_type", models.TextField(default="")),
                ("corporate", models.BooleanField(default=False)),
                ("validation", models.TextField(default="none")),
                ("validation_sealed", models.BinaryField(null=True)),
                ("began_at", models.DateTimeField(null=True)),
                ("filed_at", models.DateTimeField(null=True)),
                ("opens_on", models.DateField(null=True)),
                ("validated_at", models.DateTimeField(null=True)),
                ("guesses", models.SmallIntegerField(default=0)),
                ("is_default", models.BooleanField(default=False)),
                ("replaced_by", models.UUIDField(null=True)),
                ("created_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("warned_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "methods_method",
                "indexes": [
                    models.Index(
                        condition=models.Q(("login_id__isnull", False)),
                        fields=["login_id"],
                        name="methods_method_login",
                    ),
                    models.Index(
                        condition=models.Q(("token_ref", ""), _negated=True),
                        fields=["token_ref"],
                        name="methods_method_by_token",
                    ),
                    models.Index(
                        condition=models.Q(("kind", "card"), ("state", "ready")),
                        fields=["expiry_year", "expiry_month"],
                        name="methods_method_expiry",
                    ),
                    models.Index(
                        condition=models.Q(("validation__in", ("prenote", "micro"))),
                        fields=["began_at"],
                        name="methods_method_validating",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("state", "deleted"),
                            models.Q(
                                models.Q(("token_ref", ""), _negated=True),
                                ("account_sealed__isnull", False),
                                _connector="OR",
                            ),
                        ),
                        fields=["changed_at"],
                        name="methods_method_to_forget",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ("card", "bank"))), name="methods_method_kind"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("checking", "ready", "disabled", "deleted"))),
                        name="methods_method_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("validation__in", ("none", "prenote", "micro", "valid", "failed"))),
                        name="methods_method_validation",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("account_sealed__isnull", True), ("kind", "card"), ("routing", "")),
                            models.Q(
                                ("account_type__in", ("checking", "savings")), ("kind", "bank"), ("token_ref", "")
                            ),
                            _connector="OR",
                        ),
                        name="methods_method_shape",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_default", True), _negated=True), ("state", "ready"), _connector="OR"
                        ),
                        name="methods_method_default",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("account_id", "login_id"),
                        name="methods_method_one_default",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("token_ref", ""), _negated=True),
                        fields=("account_id", "gateway", "token_ref"),
                        name="methods_method_token",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("login_id__isnull", False),
                            ("number_blind__isnull", False),
                            ("state__in", ("checking", "ready")),
                        ),
                        fields=("account_id", "login_id", "number_blind"),
                        name="methods_method_number",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Saving",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("account_id", models.UUIDField()),
                ("id", models.UUIDField()),
                ("login_id", models.UUIDField()),
                ("state", models.TextField()),
                ("gateway", models.TextField()),
                ("processor_account", models.TextField()),
                ("session_ref", models.TextField(default="")),
                ("method_id", models.UUIDField(null=True)),
                ("replaces", models.UUIDField(null=True)),
                ("nickname", models.TextField()),
                ("consent", models.JSONField()),
                ("network", models.TextField()),
                ("agreed_at", models.DateTimeField()),
                ("look_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
            ],
            options={
                "db_table": "methods_saving",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ("sending", "open"))),
                        fields=["look_at"],
                        name="methods_saving_look",
                    )
                ],
            },
        ),
    ]
