"""A Synthea export as a delivery: its files are read as they are, and mapped in the database (`sql/fn_synthea.sql`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from caretill.core import sql
from caretill.formats import states, synthea
from caretill.formats.blocks import FileFault, Reader, Reject
from caretill.formats.delivery import Source
from caretill.intake.stage import Stager, Target, Watch, normal_name, read_file
from caretill.regions import catalog

TARGETS = {
    "patients": Target("raw_patient", "id, birth_date, first_name, last_name, street, city, state, zip"),
    "payer_transitions": Target("raw_coverage", "patient_id, start, payer_id, ownership, owner_name"),
    "claims": Target("raw_claim", "id, patient_id, provider_id, encounter_id, service_date, billed_on, type_id"),
    "claims_transactions": Target(
        "raw_transaction",
        "claim_id, place, type, amount_cents, method, on_date, code, units, notes, transfer_type, payment_cents,"
        " adjustment_cents",
    ),
    "encounters": Target("raw_encounter", "id, start, stop, organization_id, provider_id"),
    "organizations": Target("raw_organization", "id, name"),
    "providers": Target("raw_provider", "id, name"),
    "medications": Target("raw_medication", "code"),
}
STAGED = {"accounts": "account", "people": "person", "bills": "bill", "lines": "line", "payments": "payment"}


def wanted(sources: list[Source], path: Path) -> list[Source]:
    """The files that are read, of all that lie there. Raises FileFault where one is missing."""
    found = [each for each in sources if each.stem in synthea.FAMILY]
    stems = [each.stem for each in found]
    missing = [name for name in synthea.NEEDED if name not in stems]
    if missing:
        raise FileFault(f"{path}: no {', no '.join(f'{name}.csv' for name in missing)}")
    twice = sorted({stem for stem in stems if stems.count(stem) > 1})
    if twice:
        raise FileFault(f"{path}: {', '.join(twice)} is there twice, plain and packed")
    return found


def stage(
    delivery_id: UUID, sources: Sequence[Source], options: dict[str, Any], watch: Watch
) -> tuple[dict[str, int], dict[str, int]]:
    """Read the files and fill the staging tables. Answers rows read and staged by table of the documented CSV.

    options: `region` (a slug; otherwise patients are spread), `shift_to` (the date of the latest bill),
    `patient_payments`, `version`. Raises FileFault.
    """
    sql.execute(sql.load(__file__, "synthea_tables.sql"))
    with Stager(delivery_id, TARGETS, _flaw) as stager:
        for number, source in enumerate(sources):
            read_file(Reader(synthea.FAMILY[source.stem]), stager, number, source, watch)
    watch("mapping", 0, 1)
    sql.execute("ANALYZE raw_patient, raw_coverage, raw_claim, raw_transaction, raw_encounter, raw_organization")
    payload = sql.dumps(
        {
            "regions": _regions(options.get("region")),
            "states": states.CODES | {code.lower(): code for code in states.CODES.values()},
            "files": [each.name for each in sources],
            "shift_days": _shift(options.get("shift_to")),
            "version": options.get("version", 1),
            "patient_payments": bool(options.get("patient_payments")),
        }
    )
    sql.execute("SELECT intake_map_patients(%s::jsonb)", (payload,))
    _normalise()
    sql.execute("SELECT intake_map_claims(%s, %s::jsonb)", (delivery_id, payload))
    sql.execute("SELECT intake_map_transactions(%s::jsonb)", (payload,))
    watch("mapping", 1, 1)
    staged = {name: _count(f"intake_stage_{table}") for name, table in STAGED.items()}
    return staged | _refused(delivery_id), staged


def _flaw(reject: Reject) -> tuple[str, str] | None:
    """A refused transaction spoils its claim; which bill that is, the mapping finds out."""
    return ("", reject.about[0]) if reject.about else None


def _regions(only: str | None) -> dict[str, list[str]]:
    regions = [catalog.region(only)] if only else catalog.regions()
    return {region.slug: list(region.zip_prefixes) for region in regions}


def _shift(to: str | None) -> int:
    """Whole days that move the latest bill to that date; none where it is not asked."""
    row = sql.one("SELECT max(coalesce(billed_on, service_date)) AS latest FROM raw_claim")
    if to is None or row is None or row["latest"] is None:
        return 0
    return int((date.fromisoformat(to) - row["latest"]).days)


def _normalise() -> None:
    """Last names in the form in which they are compared."""
    for table in ("intake_stage_account", "intake_stage_person"):
        found = [each["last_name"] for each in sql.query(f"SELECT DISTINCT last_name FROM {table}")]
        sql.execute(
            f"UPDATE {table} s SET last_norm = n.norm FROM unnest(%s::text[], %s::text[]) AS n(name, norm)"
            " WHERE s.last_name = n.name",
            (found, [normal_name(each) for each in found]),
        )


def _count(table: str) -> int:
    row = sql.one(f"SELECT count(*) AS n FROM {table}")
    return int(row["n"]) if row else 0


def _refused(delivery_id: UUID) -> dict[str, int]:
    """Rows of the export's own tables that were refused: they count as read."""
    rows = sql.query(
        "SELECT table_name, count(DISTINCT (file, row)) AS n FROM intake_refused"
        " WHERE delivery_id = %s AND table_name = ANY(%s) GROUP BY 1",
        (delivery_id, list(TARGETS)),
    )
    return {row["table_name"]: row["n"] for row in rows}


def to_try() -> list[dict[str, Any]]:
    """An open bill of each region with all that is printed on its paper: Synthea's own files have none of it."""
    return sql.query(sql.load(__file__, "to_try.sql"))
