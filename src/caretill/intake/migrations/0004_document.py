"""Papers that people send in, sealed."""

from django.db import migrations

FORWARD = """
CREATE TABLE intake_document (
  id uuid PRIMARY KEY,
  number text NOT NULL UNIQUE,
  owner_id uuid NOT NULL,
  region text NOT NULL,
  kinds text[] NOT NULL,
  bytes integer NOT NULL,
  sealed bytea NOT NULL,
  recorded_at timestamptz NOT NULL,
  taken_at timestamptz
);
CREATE INDEX intake_document_waiting ON intake_document (recorded_at) WHERE taken_at IS NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("intake", "0003_private")]
    operations = [migrations.RunSQL(FORWARD, "DROP TABLE intake_document")]
