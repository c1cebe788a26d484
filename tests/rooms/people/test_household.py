"""Who may see, pay and manage for whom: given, changed, taken back, and never more than one holds."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from caretill.core import clock, sql, tokens
from caretill.core.clock import FixedClock
from caretill.people import family as reading
from caretill.people import household
from caretill.people.viewer import NOBODY, Hidden, Level, Viewer
from house.desk import at_once
from house.family import Family, a_family
from house.member import a_login, a_member, grant

NOON = datetime(2026, 11, 22, 20, tzinfo=UTC)
BIRTHDAY = datetime(2027, 1, 22, 8, tzinfo=UTC)  # midnight in Oregon


@pytest.fixture(autouse=True)
def time(db: None) -> Iterator[FixedClock]:
    with clock.fixed(NOON) as fixed:
        yield fixed


@pytest.fixture
def home(time: FixedClock) -> Family:
    return a_family()


def login(family: Family, level: str = "", name: str = "", email: str = "") -> UUID:
    """A login with that right for a person, or for everybody."""
    login_id = a_login(email or f"{uuid4().hex[:10]}@example.org")
    if level:
        grant(login_id, family.account_id, level, family.people[name] if name else NOBODY)
    return login_id


def invited(family: Family, giver: UUID, rights: dict[str, Level], email: str = "ona@example.org") -> str:
    """The token of an invitation. Rights by first name, or "" for everybody."""
    wishes = {family.people[name] if name else NOBODY: level for name, level in rights.items()}
    household.invite(household.viewer_of(giver), family.account_id, email, wishes)
    return token()


def token() -> str:
    """What the last invitation's mail will hold."""
    row = sql.one("SELECT body FROM core_outbox WHERE topic = 'invite' ORDER BY id DESC LIMIT 1")
    assert row is not None
    return str(tokens.unseal("invite", sql.answer(row["body"])["sealed"])["token"])


def told() -> list[tuple[str, UUID, dict[str, Any]]]:
    """Mails about access that wait, without the invitations themselves."""
    rows = sql.query("SELECT topic, account_id, body FROM core_outbox WHERE topic <> 'invite' ORDER BY id")
    return [(row["topic"], row["account_id"], sql.answer(row["body"])) for row in rows]


def level(viewer: Viewer, family: Family, name: str) -> str | None:
    reach = viewer.reach(family.account_id)
    return reach.level(family.people[name]) if reach else None


def test_who_takes_an_invitation_sees_exactly_what_was_given(home: Family) -> None:
    giver, taker = login(home, "holder"), login(home)
    household.take(taker, invited(home, giver, {"Iker": "pay", "Olmo": "see"}))
    viewer = household.viewer_of(taker)
    assert {name: level(viewer, home, name) for name in home.people} == {
        "Juana": None, "Olmo": "see", "Ane": None, "Iker": "pay"}  # fmt: skip
    (seen,) = reading.read(viewer)
    assert [each.first_name for each in seen.people] == ["Olmo", "Iker"]
    assert [each.login_id for each in seen.shares] == [taker]
    assert seen.invites == ()
    assert told() == [("invite_taken", giver, {})]


def test_everybody_is_everybody(home: Family) -> None:
    giver, taker = login(home, "holder"), login(home)
    household.take(taker, invited(home, giver, {"": "pay"}))
    viewer = household.viewer_of(taker)
    assert {level(viewer, home, name) for name in home.people} == {"pay"}
    assert not viewer.allows("manage", home.account_id, home.people["Iker"])


def test_a_link_works_once(home: Family) -> None:
    giver = login(home, "holder")
    link = invited(home, giver, {"": "see"})
    household.take(login(home), link)
    with pytest.raises(household.Gone):
        household.take(login(home), link)
    with pytest.raises(household.Gone):
        household.offer(link)


def test_two_people_open_a_link_at_once(home: Family) -> None:
    link, takers = invited(home, login(home, "holder"), {"": "see"}), [login(home), login(home)]

    def take(taker: UUID) -> bool:
        try:
            household.take(taker, link)
        except household.Gone:
            return False
        return True

    assert sorted(at_once([partial(take, taker) for taker in takers])) == [False, True]
    assert sorted(len(household.viewer_of(taker).reaches) for taker in takers) == [0, 1]


