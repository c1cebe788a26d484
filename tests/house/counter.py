"""A bare counter in the web's place: the payment rooms behind JSON, in processes that can be killed.

For tests of the machine underneath the pages; granian runs it as it runs the web.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from caretill.cli import served
from caretill.core import tokens
from caretill.payments import access, callbacks, look, take
from caretill.payments.gateways.base import CallbackRefused, GatewayUnknown
from caretill.web.pages import health

__all__ = ["application", "served"]


def pay(request: HttpRequest) -> HttpResponse:
    """Press Pay."""
    asked: dict[str, Any] = json.loads(request.body)
    asked |= {"key": UUID(asked["key"]), "account_id": UUID(asked["account_id"])}
    asked |= {"visit": asked["visit"].encode(), "network": str(request.META.get("REMOTE_ADDR"))}
    asked["parts"] = tuple((UUID(bill), cents) for bill, cents in asked["parts"])
    answer = take.pay(take.Ask(**asked))
    return JsonResponse({"code": answer.code, "url": answer.url, "state": answer.state, "mine": answer.mine})


def came_back(request: HttpRequest, token: str) -> HttpResponse:
    """The processor led the payer here, or the payer reloads."""
    account, payment = _named(token)
    return JsonResponse({"state": look.came_back(account, payment)})


def cancel(request: HttpRequest, token: str) -> HttpResponse:
    """Look, or give up."""
    account, payment = _named(token)
    if request.method == "GET":
        return JsonResponse({"state": look.look_again(account, payment)})
    try:
        return JsonResponse({"state": take.stop(account, payment)})
    except GatewayUnknown:
        return JsonResponse({"state": access.payment_figures(account, payment)["state"]})


def told(request: HttpRequest) -> HttpResponse:
    """A callback."""
    try:
        callbacks.receive("sandbox", request.body, request.headers)
    except CallbackRefused as refused:
        return HttpResponse(refused.code, status=400)
    return HttpResponse("thank you")


def _named(token: str) -> tuple[UUID, UUID]:
    named = tokens.unseal("payment", token)
    return UUID(named["a"]), UUID(named["p"])


class Away:
    """As the web's own: a database that is away is a 503."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, OperationalError | InterfaceError):
            return HttpResponse("away", status=503)
        return None


urlpatterns = [
    path("counter/pay", csrf_exempt(pay)),
    path("pay/return/<str:token>", csrf_exempt(came_back)),
    path("pay/cancel/<str:token>", csrf_exempt(cancel)),
    path("callbacks/sandbox", csrf_exempt(told)),
    path("readyz", health.ready),
]
settings.ROOT_URLCONF = __name__
settings.MIDDLEWARE = ["house.counter.Away"]
application = get_wsgi_application()
