"""What a login wants to hear of, by which channel, and when."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from caretill.core import sql
from caretill.people import profile, topics
from house.member import a_login


@pytest.mark.usefixtures("db")
def test_the_default_is_email_alone() -> None:
    wishes = topics.wishes(a_login())
    assert {pair for pair, wanted in wishes.items() if wanted} == {(topic, "email") for topic in topics.TOPICS}


@pytest.mark.usefixtures("db")
def test_a_choice_is_kept_and_security_mail_stays() -> None:
    login_id = a_login()
    topics.choose(
        login_id, {("bill_ready", "email"): False, ("bill_ready", "text"): True, ("security", "email"): False}
    )
    wishes = topics.wishes(login_id)
    assert not wishes["bill_ready", "email"] and wishes["bill_ready", "text"] and wishes["security", "email"]
    assert not topics.stop(login_id, "security", "email") and not topics.stop(login_id, "weather", "email")
    assert topics.stop(login_id, "bill_ready", "text") and not topics.wishes(login_id)["bill_ready", "text"]


@pytest.mark.usefixtures("db")
def test_what_there_is_none_of_cannot_be_chosen() -> None:
    login_id = a_login()
    with pytest.raises(ValueError, match="weather"):
        topics.choose(login_id, {("weather", "email"): True})
    assert sql.query("SELECT 1 FROM people_topic") == []


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("words", ["STOP", " stop. ", "Opt Out", "alto", "UNSUBSCRIBE", "Cancelar"])
def test_stop_turns_off_all_texts_of_the_number_at_once(words: str) -> None:
    mine, other = a_login(), a_login("other@example.org")
    for login_id, phone in ((mine, "503-555-0100"), (other, "503-555-0199")):
        profile.change(login_id, "phone", {"phone": phone})
        topics.choose(login_id, {(topic, "text"): True for topic in topics.TOPICS})
    assert topics.text_came("+1 (503) 555-0100", words) == 1
    assert not any(wanted for (_, channel), wanted in topics.wishes(mine).items() if channel == "text")
    assert all(wanted for (_, channel), wanted in topics.wishes(other).items() if channel == "text")
    assert topics.wishes(mine)["bill_ready", "email"]


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(("phone", "words"), [("+15035550100", "thank you"), ("", "STOP"), ("555-0100", "STOP")])
def test_other_words_and_numbers_stop_nothing(phone: str, words: str) -> None:
    profile.change(a_login(), "phone", {"phone": "503-555-0100"})
    assert topics.text_came(phone, words) == 0


@pytest.mark.parametrize(
    ("region", "quiet", "channel", "at", "leaves"),
    [
        ("oregon", None, "email", (22, 6), (22, 6)),  # no quiet time of their own: mail makes no noise
        ("oregon", (21, 8), "email", (22, 6), (22, 16)),  # 10 p.m. there: at 8 a.m.
        ("oregon", (21, 8), "email", (22, 12), (22, 16)),  # 4 a.m.
        ("oregon", (21, 8), "email", (22, 16), (22, 16)),  # 8 a.m. sharp: over
        ("oregon", (13, 15), "email", (22, 22), (22, 23)),  # in the day
        ("oregon", None, "text", (22, 6), (22, 16)),  # a telephone rests at night
        ("oregon", None, "push", (22, 20), (22, 20)),
        ("hawaii", (21, 8), "email", (22, 9), (22, 18)),  # 11 p.m. there
    ],
)
def test_a_quiet_time_ends_on_the_clocks_of_the_region(
    region: str, quiet: tuple[int, int] | None, channel: str, at: tuple[int, int], leaves: tuple[int, int]
) -> None:
    def moment(when: tuple[int, int]) -> datetime:
        return datetime(2026, 11, when[0], when[1], tzinfo=UTC)

    assert topics.due(region, quiet, channel, moment(at)) == moment(leaves)


def test_the_night_in_which_clocks_change_ends_at_the_same_hour() -> None:
    """31 October 2026, 11 p.m. in Oregon is 6:00 UTC; 8 a.m. is 16:00 UTC, an hour later than the day before."""
    assert topics.due("oregon", (21, 8), "email", datetime(2026, 11, 1, 6, tzinfo=UTC)) == datetime(
        2026, 11, 1, 16, tzinfo=UTC
    )
