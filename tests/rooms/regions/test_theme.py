"""Contrast as WCAG defines it, and colours and logos that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from caretill.regions.logo import logo_problems
from caretill.regions.models import Organisation
from caretill.regions.theme import MODES, PAIRS, PAPER_PAIRS, TEXT, TOKENS, contrast
from rooms.regions.spoiled import FRONT, LARKSPUR, OTHER, Scratch

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><title>A mark</title>%s</svg>'


@pytest.mark.parametrize(
    ("front", "behind", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),  # the well-known grey that just fails
        ("#767676", "#ffffff", 4.54),  # and the one that just passes
        ("#333333", "#ffffff", 12.63),
        ("#0a0a0a", "#ffffff", 19.8),
        ("#949494", "#ffffff", 3.03),
        ("#ff0000", "#ffffff", 4.0),
        ("#0000ff", "#000000", 2.44),
    ],
)
def test_contrast_is_that_of_wcag(front: str, behind: str, ratio: float) -> None:
    assert contrast(front, behind) == pytest.approx(ratio, abs=0.006)
    assert contrast(behind, front) == contrast(front, behind)


def test_every_pair_of_both_organisations_can_be_read(larkspur: Organisation, other: Organisation) -> None:
    for organisation in (larkspur, other):
        assert set(organisation.theme) == set(MODES)
        for mode, colours in organisation.theme.items():
            assert set(colours) == set(TOKENS)
            for pair in PAIRS + (PAPER_PAIRS if mode == "light" else ()):
                assert contrast(colours[pair.front], colours.get(pair.behind, pair.behind)) >= pair.least, (mode, pair)


def test_every_token_with_a_meaning_is_in_a_pair() -> None:
    paired = {token for pair in PAIRS for token in (pair.front, pair.behind)}
    assert set(TOKENS) - paired == {"border_quiet"}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.front} on {pair.behind}")
def test_a_pair_that_cannot_be_read_is_a_fault_on_its_line(scratch: Scratch, mode: str, pair: object) -> None:
    front, behind = pair.front, pair.behind  # type: ignore[attr-defined]
    text = (scratch.folder / FRONT).read_text(encoding="utf-8")
    start = text.index(f"[theme.{mode}]")
    section = text[start:]
    colour = behind if behind.startswith("#") else section.split(f"\n{behind} = ", 1)[1][1:8]
    old = section.split(f"\n{front} = ", 1)[1][1:8]
    spoiled = section.replace(f'\n{front} = "{old}"', f'\n{front} = "{colour}"', 1)
    (scratch.folder / FRONT).write_text(text[:start] + spoiled, encoding="utf-8")
    line = (text[:start] + spoiled.split(f"\n{front} = ", 1)[0]).count("\n") + 2
    against = f'"{behind}" {colour}' if behind in TOKENS else colour
    wanted = (
        f'organisation/{FRONT}:{line}: "{front}" {colour} on {against} in [theme.{mode}]: the contrast is 1.00, '
        f"{pair.use} needs {pair.least:g}"  # type: ignore[attr-defined]
    )
    assert wanted in scratch.faults()


def test_a_contrast_just_below_is_not_rounded_up(scratch: Scratch) -> None:
    scratch.edit(FRONT, 'text_quiet = "#56536b"', 'text_quiet = "#777777"')
    faults = [fault for fault in scratch.faults() if '"page"' in fault]
    assert len(faults) == 1
    assert faults[0].endswith("the contrast is 4.47, text needs 4.5")
    assert TEXT == 4.5


def test_both_organisations_have_logos_that_fit(larkspur: Organisation, other: Organisation) -> None:
    for organisation, folder in ((larkspur, LARKSPUR), (other, OTHER)):
        for path, one_colour in ((organisation.logo_svg, False), (organisation.logo_paper_svg, True)):
            assert logo_problems(Path(path), one_colour) == []
            assert Path(path).parent == folder
            assert Path(path).stat().st_size <= 2048


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (SVG % '<path d="M0 0" fill="#000"/>', None),
        (SVG % '<path d="M0 0" fill="url(#shade)"/>', None),
        (SVG % "<script>alert(1)</script>", "has an element <script>, which a logo may not have"),
        (SVG % '<path onclick="x()"/>', "has a onclick in <path>, which a logo may not have"),
        (SVG % '<path style="fill:url(//x)"/>', "has a style in <path>, which a logo may not have"),
        (SVG % '<path fill="url(https://example.com/x)"/>', "has a fill in <path>, which a logo may not have"),
        (
            SVG % '<image xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="https://example.com/x.png"/>',
            "has an element <image>, which a logo may not have",
        ),
        (SVG % "<foreignObject/>", "has an element <foreignObject>, which a logo may not have"),
        ((SVG % "").replace("<title>A mark</title>", ""), "has no title, so nobody can hear it"),
        ((SVG % "").replace(' viewBox="0 0 8 8"', ""), "has no viewBox, so it cannot be scaled"),
        ("<html><title>x</title></html>", "is not an SVG"),
        ("<!DOCTYPE svg [<!ENTITY a 'b'>]>" + SVG % "", "has a document type or CDATA"),
        ("<svg", "is not XML: unclosed token: line 1, column 0"),
        (SVG % (" " * (6145 - len(SVG % ""))), "has 6145 bytes, more than 6144"),
        ("\ufffe", "is not XML: not well-formed (invalid token): line 1, column 0"),
    ],
)
def test_what_a_logo_may_be(tmp_path: Path, content: str, problem: str | None) -> None:
    path = tmp_path / "logo.svg"
    path.write_text(content, encoding="utf-8")
    problems = logo_problems(path)
    assert problems == [] if problem is None else problem in problems


def test_a_logo_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "logo.svg"
    path.write_text('<?xml version="1.0" encoding="utf-16"?>' + SVG % "", encoding="utf-16")
    assert logo_problems(path) == ["is not UTF-8 text"]


def test_one_colour_for_paper(tmp_path: Path) -> None:
    path = tmp_path / "logo.svg"
    path.write_text(SVG % '<path fill="#000000"/><path fill="none" stroke="#000000"/>', encoding="utf-8")
    assert logo_problems(path, one_colour=True) == []
    path.write_text(SVG % '<path fill="#000000"/><path stroke="#111111"/>', encoding="utf-8")
    assert logo_problems(path, one_colour=True) == ["has 2 colours, not one"]
