"""QR codes as small SVG drawings, for paper and screen alike."""

from __future__ import annotations

import io

import segno

# Every mask can be read. Trying all eight takes five times as long as the rest, and a pay code is chance already.
_MASK = 2


def qr_svg(text: str) -> str:
    """An SVG of the QR code of `text`, one unit a module, no quiet zone: leave four modules of white around it."""
    code = segno.make(text, error="m", mask=_MASK, micro=False, boost_error=False)
    drawn = io.BytesIO()
    code.save(drawn, kind="svg", border=0, xmldecl=False, svgns=True, svgclass=None, lineclass=None)
    return drawn.getvalue().decode()
