"""Access tokens as `POST /oauth/token` issues them; the exchange is not what is measured."""

import time
from uuid import UUID

import jwt

from benchmarks.network import Network
from benchmarks.server import Place


def reading_token(where: Place, network: Network) -> str:
    """Of the clinic every participant lets in, for its doctor."""
    person = {"person_id": str(network.professional), "purpose_of_use": "TREAT"}
    return _token(where, network.reader, "system/*.read", person)


def writing_token(where: Place, network: Network) -> str:
    """Of the hospital the records come from."""
    return _token(where, network.writer, "system/*.write", None)


def _token(where: Place, facility: UUID, scope: str, person: dict[str, str] | None) -> str:
    now = int(time.time())
    claims = {
        "iss": where.settings.public_url,
        "aud": f"{where.settings.public_url}/fhir/R4",
        "sub": "bench",
        "iat": now,
        "exp": now + 300,
        "jti": str(now),
        "scope": scope,
        "facility": str(facility),
    }
    if person is not None:
        claims["person"] = person
    return jwt.encode(claims, where.keys.token_signing, algorithm="EdDSA")
