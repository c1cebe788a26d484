"""The environment: defaults, every kind of bad value by name, secrets from files and made once."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from caretill.cli import frame
from caretill.config import env, keys

OWN = {
    "CARETILL_DATABASE_URL": "postgresql://owner:word@db.example.org:5433/clinic?sslmode=require",
    "CARETILL_SECRET_KEY": "s" * 32,
    "CARETILL_BLIND_KEY": "b" * 32,
    "CARETILL_SEAL_KEYS": "k" * 32,
    "CARETILL_PROCESSOR_KEY": "key",
    "CARETILL_PROCESSOR_CALLBACK_SECRET": "secret",
}


def test_nothing_set_is_the_embedded_database_with_keys_made_once(tmp_path: Path) -> None:
    given = {"CARETILL_DATA": str(tmp_path / "data")}
    first = env.read(given)
    assert first.embedded
    assert first.public_url == "http://127.0.0.1:8000"
    assert len(first.secret_key) >= 32
    assert first.secret_key != first.blind_key
    assert env.read(given) == first
    secrets = list((tmp_path / "data" / "secrets").iterdir())
    assert len(secrets) == 5
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in secrets)


def test_own_server_needs_its_secrets_said(tmp_path: Path) -> None:
    assert not env.read({**OWN, "CARETILL_DATA": str(tmp_path)}).embedded
    for name in OWN:
        if name != "CARETILL_DATABASE_URL":
            with pytest.raises(env.BadEnvironment) as raised:
                env.read({key: value for key, value in OWN.items() if key != name})
            assert raised.value.variable == name
    assert not (tmp_path / "secrets").exists()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("CARETILL_DATABASE_URL", "mysql://me@db/clinic", "postgresql://"),
        ("CARETILL_DATABASE_URL", "postgresql://db/clinic", "postgresql://"),
        ("CARETILL_DATABASE_URL", "postgresql://me@db", "postgresql://"),
        ("CARETILL_DATABASE_URL", "postgresql://me@db:port/clinic", "postgresql://"),
        ("CARETILL_OWNER_DATABASE_URL", "postgresql://owner@db.example.org/clinic", "another role"),
        ("CARETILL_PUBLIC_URL", "pay.example.org", "https://"),
        ("CARETILL_PUBLIC_URL", "https://pay.example.org/bills", "without a path"),
        ("CARETILL_PUBLIC_URL", "https://pay.example.org:99999", "https://"),
        ("CARETILL_PROCESSOR_URL", "ftp://pay.example.org", "https://"),
        ("CARETILL_SMTP_URL", "mail.example.org:25", "smtp://"),
        ("CARETILL_MAIL_FROM", "billing", "email address"),
        ("CARETILL_MAIL_FROM", "billing@example.org\nBcc: you@example.org", "email address"),
        ("CARETILL_TEXTS", "pigeon", "off or mailbox"),
        ("CARETILL_DEBUG", "maybe", "yes or no"),
        ("CARETILL_TRUSTED_PROXIES", "-1", "0 to 9"),
        ("CARETILL_TRUSTED_PROXIES", "10", "0 to 9"),
        ("CARETILL_TRUSTED_PROXIES", "one", "0 to 9"),
        ("CARETILL_ORGANISATION", "/nowhere/at/all", "regions/"),
        ("CARETILL_POSTGRES_HOME", "/nowhere/at/all", "bin/postgres"),
        ("CARETILL_SECRET_KEY", "short", "32 characters"),
        ("CARETILL_SECRET_KEY_FILE", "/nowhere/at/all", "readable"),
        ("CARETILL_DATABASEURL", "postgresql://me@db/clinic", "did you mean CARETILL_DATABASE_URL"),
    ],
)
def test_bad_value_is_named_with_what_is_expected(tmp_path: Path, name: str, value: str, expected: str) -> None:
    given = {**OWN, "CARETILL_DATA": str(tmp_path), name: value}
    if name.endswith("_FILE"):
        del given[name.removesuffix("_FILE")]
    with pytest.raises(env.BadEnvironment) as raised:
        env.read(given)
    assert raised.value.variable.startswith("CARETILL_DATABASE" if "another role" in expected else name)
    assert expected in str(raised.value)


@pytest.mark.parametrize("value", ["mysql://me:sesame@db/clinic", "postgresql://me:sesame@db:sesame/clinic"])
def test_bad_value_is_never_shown(tmp_path: Path, value: str) -> None:
    with pytest.raises(env.BadEnvironment) as raised:
        env.read({**OWN, "CARETILL_DATA": str(tmp_path), "CARETILL_DATABASE_URL": value})
    assert "sesame" not in str(raised.value)


def test_data_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(env.BadEnvironment, match="CARETILL_DATA: a folder"):
        env.read({"CARETILL_DATA": str(tmp_path / "data")})


def test_owner_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(env.BadEnvironment, match="CARETILL_OWNER_DATABASE_URL: needs"):
        env.read({"CARETILL_OWNER_DATABASE_URL": OWN["CARETILL_DATABASE_URL"], "CARETILL_DATA": str(tmp_path)})


def test_secret_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("f" * 40 + "\n")
    given = {**OWN, "CARETILL_SECRET_KEY_FILE": str(file)}
    with pytest.raises(env.BadEnvironment, match="not both"):
        env.read(given)
    del given["CARETILL_SECRET_KEY"]
    assert env.read(given).secret_key == "f" * 40
    file.write_text("  \n")
    with pytest.raises(env.BadEnvironment, match="not empty"):
        env.read(given)


def test_kept_secret_is_the_same_for_who_comes_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = keys.kept(tmp_path, "name")
    # The second looked before the first had written: its own draft must lose.
    monkeypatch.setattr(Path, "exists", lambda path: path.name != "name")
    assert keys.kept(tmp_path, "name") == first
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["name"]


def test_every_setting_is_in_the_help() -> None:
    assert [name for name in env.NAMES if name not in frame.overview()] == []