def test_giving_without_an_invitation_keeps_the_rule(home: Family) -> None:
    holder, helper, other = login(home, "holder"), login(home, "manage", "Iker"), login(home)
    with pytest.raises(Hidden):
        household.give(household.viewer_of(helper), home.account_id, other, {NOBODY: "see"})
    household.give(household.viewer_of(holder), home.account_id, other, {NOBODY: "see", home.people["Iker"]: None})
    assert level(household.viewer_of(other), home, "Olmo") == "see"


def test_a_link_works_for_fourteen_days(home: Family, time: FixedClock) -> None:
    link = invited(home, login(home, "holder"), {"": "see"})
    time.advance(days=14, seconds=-1)
    assert household.offer(link).rights == {NOBODY: "see"}
    time.advance(seconds=1)
    with pytest.raises(household.Gone):
        household.take(login(home), link)


def test_an_unknown_link_is_gone(home: Family) -> None:
    for link in ("", "x", "\u00fc" * 400):
        with pytest.raises(household.Gone):
            household.offer(link)


def test_nobody_takes_their_own_invitation(home: Family) -> None:
    giver = login(home, "holder")
    link = invited(home, giver, {"": "see"})
    with pytest.raises(household.OwnInvitation):
        household.take(giver, link)
    household.take(login(home), link)


def test_an_invitation_that_was_taken_back_or_declined_is_gone(home: Family) -> None:
    giver = household.viewer_of(login(home, "holder"))
    assert giver.login_id
    link = invited(home, giver.login_id, {"": "see"})
    (seen,) = reading.read(giver)
    household.end_invite(giver, home.account_id, seen.invites[0].id)
    with pytest.raises(household.Gone):
        household.take(login(home), link)
    link = invited(home, giver.login_id, {"": "see"})
    household.decline(link)
    with pytest.raises(household.Gone):
        household.take(login(home), link)
    assert reading.read(giver)[0].invites == ()


def test_a_second_invitation_to_an_address_replaces_the_first(home: Family) -> None:
    giver = login(home, "holder")
    first = invited(home, giver, {"": "pay"})
    second = invited(home, giver, {"Iker": "see"}, "ONA@example.org")
    with pytest.raises(household.Gone):
        household.take(login(home), first)
    assert household.offer(second).rights == {home.people["Iker"]: "see"}


def test_invitations_have_an_end(home: Family, time: FixedClock) -> None:
    giver = login(home, "holder")
    for number in range(household.MOST_A_DAY):
        invited(home, giver, {"": "see"}, f"a{number}@example.org")
    with pytest.raises(household.TooMany):
        invited(home, giver, {"": "see"}, "more@example.org")
    time.advance(days=15)
    invited(home, giver, {"": "see"}, "more@example.org")


def test_an_account_has_so_many_helpers_and_no_more(home: Family) -> None:
    """Those invited count too; who was taken back from does not."""
    giver = login(home, "holder")
    helpers = [login(home, "see") for _ in range(household.MOST_HELPERS - 1)]
    grant(helpers[0], home.account_id, "pay", home.people["Iker"])
    invited(home, giver, {"": "see"}, "last@example.org")
    with pytest.raises(household.Full):
        invited(home, giver, {"": "see"}, "more@example.org")
    invited(home, giver, {"": "see"}, "last@example.org")
    sql.execute("UPDATE people_access SET ended_at = %s WHERE login_id = %s", (clock.now(), helpers[0]))
    invited(home, giver, {"": "see"}, "more@example.org")


@pytest.mark.parametrize(("held", "name"), list(itertools.product(("see", "pay"), ("", "Iker"))))
def test_who_may_only_see_or_pay_gives_nothing(home: Family, held: str, name: str) -> None:
    viewer = household.viewer_of(login(home, held, name))
    with pytest.raises(Hidden):
        household.invite(viewer, home.account_id, "x@example.org", {home.people["Iker"]: "see"})
    with pytest.raises(Hidden):
        reading.one(viewer, home.account_id)


def test_who_manages_for_one_gives_for_that_one_alone(home: Family) -> None:
    helper = login(home, "manage", "Iker")
    invited(home, helper, {"Iker": "manage"})
    for rights in ({"": "see"}, {"Olmo": "see"}, {"Iker": "see", "Olmo": "see"}):
        with pytest.raises(Hidden):
            invited(home, helper, rights)  # type: ignore[arg-type]


