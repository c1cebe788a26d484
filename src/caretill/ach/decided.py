"""How a line of a return file ends."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Decision:
    """`disposition` with its `reason`; `note` where a person must look; what was reopened."""

    disposition: str
    reason: str
    note: str = ""
    reopened_cents: int = 0
