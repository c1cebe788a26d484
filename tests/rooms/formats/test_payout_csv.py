"""The processor's payout file: every line and every total is proved before any of it is used."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from caretill.formats.bank import BankFileFault
from caretill.formats.payout_csv import HEAD, PayoutRow, PayoutTotal, read

GOOD = """\
kind,operation_id,charge_id,reference,gross_cents,fee_cents,net_cents,currency,time
charge,ch_1,ch_1,ref_1,10000,320,9680,USD,2026-03-04T17:00:00.250Z
refund,re_1,ch_1,ref_2,-2500,0,-2500,USD,2026-03-04T18:00:00.000Z
dispute,dp_1,ch_0,ref_0,-500,1500,-2000,USD,2026-03-04T19:00:00.000Z
dispute_reversal,dp_1,ch_0,ref_0,500,0,500,USD,2026-03-04T20:00:00.000Z
fee,fe_1,,,0,25,-25,USD,2026-03-04T21:00:00.000Z
total,po_1,,5,7500,1845,5655,USD,2026-03-05T00:00:00.000Z
"""


def rows(text: str) -> tuple[list[PayoutRow], PayoutTotal]:
    total = PayoutTotal()
    return list(read(text.encode(), total)), total


def test_a_file_is_read_whole() -> None:
    found, total = rows(GOOD)
    assert [(each.kind, each.operation_id, each.charge_id, each.net_cents) for each in found] == [
        ("charge", "ch_1", "ch_1", 9680),
        ("refund", "re_1", "ch_1", -2500),
        ("dispute", "dp_1", "ch_0", -2000),
        ("dispute_reversal", "dp_1", "ch_0", 500),
        ("fee", "fe_1", "", -25),
    ]
    assert [each.row for each in found] == [2, 3, 4, 5, 6]
    assert found[0].at == datetime(2026, 3, 4, 17, 0, 0, 250_000, tzinfo=UTC)
    assert total == PayoutTotal("po_1", "USD", 5, 7500, 1845, 5655)


@pytest.mark.parametrize(
    ("change", "row", "reason"),
    [
        (("kind,operation_id", "operation_id,kind"), 1, "columns"),
        ((GOOD, ",".join(HEAD)), 1, "cut_off"),
        (("total,po_1,,5,7500,1845,5655,USD,2026-03-05T00:00:00.000Z\n", ""), 6, "cut_off"),
        (("00:00:00.000Z\n", "00:00:00.000Z"), 7, "cut_off"),
        ((",ref_1", ",réf"), 2, "not_text"),
        ((",ref_1", ",ref,1"), 2, "cells"),
        (("charge,ch_1,ch_1", "gift,ch_1,ch_1"), 2, "kind"),
        (("charge,ch_1,ch_1", "charge,,ch_1"), 2, "names"),
        (("refund,re_1,ch_1", "refund,re_1,"), 3, "names"),
        (("fee,fe_1,,", "fee,fe_1,ch_1,"), 6, "names"),
        (("10000,320,9680", "10000,320,9681"), 2, "net"),
        (("10000,320,9680", "100.00,320,9680"), 2, "bad_amount"),
        (("10000,320,9680", "-10000,320,-10320"), 2, "sign"),
        (("-2500,0,-2500", "2500,0,2500"), 3, "sign"),
        (("-500,1500,-2000", "500,1500,-1000"), 4, "sign"),
        (("fe_1,,,0,25,-25", "fe_1,,,50,25,25"), 6, "sign"),
        (("-2500,USD", "-2500,CAD"), 3, "currency"),
        (("5655,USD", "5655,CAD"), 7, "currency"),
        (("2026-03-04T18:00:00.000Z", "2026-03-04T18:00:00"), 3, "bad_time"),
        (("2026-03-04T18:00:00.000Z", "yesterday"), 3, "bad_time"),
        (("refund,re_1,ch_1", "charge,ch_1,ch_1"), 3, "sign"),
        (("dispute_reversal,dp_1", "dispute,dp_1"), 5, "sign"),
        (("fee,fe_1,,,0,25,-25,USD,2026-03-04T21:00:00.000Z\n", ""), 6, "total_count"),
        ((",5,7500,", ",5,7501,"), 7, "total_gross"),
        ((",1845,", ",1846,"), 7, "total_fee"),
        ((",5655,", ",5654,"), 7, "total_net"),
        (("total,po_1", "total,"), 7, "names"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(change: tuple[str, str], row: int, reason: str) -> None:
    with pytest.raises(BankFileFault) as caught:
        rows(GOOD.replace(*change, 1))
    assert (caught.value.row, caught.value.reason) == (row, reason)


def test_one_operation_twice_is_refused() -> None:
    line = "charge,ch_1,ch_1,ref_1,10000,320,9680,USD,2026-03-04T17:00:00.250Z\n"
    with pytest.raises(BankFileFault) as caught:
        rows(GOOD.replace(line, line + line))
    assert (caught.value.row, caught.value.reason) == (3, "twice")
