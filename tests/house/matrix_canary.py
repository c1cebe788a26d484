"""What goes over the wire in a walk, and everything that is kept after it, to be searched for what may not be there."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from playwright.sync_api import Page, Request, Response
from psycopg import sql as psql

from caretill.core.redact import looks_like_card

# Columns that hold text a person may have typed or a machine may have kept; ids and times are none.
_TEXTS = ("text", "character varying", "character", "jsonb", "json", "bytea", "ARRAY")
_NOT_TYPED = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?"
)


@dataclass
class Ear:
    """Hears all that a browser asks and gets, and what each answer weighs on the wire."""

    page: Page
    requests: list[Request] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)
    bytes_of: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.requests.append(request))
        self.page.on("response", lambda response: self.responses.append(response))
        wire = self.page.context.new_cdp_session(self.page)
        urls: dict[str, str] = {}
        wire.on("Network.responseReceived", lambda told: urls.update({told["requestId"]: told["response"]["url"]}))
        wire.on("Network.loadingFinished", lambda told: self._weigh(urls.get(told["requestId"], ""), told))
        wire.send("Network.enable")

    def _weigh(self, url: str, told: dict[str, Any]) -> None:
        self.bytes_of[url] = self.bytes_of.get(url, 0) + told["encodedDataLength"]

    def clear(self) -> None:
        """Forget it all: the next page begins."""
        self.requests.clear()
        self.responses.clear()
        self.bytes_of.clear()

    def settle(self) -> None:
        """Wait until nothing more comes."""
        self.page.wait_for_load_state("networkidle")

    def weight(self, part: str = "") -> int:
        """Bytes with headers, of the addresses that have `part` in them."""
        return int(sum(weight for url, weight in self.bytes_of.items() if part in url))

    def screens(self) -> list[str]:
        """The pages that a person saw, in their order; one that leads on at once is none."""
        shown = [
            each
            for each in self.responses
            if each.request.is_navigation_request() and each.request.frame == self.page.main_frame and each.status < 300
        ]
        return [each.url for each in shown]

    def addresses(self) -> str:
        """Every address asked, every Referer sent and every Location answered."""
        said: list[str] = []
        for request in self.requests:
            said += [request.url, request.all_headers().get("referer", "")]
        said += [response.all_headers().get("location", "") for response in self.responses]
        return "\n".join(said)


@contextmanager
def server_log() -> Iterator[io.StringIO]:
    """What our log says meanwhile, as it is written in earnest."""
    root = logging.getLogger()
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    handler.setFormatter(
        next(each.formatter for each in root.handlers if "structlog" in type(each.formatter).__module__)
    )
    root.addHandler(handler)
    try:
        yield heard
    finally:
        root.removeHandler(handler)


def kept(connection: psycopg.Connection[Any]) -> dict[str, list[str]]:
    """Every text in the database by table and column, as a dump would have it."""
    asked = (
        "SELECT table_name, column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = 'public' AND data_type = ANY(%s) ORDER BY 1, 2"
    )
    found: dict[str, list[str]] = {}
    for table, column, kind in connection.execute(asked, (list(_TEXTS),)).fetchall():
        query = psql.SQL("SELECT {} FROM {} WHERE {} IS NOT NULL").format(
            psql.Identifier(column), psql.Identifier(table), psql.Identifier(column)
        )
        rows = [row[0] for row in connection.execute(query).fetchall()]
        if rows:
            found[f"{table}.{column}"] = [_text(value, kind) for value in rows]
    return found


def _text(value: Any, kind: str) -> str:
    if kind == "bytea":
        return bytes(value).decode("utf-8", "replace")
    return value if isinstance(value, str) else json.dumps(value, default=str)


def cards_in(text: str) -> bool:
    """Whether a card number stands in it; ids and times, which may look like one, are taken out."""
    return looks_like_card(_NOT_TYPED.sub(" ", text))
