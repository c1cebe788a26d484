"""A flow lives in its own sealed cookie: it survives reloads, cannot be read, changed, swapped or kept for ever."""

from __future__ import annotations

from datetime import UTC, datetime
from http.cookies import SimpleCookie

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

from caretill.core import clock
from caretill.web import visit
from caretill.web.visit import Flow

ACCOUNT = "0190a000-0000-7000-8000-000000000001"
BILLS = ["0190a000-0000-7000-8000-00000000000a", "0190a000-0000-7000-8000-00000000000b"]


class Browser:
    """Keeps cookies between requests as a browser does."""

    def __init__(self) -> None:
        self.cookies: dict[str, str] = {}

    def request(self) -> HttpRequest:
        request = RequestFactory().get("/")
        request.COOKIES = dict(self.cookies)
        return request

    def take(self, response: HttpResponse) -> None:
        for name, morsel in response.cookies.items():
            if morsel["max-age"] == 0:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value

    def save(self, flow: Flow) -> SimpleCookie:
        response = HttpResponse()
        visit.save(self.request(), response, flow)
        self.take(response)
        return response.cookies


def _flow() -> Flow:
    return Flow.new("oregon", ACCOUNT, "bill", BILLS)


def test_a_flow_comes_back_as_it_was_saved() -> None:
    browser, flow = Browser(), _flow()
    flow.ask({BILLS[0]: 14_000, BILLS[1]: 1}, "other")
    flow.payer_name, flow.email, flow.language, flow.lines_open = "Ana Núñez", "ana@example.com", "es", True
    flow.accounts = {BILLS[1]: "0190a000-0000-7000-8000-0000000000f2"}
    assert flow.homes == {ACCOUNT: [BILLS[0]], "0190a000-0000-7000-8000-0000000000f2": [BILLS[1]]}
    browser.save(flow)
    assert visit.load(browser.request(), flow.id) == flow
    assert flow.total_cents == 14_001


def test_nothing_of_it_can_be_read_in_the_cookie() -> None:
    browser, flow = Browser(), _flow()
    flow.payer_name = "Secretname"
    cookies = browser.save(flow)
    assert "Secretname" not in str(cookies) and ACCOUNT not in str(cookies)


@pytest.mark.parametrize(
    "spoil", [lambda text: text[:-4] + "AAAA", lambda text: "", lambda text: "x" * 400, lambda text: "é"]
)
def test_a_changed_cookie_is_no_flow(spoil) -> None:  # type: ignore[no-untyped-def]
    browser, flow = Browser(), _flow()
    browser.save(flow)
    name = next(iter(browser.cookies))
    browser.cookies[name] = spoil(browser.cookies[name])
    assert visit.load(browser.request(), flow.id) is None


def test_one_flow_cannot_be_passed_off_as_another() -> None:
    browser, flow, other = Browser(), _flow(), _flow()
    browser.save(flow)
    browser.save(other)
    first, second = sorted(name for name in browser.cookies if name.startswith("visit-"))
    browser.cookies[first], browser.cookies[second] = browser.cookies[second], browser.cookies[first]
    assert visit.load(browser.request(), flow.id) is None
    assert visit.load(browser.request(), "") is None


def test_a_flow_ends_some_hours_after_it_was_last_used() -> None:
    browser = Browser()
    with clock.fixed(datetime(2026, 3, 4, 12, tzinfo=UTC)) as still:
        flow = _flow()
        browser.save(flow)
        still.advance(seconds=visit.KEPT_SECONDS)
        assert visit.load(browser.request(), flow.id) is not None
        still.advance(seconds=1)
        assert visit.load(browser.request(), flow.id) is None


def test_at_most_five_are_kept_and_the_oldest_goes() -> None:
    browser, flows = Browser(), []
    with clock.fixed(datetime(2026, 3, 4, 12, tzinfo=UTC)) as still:
        for _ in range(7):
            flows.append(_flow())
            browser.save(flows[-1])
            browser.save(flows[-1])
            still.advance(seconds=5)
        kept = [flow for flow in flows if visit.load(browser.request(), flow.id)]
    assert kept == flows[-5:]
    response = HttpResponse()
    visit.forget(response, kept[0].id)
    browser.take(response)
    assert len([name for name in browser.cookies if name.startswith("visit-")]) == 4


