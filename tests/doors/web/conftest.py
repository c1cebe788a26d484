"""A payer's browser without JavaScript, for pages that ask no database."""

from __future__ import annotations

from collections.abc import Callable

import html5lib
import pytest
from django.test import Client

XHTML = "{http://www.w3.org/1999/xhtml}"


@pytest.fixture
def payer() -> Client:
    """One cookie jar; English unless asked otherwise."""
    return Client(SERVER_NAME="127.0.0.1", HTTP_ACCEPT_LANGUAGE="en-US,en;q=0.9")


@pytest.fixture
def parse() -> Callable[[bytes], html5lib.HTMLParser]:
    """The page as a tree, after a strict parser found nothing to mend."""

    def strict(body: bytes) -> html5lib.HTMLParser:
        parser = html5lib.HTMLParser()
        tree = parser.parse(body.decode())
        assert not parser.errors, parser.errors
        return tree

    return strict
