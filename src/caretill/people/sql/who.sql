-- A browser that is signed in, whose it is, and all that the login may do.
SELECT s.id, s.login_id, s.began_at, s.seen_at, s.fresh_at, l.email, l.first_name, l.last_name, l.region, l.language,
    l.paperless,
    jsonb_build_object('rows', coalesce((
        SELECT jsonb_agg(jsonb_build_object('account', a.account_id, 'person', a.person_id, 'level', a.level, 'selves',
            CASE a.level WHEN 'holder' THEN (SELECT jsonb_agg(p.id) FROM people_person p
                WHERE p.account_id = a.account_id AND p.relation = 'self') END)
            ORDER BY a.account_id, a.person_id)
        FROM people_access a WHERE a.login_id = l.id AND (a.ended_at IS NULL OR a.ended_at > %(now)s)), '[]')) AS reaches
FROM people_signed_in s JOIN people_login l ON l.id = s.login_id
WHERE s.id = %(id)s AND s.ended_at IS NULL AND s.seen_at > %(seen_after)s AND s.began_at > %(began_after)s
