"""Pictures of every page and state, to be looked at: `PYTHONPATH=src:tests python -m house.pictures OUT [NAME...]`.

Each is taken in English and Spanish, 1280 and 390 wide, as OUT/NAME-LANGUAGE-WIDTH.png. NAME is one of `ALL`, or a
pattern such as `register_*`: a guest's states are in `house.matrix_states`, the way into the account in `door_states`,
the account in `member_states` and `self_states`, help and links to help in `help_states`; `card` is the processor's
page. `--dark` takes them dark. `docs/pictures --readme` takes the README's instead. It makes a database of its own and
leaves nothing else behind. It is no test: nothing here fails on what a page shows, and what cannot be reached is told.
"""

from __future__ import annotations

import argparse
import fnmatch
import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
import psycopg
from django.core.wsgi import get_wsgi_application
from playwright.sync_api import Browser, sync_playwright

from caretill.cli import frame
from caretill.config import database, env
from caretill.core import clock
from caretill.payments import callbacks, gateways
from caretill.payments.gateways.sandbox import SandboxGateway
from caretill.sim.processor.shell import BASE_URL, Shell
from house import run
from house.bank_states import BANK
from house.cast import a_bill
from house.desk import Desk
from house.door_states import DOOR
from house.help_states import HELP
from house.later_states import LATER
from house.matrix_states import STATES, Stage
from house.member_states import MEMBER
from house.method_states import METHODS
from house.money_states import MONEY
from house.payer import Payer
from house.planned_states import PLANNED
from house.scenes import DECLINED, NOON
from house.self_states import SELF

LOCALES = {"en": "en-US", "es": "es-US"}
WIDTHS = (1280, 390)
PHONE = {"width": 390, "height": 920}
# Pictures below the window are fetched when they come into sight: here at once.
PICTURES_TOO = """() => Promise.all([...document.images].filter(each => each.checkVisibility()).map(each => {
  each.loading = "eager";
  return each.decode().catch(() => {});
}))"""
README = {"find": "find_typed", "amount": "pay_amount", "done": "pay_done"}


def card(s: Stage) -> None:
    """The processor's page, after a bank's no."""
    payer = Payer(a_bill(14_000), language=s.language)
    url = payer.to_card()
    form = {"number": DECLINED, "expiry": "12/40", "security_code": "123", "name": "Pat Payer", "zip": "97201"}
    s.page.set_content(s.desk.shell.browse("POST", f"{url}/pay", form).text)


def find_typed(s: Stage) -> None:
    """A page that is filled in already."""
    s.page.goto("/pay/oregon/")
    s.page.fill("#number", "P0012 3456 78")
    s.page.fill("#last_name", "Solano")
    s.page.locator("h1").click()


ALL: dict[str, Callable[[Stage], None]] = {
    **STATES,
    "card": card,
    "find_typed": find_typed,
    **DOOR,
    **MEMBER,
    **SELF,
    **METHODS,
    **MONEY,
    **BANK,
    **PLANNED,
    **LATER,
    **HELP,
}


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


@contextmanager
def house_of_cards() -> Iterator[tuple[str, psycopg.Connection[Any]]]:
    """A database and the site, inside this process: the site's address, and a connection of the owner."""
    with ExitStack() as stack:
        server, folder = run.server()
        stack.callback(run.clear, folder)
        if server is not None:
            stack.callback(server.stop)
        made = run.Run.begin(server, folder)
        made.enter("pictures")
        if server is None:
            stack.callback(made.drop)
        django.setup()
        logging.getLogger().setLevel(logging.ERROR)
        stack.callback(frame.close_connections)
        owner = stack.enter_context(psycopg.connect(**database.owner_parts(env.read()), autocommit=True))
        web = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=_Quiet)
        threading.Thread(target=web.serve_forever, daemon=True).start()
        stack.callback(web.server_close)
        stack.callback(web.shutdown)
        yield f"http://127.0.0.1:{web.server_port}", owner


@contextmanager
def new_desk() -> Iterator[Desk]:
    """A processor without faults, behind the real adapter."""
    shell = Shell(sender=_deliver)
    gateway = SandboxGateway(BASE_URL, shell.keys.key, (shell.keys.callback_secret,), send=shell.request)
    gateways.GATEWAYS["sandbox"] = lambda: gateway
    yield Desk(shell)
    shell.close()


def _deliver(url: str, headers: Mapping[str, str], body: bytes) -> int:
    callbacks.receive("sandbox", body, headers)
    return 200


def take(browser: Browser, site: str, name: str, language: str, out: Path, scheme: Literal["light", "dark"]) -> None:
    """One state in one language, in both widths."""
    with clock.fixed(NOON) as time, new_desk() as desk:
        context = browser.new_context(
            base_url=site, locale=LOCALES[language], reduced_motion="reduce", color_scheme=scheme
        )
        context.set_default_timeout(8_000)
        page = context.new_page()
        try:
            ALL[name](Stage(page, desk, time, language, site))
        except Exception as error:
            print(f"{name} in {language}: {type(error).__name__}: {str(error)[:600]}", flush=True)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 844})
            page.evaluate(PICTURES_TOO)
            page.screenshot(path=out / f"{name}-{language}-{width}.png", full_page=True)
        context.close()


def take_for_readme(browser: Browser, site: str, name: str, state: str, out: Path) -> None:
    """As a phone shows it, without what is below."""
    with clock.fixed(NOON) as time, new_desk() as desk:
        context = browser.new_context(base_url=site, locale="en-US", viewport=PHONE, device_scale_factor=1.5)  # type: ignore[arg-type]
        page = context.new_page()
        ALL[state](Stage(page, desk, time, "en", site))
        page.screenshot(path=out / f"{name}.png")
        context.close()


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m house.pictures", description=(__doc__ or "").splitlines()[0])
    asked.add_argument("out", type=Path)
    asked.add_argument("names", nargs="*", metavar="NAME")
    asked.add_argument("--readme", action="store_true", help="the three of the README, as a phone shows them")
    asked.add_argument("--dark", action="store_true")
    wish = asked.parse_intermixed_args()
    names = [name for name in ALL if not wish.names or any(fnmatch.fnmatch(name, each) for each in wish.names)]
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = (
        "1"  # as in tests/browser: Playwright's loop stays open beside our queries
    )
    wish.out.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with house_of_cards() as (site, owner), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        if wish.readme:
            for name, state in README.items():
                take_for_readme(browser, site, name, state, wish.out)
                run.empty(owner)
        else:
            for name in names:
                for language in LOCALES:
                    take(browser, site, name, language, wish.out, "dark" if wish.dark else "light")
                    run.empty(owner)
        browser.close()


if __name__ == "__main__":
    main()
