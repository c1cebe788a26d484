"""What must hold of saved ways to pay: each query returns nothing, or the rows that break it."""

from __future__ import annotations

from caretill.core import sealed


def _known_keys() -> str:
    """The keys of the ring, as they stand when the laws are asked."""
    return ", ".join(f"'\\x{each.hex()}'::bytea" for each in sealed.key_ids())


LAWS = {
    "21b a login has one default": """
        SELECT login_id, count(*) AS defaults FROM methods_method WHERE is_default GROUP BY 1 HAVING count(*) > 1""",
    "21c a ready bank account of the web is proved": """
        SELECT account_id, id, validation FROM methods_method
        WHERE kind = 'bank' AND state = 'ready' AND (validation <> 'valid' OR validated_at IS NULL)""",
    "21d what is deleted has no live mandate": """
        SELECT m.account_id, m.id, d.method_id FROM methods_mandate d
        JOIN methods_method m ON m.account_id = d.account_id AND m.id = d.method_id
        WHERE m.state = 'deleted' AND d.ended_at IS NULL""",
    "21e a bank account has its sealed number until it is deleted": """
        SELECT account_id, id, state FROM methods_method
        WHERE kind = 'bank' AND state <> 'deleted' AND account_sealed IS NULL""",
    "21f the words of a mandate are those that were agreed to": """
        SELECT account_id, id FROM methods_mandate WHERE purged_at IS NULL
        AND text_hash <> sha256(convert_to(concat_ws(E'\\n', version, language, title, text), 'UTF8'))""",
    "21g a mandate of the telephone or of paper is proved": """
        SELECT account_id, id, channel FROM methods_mandate
        WHERE purged_at IS NULL AND channel IN ('phone', 'paper') AND evidence = ''""",
    "21h the channel chose the code of the entry": """
        SELECT d.account_id, d.id, d.sec_code FROM methods_mandate d
        JOIN methods_method m ON m.account_id = d.account_id AND m.id = d.method_id
        WHERE d.sec_code <> CASE WHEN m.kind = 'card' OR d.kind = 'save' THEN '' WHEN m.corporate THEN 'CCD'
            WHEN d.channel = 'phone' THEN 'TEL' WHEN d.channel = 'paper' THEN 'PPD' ELSE 'WEB' END""",
    "21i three wrong guesses close an account": """
        SELECT account_id, id, guesses FROM methods_method
        WHERE guesses > 3 OR (guesses = 3 AND validation IN ('micro', 'prenote'))""",
    "21k what is sealed opens under a key of the ring": f"""
        SELECT account_id, id FROM methods_method
        CROSS JOIN LATERAL unnest(ARRAY[account_sealed, validation_sealed]) AS s (kept)
        WHERE s.kept IS NOT NULL AND substring(s.kept FROM 2 FOR 8) NOT IN ({_known_keys()})""",
}
