"""A lost bill is found by the mail address on file."""

from django.db import migrations

FORWARD = """
CREATE INDEX people_account_contact ON people_account (lower(email), region) WHERE email <> '';
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0002_keys")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
