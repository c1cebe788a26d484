"""The nouns of an organisation's files: organisation, payee, region, contact, lookup field, lookup, due rule."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from zoneinfo import ZoneInfo

from caretill.core.ids import clean_pay_code
from caretill.core.redact import looks_like_card
from caretill.regions.names import normal_name, zip5
from caretill.regions.plan_rules import PlanTerms

# Spots of the statement template that a field may point at; "Where do I find this?" rings the one a region file names.
PAPER_SPOTS = (
    "pay_code",
    "bill_number",
    "account_number",
    "health_record_number",
    "group_block",
    "group_number",
    "subgroup",
    "bill_group",
    "last_name",
    "zip",
)
# What one box may hold: the numbers that name a bill, an account or a person, and what each of them names.
NUMBER_SCOPES = {
    "pay_code": "bill",
    "bill_number": "bill",
    "account_number": "account",
    "health_record_number": "person",
}
NUMBER_KINDS = tuple(NUMBER_SCOPES)
FIELD_NAMES = (*NUMBER_KINDS, "group_number", "subgroup", "bill_group", "last_name", "zip")
# One box asks for a second fact, and every bill has a pay code: no region can do without these.
NEEDED_FIELDS = ("pay_code", "last_name", "zip")
BILL_KINDS = ("hospital", "professional", "pharmacy")
TOPICS = ("medical_bills", "help_paying", "technical", "premium", "employer")
# What else people look for: addresses of the organisation's own pages.
LINKS = ("records", "appointments", "pharmacies", "offices", "health_information")
NEEDED_TOPICS = ("medical_bills", "technical")
FORMAT_KINDS = ("digits", "alnum", "zip", "name", "pay_code")
ROLLS = ("next_business_day", "previous_business_day", "none")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
AUTOCOMPLETE = ("off", "postal-code", "family-name", "name")
INPUT_MODES = ("text", "numeric")
LONGEST_TYPED = 64

Words = Mapping[str, str]
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015\u2212]+")


@dataclass(frozen=True)
class Format:
    """What a typed number looks like: kind, fewest and most characters, and the width it is padded to with zeros."""

    kind: str
    min: int = 0
    max: int = 0
    pad_to: int = 0

    def clean(self, text: str) -> str | None:
        """The one spelling that is stored and compared, or None where the text cannot be such a value.

        Spaces, dashes and lower case are forgiven. Digits of other scripts are not: no paper prints them. Nothing
        that could be a card number gets through.
        """
        if len(text) > LONGEST_TYPED:
            return None
        if self.kind == "name":
            return normal_name(text) or None
        if self.kind == "zip":
            return zip5(text)
        bare = _SEPARATORS.sub("", text)
        if not bare.isascii() or not bare.isalnum():
            return None
        if self.kind == "pay_code":
            return clean_pay_code(bare)
        if looks_like_card(bare) or (self.kind == "digits" and not bare.isdigit()):
            return None
        return bare.upper().zfill(self.pad_to) if self.min <= len(bare) <= self.max else None


# The shape of a field that a region neither asks for nor prints but a feed may bring.
DEFAULT_FORMATS: Mapping[str, Format] = {
    "pay_code": Format("pay_code"),
    "bill_number": Format("alnum", 3, 24),
    "account_number": Format("alnum", 3, 24),
    "health_record_number": Format("digits", 1, 9, 9),
    "group_number": Format("digits", 1, 6, 6),
    "subgroup": Format("digits", 1, 3, 3),
    "bill_group": Format("alnum", 1, 4),
    "last_name": Format("name"),
    "zip": Format("zip"),
}


@dataclass(frozen=True, eq=False)
class LookupField:
    """One thing a region asks for or prints: its words, its shape, and the spot on the paper where it stands."""

    name: str
    label: Words
    help: Words
    format: Format
    place: str
    example: str
    autocomplete: str
    input_mode: str

    def clean(self, text: str) -> str | None:
        """The stored spelling of what was typed, or None where it cannot be a value of this field (`Format.clean`)."""
        return self.format.clean(text)


@dataclass(frozen=True, eq=False)
class Lookup:
    """A set of fields that together find something; `number_field` is searched for, the others must agree."""

    name: str
    title: Words
    fields: tuple[str, ...]
    number_field: str
    scope: str


@dataclass(frozen=True)
class Span:
    """A stretch of one day's support hours on the wall clock; `closes` 00:00 is the midnight that ends the day."""

    opens: time
    closes: time


@dataclass(frozen=True, eq=False)
class Contact:
    """Whom to call or write to about one topic. `hours` are its own, None where they are the region's."""

    topic: str
    phone: str
    tty: str
    email: str
    hours_note: Words
    fax: str
    mail_address_lines: tuple[str, ...]
    spoken: Words
    hours: Mapping[int, tuple[Span, ...]] | None


@dataclass(frozen=True)
class DueRule:
    """From `since` on, bills of these kinds are due `days` after issue, rolled off days without business."""

    since: date
    kinds: tuple[str, ...]
    days: int
    roll: str
    source: str


@dataclass(frozen=True, eq=False)
class Payee:
    """A legal person that is paid: what a card statement, a cheque and a receipt name."""

    key: str
    name: str
    legal_name: str
    tax_id: str
    remit_address_lines: tuple[str, ...]
    processor_account: str
    phone: str

    @property
    def company_id(self) -> str:
        """How files of bank debits name it: 1 and its tax id, as Nacha has it."""
        return f"1{self.tax_id.replace('-', '')}"


