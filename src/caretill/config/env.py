"""The environment, read once and typed. A bad value stops the start and says which variable, and what it should be."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from caretill import ROOT
from caretill.config import keys

SETTINGS = {
    "CARETILL_DATA": "folder of the embedded database and all else that is written (.caretill beside the script)",
    "CARETILL_DATABASE_URL": "your own PostgreSQL, 15 or newer; unset, the embedded one runs",
    "CARETILL_OWNER_DATABASE_URL": "the login that owns the tables, for `migrate`; the other then only runs the app",
    "CARETILL_ORGANISATION": "folder of the organisation's files (organisation/ beside the script)",
    "CARETILL_SECRET_KEY": "seals links and cookies, 32 characters or more (embedded: made once)",
    "CARETILL_BLIND_KEY": "hides the numbers on paper in the database; never change it (embedded: made once)",
    "CARETILL_SEAL_KEYS": "seal bank accounts: keys of 32 characters, the first seals (embedded: made once)",
    "CARETILL_PROCESSOR_URL": "address of the payment processor",
    "CARETILL_PROCESSOR_KEY": "the key the processor knows us by (embedded: made once)",
    "CARETILL_PROCESSOR_CALLBACK_SECRET": "signs the processor's callbacks (embedded: made once)",
    "CARETILL_PUBLIC_URL": "the address payers see",
    "CARETILL_SMTP_URL": "the mail server, smtp://user:password@host:587",
    "CARETILL_MAIL_FROM": "the sender of letters",
    "CARETILL_TEXTS": "who carries texts: off, or mailbox, which shows them as mails (off)",
    "CARETILL_PUSH": "who carries pushes: off, or mailbox, which shows them as mails (off)",
    "CARETILL_TRUSTED_PROXIES": "how many proxies of yours stand before the web server and add X-Forwarded-For (0)",
    "CARETILL_DEBUG": "yes shows faults with their code; never where real bills are",
    "CARETILL_POSTGRES_HOME": "a folder with bin/postgres, instead of the one that comes along",
}
SHORTEST_KEY = 32  # characters
NAMES = tuple(SETTINGS)
# These hold a secret, so each may also come from a file: NAME_FILE.
SECRET = (
    "CARETILL_DATABASE_URL",
    "CARETILL_OWNER_DATABASE_URL",
    "CARETILL_SECRET_KEY",
    "CARETILL_BLIND_KEY",
    "CARETILL_SEAL_KEYS",
    "CARETILL_PROCESSOR_KEY",
    "CARETILL_PROCESSOR_CALLBACK_SECRET",
    "CARETILL_SMTP_URL",
)
ALL_NAMES = frozenset(NAMES) | {f"{name}_FILE" for name in SECRET}


class BadEnvironment(ValueError):
    """`variable` does not hold what it must; `expected` says what that is. The value itself is never shown."""

    def __init__(self, variable: str, expected: str) -> None:
        super().__init__(f"{variable}: {expected}")
        self.variable = variable
        self.expected = expected


@dataclass(frozen=True)
class Environment:
    """What an installation is told from outside."""

    data: Path
    database_url: str | None
    owner_database_url: str | None
    organisation: Path
    secret_key: str
    blind_key: str
    seal_keys: str
    seal_keys_file: Path | None
    processor_url: str
    processor_key: str
    processor_callback_secret: str
    public_url: str
    smtp_url: str | None
    mail_from: str
    texts: str
    push: str
    trusted_proxies: int
    debug: bool
    postgres_home: Path | None

    @property
    def embedded(self) -> bool:
        """Whether Caretill runs its own PostgreSQL in the data directory."""
        return self.database_url is None


@dataclass(frozen=True)
class Where:
    """Which installation is meant: what can be told before anything of it is read or made."""

    data: Path
    own_server: bool
    postgres_home: Path | None


def where(environ: Mapping[str, str] | None = None) -> Where:
    """The installation that the environment names; makes no secret and no folder. Raises BadEnvironment."""
    given = os.environ if environ is None else environ
    _refuse_misspelt(given)
    own = _database(given, "CARETILL_DATABASE_URL") is not None
    data = _folder(given, "CARETILL_DATA", ROOT / ".caretill")
    return Where(data, own, _postgres_home(given, "CARETILL_POSTGRES_HOME"))


def given(name: str, environ: Mapping[str, str] | None = None) -> str | None:
    """What the environment, or the file that it names, says for one setting; None when it says nothing."""
    return _text(os.environ if environ is None else environ, name)


def read(environ: Mapping[str, str] | None = None) -> Environment:
    """The environment as one value. Raises BadEnvironment at the first variable that is wrong."""
    given = os.environ if environ is None else environ
    _refuse_misspelt(given)
    data = _folder(given, "CARETILL_DATA", ROOT / ".caretill")
    database_url = _database(given, "CARETILL_DATABASE_URL")
    owner_url = _database(given, "CARETILL_OWNER_DATABASE_URL")
    if owner_url and not database_url:
        raise BadEnvironment("CARETILL_OWNER_DATABASE_URL", "needs CARETILL_DATABASE_URL, the app's login, beside it")
    if owner_url and database_url and urlsplit(owner_url).username == urlsplit(database_url).username:
        raise BadEnvironment("CARETILL_DATABASE_URL", "must log in as another role than CARETILL_OWNER_DATABASE_URL")
    organisation = _folder(given, "CARETILL_ORGANISATION", ROOT / "organisation")
    if "CARETILL_ORGANISATION" in given and not organisation.is_dir():
        raise BadEnvironment("CARETILL_ORGANISATION", "a folder with organisation.toml and regions/")
    made_here = data if database_url is None else None
    return Environment(
        data=data,
        database_url=database_url,
        owner_database_url=owner_url,
        organisation=organisation,
        secret_key=_secret(given, "CARETILL_SECRET_KEY", made_here, shortest=32),
        blind_key=_secret(given, "CARETILL_BLIND_KEY", made_here, shortest=32),
        seal_keys=_seal_keys(given, made_here),
        seal_keys_file=_seal_keys_file(given, made_here),
        processor_url=_address(given, "CARETILL_PROCESSOR_URL", "http://127.0.0.1:8001"),
        processor_key=_secret(given, "CARETILL_PROCESSOR_KEY", made_here),
        processor_callback_secret=_secret(given, "CARETILL_PROCESSOR_CALLBACK_SECRET", made_here),
        public_url=_address(given, "CARETILL_PUBLIC_URL", "http://127.0.0.1:8000"),
        smtp_url=_smtp(given, "CARETILL_SMTP_URL"),
        mail_from=_mail(given, "CARETILL_MAIL_FROM", "billing@example.org"),
        texts=_carrier(given, "CARETILL_TEXTS"),
        push=_carrier(given, "CARETILL_PUSH"),
        trusted_proxies=_whole(given, "CARETILL_TRUSTED_PROXIES", 0, most=9),
        debug=_yes_no(given, "CARETILL_DEBUG", False),
        postgres_home=_postgres_home(given, "CARETILL_POSTGRES_HOME"),
    )


def _refuse_misspelt(given: Mapping[str, str]) -> None:
    """A misspelt name would otherwise be a setting that silently does nothing."""
    for name in sorted(given):
        if name.startswith("CARETILL_") and name not in ALL_NAMES:
            meant = difflib.get_close_matches(name, ALL_NAMES, n=1, cutoff=0.9)
            if meant:
                raise BadEnvironment(name, f"no such setting; did you mean {meant[0]}?")


def _text(given: Mapping[str, str], name: str) -> str | None:
    """The value of NAME, or the content of the file that NAME_FILE names; None when neither is set."""
    value = given.get(name, "").strip()
    path = given.get(f"{name}_FILE", "").strip() if name in SECRET else ""
    if value and path:
        raise BadEnvironment(f"{name}_FILE", f"set either {name} or {name}_FILE, not both")
    if not path:
        return value or None
    try:
        content = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadEnvironment(f"{name}_FILE", f"a readable text file ({type(error).__name__})") from None
    if not content:
        raise BadEnvironment(f"{name}_FILE", "a file that is not empty")
    return content


def _folder(given: Mapping[str, str], name: str, default: Path) -> Path:
    path = Path(_text(given, name) or default).expanduser().resolve()
    if path.exists() and not path.is_dir():
        raise BadEnvironment(name, "a folder, and this is a file")
    return path


def _secret(given: Mapping[str, str], name: str, made_in: Path | None, shortest: int = 1) -> str:
    value = _text(given, name)
    if value is None and made_in is not None:
        return keys.kept(made_in, name.removeprefix("CARETILL_").lower())
    if value is None:
        raise BadEnvironment(name, f"must be set (or {name}_FILE) when CARETILL_DATABASE_URL names your own server")
    if len(value) < shortest:
        raise BadEnvironment(name, f"at least {shortest} characters")
    return value


def _seal_keys(given: Mapping[str, str], made_in: Path | None) -> str:
    """Keys with blanks or line ends between them, so that one more is one more line of the file."""
    ring = _secret(given, "CARETILL_SEAL_KEYS", made_in).split()
    if any(len(key) < SHORTEST_KEY or not key.isascii() for key in ring) or len(set(ring)) != len(ring):
        raise BadEnvironment("CARETILL_SEAL_KEYS", f"different keys of at least {SHORTEST_KEY} plain characters each")
    return " ".join(ring)


def _seal_keys_file(given: Mapping[str, str], made_in: Path | None) -> Path | None:
    """Where the ring is kept; None where the environment itself holds it."""
    if given.get("CARETILL_SEAL_KEYS", "").strip():
        return None
    named = given.get("CARETILL_SEAL_KEYS_FILE", "").strip()
    if named:
        return Path(named).expanduser().resolve()
    return made_in / "secrets" / "seal_keys" if made_in else None


def _split(name: str, value: str, expected: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise BadEnvironment(name, expected) from None
    return parts


def _address(given: Mapping[str, str], name: str, default: str) -> str:
    expected = "an address such as https://pay.example.org, without a path"
    value = (_text(given, name) or default).rstrip("/")
    parts = _split(name, value, expected)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query or parts.fragment:
        raise BadEnvironment(name, expected)
    return value


def _database(given: Mapping[str, str], name: str) -> str | None:
    expected = "a database address such as postgresql://user:password@host:5432/name"
    value = _text(given, name)
    if value is None:
        return None
    parts = _split(name, value, expected)
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/") or not parts.username:
        raise BadEnvironment(name, expected)
    return value


def _smtp(given: Mapping[str, str], name: str) -> str | None:
    expected = "a mail server such as smtp://user:password@host:587 or smtps://host:465"
    value = _text(given, name)
    if value is None:
        return None
    parts = _split(name, value, expected)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise BadEnvironment(name, expected)
    return value


def _mail(given: Mapping[str, str], name: str, default: str) -> str:
    value = _text(given, name) or default
    address = parseaddr(value)[1]
    if "@" not in address.strip("@") or any(character in value for character in "\r\n"):
        raise BadEnvironment(name, "an email address such as billing@example.org")
    return value


def _yes_no(given: Mapping[str, str], name: str, default: bool) -> bool:
    value = (_text(given, name) or "").lower()
    if value == "":
        return default
    if value in ("1", "yes", "true", "on"):
        return True
    if value in ("0", "no", "false", "off"):
        return False
    raise BadEnvironment(name, "yes or no")


def _carrier(given: Mapping[str, str], name: str) -> str:
    """Empty where there is none."""
    value = (_text(given, name) or "off").lower()
    if value not in ("off", "mailbox"):
        raise BadEnvironment(name, "off or mailbox")
    return "" if value == "off" else value


def _whole(given: Mapping[str, str], name: str, default: int, most: int) -> int:
    value = _text(given, name) or str(default)
    if not (value.isascii() and value.isdecimal() and len(value) < 10 and int(value) <= most):
        raise BadEnvironment(name, f"a whole number from 0 to {most}")
    return int(value)


def _postgres_home(given: Mapping[str, str], name: str) -> Path | None:
    value = _text(given, name)
    if value is None:
        return None
    path = Path(value).expanduser().resolve()
    if not (path / "bin" / "postgres").exists():
        raise BadEnvironment(name, "a folder with bin/postgres in it")
    return path