def test_a_stranger_gives_nothing(home: Family) -> None:
    other = a_family("2")
    viewer = household.viewer_of(login(other, "holder"))
    for account_id in (home.account_id, uuid4()):
        with pytest.raises(Hidden):
            household.invite(viewer, account_id, "x@example.org", {NOBODY: "see"})
    with pytest.raises(Hidden):
        household.invite(viewer, other.account_id, "x@example.org", {home.people["Iker"]: "see"})


@pytest.mark.parametrize("wishes", [{}, {NOBODY: None}, {NOBODY: "holder"}, {NOBODY: "own"}])
def test_an_invitation_gives_something_that_there_is(home: Family, wishes: dict[UUID, Any]) -> None:
    with pytest.raises(Hidden):
        household.invite(household.viewer_of(login(home, "holder")), home.account_id, "x@example.org", wishes)


def test_an_invitation_gives_no_more_than_its_giver_holds_when_it_is_taken(home: Family) -> None:
    holder, helper = household.viewer_of(login(home, "holder")), login(home, "manage")
    link = invited(home, helper, {"Iker": "see", "Olmo": "see"})
    household.change(holder, home.account_id, helper, {NOBODY: None, home.people["Iker"]: "manage"})
    assert household.offer(link).rights == {home.people["Iker"]: "see"}
    household.change(holder, home.account_id, helper, {home.people["Iker"]: None})
    with pytest.raises(household.Gone):
        household.take(login(home), link)


def test_an_invitation_ends_with_the_childhood_that_its_giver_managed(home: Family, time: FixedClock) -> None:
    holder, helper = login(home, "holder"), login(home)
    household.take(helper, invited(home, holder, {"Ane": "manage"}))
    time.at = BIRTHDAY - timedelta(days=1)
    link = invited(home, helper, {"Ane": "see"}, "third@example.org")
    assert household.offer(link).rights == {home.people["Ane"]: "see"}
    time.at = BIRTHDAY
    with pytest.raises(household.Gone):
        household.take(login(home), link)


def test_an_offer_never_lowers_what_stands(home: Family) -> None:
    giver, taker = login(home, "holder"), login(home, "manage", "Iker")
    household.take(taker, invited(home, giver, {"Iker": "see", "Olmo": "see"}))
    viewer = household.viewer_of(taker)
    assert (level(viewer, home, "Iker"), level(viewer, home, "Olmo")) == ("manage", "see")


def test_taking_back_works_at_once_and_both_are_told(home: Family) -> None:
    holder = login(home, "holder")
    member = a_member(home.account_id, "pay", email="ona@example.org")
    assert member.session().viewer.allows("pay", home.account_id, home.people["Iker"])
    answer = household.change(household.viewer_of(holder), home.account_id, member.login_id, {NOBODY: None})
    assert answer == "ended"
    assert member.session().viewer.reaches == ()
    assert told() == [
        ("access_ended", member.login_id, {"to": "taker"}), ("access_ended", holder, {"to": "giver"})]  # fmt: skip
    with pytest.raises(Hidden):
        household.change(household.viewer_of(holder), home.account_id, member.login_id, {NOBODY: "see"})


def test_a_right_is_raised_and_lowered(home: Family) -> None:
    holder, other = household.viewer_of(login(home, "holder")), login(home, "see")
    for wish in ("manage", "pay"):
        assert household.change(holder, home.account_id, other, {NOBODY: wish}) == "changed"  # type: ignore[dict-item]
        assert level(household.viewer_of(other), home, "Olmo") == wish
    assert household.change(holder, home.account_id, other, {NOBODY: "pay"}) == "same"
    assert [each[0] for each in told()] == ["access_changed"] * 4


def test_the_guarantor_the_person_and_oneself_cannot_be_changed(home: Family) -> None:
    holder, own, helper = login(home, "holder"), login(home, "own", "Olmo"), login(home, "manage")
    for by, of, wishes in (
        (helper, holder, {NOBODY: "see"}),
        (holder, own, {home.people["Olmo"]: "see"}),
        (holder, holder, {NOBODY: "see"}),
        (helper, helper, {NOBODY: "see"}),
    ):
        with pytest.raises(Hidden):
            household.change(household.viewer_of(by), home.account_id, of, wishes)  # type: ignore[arg-type]
    assert household.change(household.viewer_of(holder), home.account_id, own, {home.people["Olmo"]: None}) == "same"
    assert level(household.viewer_of(own), home, "Olmo") == "manage"


