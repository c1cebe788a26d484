"""Cut a part out of a page that typst drew as SVG: what lies outside goes, what is left is written short.

Only such SVG comes in here as typst makes of our own templates: groups with `matrix` or `translate`, paths of relative
commands, glyphs as `use` of a `symbol`, pictures as `image`.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass

_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_NUMBER = re.compile(r"-?\d*\.?\d+(?:e-?\d+)?")
_COMMAND = re.compile(r"([A-Za-z])([^A-Za-z]*)")
_DECIMAL = re.compile(r"([^0-9.#-])(-?\d+\.\d+)")
_BLANKS = re.compile(r"\s*([A-Za-z])\s*")
_POINTS = {"M": 1, "m": 1, "L": 1, "l": 1, "Q": 2, "q": 2, "C": 3, "c": 3}
_USUAL = (
    ("fill-rule", "nonzero"),
    ("stroke-linecap", "butt"),
    ("stroke-linejoin", "miter"),
    ("stroke-miterlimit", "4"),
    ("y", "0"),
)
# A glyph is drawn around its origin; this is more than any is tall or wide at the sizes of our paper.
_GLYPH_REACH = 16.0


@dataclass(frozen=True)
class Box:
    """A rectangle in points, from the top left of the page."""

    x: float
    y: float
    width: float
    height: float

    def touches(self, other: Box) -> bool:
        """Whether the two share a point."""
        across = self.x <= other.x + other.width and other.x <= self.x + self.width
        return across and self.y <= other.y + other.height and other.y <= self.y + self.height


@dataclass(frozen=True)
class _Place:
    """Where a group's own zero is, and how far its units reach; typst turns only text upside down."""

    x: float = 0.0
    y: float = 0.0
    across: float = 1.0
    down: float = 1.0

    def at(self, x: float, y: float) -> tuple[float, float]:
        return self.x + self.across * x, self.y + self.down * y

    def moved(self, transform: str | None) -> _Place:
        if not transform:
            return self
        kind, _, inner = transform.partition("(")
        numbers = [float(each) for each in _NUMBER.findall(inner)]
        a, d, dx, dy = (1.0, 1.0, *numbers, 0.0)[:4] if kind == "translate" else (numbers[i] for i in (0, 3, 4, 5))
        x, y = self.at(dx, dy)
        return _Place(x, y, self.across * a, self.down * d)


def crop(svg: str, part: Box, title: str) -> str:
    """The part as an SVG of its own with `title` as its accessible name; where the page ends, its edge is drawn."""
    ET.register_namespace("", _SVG[1:-1])
    root = ET.fromstring(svg)
    _cull(root, part, _Place())
    _drop_unused(root)
    _shorten(root)
    width, height = float(root.get("width", "0pt")[:-2]), float(root.get("height", "0pt")[:-2])
    edge = f"M.5 .5h{width - 1:g}v{height - 1:g}h{1 - width:g}z"
    root.attrib.clear()
    root.set("viewBox", f"{part.x:g} {part.y:g} {part.width:g} {part.height:g}")
    root.set("width", f"{part.width:g}")
    root.set("height", f"{part.height:g}")
    root.set("role", "img")
    named = ET.Element(f"{_SVG}title")
    named.text = title
    root.insert(0, named)
    root.append(ET.Element(f"{_SVG}path", {"d": edge, "fill": "none", "stroke": "#8a8a8a"}))
    return _DECIMAL.sub(_short, ET.tostring(root, encoding="unicode"))


def _short(found: re.Match[str]) -> str:
    """A number with at most two decimals, no zero before the point, no blank before a sign."""
    before, number = found.groups()
    text = f"{float(number):.2f}".rstrip("0").rstrip(".")
    text = "0" if text in ("", "-0") else text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
    return text if text.startswith("-") and before == " " else before + text


def _cull(parent: ET.Element, part: Box, place: _Place) -> None:
    for child in list(parent):
        if child.tag == f"{_SVG}defs":
            continue
        here = place.moved(child.get("transform"))
        if child.tag in (f"{_SVG}g", f"{_SVG}a"):
            _cull(child, part, here)
            if len(child) == 0:
                parent.remove(child)
        elif not _extent(child, here).touches(part):
            parent.remove(child)


def _extent(element: ET.Element, place: _Place) -> Box:
    if element.tag == f"{_SVG}path":
        return _around([place.at(x, y) for x, y in _path_points(element.get("d", ""))])
    x, y = float(element.get("x", "0")), float(element.get("y", "0"))
    if element.tag == f"{_SVG}use":
        middle = place.at(x, y)
        return Box(middle[0] - _GLYPH_REACH, middle[1] - _GLYPH_REACH, 2 * _GLYPH_REACH, 2 * _GLYPH_REACH)
    width, height = (float(element.get(name, "0").removesuffix("pt") or 0) for name in ("width", "height"))
    return _around([place.at(x, y), place.at(x + width, y + height)])


def _around(points: list[tuple[float, float]]) -> Box:
    if not points:
        return Box(0, 0, 0, 0)
    left, top = min(x for x, _ in points), min(y for _, y in points)
    return Box(left, top, max(x for x, _ in points) - left, max(y for _, y in points) - top)


def _path_points(text: str) -> list[tuple[float, float]]:
    """End and control points of a path, which together contain it."""
    x = y = 0.0
    points = []
    for command, inner in _COMMAND.findall(text):
        numbers = [float(each) for each in _NUMBER.findall(inner)]
        relative = command.islower()
        if command in "Hh":
            x = numbers[0] + (x if relative else 0)
        elif command in "Vv":
            y = numbers[0] + (y if relative else 0)
        elif command in _POINTS:
            start_x, start_y = (x, y) if relative else (0.0, 0.0)
            for place in range(0, len(numbers), 2):
                x, y = start_x + numbers[place], start_y + numbers[place + 1]
                points.append((x, y))
            continue
        points.append((x, y))
    return points


def _drop_unused(root: ET.Element) -> None:
    """Take out symbols and patterns that nothing points at any more."""
    wanted = set(re.findall(r"#([\w-]+)", " ".join(value for each in root.iter() for value in each.attrib.values())))
    for defs in list(root.iter(f"{_SVG}defs")):
        for each in list(defs):
            if each.get("id") not in wanted:
                defs.remove(each)
        if len(defs) == 0:
            root.remove(defs)


def _shorten(root: ET.Element) -> None:
    """Short ids, a glyph as a bare path, the colour of a word said once, no attribute that says what is so anyway."""
    names: dict[str, str] = {}
    for defs in root.iter(f"{_SVG}defs"):
        for place, symbol in enumerate(list(defs)):
            if symbol.tag == f"{_SVG}symbol" and len(symbol) == 1:
                names["#" + symbol.attrib["id"]] = f"#g{len(names)}"
                symbol[0].set("id", f"g{len(names) - 1}")
                defs[place] = symbol[0]
    for each in root.iter():
        target = each.attrib.pop(_LINK, "")
        if each.tag == f"{_SVG}a":
            each.tag = f"{_SVG}g"
        elif target:
            each.set("href", names.get(target, target))
        if "d" in each.attrib:
            each.set("d", _BLANKS.sub(r"\1", each.attrib["d"].strip()))
        for name, usual in _USUAL:
            if each.get(name) == usual:
                del each.attrib[name]
        fills = {child.get("fill", "") for child in each}
        if len(fills) == 1 and all(child.tag == f"{_SVG}use" for child in each):
            each.set("fill", fills.pop())
            for child in each:
                del child.attrib["fill"]
