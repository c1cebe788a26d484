"""Paper or screen: the choice, and the word that a sample could be opened (rules.md ESG-1)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from django.http import HttpRequest

from caretill.core.words import say
from caretill.web.forms.form import Form, Reader

WAYS = ("paper", "screen")
_SAID = ("on_screen", "terms.right", "terms.scope", "terms.withdraw", "terms.fee", "terms.need", "opened")


@dataclass(frozen=True)
class PaperForm(Form):
    """`paper` is paper or screen; `opened` says that the sample could be read."""

    paper: str = ""
    opened: bool = False

    @classmethod
    def read(cls, request: HttpRequest, before: str = "") -> Self:
        """What was posted, otherwise `before`."""
        if request.method != "POST":
            return cls(paper=before)
        reader = Reader(request)
        paper, opened = read_paper(reader)
        return cls(paper=paper, opened=opened, **reader.outcome())  # type: ignore[arg-type]


def read_paper(reader: Reader) -> tuple[str, bool]:
    """The two fields of `account/_paperless.html`, judged: nobody goes without paper who could not open the sample."""
    paper, opened = reader.post.get("paper", ""), reader.post.get("opened") == "yes"
    if paper not in WAYS:
        paper = ""
        reader.fault("paper", "profile.error.paper_missing")
    elif paper == "screen" and not opened:
        reader.fault("opened", "profile.error.opened_missing")
    return paper, opened


def words_digest(rules: Mapping[str, str], language: str) -> bytes:
    """Of the words agreed to, for the consent's row: the organisation's own (`rules`) and ours beside them."""
    ours = "\n".join(say(language, f"profile.paper.{name}") for name in _SAID)
    return hashlib.sha256(f"{rules['title']}\n{rules['text']}\n{ours}".encode()).digest()
