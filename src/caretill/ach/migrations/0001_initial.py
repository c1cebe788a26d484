"""Entries, files to the bank, and what comes back."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Chunk",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "file_id", "place", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("file_id", models.UUIDField()),
                ("place", models.IntegerField()),
                ("content", models.BinaryField()),
            ],
            options={
                "db_table": "ach_chunk",
            },
        ),
        migrations.CreateModel(
            name="ReturnedFile",
            fields=[
                ("sha256", models.BinaryField(primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("state", models.TextField()),
                ("created_at", models.DateTimeField(null=True)),
                ("lines", models.IntegerField()),
                ("debit_cents", models.BigIntegerField(default=0)),
                ("credit_cents", models.BigIntegerField(default=0)),
                ("faults", models.JSONField()),
                ("received_at", models.DateTimeField()),
            ],
            options={
                "db_table": "ach_returned_file",
            },
        ),
        migrations.CreateModel(
            name="Trace",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "trace", "file_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("trace", models.TextField()),
                ("file_id", models.UUIDField()),
                ("account_id", models.UUIDField()),
                ("entry_id", models.UUIDField()),
            ],
            options={
                "db_table": "ach_trace",
            },
        ),
        migrations.CreateModel(
            name="Again",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("account_id", models.UUIDField()),
                ("id", models.UUIDField()),
                ("first_id", models.UUIDField()),
                ("key", models.UUIDField()),
                ("amount_cents", models.BigIntegerField()),
                ("from_payment_id", models.UUIDField()),
                ("presentment", models.SmallIntegerField()),
                ("not_before", models.DateField()),
                ("not_after", models.DateField()),
                ("state", models.TextField()),
                ("why", models.TextField(default="")),
                ("payment_id", models.UUIDField(null=True)),
                ("recorded_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "db_table": "ach_again",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["not_before"], name="ach_again_waiting"
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("account_id", "key"), name="ach_again_key")],
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("account_id", models.UUIDField()),
                ("id", models.UUIDField()),
                ("file_id", models.UUIDField()),
                ("sequence", models.IntegerField()),
                ("trace", models.TextField()),
                ("kind", models.TextField()),
                ("place", models.SmallIntegerField(default=0)),
                ("payment_id", models.UUIDField(null=True)),
                ("method_id", models.UUIDField()),
                ("mandate_id", models.UUIDField(null=True)),
                ("payee", models.TextField()),
                ("reference", models.TextField()),
                ("sec_code", models.TextField()),
                ("description", models.TextField()),
                ("transaction_code", models.SmallIntegerField()),
                ("mark", models.TextField()),
                ("amount_cents", models.BigIntegerField()),
                ("effective_on", models.DateField()),
                ("presentment", models.SmallIntegerField(default=1)),
                ("first_id", models.UUIDField()),
                ("validation", models.TextField()),
                ("state", models.TextField()),
                ("filed_at", models.DateTimeField()),
                ("filed_on", models.DateField()),
                ("settled_on", models.DateField(null=True)),
                ("returned_on", models.DateField(null=True)),
                ("return_code", models.TextField(default="")),
                ("returned_by", models.TextField(db_default="")),
                ("chain", models.TextField(db_default="")),
            ],
            options={
                "db_table": "ach_entry",
                "indexes": [
                    models.Index(fields=["file_id"], name="ach_entry_file"),
                    models.Index(
                        condition=models.Q(("state__in", ("filed", "settling"))),
                        fields=["effective_on"],
                        name="ach_entry_unsettled",
                    ),
                    models.Index(condition=models.Q(("kind", "debit")), fields=["filed_on"], name="ach_entry_rate"),
                    models.Index(
                        condition=models.Q(("returned_on__isnull", False)),
                        fields=["returned_on"],
                        name="ach_entry_returned",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ("debit", "credit", "prenote", "micro"))), name="ach_entry_kind"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("filed", "settling", "settled", "returned", "dropped"))),
                        name="ach_entry_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("amount_cents", 0), ("kind", "prenote")), ("amount_cents__gt", 0), _connector="OR"
                        ),
                        name="ach_entry_amount",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("presentment__gte", 1), ("presentment__lte", 3)),
                        name="ach_entry_presentment",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("payment_id__isnull", False)),
                        fields=("account_id", "payment_id"),
                        name="ach_entry_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind__in", ("prenote", "micro"))),
                        fields=("account_id", "method_id", "place"),
                        name="ach_entry_proof_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "debit")),
                        fields=("account_id", "first_id", "presentment"),
                        name="ach_entry_presented",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="File",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("state", models.TextField()),
                ("day", models.DateField()),
                ("number", models.SmallIntegerField()),
                ("name", models.TextField()),
                ("begun_at", models.DateTimeField()),
                ("same_day", models.BooleanField()),
                ("standard_on", models.DateField()),
                ("soonest_on", models.DateField()),
                ("entries", models.IntegerField(default=0)),
                ("batches", models.IntegerField(default=0)),
                ("debit_cents", models.BigIntegerField(default=0)),
                ("credit_cents", models.BigIntegerField(default=0)),
                ("size", models.BigIntegerField(default=0)),
                ("chunks", models.IntegerField(default=0)),
                ("sha256", models.BinaryField(null=True)),
                ("built_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("sendings", models.IntegerField(default=0)),
            ],
            options={
                "db_table": "ach_file",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("building", "built", "sent"))), name="ach_file_state"
                    ),
                    models.UniqueConstraint(fields=("day", "number"), name="ach_file_number"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReturnedLine",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "sha256", "line", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("sha256", models.BinaryField()),
                ("line", models.IntegerField()),
                ("kind", models.TextField()),
                ("code", models.TextField()),
                ("trace", models.TextField()),
                ("own_trace", models.TextField()),
                ("rdfi", models.TextField()),
                ("amount_cents", models.BigIntegerField()),
                ("sec_code", models.TextField()),
                ("corrected", models.BinaryField(null=True)),
                ("refused_code", models.TextField(default="")),
                ("disposition", models.TextField(default="")),
                ("reason", models.TextField(default="")),
                ("note", models.TextField(default="")),
                ("reopened_cents", models.BigIntegerField(db_default=0)),
                ("account_id", models.UUIDField(null=True)),
                ("entry_id", models.UUIDField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("seen_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "ach_returned_line",
                "indexes": [
                    models.Index(
                        condition=models.Q(("entry_id__isnull", False)),
                        fields=["entry_id"],
                        name="ach_returned_line_entry",
                    ),
                    models.Index(
                        condition=models.Q(models.Q(("note", ""), _negated=True), ("seen_at", None)),
                        fields=["decided_at"],
                        name="ach_returned_line_open",
                    ),
                ],
            },
        ),
    ]
