"""Addresses of help, and of what puts the site on a telephone."""

from __future__ import annotations

from django.urls import URLPattern, path

from caretill.web.account import documents
from caretill.web.pages import pocket

urlpatterns: list[URLPattern] = [
    path("help/<slug:slug>/send/", documents.send, name="send_documents"),
    path("help/<slug:slug>/sent/<str:token>/", documents.sent, name="documents_sent"),
    path("<slug:language>.webmanifest", pocket.manifest, name="manifest"),
    path("icon/<slug:kind>/<int:size>.png", pocket.icon, name="icon"),
    path("worker/<slug:language>.js", pocket.worker, name="worker_script"),
    path("offline/<slug:language>/", pocket.offline, name="offline"),
]
