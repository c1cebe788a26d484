"""What a page asks a browser for where a passkey is used or made."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from caretill.people import passkeys
from caretill.regions.catalog import organisation


@dataclass(frozen=True)
class Asked:
    """`options` as JSON for the page's script, `state` to come back with the answer."""

    state: str
    options: str


def origin(request: HttpRequest) -> str:
    """The origin of this page, as the browser writes it into its answer."""
    return f"{request.scheme}://{request.get_host()}"


def to_use(request: HttpRequest) -> Asked | None:
    """For signing in; None where browsers have no passkeys (no name, no encryption)."""
    return _asked(*passkeys.to_use(origin(request))) if passkeys.possible(origin(request)) else None


def to_add(request: HttpRequest, login_id: UUID, email: str) -> Asked | None:
    """For a new passkey of a login."""
    here = origin(request)
    if not passkeys.possible(here):
        return None
    return _asked(*passkeys.to_add(login_id, email, here, organisation().name))


def _asked(state: str, options: dict[str, Any]) -> Asked:
    return Asked(state, json.dumps(options["publicKey"], default=dict))
