-- Everybody on the billing accounts of a member, the logins that may see them, and the invitations that wait.
SELECT jsonb_build_object('accounts', coalesce(jsonb_agg(jsonb_build_object(
    'account_id', a.account_id, 'region', a.region, 'first_name', a.first_name, 'last_name', a.last_name,
    'people', (SELECT coalesce(jsonb_agg(jsonb_build_object('person_id', p.id, 'first_name', p.first_name,
            'last_name', p.last_name, 'relation', p.relation, 'birth_date', p.birth_date)
            ORDER BY p.relation = 'self' DESC, p.birth_date NULLS LAST, p.id), '[]')
        FROM people_person p WHERE p.account_id = a.account_id),
    'shares', (SELECT coalesce(jsonb_agg(jsonb_build_object('login_id', s.login_id, 'person_id', s.person_id,
            'level', s.level, 'until', s.ended_at, 'first_name', l.first_name, 'last_name', l.last_name, 'email', l.email)
            ORDER BY s.given_at, s.person_id), '[]')
        FROM people_access s JOIN people_login l ON l.id = s.login_id
        WHERE s.account_id = a.account_id AND (s.ended_at IS NULL OR s.ended_at > %(now)s)),
    'invites', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', i.id, 'by_login', i.by_login, 'email', i.email,
            'rights', i.rights, 'expires_at', i.expires_at) ORDER BY i.made_at), '[]')
        FROM people_invite i
        WHERE i.account_id = a.account_id AND i.taken_at IS NULL AND i.ended_at IS NULL AND i.expires_at > %(now)s)
    ) ORDER BY a.account_id), '[]')) AS figures
FROM people_account a WHERE a.account_id = ANY(%(accounts)s)
