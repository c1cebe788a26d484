"""The style sheet of every page: the parts of the vendored design system that pages use, then our own rules.

The vendored files stay as they came. What no page uses is left out when the process starts, so a page costs some
kilobytes of style and not sixty, and nothing has to be built before a start.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

STATIC = Path(__file__).parent / "static"
VENDOR = STATIC / "vendor" / "cms-design-system"

COMPONENTS = frozenset(
    {
        "ds-c-button",
        "ds-c-button--solid",
        "ds-c-field",
        "ds-c-field--error",
        "ds-c-label",
        "ds-c-hint",
        "ds-c-inline-error",
        "ds-c-fieldset",
        "ds-c-choice",
        "ds-c-choice-wrapper",
        "ds-c-alert",
        "ds-c-alert__body",
        "ds-c-alert__heading",
        "ds-c-alert__text",
        "ds-c-alert--error",
        "ds-c-alert--warn",
        "ds-c-alert--success",
        "ds-c-table",
        "ds-c-table__wrapper",
        "ds-c-table__caption",
        "ds-content",
        "ds-u-visibility--screen-reader",
    }
)

_CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
_TOKEN = re.compile(r"var\(\s*(--[\w-]+)")
_DECLARED = re.compile(r"(--[\w-]+)\s*:\s*([^;}]+)")
_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_SELECTOR_COMMA = re.compile(r",(?![^()]*\))")
_GROUPS = ("@media", "@supports", "@container")


def rules(sheet: str) -> Iterator[tuple[str, str]]:
    """Each rule of a style sheet as (what stands before the brace, what stands inside)."""
    at = 0
    while (opens := sheet.find("{", at)) != -1:
        prelude = sheet[at:opens].rpartition(";")[2].strip()
        depth, end = 1, opens + 1
        while depth:
            depth += {"{": 1, "}": -1}.get(sheet[end], 0)
            end += 1
        yield prelude, sheet[opens + 1 : end - 1]
        at = end


def keep(sheet: str, classes: Iterable[str]) -> str:
    """The rules whose every class is one of `classes`; fonts and moving pictures never."""
    wanted = frozenset(classes)
    kept = []
    for prelude, body in rules(sheet):
        if prelude.startswith(_GROUPS):
            inside = keep(body, wanted)
            kept.append(f"{prelude}{{{inside}}}" if inside else "")
        elif not prelude.startswith("@"):
            selectors = [one for one in _SELECTOR_COMMA.split(prelude) if wanted.issuperset(_CLASS.findall(one))]
            kept.append(f"{','.join(selectors)}{{{body}}}" if selectors else "")
    return "".join(kept)


def tokens(sheet: str) -> dict[str, str]:
    """Every custom property that a sheet declares."""
    return {name: value.strip() for name, value in _DECLARED.findall(_COMMENT.sub("", sheet))}


def used(sheet: str, declared: Mapping[str, str]) -> dict[str, str]:
    """Those of `declared` that the sheet needs, directly or through another of them."""
    found: dict[str, str] = {}
    waiting = [name for name in _TOKEN.findall(sheet) if name in declared]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = declared[name]
            waiting += [other for other in _TOKEN.findall(declared[name]) if other in declared]
    return {name: found[name] for name in sorted(found)}


def squeeze(sheet: str) -> str:
    """The same sheet without comments and needless blanks."""
    flat = re.sub(r"\s+", " ", _COMMENT.sub("", sheet))
    return re.sub(r" ?([{};,]) ?", r"\1", flat).replace(";}", "}").strip()


def root(declared: Mapping[str, str], selector: str = ":root") -> str:
    """Custom properties as a rule."""
    return f"{selector}{{{';'.join(f'{name}:{value}' for name, value in declared.items())}}}"


def site(light: Mapping[str, str], dark: Mapping[str, str]) -> str:
    """The whole style sheet; `light` and `dark` are the organisation's colours as custom properties.

    Dark colours hold where the system asks for them and nobody chose light, and where somebody chose dark.
    """
    body = squeeze(keep((VENDOR / "index.css").read_text(), COMPONENTS) + (STATIC / "caretill.css").read_text())
    theme = {**tokens((VENDOR / "core-theme.css").read_text()), **tokens((STATIC / "tokens.css").read_text()), **light}
    asked = root(dark, ":root:not([data-theme=light])")
    return (
        root(used(body, theme))
        + f"@media (prefers-color-scheme:dark){{{asked}}}"
        + root(dark, ":root[data-theme=dark]")
        + body
    )
