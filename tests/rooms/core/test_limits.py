"""A place is taken before the work it stands for, and given back at most once."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from caretill.core import clock, limits
from caretill.core.limits import Limit
from house.desk import at_once

AT = datetime(2026, 11, 22, 18, 59, 59, tzinfo=UTC)
WIDE, NARROW = Limit("wide", "a", 3, 3600), Limit("narrow", "b", 2, 60)
KEY, OTHER = Limit("key", "one", 1, 3600), Limit("key", "other", 1, 3600)


def counts() -> list[int]:
    return limits.counts([WIDE, NARROW])


def test_a_full_limit_is_named_and_nothing_is_counted(db: None) -> None:
    with clock.fixed(AT) as time:
        assert [limits.enter([WIDE, NARROW]).allowed for _ in range(2)] == [True, True]
        refused = limits.enter([WIDE, NARROW])
        assert (refused.allowed, refused.name, refused.retry_after) == (False, "narrow", 1)
        assert counts() == [2, 2]
        assert limits.enter([WIDE]).allowed
        assert limits.enter([WIDE, NARROW]).name == "wide", "the first of them in the order given"
        time.advance(seconds=1)
        assert limits.enter([WIDE, NARROW]).allowed


def test_no_place_at_all(db: None) -> None:
    assert limits.enter([Limit("none", "", 0, 60)]).name == "none"


def test_one_key_holds_one_place_however_often_it_enters(db: None) -> None:
    with clock.fixed(AT):
        assert all(limits.enter([WIDE, NARROW], KEY).allowed for _ in range(9))
        assert counts() == [1, 1]
        assert limits.enter([WIDE, NARROW], OTHER).allowed and counts() == [2, 2]
        assert not limits.enter([NARROW]).allowed and limits.enter([WIDE, NARROW], KEY).allowed


def test_a_key_holds_only_what_it_took(db: None) -> None:
    """The same form from another network: the last to leave gives back what was taken there."""
    with clock.fixed(AT):
        home, away = limits.enter([WIDE], KEY), limits.enter([WIDE, NARROW], KEY)
        assert counts() == [2, 1]
        home.leave()
        assert counts() == [1, 1]
        limits.enter([NARROW], OTHER)
        away.leave()
        assert counts() == [0, 1]


def test_a_place_is_free_when_the_last_under_its_key_leaves_it(db: None) -> None:
    with clock.fixed(AT):
        first, second = (limits.enter([WIDE, NARROW], KEY) for _ in range(2))
        first.leave()
        assert counts() == [1, 1], "the other one may have begun with it"
        second.leave()
        assert counts() == [0, 0]
        second.leave()
        assert counts() == [0, 0]
        assert limits.enter([WIDE, NARROW], KEY).allowed and counts() == [1, 1], "it is taken anew"


def test_who_was_refused_has_nothing_to_give_back(db: None) -> None:
    with clock.fixed(AT):
        held = [limits.enter([NARROW], Limit("key", str(at), 1, 3600)) for at in range(2)]
        refused = limits.enter([WIDE, NARROW], KEY)
        refused.leave()
        assert not refused.allowed and counts() == [0, 2]
        held[0].leave()
        assert limits.enter([WIDE, NARROW], KEY).allowed, "a refusal leaves no key behind"
        assert counts() == [1, 2]


def test_what_is_given_back_late_makes_no_room_in_the_next_window(db: None) -> None:
    with clock.fixed(AT) as time:
        place = limits.enter([WIDE, NARROW], KEY)
        limits.take([WIDE])
        time.advance(seconds=1)
        limits.take([NARROW], -1)
        assert limits.enter([WIDE, NARROW], OTHER).allowed
        place.leave()
        assert counts() == [1, 1]


def test_a_crowd_gets_as_many_places_as_there_are(db: None) -> None:
    """Many buckets in either order: nobody waits for each other."""
    most = [Limit("crowd", str(at), 7, 3600) for at in range(5)]
    asks = [partial(limits.enter, most if turn % 2 else most[::-1]) for turn in range(20)]
    assert sum(place.allowed for place in at_once(asks)) == 7
    assert limits.counts(most) == [7] * 5


def test_a_crowd_under_one_key_is_let_in_by_the_last_place(db: None) -> None:
    limits.take([NARROW])
    places = at_once([partial(limits.enter, [WIDE, NARROW], KEY)] * 20)
    assert all(place.allowed for place in places) and counts() == [1, 2]
    at_once([place.leave for place in places])
    assert counts() == [0, 1]
