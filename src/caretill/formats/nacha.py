"""ACH files as Nacha lays them out: the records, the codes in them, and what a field may hold.

A file is lines of 94 characters in blocks of ten: file header (1), then batches of a header (5), entries (6) with their
addenda (7) and a control (8), a file control (9), and lines of nines that fill the last block. `nacha_write` writes,
`nacha_read` reads, `nacha_codes` says what returns and changes mean. Amounts are whole cents. An account number is
never part of a message or of a representation.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime

WIDTH = 94
BLOCK = 10
FILL = "9" * WIDTH

# What a batch says it is for (company entry description), where the rules fix the words.
RETRY = "RETRY PYMT"
MICRO = "ACCTVERIFY"
REVERSAL = "REVERSAL"
PRENOTE = "PRENOTE"

MIXED, CREDITS, DEBITS = 200, 220, 225  # service class: what a batch may hold
WRITTEN_SEC = frozenset(("PPD", "WEB", "TEL", "CCD", "COR"))  # COR only for notifications of change
CONSUMER_SEC = frozenset(("PPD", "WEB", "TEL", "ARC", "BOC", "POP", "RCK", "POS", "SHR", "MTE", "CIE"))
READ_SEC = CONSUMER_SEC | {"CCD", "CTX", "COR", "ACK", "ATX", "CBR", "DNE", "ENR", "IAT", "PBR", "TRC", "TRX", "XCK"}

CREDIT_TO = {"checking": 22, "savings": 32}
DEBIT_FROM = {"checking": 27, "savings": 37}
PRENOTE_CREDIT = {"checking": 23, "savings": 33}
PRENOTE_DEBIT = {"checking": 28, "savings": 38}
RETURNED_CREDIT = {"checking": 21, "savings": 31}
RETURNED_DEBIT = {"checking": 26, "savings": 36}

PRENOTES = frozenset((23, 28, 33, 38, 43, 48, 53))
RETURNED = frozenset((21, 26, 31, 36, 41, 46, 51, 56))  # a return or a notification of change
LIVE = frozenset((22, 27, 32, 37, 42, 47, 52, 55))
WITH_NOTHING = frozenset((24, 29, 34, 39, 44, 49, 54))  # no money, only remittance data
TRANSACTION_CODES = PRENOTES | RETURNED | LIVE | WITH_NOTHING

SHORTEST_ACCOUNT, LONGEST_ACCOUNT = 4, 17
NAME_LENGTH, ID_LENGTH, INFORMATION_LENGTH = 22, 15, 80
MOST_CENTS = 9_999_999_999  # ten digits of an entry
MOST_BATCH_CENTS = 999_999_999_999  # twelve digits of a control
MOST_PER_BATCH = 999_999  # six digits, entries and addenda together
MOST_SEQUENCE = 9_999_999  # seven digits of a trace number
MICRO_CENTS = 99  # a micro-entry is below a dollar

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
NAME_CHARACTERS = LETTERS + "0123456789 ./()&'-"
_KEPT = dict.fromkeys(map(ord, NAME_CHARACTERS))
# Letters that Unicode does not take apart, signs that stand for a word, and quotes that people type.
_FOLDED = str.maketrans(
    {
        **{"æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D"},
        **{"ð": "d", "Ð": "D", "þ": "th", "Þ": "TH", "ß": "ss", "ı": "i", "ħ": "h", "Ħ": "H", "ŋ": "n", "Ŋ": "N"},
        **dict.fromkeys("`´\u2018\u2019\u02bb\u02bc\u02be\u02bf", "'"),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015_", "-"),
        **{",": " ", ";": " ", ":": " ", "+": "&", "\\": "/", "[": "(", "]": ")", "{": "(", "}": ")"},
    }
)
_WEIGHTS = (3, 7, 1) * 3


@dataclass(frozen=True)
class FileHeader:
    """Record 1. `destination` is the routing number of the bank that takes the file, `origin` ten characters or fewer.

    `created` is written as it reads: give it in the zone of the bank. `modifier` (A to Z, 0 to 9) tells apart the files
    of one day.
    """

    destination: str
    origin: str
    created: datetime
    modifier: str = "A"
    destination_name: str = ""
    origin_name: str = ""
    reference: str = ""


@dataclass(frozen=True)
class BatchHeader:
    """Record 5. `odfi` is the first eight digits of the originating bank's routing number.

    `sec` is the standard entry class, `service` what the batch may hold, `description` ten characters that the payer's
    bank shows, `descriptive_date` six that it may show. `number` and `settlement` (day of the year, three digits) are
    filled in by others: the writer numbers batches from 1, the ACH operator adds the day.
    """

    company_name: str
    company_id: str
    sec: str
    description: str
    odfi: str
    effective: date | None
    service: int = DEBITS
    company_data: str = ""
    descriptive_date: str = ""
    number: int = 0
    settlement: str = ""


@dataclass(frozen=True, slots=True)
class Information:
    """Addenda 05 (or one of another layout that is only kept): `text` up to 80 characters."""

    text: str
    kind: str = "05"
    line: int = 0


@dataclass(frozen=True, slots=True)
class Return:
    """Addenda 99. `trace` is the return's own trace number, `original_trace` that of the entry it sends back.

    A dishonoured return (R61 to R70) also names the return it refuses: `return_trace`, `return_settlement` (day of the
    year), `return_code`. A contested one (R71 to R77) names the refusal as well: `dishonoured_trace`,
    `dishonoured_settlement`, `dishonoured_code`; `returned` is the day of the first return as it stands (YYMMDD).
    """

    code: str
    original_trace: str
    original_rdfi: str
    information: str = ""
    died: str = ""
    return_trace: str = ""
    return_settlement: str = ""
    return_code: str = ""
    returned: str = ""
    original_settlement: str = ""
    dishonoured_trace: str = ""
    dishonoured_settlement: str = ""
    dishonoured_code: str = ""
    trace: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """Addenda 98, a notification of change: `corrected` is the raw data, laid out by code (`nacha_codes.corrected`).

    A refused one (C61 to C69) names the code that it refuses in `refused_code`.
    """

    code: str
    original_trace: str
    original_rdfi: str
    corrected: str = field(default="", repr=False)
    refused_code: str = ""
    trace: str = ""
    line: int = 0


Addendum = Information | Return | Change


def is_debit(transaction_code: int) -> bool:
    """Whether money (or the shape of it) is taken from the account named in the entry."""
    return transaction_code % 10 >= 5


def return_form(code: str) -> str:
    """Which layout an addenda 99 has: `return`, `dishonoured` (R61 to R70) or `contested` (R71 to R77)."""
    if "R61" <= code <= "R70":
        return "dishonoured"
    return "contested" if "R71" <= code <= "R77" else "return"


def refused_change(code: str) -> bool:
    """C61 to C69: our own bank sends a notification of change back."""
    return "C61" <= code <= "C69"


def routing_fault(routing: str) -> str:
    """Why a routing number is none: `empty`, `not_digits`, `wrong_length`, `not_in_use`, `check_digit`; else `""`.

    The first two digits are a Federal Reserve district, a thrift or an electronic number of one, or 80 (traveller's
    cheques); the ninth makes the weighted sum 3 7 1 a multiple of ten (ABA).
    """
    if not routing:
        return "empty"
    if not (routing.isascii() and routing.isdecimal()):
        return "not_digits"
    if len(routing) != 9:
        return "wrong_length"
    district = int(routing[:2])
    if routing == "000000000" or not (district <= 12 or 21 <= district <= 32 or 61 <= district <= 72 or district == 80):
        return "not_in_use"
    return "check_digit" if sum(map(int.__mul__, _WEIGHTS, map(int, routing))) % 10 else ""


def check_digit(first_eight: str) -> str:
    """The ninth digit of a routing number."""
    return str(-sum(map(int.__mul__, _WEIGHTS, map(int, first_eight))) % 10)


def bare_number(typed: str) -> str:
    """A routing or account number as typed, without the blanks and hyphens between its digits."""
    return "".join(typed.split()).replace("-", "").replace("\u2011", "").replace("\u2013", "")


def account_fault(account: str) -> str:
    """Why an account number is not taken: `empty`, `not_digits`, `too_short`, `too_long`; else `""`.

    An entry has room for 17. What a person types is digits only: a letter is a slip, not an account.
    """
    if not account:
        return "empty"
    if not (account.isascii() and account.isdecimal()):
        return "not_digits"
    if len(account) < SHORTEST_ACCOUNT:
        return "too_short"
    return "too_long" if len(account) > LONGEST_ACCOUNT else ""


def name_ok(text: str) -> bool:
    """True where every character may stand in a name. A quick yes: no list, no search."""
    return not text.translate(_KEPT)


def fold_name(text: str, length: int = NAME_LENGTH) -> str:
    """A name in the characters that every bank takes, cut to `length`: `Núñez, Zoë` is `Nunez Zoe`.

    Accents go, quotes and dashes become plain ones, what is left over becomes a blank. Empty where nothing is left.
    """
    if not name_ok(text):
        apart = unicodedata.normalize("NFKD", text.translate(_FOLDED)).translate(_FOLDED)
        bare = "".join(each for each in apart if unicodedata.category(each) != "Mn")
        text = "".join(each if each in NAME_CHARACTERS else " " for each in bare)
    cut = " ".join(text.split())[:length].rstrip()
    return cut if any(map(str.isalnum, cut)) else ""


def trace_number(odfi: str, sequence: int) -> str:
    """The fifteen digits that name an entry: eight of the originating bank, seven counted."""
    return f"{odfi[:8]}{sequence:07d}"
