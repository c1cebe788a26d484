-- Cents as the documented CSV writes them: 1234.50.
CREATE OR REPLACE FUNCTION intake_dollars(p_cents bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT p_cents / 100 || '.' || lpad((p_cents % 100)::text, 2, '0')
$$;
