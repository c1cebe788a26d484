"""The organisation's colour tokens as custom properties of style sheets; regions/theme.py says what each paints.

`paper_ring` is not among them: it is drawn into the pictures of the paper.
"""

from __future__ import annotations

from collections.abc import Mapping

PROPERTIES: Mapping[str, tuple[str, ...]] = {
    "page": ("--color-page",),
    "surface": ("--color-background", "--color-focus-light"),
    "surface_quiet": ("--color-gray-lightest", "--button__background-color--active"),
    "text": ("--color-base",),
    "text_quiet": ("--color-muted",),
    "border": ("--text-input__border-color", "--choice__border-color", "--button__border-color"),
    "border_quiet": ("--color-border", "--table__border-color"),
    "brand": ("--brand",),
    "on_brand": ("--on-brand",),
    "action": ("--color-primary",),
    "action_hover": ("--color-primary-darker",),
    "action_pressed": ("--color-primary-darkest",),
    "on_action": ("--color-white",),
    "link": ("--link__color", "--button__color"),
    "link_hover": (
        "--link__color--hover",
        "--link__color--active",
        "--button__color--hover",
        "--button__color--active",
    ),
    "link_visited": ("--link__color--visited",),
    "focus": ("--color-focus-dark",),
    "focus_on_brand": ("--focus-on-brand",),
    "success": ("--color-success",),
    "success_surface": ("--color-success-lightest",),
    "warning": ("--color-warn",),
    "warning_surface": ("--color-warn-lightest",),
    "error": ("--color-error",),
    "error_surface": ("--color-error-lightest",),
    "info": ("--color-info",),
    "info_surface": ("--color-info-lightest",),
    "chart_discount": ("--bar-discount",),
    "chart_plan": ("--bar-plan",),
    "chart_you": ("--bar-you",),
}


def properties(colours: Mapping[str, str]) -> dict[str, str]:
    """The custom properties of one mode, light or dark."""
    return {name: colours[token] for token, names in PROPERTIES.items() for name in names}
