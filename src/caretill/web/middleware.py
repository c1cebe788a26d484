"""Around every page: nothing too large gets in, and a database that is away gets words."""

from __future__ import annotations

from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from caretill.web import uploads
from caretill.web.pages import errors

LARGEST_POST_BYTES = 65_536


class Shell:
    """It does little, because every page pays for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal():
            return errors.problem(request, 400)
        if int(length) > LARGEST_POST_BYTES and not uploads.welcome(request, int(length)):
            return errors.problem(request, 413)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A database that is away is no fault of the page: it gets words instead of a 500."""
        if isinstance(exception, OperationalError | InterfaceError):
            return errors.away(request)
        return None
