"""Colour tokens of an organisation, light and dark, and the proof that every pair used together can be read.

Ratios: WCAG 2.2, 1.4.3 (text, 4.5), 1.4.11 (borders, focus and bars, 3). A pair that fails is a fault of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from caretill.regions.reading import Table

MODES = ("light", "dark")
TEXT = 4.5
SHAPE = 3.0
_COLOUR = re.compile(r"#[0-9a-f]{6}")

# Token -> what it paints. Pages and papers use these and no other colours.
TOKENS: Mapping[str, str] = {
    "page": "background of a page",
    "surface": "background of a card, a table, a field",
    "surface_quiet": "background of a note, a table head, a chosen row",
    "text": "text",
    "text_quiet": "text of less weight: hints, dates",
    "border": "edge of a field or a button without a fill",
    "border_quiet": "line between things, without meaning",
    "brand": "band with the name, and headings on paper",
    "on_brand": "name and links on the band",
    "action": "main button",
    "action_hover": "main button under the pointer",
    "action_pressed": "main button held down",
    "on_action": "words on the main button",
    "link": "link",
    "link_hover": "link under the pointer",
    "link_visited": "link seen before",
    "focus": "ring around what has the focus",
    "focus_on_brand": "the same on the band",
    "success": "words and mark of something done",
    "success_surface": "its background",
    "warning": "words and mark of something to look at",
    "warning_surface": "its background",
    "error": "words and mark of a mistake in a form",
    "error_surface": "its background",
    "info": "words and mark of something to know",
    "info_surface": "its background",
    "chart_discount": "bar: the plan's discount",
    "chart_plan": "bar: what the plan paid",
    "chart_you": "bar: what you owe",
    "paper_ring": "ring on the picture of the paper, which is always white",
}


@dataclass(frozen=True)
class Pair:
    """Two tokens seen together, the least contrast they need, and where. `behind` may be a colour."""

    front: str
    behind: str
    least: float
    use: str


def _pairs() -> Iterator[Pair]:
    for behind in ("page", "surface", "surface_quiet"):
        for front in ("text", "text_quiet", "link", "link_hover", "link_visited", "error"):
            yield Pair(front, behind, TEXT, "text")
        yield Pair("border", behind, SHAPE, "edge of a field")
        yield Pair("action", behind, SHAPE, "edge of a button")
        yield Pair("focus", behind, SHAPE, "focus ring")
    for state in ("success", "warning", "error", "info"):
        yield Pair(state, f"{state}_surface", TEXT, "text")
        yield Pair("text", f"{state}_surface", TEXT, "text")
        yield Pair("link", f"{state}_surface", TEXT, "text")
        yield Pair("focus", f"{state}_surface", SHAPE, "focus ring")
        yield Pair(state, "surface", TEXT, "text")
    for button in ("action", "action_hover", "action_pressed"):
        yield Pair("on_action", button, TEXT, "text of a button")
    for bar in ("chart_discount", "chart_plan", "chart_you"):
        yield Pair(bar, "surface", SHAPE, "bar of a chart")
        yield Pair(bar, "page", SHAPE, "bar of a chart")
    yield Pair("on_brand", "brand", TEXT, "text")
    yield Pair("focus_on_brand", "brand", SHAPE, "focus ring")
    yield Pair("paper_ring", "#ffffff", SHAPE, "ring on paper")


PAIRS = tuple(_pairs())
# Paper is printed from the light tokens on white.
PAPER_PAIRS = tuple(Pair(front, "#ffffff", TEXT, "text on paper") for front in ("text", "text_quiet", "brand", "link"))


def contrast(front: str, behind: str) -> float:
    """The WCAG contrast ratio of two colours `#rrggbb`, from 1 to 21."""
    lighter, darker = sorted((_luminance(front), _luminance(behind)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def read_theme(table: Table) -> dict[str, dict[str, str]]:
    """`[theme.light]` and `[theme.dark]`, each token there, each pair readable."""
    found = {}
    for mode in MODES:
        inner = table.table(mode)
        colours = {token: inner.text(token, _COLOUR, "#1c1b2b (six small hex digits)") for token in TOKENS}
        inner.close()
        pairs = PAIRS + (PAPER_PAIRS if mode == "light" else ())
        for pair in pairs:
            _judge(inner, colours, pair)
        found[mode] = colours
    table.close()
    return found


def _judge(table: Table, colours: Mapping[str, str], pair: Pair) -> None:
    front, behind = colours[pair.front], colours.get(pair.behind, pair.behind)
    if not front or not behind:
        return
    ratio = contrast(front, behind)
    if ratio < pair.least:
        # Cut, never rounded: 4.499 must not be shown as the 4.50 that would pass.
        shown = f"{int(ratio * 100) / 100:.2f}"
        against = f'"{pair.behind}" {behind}' if pair.behind in colours else f"{behind}"
        needs = f"the contrast is {shown}, {pair.use} needs {pair.least:g}"
        table.fault(pair.front, f'"{pair.front}" {front} on {against} in {table.title}: {needs}')
