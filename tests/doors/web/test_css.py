"""The style sheet: trimmed, small, complete, and nothing in it that reaches elsewhere."""

from __future__ import annotations

import gzip
import re

from caretill.regions.catalog import organisation
from caretill.web import css, theme
from caretill.web.assets import STATIC, assets

LARGEST_BYTES = 24 * 1024


def _site() -> str:
    colours = organisation().theme
    return css.site(theme.properties(colours["light"]), theme.properties(colours["dark"]))


def test_all_style_stays_within_the_budget() -> None:
    assert len(gzip.compress(_site().encode(), 9)) <= LARGEST_BYTES


def test_nothing_is_fetched_from_a_style_sheet() -> None:
    assert not re.search(r"url\(|@import|@font-face", _site())


def test_every_custom_property_that_is_used_is_declared() -> None:
    sheet = _site()
    # Inside a button, and where the design system itself gives a second value.
    optional = set(re.findall(r"var\((--[\w-]+),", sheet))
    missing = set(re.findall(r"var\((--[\w-]+)", sheet)) - set(re.findall(r"(--[\w-]+):", sheet)) - optional
    assert not missing


def test_every_colour_token_of_the_organisation_reaches_the_page() -> None:
    colours = organisation().theme
    assert {*theme.PROPERTIES, "paper_ring"} == set(colours["light"]) == set(colours["dark"])
    sheet = _site()
    assert not {name for names in theme.PROPERTIES.values() for name in names if f"var({name}" not in sheet}


def test_dark_follows_the_system_unless_light_was_chosen() -> None:
    sheet, ground = _site(), theme.properties(organisation().theme["dark"])["--color-page"]
    asked = re.search(r"@media \(prefers-color-scheme:dark\)\{:root:not\(\[data-theme=light\]\)\{([^}]*)\}\}", sheet)
    chosen = re.search(r":root\[data-theme=dark\]\{([^}]*)\}", sheet)
    assert asked and chosen and asked.group(1) == chosen.group(1)
    assert f"--color-page:{ground}" in asked.group(1)


def test_trimming_keeps_whole_rules_of_wanted_classes_only() -> None:
    sheet = (
        '@charset "UTF-8";p{a:b}.x,.y:is(.x,.z){c:d}@media print{.x{e:f}.z{g:h}}@font-face{i:j}@media screen{.z{k:l}}'
    )
    assert css.keep(sheet, {"x"}) == "p{a:b}.x{c:d}@media print{.x{e:f}}"
    assert css.used("a{b:var(--one)}", {"--one": "var(--two)", "--two": "1px", "--three": "2px"}) == {
        "--one": "var(--two)",
        "--two": "1px",
    }


def test_our_own_rules_name_no_physical_side() -> None:
    own = (STATIC / "caretill.css").read_text()
    sides = r"(?<![-\w])(?:margin|padding|border|inset)-(?:left|right|top|bottom)"
    bare = r"(?:^|[ {;])(?:left|right|top|bottom):"
    sides = "|".join((sides, bare, "text-align: (?:left|right)"))
    assert not re.findall(sides, own)


def test_a_name_carries_the_hash_of_its_content() -> None:
    made = assets()
    for plain, name in made.names.items():
        stem, _, suffix = plain.rpartition(".")
        assert re.fullmatch(rf"{stem}\.[0-9a-f]{{12}}\.{suffix}", name)
        assert gzip.decompress(made.by_name[name].packed) == made.by_name[name].body