def test_five_flows_of_many_bills_fit_into_a_request() -> None:
    browser = Browser()
    for _ in range(5):
        flow = Flow.new(
            "district-of-columbia", ACCOUNT, "account", [f"{BILLS[0][:-2]}{number:02d}" for number in range(12)]
        )
        flow.ask(dict.fromkeys(flow.bills, 123_456), "all")
        browser.save(flow)
    assert max(len(value) for value in browser.cookies.values()) < 3_500


def test_fifty_bills_of_ten_accounts_fit_into_a_cookie() -> None:
    browser, bills = Browser(), [f"{BILLS[0][:-2]}{number:02d}" for number in range(50)]
    flow = Flow.new("district-of-columbia", ACCOUNT, "member", bills)
    flow.login, flow.email, flow.payer_name = (
        ACCOUNT,
        "a.rather.long.address@mail.example.org",
        "Maximiliana de la Cruz",
    )
    flow.payees = dict.fromkeys(bills, "medical_group")
    flow.accounts = {bill: f"{ACCOUNT[:-2]}{number % 10:02d}" for number, bill in enumerate(bills) if number % 10}
    flow.ask(dict.fromkeys(bills, 123_456), "all")
    browser.save(flow)
    assert visit.load(browser.request(), flow.id) == flow
    assert max(len(value) for value in browser.cookies.values()) < 4_000


def test_the_key_changes_only_with_what_is_asked() -> None:
    flow = _flow()
    flow.ask({BILLS[0]: 100}, "all")
    key = flow.key
    flow.payment_id = "started"
    flow.ask({BILLS[0]: 100}, "other")
    assert (flow.key, flow.payment_id) == (key, "started")
    flow.ask({BILLS[0]: 101}, "other")
    assert flow.key != key and flow.payment_id == ""


def test_another_payer_is_another_request() -> None:
    flow = _flow()
    flow.pay_as("Ana", "ana@example.com")
    flow.ask({BILLS[0]: 100}, "all")
    key = flow.key
    flow.pay_as("Ana", "ana@example.com")
    assert flow.key == key
    flow.pay_as("Ana", "")
    assert flow.key != key


def test_what_was_paid_is_no_longer_asked_and_the_rest_is_a_new_request() -> None:
    browser, flow = Browser(), _flow()
    flow.ask({BILLS[0]: 100, BILLS[1]: 40}, "all")
    key, flow.payment_id = flow.key, "0190a000-0000-7000-8000-0000000000ff"
    flow.settle([BILLS[0]])
    assert (flow.amounts, flow.payment_id) == ({BILLS[1]: 40}, "") and flow.key != key
    browser.save(flow)
    assert visit.holding(browser.request(), "0190a000-0000-7000-8000-0000000000ff") == flow
    assert visit.holding(browser.request(), "") is None


def test_a_browser_keeps_one_name_over_all_its_flows() -> None:
    one, other = Browser(), Browser()
    one.save(_flow())
    name = visit.browser(one.request())
    one.save(_flow())
    assert visit.browser(one.request()) == name and len(name) == 16
    other.save(_flow())
    assert visit.browser(other.request()) != name


def test_a_flow_of_another_release_is_no_flow() -> None:
    browser, flow = Browser(), _flow()
    browser.save(flow)
    sealed = visit.tokens.seal(f"visit:{flow.id}", {"region": "oregon", "bills": BILLS}, 60)
    browser.cookies[f"visit-{flow.id}"] = sealed
    assert visit.load(browser.request(), flow.id) is None


def test_over_https_the_cookie_belongs_to_this_host_alone() -> None:
    with override_settings(CARETILL_PUBLIC_URL="https://pay.example.org"):
        browser, flow = Browser(), _flow()
        cookies = browser.save(flow)
        assert set(cookies) == {f"__Host-visit-{flow.id}", "__Host-browser"}
        for morsel in cookies.values():
            assert morsel["secure"] and morsel["httponly"] and morsel["samesite"] == "Lax"
            assert morsel["path"] == "/" and not morsel["domain"]
        assert visit.load(browser.request(), flow.id) == flow
