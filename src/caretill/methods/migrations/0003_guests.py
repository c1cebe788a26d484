"""What guests typed for one payment is found when its time is over."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("methods", "0002_keys"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="method",
            index=models.Index(
                condition=models.Q(("login_id__isnull", True), models.Q(("state", "deleted"), _negated=True)),
                fields=["created_at"],
                name="methods_method_guest",
            ),
        ),
    ]
