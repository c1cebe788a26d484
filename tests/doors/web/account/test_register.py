"""Registering: page by page, and what it tells to whom."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from caretill.core import clock, sql
from caretill.core.words import say
from caretill.people import passwords, sessions
from caretill.web.account import member
from house.cast import Bill, a_bill
from house.member import a_login, a_member
from house.registrant import EMAIL, PASSWORD, Registrant, bare, facts, mailed_code, mails

PAGES = ("facts", "terms", "email", "code", "name", "password", "paper")


@pytest.fixture
def bill(db: None) -> Bill:
    return a_bill(14_000)


def login(email: str = EMAIL) -> dict[str, object]:
    row = sql.one("SELECT * FROM people_login WHERE email_key = %s", (email,))
    assert row is not None
    return row


def access(login_id: object) -> list[tuple[object, ...]]:
    rows = sql.query("SELECT account_id, person_id, level FROM people_access WHERE login_id = %s", (login_id,))
    return [tuple(row.values()) for row in rows]


def test_the_whole_way_ends_signed_in_with_the_account(bill: Bill) -> None:
    one = Registrant()
    answer = one.whole(facts(bill))
    assert (answer.status_code, answer["Location"]) == (303, "/register/done/")
    made = login()
    assert access(made["id"]) == [(bill.account_id, UUID(int=0), "holder")]
    assert passwords.matches(str(made["password"]), PASSWORD) and made["whole_password"]
    assert (made["first_name"], made["state"], made["paperless"]) == ("Juana", "OR", False)
    session = sessions.who(one.client.cookies[member.cookie()].value)
    assert session and session.login_id == made["id"] and session.viewer.accounts == (bill.account_id,)
    done = one.get("/register/done/")
    assert done.status_code == 200 and EMAIL in done.content.decode()
    kept = sql.query("SELECT kind, agreed, version, language FROM people_consent ORDER BY kind")
    assert [tuple(row.values()) for row in kept] == [
        ("paperless", False, "2026-11", "en"),
        ("terms", True, "2026-11", "en"),
    ]
    told = {topic: says["to"] for topic, says in mails()}
    assert told == {"register_code": EMAIL, "register_welcome": EMAIL, "register_linked": "juana@example.org"}
    assert one.get("/register/paper/")["Location"] == "/register/", "the answers are a login now"


def test_nothing_is_linked_or_shown_before_the_address_is_proved(bill: Bill) -> None:
    one = Registrant()
    one.to_code(facts(bill))
    for path in ("name", "password", "paper"):
        assert one.get(f"/register/{path}/")["Location"] == "/register/code/"
    assert one.paper()["Location"] == "/register/code/"
    assert sql.query("SELECT 1 FROM people_login") == [] and sql.query("SELECT 1 FROM core_read") == []
    for path in PAGES[:4]:
        assert "Example Street" not in one.get(f"/register/{path}/").content.decode()
    one.code()
    assert "1 Example Street" in one.get("/register/name/").content.decode()
    read = sql.one("SELECT viewer, what FROM core_read")
    assert read == {"viewer": "register", "what": "contact"}


def test_each_page_sends_back_to_the_first_that_has_no_answer(bill: Bill) -> None:
    one = Registrant()
    for path in PAGES:
        assert one.get(f"/register/{path}/")["Location"] == "/register/"
    one.place()
    for path in PAGES[1:]:
        assert one.get(f"/register/{path}/")["Location"] == "/register/facts/"
    one.facts(facts(bill))
    assert one.get("/register/paper/")["Location"] == "/register/terms/"


@pytest.mark.parametrize(
    "wrong",
    [
        {"account_number": "F00000001"},
        {"last_name": "Somebody"},
        {"zip": "97202"},
        {"account_number": "F00000001", "last_name": "Somebody", "zip": "97202"},
    ],
)
def test_every_kind_of_miss_is_one_answer(bill: Bill, wrong: dict[str, str]) -> None:
    seen = set()
    for typed in ({"account_number": "F99999999"}, wrong):
        one = Registrant()
        one.place()
        with CaptureQueriesContext(connection) as kept:
            answer = one.facts(facts(bill, **typed))
        text = bare(answer)
        for value in facts(bill, **typed).values():
            text = text.replace(f'value="{value}"', "")
        heads = tuple(sorted((name, value) for name, value in answer.items() if name != "Content-Length"))
        statements = tuple(sorted(each["sql"].split("(")[0][:60] for each in kept))
        seen.add((answer.status_code, heads, text, statements))
    assert len(seen) == 1
    assert one.get("/register/terms/")["Location"] == "/register/facts/"


def test_the_last_name_of_a_child_does_not_open_the_account(bill: Bill) -> None:
    """The lookup of a bill takes the name of anybody on the account; the account itself is the guarantor's."""
    sql.execute("UPDATE people_person SET last_norm = 'kindler', last_name = 'Kindler'")
    one = Registrant()
    answer = one.facts(facts(bill, last_name="Kindler"))
    assert answer.status_code == 422 and say("en", "register.error.not_found") in answer.content.decode()
    assert sum(row["count"] for row in sql.query("SELECT count FROM core_throttle")) > 0