def test_one_leaves(home: Family) -> None:
    giver, taker = login(home, "holder"), login(home)
    household.take(taker, invited(home, giver, {"": "manage"}))
    link = invited(home, taker, {"": "see"}, "third@example.org")
    household.leave(household.viewer_of(taker), home.account_id)
    assert household.viewer_of(taker).reaches == ()
    assert told()[1:] == [("access_ended", taker, {"to": "taker"}), ("access_ended", giver, {"to": "giver"})]
    with pytest.raises(household.Gone):
        household.take(login(home), link)
    for who in (giver, taker):
        with pytest.raises(Hidden):
            household.leave(household.viewer_of(who), home.account_id)


def opens(who: UUID, family: Family, name: str) -> bool:
    """Whether that login is shown the care of a person now."""
    (seen,) = reading.figures(household.viewer_of(who), (family.account_id,))
    return next((each.opens for each in seen.people if each.first_name == name), False)


def test_a_grown_child_leaves_the_view(home: Family, time: FixedClock) -> None:
    holder, other = login(home, "holder"), login(home)
    household.take(other, invited(home, holder, {"Ane": "manage"}))
    time.at = BIRTHDAY - timedelta(seconds=1)
    assert opens(holder, home, "Ane") and opens(other, home, "Ane")
    time.at = BIRTHDAY
    assert not opens(holder, home, "Ane")
    assert household.viewer_of(other).reaches == (), "what the guarantor gave for the child ends with the childhood"
    assert level(household.viewer_of(holder), home, "Ane") == "manage", "the guarantor still answers for what is owed"
    assert opens(holder, home, "Iker")


def test_the_guarantor_gives_nothing_away_of_a_grown_child(home: Family, time: FixedClock) -> None:
    time.at = BIRTHDAY
    holder, ane, partner = login(home, "holder"), login(home, "own", "Ane"), login(home)
    with pytest.raises(Hidden):
        invited(home, holder, {"Ane": "see"})
    household.take(partner, invited(home, ane, {"Ane": "see"}, "partner@example.org"))
    (seen,) = reading.read(household.viewer_of(holder))
    assert partner not in {each.login_id for each in seen.shares}
    with pytest.raises(Hidden):
        household.change(household.viewer_of(holder), home.account_id, partner, {home.people["Ane"]: None})
    assert opens(partner, home, "Ane")


def test_a_grown_child_lets_the_guarantor_see(home: Family, time: FixedClock) -> None:
    time.at = BIRTHDAY
    holder, ane = login(home, "holder"), login(home, "own", "Ane")
    household.take(holder, invited(home, ane, {"Ane": "see"}))
    assert opens(holder, home, "Ane")
    household.change(household.viewer_of(ane), home.account_id, holder, {home.people["Ane"]: None})
    assert not opens(holder, home, "Ane")


def test_what_a_child_gave_themself_stays(home: Family, time: FixedClock) -> None:
    ane, other = login(home, "own", "Ane"), login(home)
    household.take(other, invited(home, ane, {"Ane": "see"}))
    time.at = BIRTHDAY
    assert opens(other, home, "Ane")


def test_everybody_does_not_open_a_grown_child(home: Family, time: FixedClock) -> None:
    other = login(home, "manage")
    assert opens(other, home, "Ane")
    time.at = BIRTHDAY
    assert not opens(other, home, "Ane")


@pytest.mark.parametrize(("days", "said"), [(-32, False), (-31, True), (0, True), (31, True), (32, False)])
def test_the_birthday_is_said_a_month_before_and_after(home: Family, time: FixedClock, days: int, said: bool) -> None:
    time.at = BIRTHDAY + timedelta(days=days, hours=12)
    (seen,) = reading.read(household.viewer_of(login(home, "holder")))
    turning = {each.first_name: each.turning for each in seen.people}
    assert turning.pop("Ane") == (date(2027, 1, 22) if said else None)
    assert set(turning.values()) == {None}


def test_reads_are_logged(home: Family) -> None:
    viewer = household.viewer_of(login(home, "holder"))
    reading.read(viewer)
    rows = sql.query("SELECT viewer, what FROM core_read WHERE account_id = %s", (home.account_id,))
    assert rows == [{"viewer": viewer.name, "what": "household"}]
