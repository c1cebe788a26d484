"""Addresses of the family: ids without meaning, and an invitation's link, which works once."""

from __future__ import annotations

from django.urls import URLPattern, path

from caretill.web.account import household, invites

urlpatterns: list[URLPattern] = [
    path("account/household/", household.household, name="household"),
    path("account/household/invitation/", invites.invite_take, name="invite_take"),
    path("account/household/<uuid:account>/invite/", invites.invite, name="invite"),
    path("account/household/<uuid:account>/invite/<uuid:invitation>/end/", invites.invite_end, name="invite_end"),
    path("account/household/<uuid:account>/access/<uuid:login>/", household.access, name="household_access"),
    path("account/household/<uuid:account>/leave/", household.leave, name="household_leave"),
    path("invite/<str:token>", invites.invite_open, name="invite_open"),
]
