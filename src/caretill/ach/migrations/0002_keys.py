"""What belongs together says so in its keys; trace numbers are counted; a debit in the queue is found quickly."""

from django.db import migrations

FORWARD = """
CREATE SEQUENCE ach_trace_sequence AS integer MINVALUE 1 MAXVALUE 9999999 CYCLE CACHE 1;
ALTER TABLE ach_entry SET (fillfactor = 85);
ALTER TABLE ach_entry ADD CONSTRAINT ach_entry_method
    FOREIGN KEY (account_id, method_id) REFERENCES methods_method (account_id, id);
ALTER TABLE ach_entry ADD CONSTRAINT ach_entry_mandate
    FOREIGN KEY (account_id, mandate_id) REFERENCES methods_mandate (account_id, id);
ALTER TABLE ach_entry ADD CONSTRAINT ach_entry_payment
    FOREIGN KEY (account_id, payment_id) REFERENCES payments_payment (account_id, id);
ALTER TABLE ach_entry ADD CONSTRAINT ach_entry_debit_agreed CHECK (
    kind <> 'debit' OR (payment_id IS NOT NULL AND mandate_id IS NOT NULL));
ALTER TABLE ach_again ADD CONSTRAINT ach_again_entry
    FOREIGN KEY (account_id, id) REFERENCES ach_entry (account_id, id);
ALTER TABLE ach_chunk ADD CONSTRAINT ach_chunk_file FOREIGN KEY (file_id) REFERENCES ach_file (id);
ALTER TABLE ach_returned_line ADD CONSTRAINT ach_returned_line_file
    FOREIGN KEY (sha256) REFERENCES ach_returned_file (sha256);
CREATE INDEX ach_returned_line_waiting ON ach_returned_line (sha256, line) WHERE disposition = '';
CREATE INDEX payments_attempt_queued ON payments_attempt (account_id, id) WHERE state = 'queued' AND gateway = 'ach';
"""


class Migration(migrations.Migration):
    dependencies = [("ach", "0001_initial"), ("methods", "0002_keys"), ("payments", "0006_saved")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
