"""Entries in the order in which a file is written, so that writing one needs no sorting."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ach", "0002_keys")]
    operations = [
        migrations.AddField(model_name="entry", name="batch", field=models.IntegerField(db_default=0)),
        migrations.RemoveIndex(model_name="entry", name="ach_entry_file"),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["file_id", "batch", "sequence"], name="ach_entry_file"),
        ),
    ]
