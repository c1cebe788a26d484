-- Accounts and people as the feed has them; the latest delivery is what we know.
CREATE OR REPLACE FUNCTION people_apply_feed(p_now timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO people_account AS a (account_id, region, number, first_name, last_name, last_norm, street, city, state,
        zip, email, phone, language, group_number, subgroup, bill_group, recorded_at)
    SELECT account_id, region, number, first_name, last_name, last_norm, street, city, state, zip, email, phone,
        language, group_number, subgroup, bill_group, p_now
    FROM feed_account WHERE problem IS NULL ORDER BY account_id
    ON CONFLICT (account_id) DO UPDATE SET first_name = excluded.first_name, last_name = excluded.last_name,
        last_norm = excluded.last_norm, street = excluded.street, city = excluded.city, state = excluded.state,
        zip = excluded.zip, email = excluded.email, phone = excluded.phone, language = excluded.language,
        group_number = excluded.group_number, subgroup = excluded.subgroup, bill_group = excluded.bill_group,
        recorded_at = excluded.recorded_at
    WHERE (a.first_name, a.last_name, a.street, a.city, a.state, a.zip, a.email, a.phone, a.language, a.group_number,
           a.subgroup, a.bill_group)
        IS DISTINCT FROM (excluded.first_name, excluded.last_name, excluded.street, excluded.city, excluded.state,
           excluded.zip, excluded.email, excluded.phone, excluded.language, excluded.group_number, excluded.subgroup,
           excluded.bill_group);
    INSERT INTO people_person AS o (account_id, id, health_record_number, first_name, last_name, last_norm, birth_date,
        relation, recorded_at)
    SELECT account_id, person_id, health_record_number, first_name, last_name, last_norm, birth_date, relation, p_now
    FROM feed_person WHERE problem IS NULL ORDER BY account_id, person_id
    ON CONFLICT (account_id, id) DO UPDATE SET first_name = excluded.first_name, last_name = excluded.last_name,
        last_norm = excluded.last_norm, birth_date = excluded.birth_date, relation = excluded.relation,
        recorded_at = excluded.recorded_at
    WHERE (o.first_name, o.last_name, o.birth_date, o.relation)
        IS DISTINCT FROM (excluded.first_name, excluded.last_name, excluded.birth_date, excluded.relation);
END $$;
