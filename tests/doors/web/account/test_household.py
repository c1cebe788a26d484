"""The family's pages: invite by mail, say yes or no, change, take back; by browsers without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from caretill.core import clock, outbox, sql
from caretill.core.clock import FixedClock
from caretill.core.words import say
from caretill.letters import links
from caretill.letters.send import deliver
from house.family import Family, a_family
from house.member import MemberOf, a_member, grant
from house.postbox import Postbox
from house.registrant import Registrant

NOON = datetime(2026, 11, 22, 20, tzinfo=UTC)
BIRTHDAY = datetime(2027, 1, 22, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def time(db: None) -> Iterator[FixedClock]:
    with clock.fixed(NOON) as fixed:
        yield fixed


@pytest.fixture
def home() -> Family:
    return a_family()


@pytest.fixture
def holder(home: Family) -> MemberOf:
    return a_member(home.account_id, "holder")


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Postbox]:
    made = Postbox()
    monkeypatch.setattr(settings, "CARETILL_SMTP_URL", made.url)
    yield made
    made.close()


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode()))


def invite_path(home: Family) -> str:
    return f"/account/household/{home.account_id}/invite/"


def send(holder: MemberOf, home: Family, **rights: str) -> Any:
    """Fill the invitation in. `rights` is everybody; then rights_2 to rights_5 the people by age."""
    fields = {name.replace("_", "-"): level for name, level in rights.items()}
    return holder.client().post(invite_path(home), {"email": "ona@example.org", **fields})


def mails(box: Postbox) -> list[Any]:
    """All that waits, brought out."""
    while outbox.relay(deliver):
        pass
    return list(box.mails)


def body(mail: Any) -> str:
    return str(mail.get_payload()[0].get_payload(decode=True).decode())


def link_of(mail: Any) -> str:
    found = re.search(re.escape(settings.CARETILL_PUBLIC_URL) + r"(/invite/\S+)", body(mail))
    assert found
    return found[1]


def test_an_invitation_from_mail_to_page(home: Family, holder: MemberOf, box: Postbox) -> None:
    answer = send(holder, home, rights_5="pay")
    assert (answer.status_code, answer["Location"]) == (303, "/account/household/?said=invited")
    page = text(holder.client().get(answer["Location"]))
    assert "We sent the link." in page and "ona@example.org" in page and "Iker: See and pay" in page
    (mail,) = mails(box)
    assert mail["To"] == "ona@example.org"
    for told in ("Iker", "Juana", "Solano", "Prueba", "100", "visit"):
        assert told.lower() not in body(mail).lower().split("http")[0], told
    visitor = Client(SERVER_NAME="127.0.0.1")
    opened = visitor.get(link_of(mail))
    assert opened.status_code == 200 and "Juana Solano invited you" in text(opened)
    assert "Iker" not in text(opened), "who holds the link alone sees nobody's name but the inviter's"
    assert 'href="/sign-in/?next=/account/household/invitation/"' in opened.content.decode()
    ona = a_member(None, email="ona@example.org")
    visitor.cookies.update(ona.client().cookies)
    take = visitor.get("/account/household/invitation/")
    assert "Iker: See and pay" in text(take)
    answer = visitor.post("/account/household/invitation/", {"yes": "1"})
    assert answer["Location"] == "/account/household/?said=taken"
    page = text(visitor.get(answer["Location"]))
    assert "Iker (child)" in page and "You may see and pay." in page
    assert "Olmo" not in page and "Ane" not in page
    assert [each["Subject"] for each in mails(box)][1:] == ["Your invitation at Larkspur Health was taken"]
    assert visitor.get(link_of(mail)).status_code == 410


def test_looking_at_the_link_uses_nothing_up(home: Family, holder: MemberOf, box: Postbox) -> None:
    send(holder, home, rights="see")
    path = link_of(mails(box)[0])
    for _ in range(3):
        assert Client(SERVER_NAME="127.0.0.1").get(path).status_code == 200
    assert holder.client().get(path)["Location"] == "/account/household/invitation/"


def test_the_inviter_is_told_that_the_link_is_their_own(home: Family, holder: MemberOf, box: Postbox) -> None:
    send(holder, home, rights="see")
    browser = holder.client()
    path = link_of(mails(box)[0])
    browser.get(path)
    assert "This link is from you" in text(browser.get("/account/household/invitation/"))
    browser.get(path)
    assert "This link is from you" in text(browser.post("/account/household/invitation/", {"yes": "1"}))
    assert Client(SERVER_NAME="127.0.0.1").get(path).status_code == 200


def test_saying_no_ends_the_link(home: Family, holder: MemberOf, box: Postbox) -> None:
    send(holder, home, rights="see")
    path = link_of(mails(box)[0])
    browser = a_member(None, email="ona@example.org").client()
    browser.get(path)
    answer = browser.post("/account/household/invitation/", {"no": "1"})
    assert "You said no." in text(browser.get(answer["Location"]))
    assert browser.get(path).status_code == 410
    assert "Waiting" not in text(holder.client().get("/account/household/"))


def test_links_that_do_not_work_read_alike(home: Family, holder: MemberOf, box: Postbox, time: FixedClock) -> None:
    send(holder, home, rights="see")
    path = link_of(mails(box)[0])
    time.advance(days=15)
    answers = {Client(SERVER_NAME="127.0.0.1").get(each).content for each in (path, "/invite/x", "/invite/" + "y" * 43)}
    assert (
        len({re.sub(rb"/invite/\w+|name=.csrf[^>]+", b"", each.replace(path.encode(), b"")) for each in answers}) == 1
    )
    assert b"This link no longer works" in answers.pop()


def test_without_an_invitation_there_is_none_to_take(home: Family, holder: MemberOf) -> None:
    for answer in (
        holder.client().get("/account/household/invitation/"),
        holder.client().post("/account/household/invitation/", {"yes": "1"}),
    ):
        assert answer.status_code == 410


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"email": ""}, "email_missing"),
        ({"email": "JUANA@example.org"}, "own_email"),
        ({"rights": "none"}, "rights_missing"),
        ({"rights": "holder"}, "rights_unknown"),
    ],
)
def test_what_is_wrong_is_said_and_kept(home: Family, holder: MemberOf, fields: dict[str, str], word: str) -> None:
    given = {"email": "ona@example.org", "rights": "see", "rights-5": "pay"} | fields
    if word == "rights_missing":
        del given["rights-5"]
    answer = holder.client().post(invite_path(home), given)
    page = answer.content.decode()
    assert answer.status_code == 422 and say("en", f"household.error.{word}") in page
    if "rights-5" in given:
        assert re.search(r'id="rights-5".*?value="pay" selected', page, re.S)
    assert sql.query("SELECT 1 FROM people_invite") == []


def test_enough_for_a_day(home: Family, holder: MemberOf) -> None:
    for number in range(10):
        holder.client().post(invite_path(home), {"email": f"a{number}@example.org", "rights": "see"})
    answer = send(holder, home, rights="see")
    assert answer.status_code == 422 and "enough for today" in text(answer)


def test_an_invitation_is_taken_back(home: Family, holder: MemberOf, box: Postbox) -> None:
    send(holder, home, rights="see")
    page = holder.client().get("/account/household/").content.decode()
    found = re.search(r'action="(/account/household/[^"]+/end/)"', page)
    assert found
    assert holder.client().post(found[1])["Location"] == "/account/household/?said=invite_ended"
    assert mails(box) == [], "a link that ended meanwhile is not sent"
    assert holder.client().post(found[1]).status_code == 404


def access_path(home: Family, other: MemberOf) -> str:
    return f"/account/household/{home.account_id}/access/{other.login_id}/"


def test_a_right_is_changed_and_taken_back(home: Family, holder: MemberOf, box: Postbox) -> None:
    ona = a_member(home.account_id, "see", email="ona@example.org")
    assert access_path(home, ona) in holder.client().get("/account/household/").content.decode()
    answer = holder.client().post(access_path(home, ona), {"rights": "pay"})
    assert answer["Location"] == "/account/household/?said=changed"
    assert "You may see and pay." in text(ona.client().get("/account/household/"))
    answer = holder.client().post(access_path(home, ona), {"end": "all"})
    assert answer["Location"] == "/account/household/?said=ended"
    page = text(ona.client().get("/account/household/"))
    assert "No bills are linked yet" in page and "Iker" not in page
    sent = [(mail["To"], mail["Subject"].split(" at ")[0]) for mail in mails(box)]
    assert sent == [
        ("ona@example.org", "A change to your account"), ("juana@example.org", "You changed who may see what"),
        ("ona@example.org", "A change to your account"), ("juana@example.org", "You share less"),
    ]  # fmt: skip
    assert holder.client().get(access_path(home, ona)).status_code == 404


def test_one_leaves(home: Family, holder: MemberOf) -> None:
    ona = a_member(home.account_id, "see", email="ona@example.org")
    assert "Leave this account" in text(ona.client().get("/account/household/"))
    assert "Leave this account" not in text(holder.client().get("/account/household/"))
    answer = ona.client().post(f"/account/household/{home.account_id}/leave/")
    assert "You left the account." in text(ona.client().get(answer["Location"]))
    assert holder.client().post(f"/account/household/{home.account_id}/leave/").status_code == 404


def test_the_page_asks_little_of_the_database(home: Family, holder: MemberOf) -> None:
    other = a_family("other")
    grant(holder.login_id, other.account_id, "manage")
    browser = holder.client()
    with CaptureQueriesContext(connection) as asked:
        page = text(browser.get("/account/household/"))
    assert page.count("Iker (child)") == 2 and len(asked) <= 4, [each["sql"][:80] for each in asked]


def test_nothing_linked(holder: MemberOf) -> None:
    page = text(a_member(None, email="nobody@example.org").client().get("/account/household/"))
    assert "No bills are linked yet" in page and "Invite someone" not in page


def test_who_may_see_or_pay_sees_nothing_of_others(home: Family, holder: MemberOf) -> None:
    for level in ("see", "pay"):
        other = a_member(home.account_id, level, home.people["Iker"], email=f"{level}@example.org")
        page = text(other.client().get("/account/household/"))
        assert "Iker (child)" in page
        for hidden in ("Juana Solano", "juana@example.org", "Olmo", "Invite someone", "Who else"):
            assert hidden not in page
        assert other.client().get(invite_path(home)).status_code == 404


def test_the_birthday_is_said(home: Family, holder: MemberOf, time: FixedClock) -> None:
    with clock.fixed(BIRTHDAY.replace(day=1)):
        browser = a_member(home.account_id, "own", home.people["Ane"], email="ane@example.org").client()
        assert "You turn 18 on January 22, 2027" in text(browser.get("/account/household/"))
        keeper = a_member(home.account_id, "manage", email="olmo@example.org").client()
        assert "Ane turns 18 on January 22, 2027" in text(keeper.get("/account/household/"))
    with clock.fixed(BIRTHDAY):
        keeper = a_member(home.account_id, "manage", email="other@example.org").client()
        page = text(keeper.get("/account/household/"))
        assert "Ane turned 18 on January 22, 2027" in page
        assert "You see what is owed and may pay it. The care is hidden." in page
        assert "For Ane" not in text(keeper.get(invite_path(home)))


def test_a_grown_child_lets_the_guarantor_see_and_no_longer(home: Family) -> None:
    with clock.fixed(BIRTHDAY):
        holder = a_member(home.account_id, "holder")
        ane = a_member(home.account_id, "own", home.people["Ane"], email="ane@example.org")
        iker = a_member(home.account_id, "manage", home.people["Iker"], email="aunt@example.org")
        assert "hidden" in text(holder.client().get("/account/household/"))
        assert ane.client().post(access_path(home, holder), {"rights": "see"}).status_code == 303
        assert "You still see the care, as Ane let you." in text(holder.client().get("/account/household/"))
        assert iker.client().get(access_path(home, holder)).status_code == 404, "nothing of a child's to give back"
        assert ane.client().post(access_path(home, holder), {"end": "all"}).status_code == 303
        page = text(holder.client().get("/account/household/"))
        assert "The care is hidden from you now." in page and "You may see, pay and let others in." in page


def test_somebody_new_registers_without_a_number(home: Family, holder: MemberOf, box: Postbox) -> None:
    send(holder, home, rights_5="pay")
    one = Registrant()
    opened = one.client.get(link_of(mails(box)[0]))
    assert 'href="/register/?invited=1"' in opened.content.decode()
    assert one.client.get("/register/?invited=1")["Location"] == "/register/terms/"
    terms = text(one.client.get("/register/terms/"))
    assert say("en", "shell.step", n=1, all=6) in terms and "/register/facts/" not in terms
    one.terms()
    assert 'value="ona@example.org"' in one.client.get("/register/email/").content.decode()
    one.email("ona@example.org")
    one.code()
    who = one.client.get("/register/name/").content.decode()
    assert "Example Street" not in who and say("en", "register.name.lead_new") in who, "nothing of the account is told"
    one.name()
    one.secret()
    answer = one.paper()
    assert answer["Location"] == "/account/household/invitation/"
    assert "No bills are linked yet" in text(one.client.get("/account/household/"))
    assert "Iker: See and pay" in text(one.client.get("/account/household/invitation/"))
    one.client.post("/account/household/invitation/", {"yes": "1"})
    page = text(one.client.get("/account/household/"))
    assert "Iker (child)" in page and "Olmo" not in page


def test_somebody_new_with_a_short_password_comes_to_the_invitation_after_the_second_step(
    home: Family, holder: MemberOf, box: Postbox
) -> None:
    send(holder, home, rights="see")
    one = Registrant()
    one.client.get(link_of(mails(box)[0]))
    one.client.get("/register/?invited=1")
    one.terms()
    one.email("ona@example.org")
    one.code()
    one.name()
    one.secret("otters swim")
    answer = one.paper()
    assert answer["Location"] == "/sign-in/second/?next=%2Faccount%2Fhousehold%2Finvitation%2F"
    assert 'value="/account/household/invitation/"' in one.client.get(answer["Location"]).content.decode()


def test_a_private_visit_stays_closed_to_who_knows_the_guarantors_facts(home: Family) -> None:
    other = a_family("private", private=("Olmo",))
    for name, there in (("Olmo", "amount"), ("Iker", "bill")):
        link = links.bill_link(other.account_id, other.bills[name], 1, "en", "UTC").url
        visitor = Client(SERVER_NAME="127.0.0.1")
        path = link.removeprefix(settings.CARETILL_PUBLIC_URL)
        answer = visitor.post(path, {"last_name": "Solano", "zip": "97201"})
        assert answer["Location"].endswith(f"/{there}")
        page = text(visitor.get(answer["Location"]))
        assert "$100.00" in page and ("Dr. Sol Ensayo" in page or "Ear check" in page) is False
        for paper in ("bill", "bill.pdf"):
            status = visitor.get(answer["Location"].rpartition("/")[0] + f"/{paper}").status_code
            assert status == (200 if name == "Iker" else 404)


def test_registering_without_a_number_needs_an_invitation(home: Family, holder: MemberOf, box: Postbox) -> None:
    one = Registrant()
    assert one.client.get("/register/?invited=1").status_code == 200
    assert one.client.get("/register/terms/")["Location"] == "/register/"
    send(holder, home, rights="see")
    one.client.get(link_of(mails(box)[0]))
    holder.client().post(f"/account/household/{home.account_id}/invite/{waiting_id()}/end/")
    assert one.client.get("/register/?invited=1").status_code == 200
    assert one.client.get("/register/terms/")["Location"] == "/register/"


def waiting_id() -> str:
    row = sql.one("SELECT id FROM people_invite")
    assert row is not None
    return str(row["id"])


def test_in_spanish(home: Family, holder: MemberOf) -> None:
    grant(a_member(None, email="ona@example.org").login_id, home.account_id, "pay", home.people["Iker"])
    browser = holder.client()
    for path in ("/account/household/", invite_path(home)):
        page = browser.get(path, {"lang": "es"})
        assert 'lang="es"' in page.content.decode()
    assert "Iker: Ver y pagar" in text(browser.get("/account/household/"))
