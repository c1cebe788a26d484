"""What must hold of letters: each query returns nothing, or the rows that break it."""

from __future__ import annotations

LAWS = {
    "statements of a bill are numbered without a gap": """
        SELECT account_id, bill_id, count(*) AS statements, max(number) AS last FROM letters_statement
        GROUP BY 1, 2 HAVING count(*) <> max(number)""",
    "a statement says what its bill's version said": """
        SELECT account_id, id, version, figures->>'version' AS told FROM letters_statement
        WHERE figures->>'version' <> version::text OR figures->>'bill_id' <> bill_id::text
            OR figures->>'account_id' <> account_id::text OR (figures->>'statement_number')::integer <> number""",
}
