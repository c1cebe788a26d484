-- All that a login can sign in with.
SELECT l.password <> '' AS password, l.whole_password AS whole,
    EXISTS (SELECT FROM people_factor f WHERE f.login_id = l.id AND f.kind = 'totp' AND f.ended_at IS NULL) AS totp,
    (SELECT count(*) FROM people_factor f
        WHERE f.login_id = l.id AND f.kind = 'recovery' AND f.ended_at IS NULL) AS codes,
    jsonb_build_object('rows', coalesce((
        SELECT jsonb_agg(jsonb_build_object('id', f.id, 'label', f.label, 'added_at', f.added_at, 'used_at', f.used_at)
            ORDER BY f.added_at)
        FROM people_factor f WHERE f.login_id = l.id AND f.kind = 'passkey' AND f.ended_at IS NULL), '[]')) AS passkeys
FROM people_login l WHERE l.id = %(login)s
