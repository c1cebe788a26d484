"""What belongs to a payment says so in its key; rows that change in place get room on the page."""

from django.db import migrations

FORWARD = """
ALTER TABLE payments_payment SET (fillfactor = 80);
ALTER TABLE payments_attempt SET (fillfactor = 80);
ALTER TABLE payments_part ADD CONSTRAINT payments_part_payment
    FOREIGN KEY (account_id, payment_id) REFERENCES payments_payment (account_id, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE payments_attempt ADD CONSTRAINT payments_attempt_of
    FOREIGN KEY (account_id, payment_id) REFERENCES payments_payment (account_id, id);
ALTER TABLE payments_refund ADD CONSTRAINT payments_refund_of
    FOREIGN KEY (account_id, payment_id) REFERENCES payments_payment (account_id, id);
ALTER TABLE payments_event ADD CONSTRAINT payments_event_of
    FOREIGN KEY (account_id, payment_id) REFERENCES payments_payment (account_id, id);
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial"), ("billing", "0002_keys")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
