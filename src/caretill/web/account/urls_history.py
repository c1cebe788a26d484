"""Addresses of this part of the account."""

from __future__ import annotations

from django.urls import URLPattern, path

from caretill.web.account import history, receipts, statements

urlpatterns: list[URLPattern] = [
    path("account/history/", history.history, name="history"),
    path("account/history/history.csv", history.history_csv, name="history_csv"),
    path("account/history/history.pdf", history.history_paper, name="history_pdf"),
    path("account/history/receipts/<uuid:payment>/", receipts.member_receipt, name="member_receipt"),
    path("account/history/receipts/<uuid:payment>/receipt.pdf", receipts.member_receipt_pdf, name="member_receipt_pdf"),
    path("account/history/statements/", statements.statements, name="statements"),
    path("account/history/statements/<uuid:statement>/bill.pdf", statements.statement_pdf, name="statement_pdf"),
]
