"""What payers type: kept, judged, and never a card number."""

from __future__ import annotations

import pytest
from django.test import Client, RequestFactory
from markupsafe import escape

from caretill.core.words import say
from caretill.regions.catalog import region
from caretill.web.forms.find import FieldsForm, FindForm
from caretill.web.forms.form import LONGEST_TEXT
from house.seen import card_in

CARD = "4242 4242 4242 4242"
FIND = "/pay/california/"
FIELDS = "/pay/california/fields/member/"


def find_form(**typed: str) -> FindForm:
    return FindForm.read(RequestFactory().post(FIND, typed), region("california"))


def keys(form: FindForm | FieldsForm) -> dict[str, str]:
    return {fault.name: fault.key.removeprefix("find.") for fault in form.faults}


@pytest.mark.parametrize("number", ["h0012345678", "H 0012 345 678", "ETVP-YSB5-QDQW-V", "001234567", "F00123456"])
@pytest.mark.parametrize(
    "second", [{"last_name": "O'Brien"}, {"zip": "94110"}, {"zip": "94110-1234", "last_name": "Núñez"}]
)
def test_any_number_and_a_second_fact_will_do(number: str, second: dict[str, str]) -> None:
    form = find_form(number=number, **second)
    assert form.sent and not form.faults
    assert form.number == number


@pytest.mark.parametrize(
    ("typed", "faults"),
    [
        ({}, {"number": "error.number_missing", "last_name": "error.second_missing"}),
        ({"number": "H0012345678"}, {"last_name": "error.second_missing"}),
        ({"number": "no!", "zip": "94110"}, {"number": "error.number_shape"}),
        ({"number": "12", "zip": "94110"}, {"number": "error.number_shape"}),
        ({"number": "１２３４５６７８９", "zip": "94110"}, {"number": "error.number_shape"}),
        ({"number": "H0012345678", "zip": "123"}, {"zip": "error.zip_shape"}),
        ({"number": "H0012345678", "last_name": "--"}, {"last_name": "error.last_name_shape"}),
        ({"number": "H0012345678", "last_name": "a\u0000b"}, {"last_name": "errors.form.characters"}),
        ({"number": "H" * 200, "zip": "94110"}, {"number": "errors.form.too_long"}),
    ],
)
def test_what_is_wrong_is_said_of_its_field(typed: dict[str, str], faults: dict[str, str]) -> None:
    form = find_form(**typed)
    assert keys(form) == faults
    assert not form.sent
    assert len(form.number) <= LONGEST_TEXT


@pytest.mark.parametrize("name", ["number", "last_name", "zip"])
@pytest.mark.parametrize("card", [CARD, CARD.replace(" ", ""), CARD.replace(" ", "-"), f"my card {CARD}!"])
def test_a_card_number_is_refused_in_every_field_and_forgotten(payer: Client, name: str, card: str) -> None:
    answer = payer.post(FIND, {"number": "H0012345678", "zip": "94110", name: card})
    body = answer.content.decode()
    assert answer.status_code == 422
    assert body.count(say("en", "errors.form.card_number")) == 2
    assert not card_in(body)


def test_a_card_number_as_a_place_is_refused_too(payer: Client) -> None:
    body = payer.post("/pay/", {"place": CARD}).content.decode()
    assert say("en", "errors.form.card_number") in body and not card_in(body)


def test_the_fields_of_a_region_come_back_clean() -> None:
    home = region("california")
    lookup = home.lookup("member")
    assert lookup is not None
    typed = {
        "group_number": "12345",
        "subgroup": "1",
        "bill_group": "a1",
        "zip": "94110",
        "health_record_number": "1234567",
    }
    form = FieldsForm.read(RequestFactory().post(FIELDS, typed), home, lookup)
    assert form.sent
    assert form.typed == typed
    assert form.clean == {
        "group_number": "012345",
        "subgroup": "001",
        "bill_group": "A1",
        "zip": "94110",
        "health_record_number": "001234567",
    }


def test_every_field_left_empty_is_named(payer: Client) -> None:
    answer = payer.post(FIELDS, {"group_number": "12345678"})
    body = answer.content.decode()
    assert answer.status_code == 422
    home = region("california")
    lookup = home.lookup("member")
    assert lookup is not None
    for name in lookup.fields:
        assert f'<a href="#{name}">' in body
        assert f'id="{name}-error"' in body
    assert 'value="12345678"' in body


def test_what_was_typed_comes_back_escaped(payer: Client) -> None:
    evil = '"><script>alert(1)</script>'
    body = payer.post("/pay/", {"place": evil}).content.decode()
    assert "<script>" not in body and "alert(1)<" not in body
    assert str(escape(evil)) in body


@pytest.mark.parametrize(
    ("path", "typed"),
    [(FIND, {"number": "H12", "last_name": "Núñez"}), (FIELDS, {"subgroup": "7"}), ("/pay/", {"place": "Ore"})],
)
def test_switching_the_language_keeps_page_and_entries(payer: Client, path: str, typed: dict[str, str]) -> None:
    answer = payer.post(path, {**typed, "language": "es"})
    body = answer.content.decode()
    assert answer.status_code == 200
    assert '<html lang="es"' in body and "aria-invalid" not in body
    for value in typed.values():
        assert f'value="{value}"' in body
    assert '<html lang="es"' in payer.get(path).content.decode()


def test_switching_the_look_keeps_entries(payer: Client) -> None:
    body = payer.post(FIND, {"number": "H12", "theme": "dark"}).content.decode()
    assert 'data-theme="dark"' in body and 'value="H12"' in body
    assert 'data-theme="dark"' in payer.get("/").content.decode()
    assert "data-theme" not in payer.post("/", {"theme": "system"}).content.decode()


def test_enter_in_a_field_presses_no_switch(payer: Client) -> None:
    """A browser presses the first submit button of the form, wherever it stands: that one must have no name."""
    body = payer.get(FIND).content.decode()
    first = body.index('form="find-form"')
    assert 'aria-hidden="true"' in body[first : body.index(">", first)]
    assert "name=" not in body[first : body.index(">", first)]
