"""A device that holds passkeys, in plain Python: it answers what a page asks, honestly unless told otherwise."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

FLAG = AuthenticatorData.FLAG


@dataclass
class Device:
    """One passkey. `verified`: its holder was checked; `origin`: where the browser says the page came from."""

    origin: str = "http://localhost"
    verified: bool = True
    counter: int = 0
    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    user: bytes = b""

    def make(self, options: dict[str, Any]) -> str:
        """The answer to `navigator.credentials.create`."""
        asked = options["publicKey"]
        self.user = websafe_decode(asked["user"]["id"])
        data = AttestedCredentialData.create(Aaguid.NONE, self.id, ES256.from_cryptography_key(self.key.public_key()))
        made = AuthenticatorData.create(self._name(asked["rp"]["id"]), self._flags(FLAG.AT), self.counter, data)
        attestation = AttestationObject.create("none", made, {})
        return self._answer(
            {
                "clientDataJSON": websafe_encode(self._said("webauthn.create", asked["challenge"])),
                "attestationObject": websafe_encode(bytes(attestation)),
            }
        )

    def use(self, options: dict[str, Any]) -> str:
        """The answer to `navigator.credentials.get`."""
        asked = options["publicKey"]
        said = self._said("webauthn.get", asked["challenge"])
        data = bytes(AuthenticatorData.create(self._name(asked["rpId"]), self._flags(), self.counter))
        signed = self.key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": websafe_encode(said),
                "authenticatorData": websafe_encode(data),
                "signature": websafe_encode(signed),
                "userHandle": websafe_encode(self.user),
            }
        )

    def _said(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _flags(self, more: AuthenticatorData.FLAG = FLAG(0)) -> AuthenticatorData.FLAG:  # noqa: B008
        return FLAG.UP | more | (FLAG.UV if self.verified else FLAG(0))

    def _name(self, name: str) -> bytes:
        return hashlib.sha256(name.encode()).digest()

    def _answer(self, response: dict[str, str]) -> str:
        mine = websafe_encode(self.id)
        return json.dumps({"id": mine, "rawId": mine, "type": "public-key", "response": response})
