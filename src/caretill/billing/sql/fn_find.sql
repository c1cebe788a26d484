-- One statement for a hit and for every kind of miss: the facts are compared here and nothing leaves without a match.
-- p_facts: last_norm, zip, health_record_number, group_number, subgroup, bill_group, account_number; null is not asked.
-- Planned once a connection and always by key: planning each lookup anew costs three times what running it does.
CREATE OR REPLACE FUNCTION billing_find(p_region text, p_kinds text[], p_blinds bytea[], p_facts jsonb)
RETURNS TABLE (account_id uuid, kind text, ref uuid, person_id uuid) LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
    v_last text := p_facts->>'last_norm';
    v_zip text := p_facts->>'zip';
    v_record text := p_facts->>'health_record_number';
    v_group text := p_facts->>'group_number';
    v_subgroup text := p_facts->>'subgroup';
    v_bill_group text := p_facts->>'bill_group';
    v_account text := p_facts->>'account_number';
BEGIN
    RETURN QUERY
    SELECT k.account_id, c.kind, k.ref, coalesce(p.id, b.person_id)
    FROM unnest(p_kinds, p_blinds) WITH ORDINALITY AS c(kind, blind, place)
    JOIN billing_lookup_key k ON k.region = p_region AND k.kind = c.kind AND k.blind = c.blind
    JOIN people_account a ON a.account_id = k.account_id
    LEFT JOIN billing_bill b ON b.account_id = k.account_id AND b.id = k.ref
    LEFT JOIN people_person p ON p.account_id = k.account_id AND p.id = coalesce(b.person_id, k.ref)
    -- Of an account, the name of anybody on it.
    LEFT JOIN LATERAL (SELECT true AS named FROM people_person o WHERE o.account_id = a.account_id
        AND c.kind = 'account_number' AND o.last_norm = v_last LIMIT 1) AS q ON true
    WHERE (v_last IS NULL OR a.last_norm = v_last OR p.last_norm = v_last OR q.named)
        AND (v_zip IS NULL OR left(a.zip, 5) = v_zip)
        AND (v_record IS NULL OR p.health_record_number = v_record)
        AND (v_group IS NULL OR a.group_number = v_group)
        AND (v_subgroup IS NULL OR a.subgroup = v_subgroup)
        AND (v_bill_group IS NULL OR a.bill_group = v_bill_group)
        AND (v_account IS NULL OR a.number = v_account)
    ORDER BY c.place LIMIT 1;
END $$;
