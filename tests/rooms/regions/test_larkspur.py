"""The demo organisation: complete, fictional, in plain words, and right about the facts it states."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from caretill.regions.catalog import load
from caretill.regions.models import BILL_KINDS, NEEDED_FIELDS, NUMBER_SCOPES, Lookup, Organisation
from rooms.regions.spoiled import LARKSPUR, ROOT

ZIP_CODES = ROOT.parent / "shared" / "data" / "reference" / "zipcodes.csv.gz"
SLUGS = {
    "california": "CA",
    "colorado": "CO",
    "district-of-columbia": "DC",
    "georgia": "GA",
    "hawaii": "HI",
    "maryland": "MD",
    "oregon": "OR",
    "virginia": "VA",
    "washington": "WA",
}
OWN_LOOKUP = {
    "member": {"california", "hawaii", "district-of-columbia"},
    "pay_code": {"colorado", "oregon"},
    "family": {"georgia", "washington"},
    "bill": {"maryland", "virginia"},
}
LOOKUP_FIELDS = {
    "member": {"group_number", "subgroup", "bill_group", "zip", "health_record_number"},
    "pay_code": {"pay_code", "zip"},
    "family": {"account_number", "last_name"},
    "bill": {"bill_number", "health_record_number", "last_name"},
}


def test_nine_regions_in_the_order_of_their_names(larkspur: Organisation) -> None:
    assert {region.slug: region.code for region in larkspur.regions} == SLUGS
    names = [region.name["en"] for region in larkspur.regions]
    assert names == sorted(names)


def test_each_region_leads_with_its_own_lookup_and_offers_the_pay_code(larkspur: Organisation) -> None:
    led: dict[str, set[str]] = {}
    for region in larkspur.regions:
        led.setdefault(region.lookups[0].name, set()).add(region.slug)
        assert region.lookup("pay_code") is not None
        assert region.lookup("nothing") is None
        for lookup in region.lookups:
            check_lookup(lookup)
        assert set(NEEDED_FIELDS) | {"bill_number", "account_number"} <= set(region.fields)
        assert set(region.payees) == set(BILL_KINDS)
    assert led == OWN_LOOKUP


def check_lookup(lookup: Lookup) -> None:
    assert set(lookup.fields) == LOOKUP_FIELDS[lookup.name]
    assert lookup.scope == NUMBER_SCOPES[lookup.number_field]
    assert lookup.number_field in lookup.fields


def test_every_field_points_at_a_spot_of_its_own_or_a_block(larkspur: Organisation) -> None:
    for region in larkspur.regions:
        for name, field in region.fields.items():
            assert field.place in {name, "group_block"}
        assert {"pay_code", "zip", "last_name"} <= region.spots
    assert "group_block" in larkspur.region("district-of-columbia").spots


def test_only_in_hawaii_hospital_and_doctor_are_paid_into_accounts_of_their_own(larkspur: Organisation) -> None:
    apart = {
        region.slug
        for region in larkspur.regions
        if region.processor_account("hospital") != region.processor_account("professional")
    }
    assert apart == {"hawaii"}
    assert larkspur.region("oregon").processor_account("pharmacy") == larkspur.payees["hospital"].processor_account


def test_contacts_fall_back_to_medical_bills(larkspur: Organisation) -> None:
    oregon = larkspur.region("oregon")
    assert oregon.contact("help_paying").phone == "(503) 555-0120"
    assert oregon.contact("employer").phone == "(503) 555-0150"
    assert oregon.contact("no such topic") is oregon.contact("medical_bills")


@pytest.mark.parametrize(
    ("typed", "slug"),
    [
        ("97201", "oregon"),
        (" 97201-1234 ", "oregon"),
        ("972", "oregon"),
        ("OR", "oregon"),
        ("or", "oregon"),
        ("Oregón", "oregon"),
        ("hawai'i", "hawaii"),
        ("Hawaiʻi", "hawaii"),
        ("HAWÁI", "hawaii"),
        ("Washington", "washington"),
        ("washington state", "washington"),
        ("Washington, D.C.", "district-of-columbia"),
        ("Washington DC", "district-of-columbia"),
        ("D.C.", "district-of-columbia"),
        ("distrito de columbia", "district-of-columbia"),
        ("district-of-columbia", "district-of-columbia"),
        ("20500", "district-of-columbia"),
        ("10001", None),
        ("Oregano", None),
        ("", None),
        (" - ", None),
        ("9" * 100, None),
    ],
)
def test_a_region_is_found_by_what_people_type(larkspur: Organisation, typed: str, slug: str | None) -> None:
    found = larkspur.find_region(typed)
    assert (found.slug if found else None) == slug


@pytest.mark.skipif(not ZIP_CODES.exists(), reason="the reference data is not here")
def test_every_zip_code_of_a_state_leads_to_its_region(larkspur: Organisation) -> None:
    codes = {code: slug for slug, code in SLUGS.items()}
    seen: set[str] = set()
    strays: set[tuple[str, str]] = set()
    with gzip.open(ZIP_CODES, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            zip_code, state = row["ZCTA5"], row["ST"]
            found = larkspur.find_region(zip_code) if zip_code else None
            if state in codes:
                seen.add(zip_code[:3])
            if zip_code and (found.code if found else None) != (state if state in codes else None):
                strays.add((zip_code, state))
    # 20598 is a federal office in Virginia with a prefix of the capital. 934 begins only Californian codes: the one for
    # New Mexico is a slip of the file.
    assert {zip_code[:3] + state for zip_code, state in strays} == {"205VA", "934NM"}
    assert len(strays) == 2
    unused = {prefix for region in larkspur.regions for prefix in region.zip_prefixes} - seen
    # Prefixes of post boxes and offices only: nobody lives there, so the census has no area for them.
    assert unused == {"311", "399", "569", "901", "938", "942"}


def all_text() -> Iterator[tuple[Path, str]]:
    for path in sorted(LARKSPUR.rglob("*.toml")):
        yield path, path.read_text(encoding="utf-8")


def test_nothing_in_it_could_be_real(larkspur: Organisation) -> None:
    for path, text in all_text():
        phones = re.findall(r"[0-9]{3}[-. ][0-9]{4}\b", re.sub(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", "", text))
        assert all(re.fullmatch(r"555-01[0-9]{2}", phone) for phone in phones), (path, phones)
        hosts = re.findall(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|net|gov)\b", text)
        assert all(host.endswith(("example.org", "example.com")) for host in hosts), (path, hosts)
    for payee in larkspur.payees.values():
        assert payee.tax_id.startswith("00-")
    for region in larkspur.regions:
        assert "100 Example Way" in region.mail_address_lines
        zip_code = region.mail_address_lines[-1][-5:]
        assert larkspur.find_region(zip_code) is region


def test_regions_do_not_share_a_telephone(larkspur: Organisation) -> None:
    phones = [contact.phone for region in larkspur.regions for contact in region.contacts]
    assert len(phones) == len(set(phones)) == 45


def sentences(text: str) -> list[list[str]]:
    """The sentences of a text as words; a filled place is a word, an address on the web too."""
    plain = re.sub(r"\{website\}[^\s.]*|\{[a-z_]+\}", "us", text)
    return [each.split() for each in re.split(r"(?<=[.?!:])\s+|\n\n", plain) if each.split()]


def syllables(word: str) -> int:
    bare = re.sub(r"[^a-z]", "", word.lower())
    groups = len(re.findall(r"[aeiouy]+", bare))
    return max(1, groups - (1 if bare.endswith("e") and not bare.endswith("le") and groups > 1 else 0))


def test_texts_are_short_sentences(larkspur: Organisation) -> None:
    for language, texts in larkspur.texts.items():
        for key, text in texts.items():
            for sentence in sentences(f"{text['title']}.\n\n{text['text']}"):
                assert len(sentence) <= 15, (language, key, " ".join(sentence))


def test_english_texts_are_of_grade_six(larkspur: Organisation) -> None:
    for key, text in larkspur.texts["en"].items():
        found = sentences(text["text"])
        words = [word for sentence in found for word in sentence]
        grade = 0.39 * len(words) / len(found) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
        assert grade <= 6, (key, round(grade, 1))


def test_notices_say_what_the_law_wants(larkspur: Organisation) -> None:
    # 26 CFR 1.501(r)-4(b)(5)(i)(C): that assistance exists, a telephone number, where on the web the papers are.
    for language in larkspur.languages:
        notice = larkspur.texts[language]["assistance_notice"]["text"]
        assert "{phone}" in notice
        assert "{website}/help-paying" in notice
        # 1.501(r)-1(b)(24): how to apply, by mail and at no cost, the office that helps, other languages.
        summary = larkspur.texts[language]["assistance_summary"]["text"]
        assert all(each in summary for each in ("{phone}", "{mail_address}", "{website}", "{email}", "240"))


def test_language_help_in_fifteen_languages_besides_english(larkspur: Organisation) -> None:
    lines = {line.language: line for line in larkspur.language_lines}
    assert len(lines.keys() - {"en"}) >= 15
    assert {line.language for line in lines.values() if line.direction == "rtl"} == {"ar", "fa"}
    assert len({line.text for line in lines.values()}) == len(lines)
    # Nobody has read them over, and the files say so: an invented reviewer would be worse than none.
    assert all(not line.reviewer and line.source and line.translator for line in lines.values())


def test_letters_of_each_language_are_of_its_script(larkspur: Organisation) -> None:
    scripts = {
        "ar": r"[\u0600-\u06ff]",
        "fa": r"[\u0600-\u06ff]",
        "hi": r"[\u0900-\u097f]",
        "hy": r"[\u0530-\u058f]",
        "ja": r"[\u3040-\u30ff]",
        "ko": r"[\uac00-\ud7af]",
        "ru": r"[\u0400-\u04ff]",
        "uk": r"[іїєґ]",
        "zh-Hant": r"[\u4e00-\u9fff]",
    }
    for line in larkspur.language_lines:
        assert re.search(scripts.get(line.language, r"[A-Za-z]"), line.text), line.language


def test_reading_twice_gives_two_and_neither_is_kept() -> None:
    assert load(LARKSPUR) is not load(LARKSPUR)
