"""Receipts: each saved version of the settings as a signed FHIR Consent to keep and to check.

A receipt is a compact JWS (RFC 7515, EdDSA) over the canonical JSON (RFC 8785) of the Consent, so
that anyone can check it without us, with the public keys at `/.well-known/jwks.json`.
"""

import base64
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from jwt.api_jws import PyJWS

from api.consent import queries
from api.consent.exchange.fhir_consent import consent_of
from api.consent.facts import NetworkRules
from api.consent.settings.changes import Made, made_by
from api.consent.stored import Settings
from api.core import runtime
from api.core.actor import Actor
from api.core.canonical import canonical
from api.core.crypto import SigningKey
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound

TYPE: Final = "consent-receipt+jws"

_JWS: Final = PyJWS()


class SavedVersion(NamedTuple):
    """`kid` names the key of its receipt; None for a version from before there were receipts."""

    version: int
    saved_at: datetime
    change: Made
    kid: str | None


def signed(payload: bytes, key: SigningKey) -> str:
    headers = {"typ": TYPE, "cty": "fhir+json", "kid": key.kid}
    return _JWS.encode(payload, key.private, algorithm="EdDSA", headers=headers)


def payload_of(jws: str) -> bytes:
    """The Consent in a receipt of ours; nothing is checked."""
    part = jws.split(".")[1]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


async def issue_in(tx: Transaction, subject: UUID, state: Settings, network: NetworkRules) -> None:
    """Signs the version just stored, in the transaction that stored it."""
    if state.changed_at is None:
        raise LookupError("nothing was stored")
    wire = consent_of(state.directive, subject, state.participation, network, state.changed_at)
    key = runtime.keys().receipts.current()
    await queries.add_receipt(tx, state.directive.version, key.kid, signed(canonical(wire), key))


async def saved(
    actor: Actor, *, before: int | None = None, count: int = 20
) -> tuple[list[SavedVersion], int | None]:
    """The actor's own versions, newest first, and where the next page begins (None at the end)."""
    async with unit_of_work(actor) as tx:
        rows = await queries.versions(tx, before, count)
    found = [
        SavedVersion(row["version"], row["recorded_at"], made_by(row["change"]), row["kid"])
        for row in rows
    ]
    # Versions are numbered from 1 without gaps.
    return found, found[-1].version if found and found[-1].version > 1 else None


async def receipt(actor: Actor, version: int) -> str:
    """The actor's own, as compact JWS. Raises `NotFound` where there is none."""
    async with unit_of_work(actor) as tx:
        found = await queries.receipt(tx, version)
    if found is None:
        raise NotFound
    return found
