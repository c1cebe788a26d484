"""Every address of the account, part by part. Nothing personal stands in one: ids without meaning, sealed tokens."""

from __future__ import annotations

from caretill.web.account import (
    urls_bills,
    urls_help,
    urls_history,
    urls_household,
    urls_later,
    urls_methods,
    urls_money,
    urls_profile,
    urls_register,
    urls_sign,
)

urlpatterns = [
    *urls_sign.urlpatterns,
    *urls_register.urlpatterns,
    *urls_bills.urlpatterns,
    *urls_history.urlpatterns,
    *urls_household.urlpatterns,
    *urls_later.urlpatterns,
    *urls_profile.urlpatterns,
    *urls_methods.urlpatterns,
    *urls_money.urlpatterns,
    *urls_help.urlpatterns,
]
