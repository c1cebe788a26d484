"""A browser without JavaScript: cookies, forms as the page has them, redirects, and reload when nothing came."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import html5lib

MOST_HOPS = 10
CLOSE = "close"


class Broken(Exception):
    """The browser shows that the connection broke, or waited in vain. `again` is what F5 sends, None to start over."""

    def __init__(self, why: str, again: Request | None) -> None:
        super().__init__(why)
        self.again = again


@dataclass(frozen=True)
class Request:
    """What goes out; a form has fields."""

    method: str
    url: str
    fields: tuple[tuple[str, str], ...] | None = None
    body: bytes = b""
    kind: str = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Form:
    """A form as it stands on a page: where it goes, what is in it, and its buttons by (name, value, words)."""

    action: str
    method: str
    fields: tuple[tuple[str, str], ...]
    choices: tuple[tuple[str, str], ...]
    buttons: tuple[tuple[str, str, str], ...]
    id: str

    def filled(self, values: Mapping[str, str], button: tuple[str, str] | None = None) -> Request:
        """The request of pressing a button, with `values` typed in. Unknown names are a mistake of the test."""
        known = {name for name, _ in self.fields} | {name for name, _ in self.choices}
        unknown = set(values) - known
        assert not unknown, f"{self.action} has no {sorted(unknown)}, it has {sorted(known)}"
        sent = [(name, values.get(name, value)) for name, value in self.fields]
        present = {name for name, _ in self.fields}
        sent += [(name, value) for name, value in values.items() if name not in present]
        if button and button[0]:
            sent.append(button)
        if self.method == "GET":
            return Request("GET", f"{self.action.partition('?')[0]}?{urlencode(sent)}")
        return Request("POST", self.action, tuple(sent))


@dataclass(frozen=True)
class Page:
    """What the browser shows."""

    url: str
    status: int
    headers: Mapping[str, str]
    text: str
    request: Request
    hops: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    def json(self) -> dict[str, Any]:
        return json.loads(self.text)

    def tree(self) -> Any:
        return html5lib.parse(self.text, namespaceHTMLElements=False)

    def title(self) -> str:
        return " ".join("".join(self.tree().find(".//h1").itertext()).split()) if "<h1" in self.text else ""

    def words(self) -> str:
        """What stands in the middle of the page."""
        main = self.tree().find(".//main")
        return " ".join("".join(main.itertext()).split()) if main is not None else ""

    def links(self) -> list[tuple[str, str]]:
        """(words, address) of every link."""
        found = self.tree().iter("a")
        return [(" ".join("".join(a.itertext()).split()), urljoin(self.url, a.get("href", ""))) for a in found]

    def link(self, part: str) -> str:
        """The address of the first link whose address has `part` in it; empty when there is none."""
        return next((address for _, address in self.links() if part in address), "")

    def forms(self) -> list[Form]:
        """Every form of the page; fields that name a form by `form=` belong to it."""
        tree = self.tree()
        return [_form(tree, one, self.url) for one in tree.iter("form")]

    def has(self, tag: str, mark: str) -> bool:
        """Whether an element of that kind has that id."""
        return any(each.get("id") == mark for each in self.tree().iter(tag))

    def form(self, having: str) -> Form:
        """The form that has a field, a choice or a button of that name, or goes to an address with that in it."""
        for one in self.forms():
            names = {name for name, *_ in (*one.fields, *one.choices, *one.buttons)}
            if having in names or having in one.action:
                return one
        raise AssertionError(f"{self.url} ({self.status}) has no form with {having}: {self.words()[:300]}")


def _form(tree: Any, form: Any, url: str) -> Form:
    inside = set(form.iter())
    mark = form.get("id", "")
    own = [each for each in tree.iter() if each in inside or (mark and each.get("form") == mark)]
    fields: list[tuple[str, str]] = []
    choices: list[tuple[str, str]] = []
    buttons: list[tuple[str, str, str]] = []
    for each in own:
        name, kind, value = each.get("name", ""), each.get("type", "text"), each.get("value", "")
        if each.tag == "button":
            buttons.append((name, value, " ".join("".join(each.itertext()).split())))
        elif each.tag == "input" and name and each.get("disabled") is None:
            if kind in ("radio", "checkbox"):
                choices.append((name, value))
                if each.get("checked") is not None:
                    fields.append((name, value))
            elif kind != "submit":
                fields.append((name, value))
        elif each.tag == "textarea" and name:
            fields.append((name, "".join(each.itertext())))
        elif each.tag == "select" and name:
            options = list(each.iter("option"))
            marked = [one for one in options if one.get("selected") is not None] or options[:1]
            fields += [(name, one.get("value", "")) for one in marked]
    action = urljoin(url, form.get("action") or url)
    return Form(action, form.get("method", "get").upper(), tuple(fields), tuple(choices), tuple(buttons), mark)


@dataclass
class Browser:
    """One person's browser. `address` is where it comes from: all of 127.0.0.0/8 is this machine."""

    address: str = "127.0.0.1"
    timeout: float = 15
    stays: bool = False  # closed in the moment in which it would be led to another site
    cookies: dict[tuple[str, int], dict[str, str]] = field(default_factory=dict)
    seen: list[tuple[str, str, int]] = field(default_factory=list)

    def get(self, url: str) -> Page:
        return self.send(Request("GET", url))

    def post(self, url: str, fields: Iterable[tuple[str, str]]) -> Page:
        return self.send(Request("POST", url, tuple(fields)))

    def post_json(self, url: str, body: object) -> Page:
        return self.send(Request("POST", url, None, json.dumps(body).encode(), "application/json"))

    def send(self, request: Request) -> Page:
        """Ask, and go where the answer leads. Raises Broken with what a reload would ask."""
        hops: list[str] = []
        for _ in range(MOST_HOPS):
            page = self._once(request)
            hops.append(page.url)
            where = page.headers.get("location", "")
            if page.status not in (301, 302, 303, 307, 308) or not where:
                return Page(page.url, page.status, page.headers, page.text, request, tuple(hops))
            request = Request("GET", urljoin(page.url, where))
            if self.stays and urlsplit(request.url).netloc != urlsplit(page.url).netloc:
                return page
        raise AssertionError(f"led in circles: {hops}")

    def _once(self, request: Request) -> Page:
        parts = urlsplit(request.url)
        jar = self.cookies.setdefault((parts.hostname or "", parts.port or 80), {})
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = {"Connection": CLOSE, "Accept-Language": "en", "Accept": "text/html"}
        if jar:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        body = None
        if request.method == "POST":
            body = request.body if request.fields is None else urlencode(request.fields).encode()
            headers |= {"Content-Type": request.kind, "Origin": f"{parts.scheme}://{parts.netloc}"}
        connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port, timeout=self.timeout, source_address=(self.address, 0)
        )
        try:
            connection.request(request.method, target, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        except (http.client.HTTPException, OSError) as error:
            raise Broken(type(error).__name__, request) from error
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie") or []:
            _keep(jar, line)
        self.seen.append((request.method, parts.path, answer.status))
        named = {name.lower(): value for name, value in answer.headers.items()}
        return Page(request.url, answer.status, named, text, request)


def _keep(jar: dict[str, str], line: str) -> None:
    for name, morsel in SimpleCookie(line).items():
        if morsel["max-age"] == "0":
            jar.pop(name, None)
        else:
            jar[name] = morsel.value
