"""The tracker's last step: when the money is at the organisation's bank, and not before, its day stands there."""

from __future__ import annotations

from datetime import date

import pytest

from caretill.core import clock, sql
from caretill.core.words import LANGUAGES
from house.desk import Desk, processor_desk
from house.payer import text
from house.scenes import NOON, play

__all__ = ["processor_desk"]

SAID = {"en": ("The money is with us", "November 24, 2026"), "es": ("Ya tenemos el dinero", "24 de noviembre de 2026")}
BEFORE = {"en": "Your bank sends the money to us", "es": "Su banco nos manda el dinero"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_last_step_gets_its_date(processor: Desk, language: str) -> None:
    with clock.fixed(NOON) as time:
        payer, address = play("done", processor, language, time)
        page = text(payer.get(address))
        step, day = SAID[language]
        assert BEFORE[language] in page and step not in page
        sql.execute("UPDATE payments_payment SET settled_on = %s", (date(2026, 11, 24),))
        page = text(payer.get(address))
        assert step in page and day in page and BEFORE[language] not in page
