"""What somebody posted whose session had ended: kept, sealed, in the sign-in page, and given back after it."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from django.http import HttpRequest, HttpResponse

from caretill.core import tokens
from caretill.web.account import keys
from caretill.web.forms.sign_in import SignInForm
from caretill.web.jinja import url
from caretill.web.page import SeeOther, page

SECONDS = 3600
MOST_BYTES = 16_384
_ON_REQUEST_PATHS = ("/account/", "/register/done/")
# Never given back: the forgery token of the ended session, and what opens an account.
_NOT_KEPT = ("csrfmiddlewaretoken", "password", "new_password", "code", "passkey", "seed")


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """To the sign-in page, and from there to where the visitor wanted to go."""
    if request.method != "POST":
        return SeeOther(f"{url('sign_in')}?{urlencode({'next': request.get_full_path()})}")
    return again(request, request.path)


def again(request: HttpRequest, path: str) -> HttpResponse:
    """The sign-in page that holds, sealed, what was posted and where it should go."""
    fields = [(name, text) for name in request.POST for text in request.POST.getlist(name) if name not in _NOT_KEPT]
    packed = urlencode(fields)
    sealed = tokens.seal("kept", {"p": path, "f": packed[:MOST_BYTES]}, SECONDS)
    form = SignInForm(kept=sealed)
    return page(request, "account/sign_in_again.html", status=401, form=form, keys=keys.to_use(request), here=None)


def way(text: str) -> str:
    """Where to go after signing in: a page of a member's own, otherwise home."""
    good = text.startswith(_ON_REQUEST_PATHS) and "\\" not in text and "//" not in text
    return text if good and text.isprintable() else url("home")


def opened(sealed: str) -> tuple[str, list[tuple[str, str]]] | None:
    """The page and the fields that were kept; None where that was too long ago."""
    try:
        held = tokens.unseal("kept", sealed)
    except tokens.TokenError:
        return None
    return way(held["p"]), parse_qsl(held["f"], keep_blank_values=True)
