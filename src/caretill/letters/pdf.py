"""Typst, held ready: a compiler a thread, the vendored fonts read once, and the same bytes for the same figures.

A page gets its data as JSON through `sys_inputs` and never as source text, so nothing in a name can become markup.
System fonts are never looked at and the time stamp is given, so two machines make the same file. The files are tagged
(PDF/UA-1): headings, tables and pictures with alternative text; typst refuses to build one that lacks them.
"""

from __future__ import annotations

import functools
import hashlib
import json
import threading
from importlib.metadata import version
from pathlib import Path
from typing import Any

import typst
from django.conf import settings

from caretill.letters.glyphs import FONTS, printable

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"

_local = threading.local()


def font_folders() -> tuple[Path, ...]:
    """Ours, and `fonts` in the organisation's folder where it has one."""
    own = Path(settings.CARETILL_ORGANISATION) / "fonts" if settings.CARETILL_ORGANISATION else None
    return (FONTS, own) if own and own.is_dir() else (FONTS,)


@functools.cache
def _fonts() -> typst.Fonts:
    folders = [str(folder) for folder in font_folders()]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)


def _compiler(template: str) -> typst.Compiler:
    """The compiler of this thread for that template; two threads may not share one."""
    held: dict[str, typst.Compiler] = _local.__dict__.setdefault("compilers", {})
    if template not in held:
        held[template] = typst.Compiler(str(TEMPLATES / template), root=str(TEMPLATES), font_paths=_fonts())
    return held[template]


def dump(data: dict[str, Any]) -> str:
    """JSON for a template, with only such characters as the fonts can show."""
    return json.dumps(printable(data), ensure_ascii=False, separators=(",", ":"))


def _inputs(data: dict[str, Any], frame: str) -> dict[str, str]:
    return {"data": dump(data), "frame": frame}


def pdf(template: str, data: dict[str, Any], frame: str = "{}") -> bytes:
    """A tagged PDF of `templates/TEMPLATE`. `frame` is what many pages share, as JSON made once by `dump`.

    Raises typst.TypstError where the template cannot be built; that is a fault of ours, not of the data.
    """
    made = _compiler(template).compile(format="pdf", sys_inputs=_inputs(data, frame), pdf_standards="ua-1", timestamp=0)
    assert isinstance(made, bytes)
    return made


def svg_with_marks(template: str, data: dict[str, Any], frame: str, label: str) -> tuple[str, list[dict[str, Any]]]:
    """The first page as SVG, its letters as outlines, and the values of the template's `metadata` with that label."""
    path = str(TEMPLATES / template)
    compiler = typst.Compiler(path, root=str(TEMPLATES), font_paths=_fonts(), sys_inputs=_inputs(data, frame))
    made = compiler.compile(format="svg")
    marks = json.loads(compiler.query(label, field="value"))
    first = made[0] if isinstance(made, list) else made
    assert isinstance(first, bytes)
    return first.decode(), marks


@functools.cache
def layout() -> str:
    """Twelve hex digits that name the layout: templates, fonts and the version of typst. Same layout, same bytes."""
    digest = hashlib.sha256(version("typst").encode())
    fonts = [path for folder in font_folders() for path in sorted(folder.glob("*.?tf"))]
    for path in [*sorted(TEMPLATES.glob("*.typ")), *fonts]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]
