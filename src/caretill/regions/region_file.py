"""Reading `regions/*.toml`: one region a file, its name the region's slug."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from datetime import date, time
from zoneinfo import available_timezones

from caretill.regions.faults import did_you_mean
from caretill.regions.models import (
    AUTOCOMPLETE,
    BILL_KINDS,
    FIELD_NAMES,
    FORMAT_KINDS,
    INPUT_MODES,
    NEEDED_FIELDS,
    NEEDED_TOPICS,
    NUMBER_KINDS,
    NUMBER_SCOPES,
    PAPER_SPOTS,
    ROLLS,
    TOPICS,
    WEEKDAYS,
    Contact,
    DueRule,
    Format,
    Lookup,
    LookupField,
    Payee,
    Region,
    Span,
    Words,
)
from caretill.regions.reading import Table

PHONE = re.compile(r"(?:\([2-9][0-9]{2}\) |1-[2-9][0-9]{2}-)[0-9]{3}-[0-9]{4}")
PHONE_LIKE = "(503) 555-0100 or 1-800-555-0100"
EMAIL = re.compile(r"[a-z0-9._+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
ACCOUNT = re.compile(r"[A-Za-z0-9_-]{3,64}")
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TTY = re.compile(rf"711|{PHONE.pattern}")
_SLUG = re.compile(r"[a-z]+(?:-[a-z]+)*")
_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00))")
_MIDNIGHT = time(0)
# A number and two facts beside it: one fact more than a lookup needs, since registering opens more.
REGISTER_FIELDS = 3
REGISTER_NUMBERS = ("account_number", "health_record_number")
# A number of 13 digits or more could be a card's; no field may invite one.
_MOST_DIGITS = 12

Holidays = dict[date, Words]


def read_region(
    table: Table, slug: str, languages: tuple[str, ...], payees: Mapping[str, Payee], common: Holidays
) -> Region:
    """The region in this file. `common` are the holidays of the whole organisation; the file's own come on top."""
    if not _SLUG.fullmatch(slug):
        table.fault(None, f'the name of this file, "{slug}", must be small letters and dashes')
    fields = read_fields(table.named("fields"), languages)
    for name in NEEDED_FIELDS:
        if name not in fields and "fields" in table:
            table.fault("fields", f"[fields.{name}] is missing: the one box and the pay link of every region need it")
    region = Region(
        slug=slug,
        code=table.text("code", re.compile(r"[A-Z]{2}"), "OR"),
        name=table.words("name", languages, 40),
        aliases=table.texts("aliases", needed=False, fewest=0),
        time_zone=_read_time_zone(table),
        hours=read_hours(table.table("hours")),
        holidays=common | read_holidays(table.named("holidays", needed=False), languages),
        contacts=read_contacts(table, languages),
        mail_address_lines=table.texts("mail_address_lines", fewest=2),
        zip_prefixes=table.texts("zip_prefixes", re.compile(r"[0-9]{3}"), "970"),
        fields=fields,
        lookups=read_lookups(table, fields, languages),
        register=read_register(table.table("register"), fields),
        payees=_read_payees(table.table("payees"), payees),
        processor_accounts=_read_accounts(table.table("processor_accounts", needed=False), payees),
        due_rules=read_due_rules(table),
    )
    table.close()
    return region


def _read_time_zone(table: Table) -> str:
    name = table.text("time_zone") or "UTC"
    known = _time_zones()
    if name not in known:
        near = did_you_mean(name, known)
        table.fault("time_zone", f'"time_zone" in {table.title}: there is no time zone "{name}"{near}')
        return "UTC"
    return name


@functools.cache
def _time_zones() -> frozenset[str]:
    """Finding them walks the folders of the system, which takes longer than reading all regions."""
    return frozenset(available_timezones())


def read_hours(table: Table) -> dict[int, tuple[Span, ...]]:
    """`monday = ["08:00-12:00", "13:00-17:00"]`: in order, without overlap; a day that is not there is closed."""
    found: dict[int, tuple[Span, ...]] = {}
    for day, name in enumerate(WEEKDAYS):
        spans: list[Span] = []
        for number, text in table.many(name, str, needed=False):
            span = _span(text)
            wrong = None
            if span is None:
                wrong = f'"{text}" does not look like 08:00-18:00'
            elif span.closes != _MIDNIGHT and span.opens >= span.closes:
                wrong = f'"{text}" ends before it begins'
            elif spans and (spans[-1].closes == _MIDNIGHT or span.opens < spans[-1].closes):
                wrong = f'"{text}" overlaps or comes before the hours in front of it'
            if wrong or span is None:
                table.fault(name, f'"{name}" in {table.title}: {wrong}', number)
            else:
                spans.append(span)
        if spans:
            found[day] = tuple(spans)
    table.close()
    if table.there and not table.values:
        table.fault(None, f"{table.title} has no day with hours")
    return found


