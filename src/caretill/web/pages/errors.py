"""Pages for what went wrong: what happened, whether money moved, what to do next."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from caretill.web import visit
from caretill.web.page import page

# From here on a payment may have been made, so nothing may sound as if it had not (issue 2, "a database that is away").
AFTER_PROCESSOR = frozenset({"return", "cancel", "wait", "state", "done", "receipt", "receipt_pdf", "mailed_receipt"})


def problem(request: HttpRequest, status: int, name: str = "", retry_seconds: int = 0) -> HttpResponse:
    """The page of that status; `name` picks other words than those of the status alone."""
    response = page(request, "error.html", status=status, problem=name or f"s{status}")
    if retry_seconds:
        response.headers["Retry-After"] = str(retry_seconds)
    return response


def _after_processor(request: HttpRequest) -> bool:
    """Whether a payment may have been made: by the page, or because the flow of the page began one."""
    match = request.resolver_match
    if match is None:
        return False
    flow = visit.load(request, str(match.kwargs.get("flow", "")))
    return match.url_name in AFTER_PROCESSOR or bool(flow and flow.payment_id)


def away(request: HttpRequest) -> HttpResponse:
    """The database does not answer: 503, and which of the two truths holds here."""
    return problem(request, 503, "away_after" if _after_processor(request) else "away_before", retry_seconds=30)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return problem(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return problem(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return problem(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500. Money moves on the processor's page alone, so before it nothing was charged, and after it we cannot tell."""
    return problem(request, 500, "s500_after" if _after_processor(request) else "")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form was old, or the browser keeps no cookies."""
    return problem(request, 403, "form_old")
