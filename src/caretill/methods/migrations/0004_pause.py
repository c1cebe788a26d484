"""Payees of which too many debits came back."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("methods", "0003_guests"),
    ]

    operations = [
        migrations.CreateModel(
            name="Pause",
            fields=[
                ("payee", models.TextField(primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("returned", models.IntegerField()),
                ("debits", models.IntegerField()),
                ("since_at", models.DateTimeField()),
                ("allowed_by", models.TextField(default="")),
            ],
            options={"db_table": "methods_pause"},
        ),
    ]
