"""Where a request comes from, as far as limits are counted: an address, or the network of one household."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest

# A household or a company gets at least this much of IPv6 and may use a new address for each try.
IPV6_PREFIX = 64


def of(request: HttpRequest) -> str:
    """The IPv4 address or IPv6 network of the visitor; the connection's own where nothing trusted says otherwise.

    Each of our own proxies adds the address it saw at the end of `X-Forwarded-For`, so the entry that the outermost of
    them added is the visitor's. What stands before it came from outside and is not believed.
    """
    trusted = settings.CARETILL_TRUSTED_PROXIES
    seen = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if trusted else []
    told = _network(seen[-trusted]) if 0 < trusted <= len(seen) else ""
    return told or _network(request.META.get("REMOTE_ADDR", "")) or "unknown"


def _network(text: str) -> str:
    """The address or network in that text; empty where it holds none. Some proxies add the port."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))
        address = address.ipv4_mapped
    return str(address)
