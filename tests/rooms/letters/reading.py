"""Reading back what was printed: text, tags, and how large a picture is."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from pypdf import PdfReader
from pypdf.generic import DictionaryObject

AMOUNT = re.compile("[-\u2212]?\\$[0-9][0-9,]*\\.[0-9]{2}")
UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\u2066\u2069"))


def reader(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def text(pdf: bytes) -> str:
    """All text, blanks and line ends as one blank."""
    pages = " ".join(page.extract_text() for page in reader(pdf).pages)
    return " ".join(pages.translate(UNSEEN).replace("\u00a0", " ").split())


def amounts(pdf: bytes) -> list[str]:
    """Every amount of money, in order."""
    return [each.replace("\u2212", "-") for each in AMOUNT.findall(text(pdf))]


def tags(pdf: bytes) -> Iterator[tuple[str, DictionaryObject]]:
    """Every element of the structure tree, as its tag and its dictionary."""

    def walk(node: Any) -> Iterator[tuple[str, DictionaryObject]]:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for each in node:
                yield from walk(each)
        elif isinstance(node, dict):
            if "/S" in node:
                yield str(node["/S"]), DictionaryObject(node)
            if "/K" in node:
                yield from walk(node["/K"])

    root: Any = reader(pdf).trailer["/Root"]
    yield from walk(root["/StructTreeRoot"])
