"""The site as an app on a telephone: what it is called, its pictures, and what its worker keeps.

The worker keeps files that carry their hash and one page that says there is no network. It keeps no page of anybody's.
"""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path

from caretill.core.words import say
from caretill.letters import icons
from caretill.regions.catalog import organisation
from caretill.regions.models import Organisation
from caretill.web.assets import assets
from caretill.web.jinja import environment, url

WORKER = Path(__file__).parent / "worker" / "worker.js"
FILES = ("site.css", "logo.svg")


def icon_bytes(kind: str, size: int) -> bytes | None:
    """The picture of that kind (`plain`, `mask`, `touch`) and size; None where there is no such one."""
    known = organisation()
    colours = known.theme["light"]
    grounds = {"plain": "", "mask": colours["brand"], "touch": colours["page"]}
    if kind not in grounds or size not in icons.SIZES:
        return None
    return icons.icon(known.logo_svg, size, grounds[kind])


def manifest(language: str) -> str:
    """What a browser is told that installs the site: name, colours, pictures, and two short ways in."""
    known = organisation()
    colours = known.theme["light"]
    told = {
        "id": "/",
        "name": known.name,
        "short_name": known.short_name,
        "description": say(language, "pocket.about", name=known.name),
        "lang": language,
        "dir": "ltr",
        "start_url": url("start"),
        "scope": "/",
        "display": "standalone",
        "background_color": colours["page"],
        "theme_color": colours["brand"],
        "icons": [
            *(_picture("plain", size, "any") for size in (192, 512)),
            _picture("mask", 512, "maskable"),
            {"src": assets().path("logo.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
        ],
        "shortcuts": [
            {
                "name": say(language, f"pocket.shortcut.{name}"),
                "url": url(page),
                "icons": [_picture("plain", 192, "any")],
            }
            for name, page in (("pay", "where"), ("receipts", "history"))
        ],
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _picture(kind: str, size: int, purpose: str) -> dict[str, str]:
    src = url("icon", kind, str(size))
    return {"src": src, "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}


@functools.lru_cache(maxsize=8)
def _offline(language: str, known: Organisation) -> str:
    page = environment(language).get_template("offline.html")
    return page.render(organisation=known, asset=assets().path)


def offline(language: str) -> str:
    """The page that stands in for every other while there is no network. It is the same for everybody."""
    return _offline(language, organisation())


def worker(language: str) -> str:
    """The worker's script. Its store is named after all it keeps: a change makes a new one and drops the old."""
    kept = [assets().path(name) for name in FILES]
    page = url("offline", language)
    body = WORKER.read_text()
    digest = hashlib.sha256((offline(language) + body + "".join(kept)).encode()).hexdigest()[:12]
    return (
        f"const STORE = {json.dumps(f'caretill-{digest}')};\n"
        f"const OFFLINE = {json.dumps(page)};\nconst FILES = {json.dumps(kept)};\n{body}"
    )
