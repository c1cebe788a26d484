"""One process of the floor of `statement_pdf`: `python -m bench.typst_floor PAGES SECONDS`. It knows typst alone."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import perf_counter

import typst

from caretill import ROOT

LETTERS = ROOT / "src" / "caretill" / "letters"
TEMPLATES, FONTS = LETTERS / "templates", LETTERS / "fonts"


def main() -> None:
    """Draw the pages in turn for that long, after each was drawn once; print how many and the seconds."""
    pages = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])
    compiler = typst.Compiler(str(TEMPLATES / "statement.typ"), root=str(TEMPLATES), font_paths=fonts)
    for page in pages[:20]:
        compiler.compile(format="pdf", sys_inputs=page, pdf_standards="ua-1", timestamp=0)
    began = perf_counter()
    until, done = began + float(sys.argv[2]), 0
    while perf_counter() < until:
        compiler.compile(format="pdf", sys_inputs=pages[done % len(pages)], pdf_standards="ua-1", timestamp=0)
        done += 1
    print(done, perf_counter() - began)


if __name__ == "__main__":
    main()
