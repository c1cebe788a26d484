"""What belongs to a method says so in its key; what was agreed to is written once and kept as long as it must be."""

from django.db import migrations

FORWARD = """
ALTER TABLE methods_method SET (fillfactor = 80);
ALTER TABLE methods_method ADD CONSTRAINT methods_method_account
    FOREIGN KEY (account_id) REFERENCES people_account (account_id);
ALTER TABLE methods_mandate ADD CONSTRAINT methods_mandate_of
    FOREIGN KEY (account_id, method_id) REFERENCES methods_method (account_id, id);
ALTER TABLE methods_saving ADD CONSTRAINT methods_saving_account
    FOREIGN KEY (account_id) REFERENCES people_account (account_id);
CREATE FUNCTION methods_mandate_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a mandate is never deleted';
    END IF;
    IF (OLD.account_id, OLD.id, OLD.method_id, OLD.login_id, OLD.kind, OLD.channel, OLD.sec_code, OLD.language,
            OLD.text_hash, OLD.version, OLD.last4, OLD.amount_cents, OLD.varies, OLD.agreed_at, OLD.follows)
        IS DISTINCT FROM
        (NEW.account_id, NEW.id, NEW.method_id, NEW.login_id, NEW.kind, NEW.channel, NEW.sec_code, NEW.language,
            NEW.text_hash, NEW.version, NEW.last4, NEW.amount_cents, NEW.varies, NEW.agreed_at, NEW.follows)
        OR NEW.keep_until < OLD.keep_until OR (OLD.ended_at IS NOT NULL AND NEW.ended_at IS DISTINCT FROM OLD.ended_at)
    THEN
        RAISE EXCEPTION 'what was agreed to is written once';
    END IF;
    IF (OLD.title, OLD.text, OLD.summary, OLD.figures, OLD.network, OLD.evidence, OLD.email)
        IS DISTINCT FROM (NEW.title, NEW.text, NEW.summary, NEW.figures, NEW.network, NEW.evidence, NEW.email)
        AND (NEW.purged_at IS NULL OR OLD.keep_until >= (NEW.purged_at AT TIME ZONE 'UTC')::date)
    THEN
        RAISE EXCEPTION 'the words of a mandate are kept until %', OLD.keep_until;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER methods_mandate_kept BEFORE UPDATE OR DELETE ON methods_mandate
    FOR EACH ROW EXECUTE FUNCTION methods_mandate_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("methods", "0001_initial"), ("people", "0004_login")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
