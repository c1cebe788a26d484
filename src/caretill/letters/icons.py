"""The organisation's logo as PNG pictures, for the places where browsers and telephones take no SVG."""

from __future__ import annotations

import functools
from pathlib import Path

import typst

SIZES = (180, 192, 512)
# A mask may cut a circle out of the middle: what is within two fifths of the side stays (W3C manifest, "maskable").
_SOURCE = b"""
#let (logo, ground, share) = (sys.inputs.logo, sys.inputs.ground, eval(sys.inputs.share))
#set page(width: 64pt, height: 64pt, margin: 0pt, fill: if ground == "" { none } else { rgb(ground) })
#place(center + horizon, image(bytes(logo), format: "svg", width: share, height: share, fit: "contain"))
"""


@functools.lru_cache(maxsize=16)
def icon(logo: str, size: int, ground: str = "") -> bytes:
    """The logo file as a square PNG, `size` pixels a side; on `ground` (#rrggbb) with room around it for a mask.

    Raises typst.TypstError where the file cannot be drawn.
    """
    made = typst.compile(
        _SOURCE,
        format="png",
        ppi=size * 72 / 64,
        sys_inputs={"logo": Path(logo).read_text(), "ground": ground, "share": "56%" if ground else "100%"},
    )
    assert isinstance(made, bytes)
    return made
