"""What a browser fetches besides pages: the style sheet and the logo, held in memory under names that carry their hash.

A changed file has a new name, so browsers may keep the old one for ever; nothing has to be collected before a start.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from caretill.regions.catalog import organisation
from caretill.regions.models import Organisation
from caretill.web import css, theme

STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True)
class Asset:
    """One file as it is sent."""

    name: str
    kind: str
    body: bytes
    packed: bytes


@dataclass(frozen=True)
class Assets:
    """Every file by the name in its address, and that name by its plain name."""

    by_name: dict[str, Asset]
    names: dict[str, str]

    def path(self, plain: str) -> str:
        """The address of a file such as `site.css`."""
        return f"/assets/{self.names[plain]}"


def _asset(plain: str, kind: str, body: bytes) -> tuple[str, Asset]:
    stem, _, suffix = plain.rpartition(".")
    name = f"{stem}.{hashlib.sha256(body).hexdigest()[:12]}.{suffix}"
    return plain, Asset(name, kind, body, gzip.compress(body, 9, mtime=0))


@functools.lru_cache(maxsize=4)
def _assets_of(known: Organisation) -> Assets:
    sheet = css.site(theme.properties(known.theme["light"]), theme.properties(known.theme["dark"]))
    made = [
        _asset("site.css", "text/css; charset=utf-8", sheet.encode()),
        _asset("account.css", "text/css; charset=utf-8", (STATIC / "account.css").read_bytes()),
        *(
            _asset(path.name, "text/javascript; charset=utf-8", path.read_bytes())
            for path in sorted(STATIC.glob("*.js"))
        ),
        _asset("logo.svg", "image/svg+xml", Path(known.logo_svg).read_bytes()),
    ]
    return Assets({asset.name: asset for _, asset in made}, {plain: asset.name for plain, asset in made})


def assets() -> Assets:
    """The files of this installation's organisation."""
    return _assets_of(organisation())
