"""Addresses of registering and of the ways back in."""

from __future__ import annotations

from django.urls import URLPattern, path

from caretill.web.account import recover, register, register_you

urlpatterns: list[URLPattern] = [
    path("register/", register.register, name="register"),
    path("register/facts/", register.fields, name="register_fields"),
    path("register/terms/", register.terms, name="register_terms"),
    path("register/email/", register.email, name="register_email"),
    path("register/code/", register.code, name="register_code"),
    path("register/name/", register_you.name, name="register_name"),
    path("register/password/", register_you.secret, name="register_secret"),
    path("register/paper/", register_you.paper, name="register_paper"),
    path("register/done/", register_you.done, name="register_done"),
    path("forgot/email/", recover.forgot_email, name="forgot_email"),
    path("forgot/email/<slug:slug>/", recover.forgot_email_facts, name="forgot_email_facts"),
    path("forgot/password/", recover.forgot_password, name="forgot_password"),
    path("forgot/password/<slug:slug>/", recover.forgot_password_facts, name="forgot_password_facts"),
    path("forgot/invited/<slug:slug>/", recover.forgot_invited, name="forgot_invited"),
    path("reset/<str:token>/", recover.reset_password, name="reset_password"),
]