def test_misses_are_counted_with_those_of_guests(bill: Bill) -> None:
    with clock.fixed(clock.now()):
        one = Registrant()
        for _ in range(5):
            assert one.facts(facts(bill, zip="97202")).status_code == 422
        work = one.facts(facts(bill, zip="97202"))
        assert work.status_code == 200 and 'name="work"' in work.content.decode()
        guest = one.client.post("/pay/oregon/", {"number": bill.account_number, "last_name": "Solano", "zip": "97201"})
        assert 'name="work"' in guest.content.decode()


def test_a_known_address_gets_the_same_pages_and_is_told_by_mail(bill: Bill) -> None:
    a_login("known@example.org")
    seen = set()
    for email in ("known@example.org", "other@example.org"):
        one = Registrant()
        one.facts(facts(bill))
        one.terms()
        with CaptureQueriesContext(connection) as kept:
            asked = one.email(email)
        statements = [each["sql"].split("(")[0] for each in kept]  # now: the next request empties the log
        cookie = asked.cookies["register"]
        wrong = one.code("000000" if email.startswith("known") or mailed_code() != "000000" else "000001")
        text = bare(wrong).replace(email, "")
        heads = tuple(sorted((name, value) for name, value in asked.items()))
        told = [each.split(" WHERE ")[0] for each in statements]
        seen.add((asked.status_code, heads, len(cookie.value), tuple(told), wrong.status_code, text))
        assert wrong.status_code == 422
    assert len(seen) == 1
    assert [(topic, says["to"], bool(says["code"])) for topic, says in mails()] == [
        ("register_known", "known@example.org", False),
        ("register_code", "other@example.org", True),
    ]


def test_a_code_works_once_in_time_and_within_five_tries(bill: Bill) -> None:
    with clock.fixed(clock.now()) as time:
        one = Registrant()
        one.to_code(facts(bill))
        right = mailed_code()
        for turn in range(5):
            assert one.code(f"{(int(right) + turn + 1) % 10**6:06d}").status_code == 422
        assert one.code(right).status_code == 422, "five wrong ones end it"
        one.email()
        right = mailed_code()
        time.advance(minutes=16)
        assert one.code(right).status_code == 422, "a quarter of an hour ends it"
        one.email()
        before = one.client.cookies["register"].value
        right = mailed_code()
        assert one.code(f" {right[:3]}-{right[3:]} ")["Location"] == "/register/name/"
        one.client.cookies["register"] = before
        assert one.code(right).status_code == 422, "it was used"


def test_another_address_is_proved_anew(bill: Bill) -> None:
    one = Registrant()
    one.to_code(facts(bill))
    one.code()
    assert one.email()["Location"] == "/register/name/", "the same address stays proved"
    assert one.email("second@example.org")["Location"] == "/register/code/"
    assert one.get("/register/name/")["Location"] == "/register/code/"


def test_mails_are_limited_alike(bill: Bill) -> None:
    a_login("known@example.org")
    with clock.fixed(clock.now()):
        for email in ("known@example.org", "other@example.org"):
            one = Registrant()
            one.to_code(facts(bill), email)
            for _ in range(4):
                assert one.email(email).status_code == 303
            assert one.email(email).status_code == 429