def _span(text: str) -> Span | None:
    match = _HOURS.fullmatch(text)
    if match is None:
        return None
    opens = time(int(match.group(1)), int(match.group(2)))
    if match.group(5):
        return Span(opens, _MIDNIGHT)
    closes = time(int(match.group(3)), int(match.group(4)))
    return Span(opens, closes) if closes != _MIDNIGHT else None


def read_holidays(tables: Mapping[str, Table], languages: tuple[str, ...]) -> Holidays:
    """`[holidays.NAME]` with a name and its dates."""
    found: Holidays = {}
    for table in tables.values():
        name = table.words("name", languages, 60)
        for number, day in table.many("dates", date):
            if day in found:
                table.fault("dates", f'"dates" in {table.title}: {day} is a holiday twice', number)
            found[day] = name
        table.close()
    return found


def read_contacts(table: Table, languages: tuple[str, ...]) -> tuple[Contact, ...]:
    """`[contacts.TOPIC]`."""
    found = []
    tables = table.named("contacts")
    for topic, inner in tables.items():
        if topic not in TOPICS:
            table.fault("contacts", f'unknown topic "{topic}" in [contacts]{did_you_mean(topic, TOPICS)}', topic)
            continue
        found.append(
            Contact(
                topic=topic,
                phone=inner.text("phone", PHONE, PHONE_LIKE),
                tty=inner.text("tty", _TTY, "711"),
                email=inner.text("email", EMAIL, "bills@example.org"),
                hours_note=inner.words("hours_note", languages, needed=False),
                fax=inner.text("fax", PHONE, PHONE_LIKE, needed=False),
                mail_address_lines=inner.texts("mail_address_lines", fewest=2, needed=False),
                spoken=inner.words("spoken", languages, 120, needed=False),
                hours=read_hours(inner.table("hours")) if "hours" in inner else None,
            )
        )
        inner.close()
    for topic in NEEDED_TOPICS:
        if topic not in tables and "contacts" in table:
            table.fault("contacts", f"[contacts.{topic}] is missing")
    return tuple(found)


def read_fields(tables: Mapping[str, Table], languages: tuple[str, ...]) -> dict[str, LookupField]:
    """`[fields.NAME]`, in the order in which forms show them."""
    found: dict[str, LookupField] = {}
    for name, table in tables.items():
        if name not in FIELD_NAMES:
            table.fault(None, f'unknown field name "{name}" in [fields]{did_you_mean(name, FIELD_NAMES)}')
            continue
        field = LookupField(
            name=name,
            label=table.words("label", languages, 40),
            help=table.words("help", languages, 200),
            format=_read_format(table.table("format"), name),
            place=table.choice("place", PAPER_SPOTS),
            example=table.text("example", longest=40),
            autocomplete=table.choice("autocomplete", AUTOCOMPLETE),
            input_mode=table.choice("input_mode", INPUT_MODES),
        )
        if field.example and field.format.kind in FORMAT_KINDS and field.clean(field.example) is None:
            wrong = f'"{field.example}" does not fit the format of its own field'
            table.fault("example", f'"example" in {table.title}: {wrong}')
        table.close()
        found[name] = field
    return found


def _read_format(table: Table, name: str) -> Format:
    fixed = {"pay_code": "pay_code", "last_name": "name", "zip": "zip"}.get(name)
    kind = table.choice("kind", (fixed,) if fixed else ("digits", "alnum")) if table.there else ""
    fewest = most = pad_to = None
    if kind in ("digits", "alnum"):
        most_allowed = _MOST_DIGITS if kind == "digits" else 24
        fewest = table.whole("min", 1, most_allowed)
        most = table.whole("max", 1, most_allowed)
        pad_to = table.whole("pad_to", 1, most_allowed, needed=False)
        if fewest is not None and most is not None and fewest > most:
            table.fault("min", f'"min" in {table.title}: {fewest} is more than "max", {most}')
        if pad_to is not None and most is not None and pad_to < most:
            table.fault("pad_to", f'"pad_to" in {table.title}: {pad_to} is less than "max", {most}')
        if fewest is None or most is None or fewest > most:
            kind = ""
    elif kind in FORMAT_KINDS:
        for number in ("min", "max", "pad_to"):
            if number in table:
                table.asked.add(number)
                table.fault(number, f'"{number}" in {table.title} says nothing for the format "{kind}"')
    else:
        table.asked.update(("min", "max", "pad_to"))
    table.close()
    return Format(kind, fewest or 0, most or 0, pad_to or 0)


