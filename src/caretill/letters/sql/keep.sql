-- Statements of a set, digests as hex.
INSERT INTO letters_statement (account_id, id, bill_id, number, version, language, issued_at, figures, figures_digest,
    layout, sha256)
SELECT r.account_id, r.id, r.bill_id, r.number, r.version, r.language, r.issued_at, r.figures,
    decode(r.figures_digest, 'hex'), r.layout, decode(r.sha256, 'hex')
FROM jsonb_to_recordset(%s::jsonb) AS r(account_id uuid, id uuid, bill_id uuid, number integer, version bigint,
    language text, issued_at timestamptz, figures jsonb, figures_digest text, layout text, sha256 text)
ON CONFLICT (account_id, bill_id, number) DO NOTHING
