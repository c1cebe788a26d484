-- What a payment from a saved method needs beyond its parts. Called inside payments_begin before anything is held.

-- Whether the method may be used for this: empty, or method_gone | not_validated | mandate_ended.
-- Before the first WEB debit the account is known to be open (ACH-3). One that is being asked about waits for it: the
-- file takes the debit once it is. A card that nobody is there for, and every bank debit, needs what was agreed.
CREATE OR REPLACE FUNCTION payments_saved_verdict(p_kind text, p_state text, p_validation text, p_asked uuid,
    p_agreed uuid, p_sec_code text, p_in_name boolean) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN p_kind IS NULL OR p_state NOT IN ('ready', 'checking') OR p_kind = 'card' AND p_state <> 'ready'
            THEN 'method_gone'
        WHEN p_asked IS DISTINCT FROM p_agreed THEN 'mandate_ended'
        WHEN p_agreed IS NULL AND (p_kind = 'bank' OR p_in_name) THEN 'mandate_ended'
        WHEN p_kind = 'bank' AND (p_validation = 'failed' OR p_sec_code = 'WEB'
            AND p_validation NOT IN ('valid', 'prenote')) THEN 'not_validated'
        ELSE '' END
$$;

-- The method and what was agreed, held until this transaction ends: whoever ends either comes before it or after it.
-- p: method_id, mandate_id, in_name, forwards. Answers gateway, brand, last4, attempt (charging: a call to the processor
-- comes next; queued: a file takes it; sending: bills of other accounts must be held first) and for cards the part of
-- the request that names the card; raises the verdict.
CREATE OR REPLACE FUNCTION payments_saved(p_account_id uuid, p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    method methods_method;
    mandate methods_mandate;
    v_verdict text;
BEGIN
    SELECT * INTO method FROM methods_method
    WHERE account_id = p_account_id AND id = (p->>'method_id')::uuid FOR SHARE;
    SELECT * INTO mandate FROM methods_mandate
    WHERE account_id = p_account_id AND id = (p->>'mandate_id')::uuid AND method_id = method.id AND ended_at IS NULL
    FOR UPDATE;
    v_verdict := payments_saved_verdict(method.kind, method.state, method.validation, (p->>'mandate_id')::uuid,
        mandate.id, mandate.sec_code, coalesce((p->>'in_name')::boolean, false));
    -- What was agreed for one payment is used up by it.
    IF v_verdict = '' AND mandate.kind = 'once' THEN
        IF EXISTS (SELECT 1 FROM payments_payment q WHERE q.account_id = p_account_id AND q.method_id = method.id
                   AND q.mandate_id = mandate.id AND q.state NOT IN ('failed', 'voided')
                   AND NOT (q.returned_cents > 0 AND q.returned_cents = q.captured_cents)) THEN
            v_verdict := 'mandate_ended';
        END IF;
    END IF;
    IF v_verdict <> '' THEN
        RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = v_verdict;
    END IF;
    RETURN jsonb_build_object('gateway', method.gateway, 'last4', method.last4,
        'brand', CASE method.kind WHEN 'bank' THEN 'bank' ELSE method.brand END,
        'attempt', CASE WHEN coalesce(jsonb_array_length(p->'forwards'), 0) > 0 THEN 'sending'
            WHEN method.kind = 'bank' THEN 'queued' ELSE 'charging' END,
        'request', CASE WHEN method.kind = 'bank' THEN '{}'::jsonb ELSE jsonb_build_object(
            'method_ref', method.token_ref, 'network_ref', nullif(method.network_ref, '')) END);
END $$;
