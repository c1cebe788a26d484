"""A person belongs to a billing account."""

from django.db import migrations

FORWARD = """
ALTER TABLE people_person ADD CONSTRAINT people_person_account
    FOREIGN KEY (account_id) REFERENCES people_account (account_id);
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
