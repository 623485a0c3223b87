"""A passkey device in software: makes credentials and assertions as a browser hands them on."""

import hashlib
import json
import os
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

USER_PRESENT, USER_VERIFIED, HAS_CREDENTIAL = 0x01, 0x04, 0x40


class Authenticator:
    """Holds one passkey; `count` is its signature counter."""

    def __init__(self, origin: str = "http://localhost:8000", rp_id: str = "localhost") -> None:
        self.origin = origin
        self.rp_id = rp_id
        self.credential_id = os.urandom(32)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.count = 0

    def create(self, options: dict[str, Any], *, verified: bool = True) -> dict[str, Any]:
        held = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id
        data = self._data(verified, HAS_CREDENTIAL) + held + self.cose()
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._credential(
            clientDataJSON=self._client_data("webauthn.create", options),
            attestationObject=attestation,
        )

    def cose(self) -> bytes:
        """The public key, as it is registered."""
        point = self.key.public_key().public_numbers()
        return cbor2.dumps(
            {
                1: 2,
                3: -7,
                -1: 1,
                -2: point.x.to_bytes(32, "big"),
                -3: point.y.to_bytes(32, "big"),
            }
        )

    def get(self, options: dict[str, Any], *, verified: bool = True) -> dict[str, Any]:
        self.count += 1
        data = self._data(verified, 0)
        client = self._client_data("webauthn.get", options)
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._credential(clientDataJSON=client, authenticatorData=data, signature=signed)

    def _data(self, verified: bool, flags: int) -> bytes:
        flags |= USER_PRESENT | (USER_VERIFIED if verified else 0)
        rp = hashlib.sha256(self.rp_id.encode()).digest()
        return rp + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client_data(self, kind: str, options: dict[str, Any]) -> bytes:
        assert base64url_to_bytes(options["challenge"])
        return json.dumps(
            {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        ).encode()

    def _credential(self, **response: bytes) -> dict[str, Any]:
        name = bytes_to_base64url(self.credential_id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {key: bytes_to_base64url(value) for key, value in response.items()},
        }
