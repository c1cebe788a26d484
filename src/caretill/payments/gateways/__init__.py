"""The processors Caretill can talk to. To add one, copy the folder `sandbox`, and name it in the dictionary below."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from caretill.payments.gateways import sandbox
from caretill.payments.gateways.base import Gateway

GATEWAYS: dict[str, Callable[[], Gateway]] = {
    "sandbox": sandbox.from_settings,
}


class UnknownGateway(LookupError):
    """No processor has that name."""


def gateway(name: str = "sandbox") -> Gateway:
    """The adapter of that name, set up from the settings. Raises UnknownGateway."""
    try:
        make = GATEWAYS[name]
    except KeyError:
        raise UnknownGateway(f"no processor is named {name!r}; known: {', '.join(sorted(GATEWAYS))}") from None
    return make()


@contextmanager
def installed(name: str, made: Gateway) -> Iterator[Gateway]:
    """Put another processor under that name for a block, for all threads: a simulation's, a bench's, a test's."""
    usual = GATEWAYS.get(name)
    GATEWAYS[name] = lambda: made
    try:
        yield made
    finally:
        if usual is None:
            del GATEWAYS[name]
        else:
            GATEWAYS[name] = usual
