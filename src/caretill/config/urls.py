"""Every address of the site, and the pages for what went wrong."""

from __future__ import annotations

from django.urls import include, path

handler400 = "caretill.web.pages.errors.bad_request"
handler403 = "caretill.web.pages.errors.forbidden"
handler404 = "caretill.web.pages.errors.not_found"
handler500 = "caretill.web.pages.errors.server_error"

urlpatterns = [path("", include("caretill.web.urls"))]
