"""What was taken over is not kept for ever: its content goes, its receipt number and the days stay."""

from django.db import migrations

FORWARD = """
ALTER TABLE intake_document ADD COLUMN forgotten_at timestamptz;
ALTER TABLE intake_document ALTER COLUMN sealed DROP NOT NULL;
ALTER TABLE intake_document ADD CONSTRAINT intake_document_forgotten CHECK (
  (sealed IS NULL) = (forgotten_at IS NOT NULL) AND (forgotten_at IS NULL OR taken_at IS NOT NULL));
CREATE INDEX intake_document_kept ON intake_document (taken_at) WHERE taken_at IS NOT NULL AND forgotten_at IS NULL;
"""
# What was forgotten cannot come back: its row has to go before its content is asked of every row again.
BACK = """
DROP INDEX intake_document_kept;
ALTER TABLE intake_document DROP CONSTRAINT intake_document_forgotten;
DELETE FROM intake_document WHERE sealed IS NULL;
ALTER TABLE intake_document ALTER COLUMN sealed SET NOT NULL;
ALTER TABLE intake_document DROP COLUMN forgotten_at;
"""


class Migration(migrations.Migration):
    dependencies = [("intake", "0004_document")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