def read_lookups(table: Table, fields: Mapping[str, LookupField], languages: tuple[str, ...]) -> tuple[Lookup, ...]:
    """`[[lookups]]`: the region's own first."""
    found: list[Lookup] = []
    for inner in table.tables("lookups"):
        lookup = Lookup(
            name=inner.text("name", NAME, "family"),
            title=inner.words("title", languages, 80),
            fields=inner.texts("fields", fewest=2),
            number_field=inner.choice("number_field", NUMBER_KINDS),
            scope=inner.choice("scope", ("bill", "account", "person")),
        )
        if any(lookup.name == other.name for other in found):
            inner.fault("name", f'"name" in {inner.title}: there are two lookups "{lookup.name}"')
        for number, name in inner.many("fields", str, needed=False):
            if name not in fields:
                near = did_you_mean(name, fields)
                inner.fault("fields", f'"fields" in {inner.title}: this region has no field "{name}"{near}', number)
        if lookup.number_field and lookup.fields and lookup.number_field not in lookup.fields:
            wrong = f'"{lookup.number_field}" is not one of its fields'
            inner.fault("number_field", f'"number_field" in {inner.title}: {wrong}')
        scope = NUMBER_SCOPES.get(lookup.number_field)
        if scope and lookup.scope and scope != lookup.scope:
            wrong = f"{lookup.number_field} names a {scope}, not a {lookup.scope}"
            inner.fault("scope", f'"scope" in {inner.title}: {wrong}')
        inner.close()
        found.append(lookup)
    return tuple(found)


def read_register(table: Table, fields: Mapping[str, LookupField]) -> Lookup:
    """`[register]`: what names the account or the person, and two facts or more that must agree with it.

    A bill goes away once it is paid and old; who registers must be found without one.
    """
    found = Lookup(
        name="register",
        title={},
        fields=table.texts("fields", fewest=REGISTER_FIELDS),
        number_field=table.choice("number_field", REGISTER_NUMBERS),
        scope=NUMBER_SCOPES.get(str(table.values.get("number_field")), ""),
    )
    for number, name in table.many("fields", str, needed=False):
        if name not in fields:
            near = did_you_mean(name, fields)
            table.fault("fields", f'"fields" in {table.title}: this region has no field "{name}"{near}', number)
        elif name in ("pay_code", "bill_number"):
            table.fault("fields", f'"fields" in {table.title}: "{name}" names one bill', number)
    if found.number_field and found.fields and found.number_field not in found.fields:
        wrong = f'"{found.number_field}" is not one of its fields'
        table.fault("number_field", f'"number_field" in {table.title}: {wrong}')
    table.close()
    return found


def _read_payees(table: Table, payees: Mapping[str, Payee]) -> dict[str, str]:
    found = {kind: table.choice(kind, tuple(payees)) for kind in BILL_KINDS}
    table.close()
    return found


def _read_accounts(table: Table, payees: Mapping[str, Payee]) -> dict[str, str]:
    """The processor account of every payee in this region: its own one here where the file names one."""
    found = {key: payee.processor_account for key, payee in payees.items()}
    for key in payees:
        if key in table:
            found[key] = table.text(key, ACCOUNT, "acct_hospital")
        table.asked.add(key)
    table.close()
    return found


def read_due_rules(table: Table) -> tuple[DueRule, ...]:
    """`[[due_rules]]`: for each kind of bill one rule without `from` and later ones, each from its own date."""
    found: list[DueRule] = []
    for inner in table.tables("due_rules"):
        since = inner.day("from", needed=False)
        # A rule with an unreadable date has had its fault and is compared with no other.
        dated = since is not None or "from" not in inner
        rule = DueRule(
            since=since or date.min,
            kinds=inner.texts("kinds"),
            days=inner.whole("days", 1, 365) or 0,
            roll=inner.choice("roll", ROLLS),
            source=inner.text("source"),
        )
        for number, kind in inner.many("kinds", str, needed=False):
            if kind not in BILL_KINDS:
                near = did_you_mean(kind, BILL_KINDS)
                inner.fault("kinds", f'"kinds" in {inner.title}: there is no kind of bill "{kind}"{near}', number)
            elif dated and any(kind in other.kinds and other.since == rule.since for other in found):
                begin = f"from {since}" if since else "from the first day on"
                inner.fault("from" if since else None, f"{inner.title}: two rules for {kind} hold {begin}")
        inner.close()
        if dated:
            found.append(rule)
    without = [kind for kind in BILL_KINDS if not any(kind in rule.kinds and rule.since == date.min for rule in found)]
    if found and without:
        table.fault("due_rules", f'[[due_rules]] need a rule without "from" for {", ".join(without)} bills')
    return tuple(found)
