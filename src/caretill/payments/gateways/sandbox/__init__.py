"""The adapter of the sandbox processor (docs/operate/processor.md has its side of the conversation)."""

from __future__ import annotations

from caretill.payments.gateways.sandbox.adapter import SandboxGateway, from_settings
from caretill.payments.gateways.sandbox.callback import SIGNATURE_HEADER, read_callback

__all__ = ["SIGNATURE_HEADER", "SandboxGateway", "from_settings", "read_callback"]
