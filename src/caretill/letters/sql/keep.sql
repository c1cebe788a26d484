-- Statements of a set, digests as hex; a mail for each new one that asks for money, where somebody can be told of it.
-- Answers how many were new: one that another process made first stays as it is.
WITH kept AS (
    INSERT INTO letters_statement (account_id, id, bill_id, number, version, language, issued_at, figures,
        figures_digest, layout, sha256)
    SELECT r.account_id, r.id, r.bill_id, r.number, r.version, r.language, r.issued_at, r.figures,
        decode(r.figures_digest, 'hex'), r.layout, decode(r.sha256, 'hex')
    FROM jsonb_to_recordset(%s::jsonb) AS r(account_id uuid, id uuid, bill_id uuid, number integer, version bigint,
        language text, issued_at timestamptz, figures jsonb, figures_digest text, layout text, sha256 text)
    ON CONFLICT (account_id, bill_id, number) DO NOTHING
    RETURNING account_id, bill_id, issued_at, (figures->>'payable_cents')::bigint AS payable_cents
), told AS (
    INSERT INTO core_outbox (account_id, id, topic, body, due_at, tries)
    SELECT k.account_id, core_uuid7(k.issued_at), 'statement_ready', jsonb_build_object('bill_id', k.bill_id),
        k.issued_at, 0
    FROM kept k JOIN people_account a ON a.account_id = k.account_id
    WHERE k.payable_cents > 0 AND (a.email <> '' OR EXISTS (
        SELECT 1 FROM people_access x WHERE x.account_id = k.account_id
            AND (x.ended_at IS NULL OR x.ended_at > k.issued_at)))
)
SELECT count(*) AS n FROM kept
