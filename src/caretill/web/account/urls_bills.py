"""Addresses of home, bills and paying. A bill is named by its id, which means nothing to anybody else."""

from __future__ import annotations

from django.urls import URLPattern, path

from caretill.web.account import bill, bills, cheque, home, pay

urlpatterns: list[URLPattern] = [
    path("account/", home.home, name="home"),
    path("account/later/", home.passkey_later, name="passkey_later"),
    path("account/bills/", bills.bills, name="bills"),
    path("account/bills/<uuid:bill>/", bill.member_bill, name="member_bill"),
    path("account/bills/<uuid:bill>/help/", bill.member_bill_help, name="member_bill_help"),
    path("account/bills/<uuid:bill>/check-in-mail/", cheque.member_cheque, name="member_cheque"),
    path("account/bills/<uuid:bill>.pdf", bill.member_bill_pdf, name="member_bill_pdf"),
    path("account/pay/", pay.member_pay, name="member_pay"),
]
