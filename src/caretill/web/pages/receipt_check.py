"""Whether a receipt is true: paid, refunded or void, and nothing else about it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from caretill.core import limits
from caretill.core.ids import clean_check_code, show_pay_code
from caretill.payments import access
from caretill.web import network
from caretill.web.forms.code import CodeForm
from caretill.web.page import accepts, form_page
from caretill.web.pages import errors

# Codes that are not ours, an hour and network: a code has 50 random bits.
MISSES = 30


@accepts("GET", "POST")
def check(request: HttpRequest) -> HttpResponse:
    """Anybody who holds a receipt may ask."""
    form = CodeForm.read(request, "receipt_check.error.missing")
    answer = ""
    if form.sent:
        misses = [limits.Limit("receipt_check", network.of(request), MISSES, 3600)]
        verdict = limits.look(misses)
        if not verdict.allowed:
            return errors.problem(request, 429, retry_seconds=verdict.retry_after)
        found = access.check(form.bare)
        answer = found["answer"] if found else "not_ours"
        if found is None:
            limits.count(misses)
    return form_page(request, "receipt_check.html", form, answer=answer, shown=as_printed(form.code))


def as_printed(code: str) -> str:
    """In the groups in which it stands on the receipt, so that it can be compared; what is no code, as it was typed."""
    cleaned = clean_check_code(code)
    return show_pay_code(cleaned) if cleaned else code
