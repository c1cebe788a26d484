"""Addresses of the money on an account: nothing stands in them."""

from __future__ import annotations

from django.urls import URLPattern, path

from caretill.web.account import money

urlpatterns: list[URLPattern] = [
    path("account/money/", money.deposit, name="deposit"),
    path("account/money/use/", money.deposit_apply, name="deposit_apply"),
    path("account/money/wish/", money.deposit_wish, name="deposit_wish"),
    path("account/money/back/", money.deposit_back, name="deposit_back"),
    path("account/money/credit/", money.refund_ask, name="refund_ask"),
]
