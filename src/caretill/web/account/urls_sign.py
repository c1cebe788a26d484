"""Addresses of this part of the account."""

from __future__ import annotations

from django.urls import URLPattern, path

from caretill.web.account import devices, second, security, sign_in, stay

urlpatterns: list[URLPattern] = [
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-in/second/", second.second, name="sign_in_second"),
    path("sign-in/employer/", sign_in.employer, name="sign_in_employer"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("account/on/", second.go_on, name="sign_in_on"),
    path("account/prove/", security.prove, name="prove"),
    path("account/stay/", stay.stay, name="stay"),
    path("account/security/", security.security, name="security"),
    path("account/security/password/", security.password, name="security_password"),
    path("account/security/passkeys/", security.passkeys_page, name="security_passkeys"),
    path("account/security/app/", security.totp, name="security_totp"),
    path("account/security/codes/", security.codes, name="security_codes"),
    path("account/devices/", devices.devices, name="devices"),
]
