"""What is taken later: orders, their dues, plans, runs, calendars."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Feed",
            fields=[
                ("login_id", models.UUIDField(primary_key=True, serialize=False)),
                ("number", models.IntegerField()),
                ("amounts", models.BooleanField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "db_table": "autopay_feed",
            },
        ),
        migrations.CreateModel(
            name="Plan",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("account_id", models.UUIDField()),
                ("id", models.UUIDField()),
                ("total_cents", models.BigIntegerField()),
                ("payments", models.SmallIntegerField()),
                ("bills", models.JSONField()),
                ("text", models.TextField()),
                ("text_hash", models.BinaryField()),
                ("version", models.TextField()),
                ("rule", models.TextField()),
                ("missed", models.SmallIntegerField(db_default=0)),
                ("paused", models.SmallIntegerField(db_default=0)),
                ("signed_at", models.DateTimeField()),
            ],
            options={
                "db_table": "autopay_plan",
            },
        ),
        migrations.CreateModel(
            name="Due",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id",
                        "order_id",
                        "due_on",
                        "processor_account",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("account_id", models.UUIDField()),
                ("order_id", models.UUIDField()),
                ("due_on", models.DateField()),
                ("processor_account", models.TextField()),
                ("kind", models.TextField()),
                ("region", models.TextField()),
                ("take_on", models.DateField()),
                ("closes_at", models.DateTimeField()),
                ("parts", models.JSONField()),
                ("amount_cents", models.BigIntegerField()),
                ("state", models.TextField()),
                ("noticed_on", models.DateField(null=True)),
                ("notice_put", models.BooleanField(db_default=False)),
                ("first_on", models.DateField(null=True)),
                ("tries", models.SmallIntegerField(db_default=0)),
                ("taking", models.JSONField(null=True)),
                ("taking_at", models.DateTimeField(null=True)),
                ("run_id", models.UUIDField(null=True)),
                ("payment_id", models.UUIDField(null=True)),
                ("taken_cents", models.BigIntegerField(db_default=0)),
                ("code", models.TextField(db_default="")),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "db_table": "autopay_due",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["closes_at", "account_id"],
                        name="autopay_due_waiting",
                    ),
                    models.Index(
                        condition=models.Q(("state__in", ("taking", "begun"))),
                        fields=["state", "account_id"],
                        name="autopay_due_under_way",
                    ),
                    models.Index(
                        condition=models.Q(("notice_put", False)), fields=["account_id"], name="autopay_due_to_tell"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount_cents__gt", 0)), name="autopay_due_amount")
                ],
            },
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("account_id", models.UUIDField()),
                ("id", models.UUIDField()),
                ("kind", models.TextField()),
                ("login_id", models.UUIDField()),
                ("region", models.TextField()),
                ("method_account_id", models.UUIDField()),
                ("method_id", models.UUIDField(null=True)),
                ("method_kind", models.TextField()),
                ("mandate_id", models.UUIDField(null=True)),
                ("mandate_ended", models.BooleanField(db_default=False)),
                ("payer_name", models.TextField()),
                ("email", models.TextField()),
                ("language", models.TextField()),
                ("scope", models.TextField(db_default="")),
                ("person_id", models.UUIDField(null=True)),
                ("bill_kind", models.TextField(db_default="")),
                ("cap_cents", models.BigIntegerField(null=True)),
                ("day", models.SmallIntegerField(null=True)),
                ("days_before", models.SmallIntegerField(null=True)),
                ("tell_also", models.BooleanField(db_default=False)),
                ("starts_on", models.DateField()),
                ("state", models.TextField()),
                ("ended_why", models.TextField(db_default="")),
                ("made_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "autopay_order",
                "indexes": [
                    models.Index(fields=["login_id"], name="autopay_order_login"),
                    models.Index(fields=["method_account_id", "method_id"], name="autopay_order_method"),
                    models.Index(
                        condition=models.Q(("mandate_ended", False), ("mandate_id__isnull", False), ("state", "ended")),
                        fields=["ended_at"],
                        name="autopay_order_to_end",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ("schedule", "autopay", "plan"))), name="autopay_order_kind"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ("schedule", "plan")),
                            models.Q(("day__isnull", False), ("days_before", None)),
                            models.Q(("day", None), ("days_before__isnull", False)),
                            _connector="OR",
                        ),
                        name="autopay_order_rhythm",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("until", models.DateTimeField()),
                ("state", models.TextField()),
                ("planned", models.IntegerField()),
                ("planned_cents", models.BigIntegerField()),
                ("before", models.IntegerField()),
                ("before_cents", models.BigIntegerField()),
                ("done", models.IntegerField(db_default=0)),
                ("done_cents", models.BigIntegerField(db_default=0)),
                ("causes", models.JSONField(default=dict)),
                ("made_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("approved_at", models.DateTimeField(null=True)),
                ("approved_by", models.TextField(db_default="")),
            ],
            options={
                "db_table": "autopay_run",
                "indexes": [models.Index(fields=["made_at"], name="autopay_run_made")],
            },
        ),
    ]
