"""Chromium, the site on a port of its own in this process, and axe."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Our own log has the line."""


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The address of the site, served by threads of this process."""
    server = make_server("127.0.0.1", 0, get_wsgi_application(), server_class=_Server, handler_class=_Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a file of tests.

    Playwright's loop stays open in this thread between its calls: Django would take every query of a test beside it
    for one inside that loop, and no other file of this worker could run a loop of its own.
    """
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "chromium is not installed: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS.split())
        yield browser
        browser.close()


@pytest.fixture
def visit_as(chromium: Browser, site: str) -> Iterator[Callable[..., Page]]:
    """A new visitor: `visit_as(width=320, locale="es-US", color_scheme="dark", java_script_enabled=False)`.

    Anything that the browser complains about fails the test at its end: a script or style that the policy refused, a
    file that is missing. Answers of 4xx that a test asks for are no complaint.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(width: int = 1280, **options: Any) -> Page:
        context = chromium.new_context(**{"base_url": site, "viewport": {"width": width, "height": 844}} | options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if _is_complaint(message) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints


def _is_complaint(message: Any) -> bool:
    return message.type in ("error", "warning") and "the server responded with a status of 4" not in message.text


@pytest.fixture
def sound() -> Callable[..., None]:
    """Fails where axe finds something, the page scrolls sideways, or something to press is smaller than a thumb."""

    def check(page: Page, axe: bool = True) -> None:
        if axe:
            page.evaluate(AXE)
            found = page.evaluate(f"axe.run(document, {{runOnly: {RULES}}})")
            told = [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found["violations"]]
            assert not told, f"{page.url}: {told}"
        width, room = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert width <= room, f"{page.url} scrolls sideways: {width} in {room}"
        small = page.evaluate(SMALL_TARGETS)
        assert not small, f"{page.url}: less than 44 pixels high: {small}"

    return check


# Links inside a sentence are exempt (WCAG 2.5.8); everything else that is pressed is as high as a thumb is wide.
SMALL_TARGETS = """() => {
const pressed = "a, button, summary, input:not([type=hidden], [type=radio], [type=checkbox])";
return [...document.querySelectorAll(pressed)].filter(each => {
  const box = each.getBoundingClientRect();
  const seen = box.width > 1 && box.height > 1 && each.checkVisibility() && !each.matches(".skip");
  const alone = ![...each.parentElement.childNodes].some(one => one.nodeType === 3 && one.data.trim().length > 1);
  return seen && alone && box.height < 43.5;
}).map(each => each.outerHTML.slice(0, 120));
}"""