def test_a_number_that_is_held_already_gets_the_same_pages_and_its_owner_is_told(bill: Bill) -> None:
    seen: list[object] = []
    for email in ("first@example.org", "second@example.org"):
        one = Registrant()
        pages = [one.to_code(facts(bill), email), one.code(), one.get("/register/name/"), one.name(), one.secret()]
        pages += [one.get("/register/paper/"), one.paper(), one.get("/register/done/")]
        told = [(each.status_code, each.get("Location"), bare(each).replace(email, "")) for each in pages]
        seen.append(told)
    for first, second in zip(*seen, strict=True):  # type: ignore[call-overload]
        assert first == second
    assert len(access(login("first@example.org")["id"])) == 1 and access(login("second@example.org")["id"]) == []
    assert [(topic, says["to"]) for topic, says in mails("register_")][-2:] == [
        ("register_welcome", "second@example.org"),
        ("register_held", "first@example.org"),
    ]


def test_home_says_that_nothing_is_linked_and_whom_to_call(bill: Bill) -> None:
    a_member(bill.account_id)
    one = Registrant()
    one.whole(facts(bill))
    home = one.get("/account/").content.decode()
    assert say("en", "home.unlinked") in home and "(503) 555-0110" in home and bill.number not in home


def test_an_account_with_a_member_is_held(bill: Bill) -> None:
    owner = a_member(bill.account_id)
    Registrant().whole(facts(bill))
    assert access(login()["id"]) == [] and len(access(owner.login_id)) == 1
    assert mails("register_held")[0][1]["to"] == owner.email


def test_a_grown_patient_registers_for_themselves(db: None) -> None:
    bill = a_bill(14_000, region="virginia")
    sql.execute("UPDATE people_person SET birth_date = '1990-05-06'")
    typed = {"health_record_number": bill.health_record_number.lstrip("0"), "last_name": "Solano", "zip": "97201"}
    one = Registrant("virginia")
    one.to_code(typed)
    one.code()
    page = one.get("/register/name/").content.decode()
    assert "Iker" in page and "1 Example Street" not in page, "the guarantor's address is not theirs"
    one.name()
    one.secret()
    one.paper()
    person = sql.one("SELECT id FROM people_person")
    assert person and access(login()["id"]) == [(bill.account_id, person["id"], "own")]


def test_a_childs_paper_is_its_guarantors(db: None) -> None:
    """Nobody becomes a child who is not grown: what is private of it would open to whoever holds the paper."""
    bill = a_bill(14_000, region="virginia")
    typed = {"health_record_number": bill.health_record_number, "last_name": "Solano", "zip": "97201"}
    Registrant("virginia").whole(typed)
    assert access(login()["id"]) == [(bill.account_id, UUID(int=0), "holder")]


def test_the_guarantor_may_register_by_their_own_health_record_number(db: None) -> None:
    bill = a_bill(14_000, region="virginia")
    sql.execute("UPDATE people_person SET relation = 'self'")
    typed = {"health_record_number": bill.health_record_number, "last_name": "Solano", "zip": "97201"}
    Registrant("virginia").whole(typed)
    assert access(login()["id"]) == [(bill.account_id, UUID(int=0), "holder")]


def test_california_asks_its_five_numbers(db: None) -> None:
    bill = a_bill(14_000, region="california")
    typed = {
        "group_number": "123 456", "subgroup": "1", "bill_group": "aa", "zip": "97201-1234",
        "health_record_number": bill.health_record_number.lstrip("0"),
    }  # fmt: skip
    one = Registrant("california")
    assert one.facts(typed | {"bill_group": "AB"}).status_code == 422
    assert one.whole(typed)["Location"] == "/register/done/"


def test_a_short_password_leads_to_a_second_step_before_anything_is_open(bill: Bill) -> None:
    one = Registrant()
    answer = one.whole(facts(bill), password="otters 4 tea")
    assert (answer.status_code, answer["Location"]) == (303, "/sign-in/second/?next=%2Fregister%2Fdone%2F")
    assert not login()["whole_password"] and sql.query("SELECT 1 FROM people_signed_in") == []
    assert one.client.get("/register/done/")["Location"].startswith("/sign-in/")


