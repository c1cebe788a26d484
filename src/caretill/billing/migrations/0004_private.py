"""Bills that the feed marks as private: their care is shown to the patient alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_changed")]
    operations = [
        migrations.AddField(
            model_name="bill", name="private", field=models.BooleanField(db_default=False, default=False)
        )
    ]
