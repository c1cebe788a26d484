-- A right for a person, or for everybody. One that stands already is never lowered by what is offered.
INSERT INTO people_access AS a (login_id, account_id, person_id, level, given_by, given_at, ended_at)
VALUES (%(login)s, %(account)s, %(person)s, %(level)s, %(by)s, %(now)s, %(until)s)
ON CONFLICT (login_id, account_id, person_id) DO UPDATE SET level = excluded.level, given_by = excluded.given_by,
    given_at = excluded.given_at, ended_at = excluded.ended_at
WHERE a.ended_at <= %(now)s
    OR (a.level NOT IN ('own', 'holder') AND (%(exactly)s OR array_position(ARRAY['see', 'pay', 'manage'], a.level)
        <= array_position(ARRAY['see', 'pay', 'manage'], excluded.level)))
