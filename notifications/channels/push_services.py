"""Whom we push to, and as whom: what pages and doors need to know of it."""

import re
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from api.core.crypto import base64url

# Readers of addresses differ on where a host ends, but for such a one.
_ENDPOINT: Final = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-\[\]-~]*)?")


def is_push_service(endpoint: str, services: tuple[str, ...]) -> bool:
    """Whether an address is of a browser maker's service: nothing else is asked by us."""
    if not _ENDPOINT.fullmatch(endpoint):
        return False
    parts = urlsplit(endpoint)
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if f"{host}:{port}" in services:  # as somebody set it, on this machine
        return parts.scheme in ("http", "https")
    named = host in services or any(each[0] == "." and host.endswith(each) for each in services)
    return parts.scheme == "https" and port in (None, 443) and named


def public_key(pem: bytes) -> str:
    """What a browser subscribes with: our key, uncompressed, base64url."""
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, EllipticCurvePrivateKey):
        raise TypeError("web_push.pem must hold a P-256 key")
    return base64url(
        key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
    )
