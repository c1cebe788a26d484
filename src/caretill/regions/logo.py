"""A logo file: one small, still SVG that brings nothing from elsewhere, so it can stand inside any page or paper."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

LARGEST_BYTES = 6 * 1024
_SVG = "{http://www.w3.org/2000/svg}"
_SHAPES = ("g", "path", "circle", "ellipse", "rect", "line", "polyline", "polygon")
_ALLOWED = frozenset(("svg", "title", "desc", "defs", "linearGradient", "radialGradient", "stop", *_SHAPES))
_COLOUR_FIELDS = ("fill", "stroke", "stop-color", "color")


def logo_problems(path: Path, one_colour: bool = False) -> list[str]:
    """Why this file cannot be a logo; with `one_colour`, also why it cannot be printed in one."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        return [f"cannot be read: {error.strerror}"]
    if len(raw) > LARGEST_BYTES:
        return [f"has {len(raw)} bytes, more than {LARGEST_BYTES}"]
    # A document type could define entities that grow without end; an SVG needs none.
    if b"\0" in raw or not _is_utf8(raw):
        return ["is not UTF-8 text"]
    if b"<!" in raw.replace(b"<!--", b""):
        return ["has a document type or CDATA"]
    try:
        root = ElementTree.fromstring(raw)
    except ElementTree.ParseError as error:
        return [f"is not XML: {error}"]
    return list(_problems(root, one_colour))


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _problems(root: ElementTree.Element, one_colour: bool) -> list[str]:
    found = []
    if root.tag != f"{_SVG}svg":
        found.append("is not an SVG")
    if not root.get("viewBox"):
        found.append("has no viewBox, so it cannot be scaled")
    title = root.find(f"{_SVG}title")
    if title is None or not (title.text or "").strip():
        found.append("has no title, so nobody can hear it")
    colours = set()
    for element in root.iter():
        name = element.tag.removeprefix(_SVG)
        if name not in _ALLOWED:
            found.append(f"has an element <{name}>, which a logo may not have")
        for field, value in element.attrib.items():
            if re.search(r"^on|href$|^style$|^class$", field) or ("url(" in value and "url(#" not in value):
                found.append(f"has a {field.split('}')[-1]} in <{name}>, which a logo may not have")
            if field in _COLOUR_FIELDS and value != "none":
                colours.add(value.lower())
    if one_colour and len(colours) != 1:
        found.append(f"has {len(colours)} colours, not one")
    return found
