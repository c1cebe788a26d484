"""For whatever watches this process: alive, and able to serve."""

from __future__ import annotations

from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse

from caretill.core.sql import one
from caretill.regions.catalog import organisation
from caretill.web.page import accepts


@accepts("GET")
def alive(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("alive\n", content_type="text/plain")


@accepts("GET")
def ready(request: HttpRequest) -> HttpResponse:
    """The database answers and the organisation's files are good; otherwise 503 and what is missing."""
    try:
        one("SELECT 1 AS answer")
        organisation()
    except DatabaseError:
        return HttpResponse("not ready: the database does not answer\n", content_type="text/plain", status=503)
    return HttpResponse("ready\n", content_type="text/plain")
