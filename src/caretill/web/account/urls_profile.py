"""Addresses of a member's profile and messages, and of the links that their mails hold."""

from __future__ import annotations

from django.urls import URLPattern, path

from caretill.web.account import messages, new_email, paper_sample, profile, undo

urlpatterns: list[URLPattern] = [
    path("account/profile/", profile.profile, name="profile"),
    path("account/profile/name/", profile.name, name="profile_name"),
    path("account/profile/address/", profile.address, name="profile_address"),
    path("account/profile/email/", new_email.ask, name="profile_email"),
    path("account/profile/email/code/", new_email.enter, name="profile_email_code"),
    path("account/profile/phone/", profile.phone, name="profile_phone"),
    path("account/profile/language/", profile.language, name="profile_language"),
    path("account/profile/paper/", profile.paper, name="profile_paper"),
    path("account/profile/quiet/", profile.quiet, name="profile_quiet"),
    path("account/messages/", messages.messages, name="messages"),
    path("undo/<str:token>", undo.undo, name="undo"),
    path("stop/<str:token>", messages.stop, name="stop"),
    path("paper-sample/<slug:slug>/<slug:language>.pdf", paper_sample.paper_sample, name="paper_sample"),
]
