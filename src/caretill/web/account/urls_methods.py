"""Addresses of saved ways to pay: ids without meaning."""

from __future__ import annotations

from django.urls import URLPattern, path

from caretill.web.account import methods, methods_add, methods_replace

urlpatterns: list[URLPattern] = [
    path("account/ways/", methods.methods, name="methods"),
    path("account/ways/card/", methods_add.add_card, name="method_add_card"),
    path("account/ways/bank/", methods_add.add_bank, name="method_add_bank"),
    path("account/ways/saved/<uuid:saving_id>/", methods_add.saved_card, name="method_saved_card"),
    path("account/ways/<uuid:method>/", methods.method, name="method"),
    path("account/ways/<uuid:method>/delete/", methods.delete, name="method_delete"),
    path("account/ways/<uuid:method>/replace/", methods_replace.replace, name="method_replace"),
    path("account/ways/<uuid:method>/prove/", methods_add.micro, name="method_micro"),
]
