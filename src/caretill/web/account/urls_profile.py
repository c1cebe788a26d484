"""Addresses of this part of the account."""

from __future__ import annotations

from django.urls import URLPattern, path

from caretill.web.account import paper_sample

urlpatterns: list[URLPattern] = [
    path("paper-sample/<slug:slug>/<slug:language>.pdf", paper_sample.paper_sample, name="paper_sample"),
]
