"""Where a processor tells that something may have changed. It is kept and answered; nothing happens here."""

from __future__ import annotations

import structlog
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from caretill.payments.callbacks import receive
from caretill.payments.gateways import UnknownGateway
from caretill.payments.gateways.base import CallbackRefused
from caretill.web.page import accepts

log = structlog.get_logger("caretill.web")

# Opaque ids and cents: a message is some hundred bytes.
LARGEST_BYTES = 16_384


def _plain(status: int, text: str) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain")


@csrf_exempt
@accepts("POST")
def callback(request: HttpRequest, gateway: str) -> HttpResponse:
    """200 for a message of the processor, also for one that came before; 400 for every other, and no word why."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_BYTES:
        return _plain(413, "too large")
    try:
        receive(gateway, request.body, request.headers)
    except UnknownGateway:
        return _plain(404, "no such processor")
    except CallbackRefused as refused:
        log.warning("a callback was refused", gateway=gateway, why=refused.code, bytes=len(request.body))
        return _plain(400, "refused")
    return _plain(200, "kept")