def test_the_last_step_sent_twice_makes_one_login(bill: Bill) -> None:
    with clock.fixed(clock.now()) as time:
        one = Registrant()
        one.to_code(facts(bill))
        one.code()
        one.name()
        one.secret()
        before = one.client.cookies["register"].value
        assert one.paper()["Location"] == "/register/done/"
        one.client.cookies["register"] = before
        assert one.paper()["Location"] == "/register/done/"
        time.advance(minutes=2)
        one.client.cookies["register"] = before
        assert one.paper()["Location"] == "/sign-in/", "an old page signs nobody in"
        assert len(sql.query("SELECT 1 FROM people_login")) == 1
        assert len(sql.query("SELECT 1 FROM people_consent")) == 2


def test_going_without_paper_needs_the_sample(bill: Bill) -> None:
    one = Registrant()
    one.to_code(facts(bill))
    one.code()
    one.name()
    one.secret()
    assert one.client.get("/paper-sample/oregon/en.pdf").content.startswith(b"%PDF")
    assert one.paper(paper="screen").status_code == 422
    assert one.paper(paper="screen", opened="yes", speak="es")["Location"] == "/register/done/"
    assert (login()["paperless"], login()["language"]) == (True, "es")
    assert sql.one("SELECT agreed FROM people_consent WHERE kind = 'paperless'") == {"agreed": True}


@pytest.mark.parametrize(
    ("path", "typed", "keys"),
    [
        ("terms", {}, ["register.error.terms_missing"]),
        ("email", {"email": ""}, ["register.error.email_missing"]),
        ("email", {"email": "nobody"}, ["register.error.email_shape"]),
        ("code", {"code": ""}, ["code.error.code_missing"]),
        ("name", {}, ["profile.error.first_missing", "profile.error.zip_missing"]),
        ("name", {"first_name": "7", "zip": "9"}, ["profile.error.name_shape", "profile.error.zip_shape"]),
        ("name", {"state": "XX"}, ["profile.error.state_shape"]),
        ("password", {"new_password": "otters"}, ["security.error.password_short"]),
        ("password", {"new_password": "juanasolano"}, ["security.error.password_about_you"]),
        ("paper", {}, ["profile.error.language_missing", "profile.error.paper_missing"]),
    ],
)
def test_what_is_wrong_is_said(bill: Bill, path: str, typed: dict[str, str], keys: list[str]) -> None:
    one = Registrant()
    one.to_code(facts(bill))
    one.code() if path != "code" else None
    one.name()
    one.secret()
    answer = one.client.post(f"/register/{path}/", typed)
    assert answer.status_code == 422 and all(say("en", key) in answer.content.decode() for key in keys)


def test_an_address_that_looks_wrong_is_asked_about_once(bill: Bill) -> None:
    one = Registrant()
    one.facts(facts(bill))
    one.terms()
    asked = one.client.post("/register/email/", {"email": "josé@localhost"})
    assert asked.status_code == 422 and say("en", "register.error.email_unusual") in asked.content.decode()
    again = one.client.post("/register/email/", {"email": "josé@localhost", "sure": "josé@localhost"})
    assert again["Location"] == "/register/code/"


@pytest.mark.parametrize("name", ["Q", "Zoë-Anne O'Brien", "李", "Ñ"])
def test_names_are_taken_as_they_are(bill: Bill, name: str) -> None:
    one = Registrant()
    one.to_code(facts(bill))
    one.code()
    assert one.name(first_name=name, state="oregon")["Location"] == "/register/password/"
    assert f'value="{name}"'.replace("'", "&#39;") in one.get("/register/name/").content.decode()


def test_nothing_of_it_stands_in_an_address_and_answers_end(bill: Bill) -> None:
    with clock.fixed(clock.now()) as time:
        one = Registrant()
        answers = [one.to_code(facts(bill)), one.code(), one.name(), one.secret()]
        for answer in answers:
            assert not any(value in answer["Location"] for value in (*facts(bill).values(), EMAIL, "Juana"))
        sealed = one.client.cookies["register"]
        assert sealed["max-age"] == 2400 and sealed["httponly"]
        assert bill.account_number not in sealed.value and len(sealed.value) < 3000
        time.advance(minutes=41)
        assert one.get("/register/paper/")["Location"] == "/register/"
