-- Whom an address belongs to and what they sign in with; one row, of empty fields where nobody has it.
SELECT l.id, coalesce(l.password, '') AS password, coalesce(l.whole_password, false) AS whole,
    EXISTS (SELECT FROM people_device d WHERE d.login_id = l.id AND d.device = %(device)s) AS own,
    EXISTS (SELECT FROM people_factor f WHERE f.login_id = l.id AND f.kind = 'totp' AND f.ended_at IS NULL) AS totp,
    EXISTS (SELECT FROM people_factor f
        WHERE f.login_id = l.id AND f.kind = 'passkey' AND f.ended_at IS NULL) AS passkeys
FROM (SELECT 1) AS always LEFT JOIN people_login l ON l.email_key = %(email_key)s
