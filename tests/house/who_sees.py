"""Who gets what at every address: the table that `docs/access.md` shows and tests hold the pages to.

`PYTHONPATH=src:tests python -m house.who_sees > docs/access.md` writes the page; a test compares.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

VIEWERS = ("holder", "see", "pay", "manage", "own", "child", "stranger", "guest", "out")
WHO = {
    "holder": "the guarantor, signed in",
    "see": "invited to see for Iker",
    "pay": "invited to see and pay for Iker",
    "manage": "invited to see, pay and invite for Iker",
    "own": "Olmo, a patient of the family with an account of his own",
    "child": "Ane, a child of the guarantor's who is 18, with an account of her own",
    "stranger": "the guarantor of another family",
    "guest": "not signed in, found Juana's bill",
    "out": "not signed in",
}
ANSWERS = {
    "care": "200, and it says what was done",
    "owed": "200, and it says what is owed, nothing of the care",
    "page": "200, with nothing that is not the visitor's own",
    "on": "sent on to another page",
    "in": "sent to the sign-in page",
    "none": "404, as if it were not there",
    "over": "410, the link has ended",
    "not": "another method is asked for, or something is missing",
}
TABLE = Path(__file__).with_name("who_sees.txt")
HEAD = """\
# Who sees what

<!-- Written by `python -m house.who_sees` from tests/house/who_sees.txt; a test compares. -->

Every address of the site, and what each visitor gets there. A test asks every cell of this table, and fails where an
address has no line here. Whatever the address, nothing it answers may speak of care that is not the visitor's to see:
that is asked of every answer, pages and PDF alike.

The family: Juana is the guarantor. Olmo's visit is marked as private. Ane is a child who is 18 by now. Iker is a child.
An address that holds a sealed link (`done`, `receipt`, `bill_link` and the like) opens to whoever holds the link, and
says no care.
"""


@dataclass(frozen=True)
class Line:
    """One address: its name in the site, the object it names, how it is asked, and the answer to each visitor."""

    method: str
    name: str
    about: str
    answers: dict[str, str]


def lines() -> list[Line]:
    """The table. Each line: method, name, object, then an answer for each visitor; one word stands for all of them."""
    found = []
    for text in TABLE.read_text(encoding="utf-8").splitlines():
        if not text or text.startswith("#"):
            continue
        method, name, about, *cells = text.split()
        cells = cells * len(VIEWERS) if len(cells) == 1 else cells
        found.append(Line(method, name, about, dict(zip(VIEWERS, cells, strict=True))))
    return found


def document() -> str:
    """docs/access.md."""
    who = [f"| `{name}` | {WHO[name]} |" for name in VIEWERS]
    answers = [f"| {name} | {says} |" for name, says in ANSWERS.items()]
    head = f"| address | object | {' | '.join(VIEWERS)} |"
    rows = [
        f"| {'' if each.method == 'GET' else each.method + ' '}`{each.name}` | {each.about.replace('-', '')} |"
        f" {' | '.join(each.answers.values())} |"
        for each in lines()
    ]
    parts = [
        HEAD, "| visitor | who that is |", "|---|---|", *who, "", "| answer | means |", "|---|---|", *answers, "",
        head, "|---|---|" + "---|" * len(VIEWERS), *rows,
    ]  # fmt: skip
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    print(document(), end="")
