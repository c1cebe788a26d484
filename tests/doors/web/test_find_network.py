"""Which network a try is counted on: the connection's, or what our own proxies saw; an IPv6 household is one."""

from __future__ import annotations

import pytest
from django.test import RequestFactory, override_settings

from caretill.web import network


@pytest.mark.parametrize(
    ("trusted", "told", "found"),
    [
        (0, "", "192.0.2.1"),
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.66, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.66, 203.0.113.9, 10.0.0.7", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "not an address", "192.0.2.1"),
        (1, "203.0.113.9:4711", "203.0.113.9"),
        (1, "[2001:db8:1:2::3]:4711", "2001:db8:1:2::/64"),
        (1, "2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        (1, "2001:DB8:1:2:bbbb::1%eth0", "2001:db8:1:2::/64"),
        (1, "2001:db8:1:3::1", "2001:db8:1:3::/64"),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
    ],
)
def test_whose_tries_are_counted(trusted: int, told: str, found: str) -> None:
    more = {"HTTP_X_FORWARDED_FOR": told} if told else {}
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", **more)
    with override_settings(CARETILL_TRUSTED_PROXIES=trusted):
        assert network.of(request) == found


def test_a_socket_without_an_address_is_one_network() -> None:
    assert network.of(RequestFactory().get("/", REMOTE_ADDR="")) == "unknown"
