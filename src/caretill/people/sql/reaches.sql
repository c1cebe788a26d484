-- All that a login may do now, as people.sessions.reaches reads it; the same rows as in who.sql.
SELECT a.account_id::text AS account, a.person_id::text AS person, a.level,
    CASE a.level WHEN 'holder' THEN (SELECT array_agg(p.id::text) FROM people_person p
        WHERE p.account_id = a.account_id AND p.relation = 'self') END AS selves
FROM people_access a
WHERE a.login_id = %(login)s AND (a.ended_at IS NULL OR a.ended_at > %(now)s)
ORDER BY a.account_id, a.person_id
