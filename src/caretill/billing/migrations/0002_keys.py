"""Bills belong to a billing account. Lines have no foreign key: millions come in at once and a law watches them."""

from django.db import migrations

FORWARD = """
ALTER TABLE billing_bill ADD CONSTRAINT billing_bill_account
    FOREIGN KEY (account_id) REFERENCES people_account (account_id);
ALTER TABLE billing_outside_payment ADD CONSTRAINT billing_outside_payment_bill
    FOREIGN KEY (account_id, bill_id) REFERENCES billing_bill (account_id, id);
ALTER TABLE billing_change ADD CONSTRAINT billing_change_of
    FOREIGN KEY (account_id, bill_id) REFERENCES billing_bill (account_id, id);
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial"), ("people", "0002_keys")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
