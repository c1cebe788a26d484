"""`caretill export accounts`: what members changed, told in order, safe to repeat."""

from __future__ import annotations

import argparse
import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from caretill.cli import export
from caretill.cli.frame import USAGE, Answer, Refused
from caretill.core import clock
from caretill.people import profile
from house import cast
from house.member import a_member, grant

pytestmark = pytest.mark.usefixtures("db")

NOON = datetime(2026, 11, 22, 20, tzinfo=UTC)


def command(*words: str) -> Answer:
    parser = argparse.ArgumentParser()
    export.arguments(parser)
    answer: Answer = export.run(parser.parse_args(words))
    return answer


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_changes_are_told_in_order_with_the_numbers_of_their_accounts(tmp_path: Path) -> None:
    out = tmp_path / "changes.csv"
    with clock.fixed(NOON) as time:
        bill, second = cast.a_bill(), cast.a_bill(family="2", region="hawaii")
        member = a_member(bill.account_id, email="pat@example.org")
        grant(member.login_id, second.account_id)
        a_member(None, email="other@example.org")
        made = profile.change(member.login_id, "email", {"email": "new@example.org"})
        profile.change(member.login_id, "quiet", {"quiet_from": 21, "quiet_to": 8})
        time.advance(minutes=5)
        profile.change(member.login_id, "name", {"first_name": "Ñ", "last_name": 'O"Brien, Núñez'})
        assert command("accounts", str(out)).figures["changes"] == 1, "the last one is too young to be told"
        time.advance(minutes=2)
        answer = command("accounts", str(out))
    assert (answer.figures["rows"], answer.figures["changes"]) == (4, 2)
    told = rows(out)
    assert [(row["region"], row["account_number"], row["field"]) for row in told] == [
        ("hawaii", second.account_number, "email"),
        ("oregon", bill.account_number, "email"),
        ("hawaii", second.account_number, "name"),
        ("oregon", bill.account_number, "name"),
    ]
    assert told[0]["change_id"] == str(made) and told[0]["changed_at"] == "2026-11-22T20:00:00.000000Z"
    assert json.loads(told[0]["old"]) == {"email": "pat@example.org"}
    assert json.loads(told[3]["new"]) == {"first_name": "Ñ", "last_name": 'O"Brien, Núñez'}
    assert answer.figures["last"] == told[3]["change_id"]


def test_again_makes_the_same_bytes_and_after_a_change_comes_the_rest(tmp_path: Path) -> None:
    whole, again, rest = (tmp_path / name for name in ("a.csv", "b.csv", "c.csv"))
    with clock.fixed(NOON) as time:
        member = a_member(cast.a_bill().account_id)
        first = profile.change(member.login_id, "email", {"email": "new@example.org"})
        time.advance(minutes=5)
        assert first is not None and profile.undo(member.login_id, first)
        time.advance(minutes=5)
        command("accounts", str(whole))
        command("accounts", str(again))
        command("accounts", str(rest), "--after", str(first))
        assert whole.read_bytes() == again.read_bytes()
        assert [json.loads(row["new"])["email"] for row in rows(whole)] == ["new@example.org", "juana@example.org"]
        assert rows(rest) == rows(whole)[1:]
        last = rows(rest)[0]["change_id"]
        assert command("accounts", str(rest), "--after", last).figures == {
            "path": str(rest),
            "rows": 0,
            "changes": 0,
            "last": last,
        }


def test_who_may_only_see_or_pay_tells_nothing_of_an_account(tmp_path: Path) -> None:
    with clock.fixed(NOON) as time:
        member = a_member(cast.a_bill().account_id, "pay")
        profile.change(member.login_id, "phone", {"phone": "503-555-0100"})
        time.advance(minutes=5)
        assert command("accounts", str(tmp_path / "a.csv")).figures["rows"] == 0


@pytest.mark.parametrize(
    ("words", "says", "code"),
    [
        (["accounts"], "needs a path", USAGE),
        (["csv", "x", "--after", "01a00000-0000-7000-8000-000000000000"], "--after is for accounts", USAGE),
        (["accounts", "x.csv", "--after", "01a00000-0000-7000-8000-000000000000"], "there is no change", None),
        (["accounts", "no/such/folder/x.csv"], "cannot write", None),
    ],
)
def test_export_accounts_refuses(
    words: list[str], says: str, code: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Refused, match=says) as refused:
        command(*words)
    assert code is None or refused.value.code == code
    assert list(tmp_path.iterdir()) == []
