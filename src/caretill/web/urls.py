"""Every address of the payer's door. Nothing personal stands in one: regions, flow ids and sealed tokens only."""

from __future__ import annotations

from django.urls import path

from caretill.web.pages import choices, files, find, health, help, start

urlpatterns = [
    path("", start.start, name="start"),
    path("pay/", start.where, name="where"),
    path("pay/<slug:slug>/", find.find, name="find"),
    path("pay/<slug:slug>/fields/<slug:name>/", find.fields, name="fields"),
    path("pay/<slug:slug>/paper/", find.paper, name="paper"),
    path("pay/<slug:slug>/paper/<str:language>/<str:spot>.<str:key>.svg", files.picture, name="picture"),
    path("help/", help.help_regions, name="help_regions"),
    path("help-paying", help.help_paying, name="help_paying"),
    path("help/<slug:slug>/", help.help_region, name="help"),
    path("help/<slug:slug>/languages/", help.languages, name="languages"),
    path("language", choices.language, name="language"),
    path("look", choices.look, name="look"),
    path("assets/<str:name>", files.asset, name="asset"),
    path("healthz", health.alive, name="alive"),
    path("readyz", health.ready, name="ready"),
]