@dataclass(frozen=True, eq=False)
class Region:
    """One region of the organisation with everything that differs there."""

    slug: str
    code: str
    name: Words
    aliases: tuple[str, ...]
    time_zone: str
    hours: Mapping[int, tuple[Span, ...]]
    holidays: Mapping[date, Words]
    contacts: tuple[Contact, ...]
    mail_address_lines: tuple[str, ...]
    zip_prefixes: tuple[str, ...]
    fields: Mapping[str, LookupField]
    lookups: tuple[Lookup, ...]
    register: Lookup
    payees: Mapping[str, str]
    processor_accounts: Mapping[str, str]
    due_rules: tuple[DueRule, ...]

    @property
    def zone(self) -> ZoneInfo:
        """The region's time zone with its own rules of summer time."""
        return ZoneInfo(self.time_zone)

    @property
    def number_kinds(self) -> tuple[str, ...]:
        """The numbers that stand on this region's paper, so the one box takes them."""
        return tuple(kind for kind in NUMBER_KINDS if kind in self.fields)

    @property
    def spots(self) -> frozenset[str]:
        """The spots of the paper that this region's fields point at."""
        return frozenset(each.place for each in self.fields.values())

    def contact(self, topic: str) -> Contact:
        """The contact for a topic, otherwise the one for medical bills, which every region has."""
        by_topic = {each.topic: each for each in self.contacts}
        return by_topic.get(topic) or by_topic["medical_bills"]

    def desk(self, contact: Contact) -> Region:
        """The region as it is at that contact's desk: open at its hours, for `rules` and whatever tells hours."""
        return self if contact.hours is None else self._desks[contact.topic]

    @functools.cached_property
    def _desks(self) -> dict[str, Region]:
        return {each.topic: replace(self, hours=each.hours) for each in self.contacts if each.hours is not None}

    def lookup(self, name: str) -> Lookup | None:
        """The lookup of that name, if this region offers it."""
        return next((each for each in self.lookups if each.name == name), None)

    def processor_account(self, kind: str) -> str:
        """Where a bill of that kind is paid to; two bills share a payment only where this is the same."""
        return self.processor_accounts[self.payees[kind]]


@dataclass(frozen=True)
class DebitBank:
    """The bank that takes our files of bank debits. `origin` is how it knows us; `cut_off` is New York time."""

    name: str
    routing: str
    origin: str
    cut_off: time
    same_day: bool


@dataclass(frozen=True, eq=False)
class LanguageLine:
    """The notice, in one language, that free help in that language exists (rules.md ACC-2), and who vouches for it."""

    language: str
    name: str
    direction: str
    text: str
    source: str
    translator: str
    reviewer: str
    reviewed_on: date | None


@dataclass(frozen=True)
class ProcessorFees:
    """What the processor may keep at most, as agreed with it: of a charge, and for each dispute."""

    basis_points: int  # parts of ten thousand of a charge
    fixed_cents: int
    dispute_cents: int


@dataclass(frozen=True, eq=False)
class Organisation:
    """One health organisation: what its pages and papers call it, how they look, who is paid, where it works."""

    name: str
    short_name: str
    slug: str
    legal_name: str
    address_lines: tuple[str, ...]
    website_host: str
    links: Mapping[str, str]
    documents_days: int
    debit_bank: DebitBank | None
    logo_svg: str
    logo_paper_svg: str
    theme: Mapping[str, Words]
    payees: Mapping[str, Payee]
    languages: tuple[str, ...]
    texts: Mapping[str, Mapping[str, Words]]
    language_lines: tuple[LanguageLine, ...]
    regions: tuple[Region, ...]
    plans: PlanTerms = field(default_factory=PlanTerms)
    processor_fees: ProcessorFees | None = None

    def region(self, slug: str) -> Region:
        """The region with that slug. Raises UnknownRegion."""
        found = next((each for each in self.regions if each.slug == slug), None)
        if found is None:
            raise UnknownRegion(slug)
        return found

    def find_region(self, text: str) -> Region | None:
        """The region meant by a ZIP code, a name in any of its languages, a code or a slug; None where nothing fits."""
        typed = text.strip()
        if len(typed) > LONGEST_TYPED:
            return None
        zip_code = zip5(typed)
        return self._by_place.get(zip_code[:3] if zip_code else normal_name(typed))

    @functools.cached_property
    def _by_place(self) -> dict[str, Region]:
        found: dict[str, Region] = {}
        for region in self.regions:
            for known in place_names(region.slug, region.code, region.name, region.aliases, region.zip_prefixes):
                found[known] = region
        return found


def place_names(
    slug: str, code: str, name: Words, aliases: tuple[str, ...], zip_prefixes: tuple[str, ...]
) -> tuple[str, ...]:
    """Everything a person may type to mean a region, in the spelling in which it is compared."""
    spoken = (normal_name(each) for each in (slug, code, *name.values(), *aliases))
    return tuple(dict.fromkeys(each for each in (*spoken, *zip_prefixes) if each))


class UnknownRegion(LookupError):
    """A region slug that this organisation does not have."""
