"""Counting tries in the database: one count for all workers, kept over restarts."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from api.core import clock, runtime
from api.core.database import Transaction
from api.identity import queries
from api.identity.throttle import (
    POLICIES,
    RetryAfter,
    Throttle,
    ThrottleKey,
    ThrottleKind,
    attempt,
    give_back,
    source_of,
)


def keys_of(card: str, code: str, address: str) -> tuple[ThrottleKey, ...]:
    """`address` is an IP address; anything else counts as one source together."""
    return (
        ThrottleKey(ThrottleKind.CARD, card),
        ThrottleKey(ThrottleKind.CODE_AND_SOURCE, f"{code} {_source(address)}"),
        ThrottleKey(ThrottleKind.SOURCE, _source(address)),
        ThrottleKey(ThrottleKind.EVERYONE),
    )


def password_keys(card: str, address: str) -> tuple[ThrottleKey, ...]:
    """As `keys_of`; of a password not even a keyed hash is kept."""
    return (
        ThrottleKey(ThrottleKind.CARD, card),
        ThrottleKey(ThrottleKind.SOURCE, _source(address)),
        ThrottleKey(ThrottleKind.EVERYONE),
    )


def invitation_keys(code: str, address: str) -> tuple[ThrottleKey, ...]:
    """As `keys_of`, where no card is asked for."""
    return (
        ThrottleKey(ThrottleKind.CODE_AND_SOURCE, f"{code} {_source(address)}"),
        ThrottleKey(ThrottleKind.SOURCE, _source(address)),
    )


def _source(address: str) -> str:
    try:
        return source_of(address)
    except ValueError:
        return "elsewhere"


def desk_keys(professional_id: UUID, facility_id: UUID) -> tuple[ThrottleKey, ...]:
    return (
        ThrottleKey(ThrottleKind.DESK_PROFESSIONAL, str(professional_id)),
        ThrottleKey(ThrottleKind.DESK_FACILITY, str(facility_id)),
        ThrottleKey(ThrottleKind.DESK_EVERYONE),
    )


def asking_keys(professional_id: UUID, card: str) -> tuple[ThrottleKey, ...]:
    return (
        ThrottleKey(ThrottleKind.ASKING_PROFESSIONAL, str(professional_id)),
        ThrottleKey(ThrottleKind.ASKING_CARD, card),
    )


def app_source_keys(address: str) -> tuple[ThrottleKey, ...]:
    return (ThrottleKey(ThrottleKind.APP_SOURCE, _source(address)),)


def app_read_keys(client_id: str, account_id: UUID) -> tuple[ThrottleKey, ...]:
    return (ThrottleKey(ThrottleKind.APP_READS, f"{client_id} {account_id}"),)


def seeking_keys(
    professional_id: UUID, facility_id: UUID, *, in_disaster: bool = False
) -> tuple[ThrottleKey, ...]:
    if in_disaster:
        return (ThrottleKey(ThrottleKind.SEEKING_IN_DISASTER, str(professional_id)),)
    return (
        ThrottleKey(ThrottleKind.SEEKING_PROFESSIONAL, str(professional_id)),
        ThrottleKey(ThrottleKind.SEEKING_FACILITY, str(facility_id)),
    )


def child_book_keys(account_id: UUID) -> tuple[ThrottleKey, ...]:
    return (ThrottleKey(ThrottleKind.CHILD_BOOK, str(account_id)),)


async def sweep(tx: Transaction) -> None:
    """Forgets what nobody waits for."""
    await queries.sweep_throttles(tx)


async def charge(tx: Transaction, tried: Sequence[ThrottleKey]) -> int:
    """One try against all its keys; answers how many seconds to wait, 0 to go on."""
    states = await _locked(tx, tried)
    following, verdict = attempt(states, clock.now())
    await _keep(tx, following)
    return verdict.seconds if isinstance(verdict, RetryAfter) else 0


async def refund(tx: Transaction, tried: Sequence[ThrottleKey]) -> None:
    """After a try that succeeded: only failures count."""
    states = await _locked(tx, tried)
    await _keep(
        tx, {key: give_back(state, POLICIES[key.kind]) for key, state in states.items() if state}
    )


async def _locked(
    tx: Transaction, tried: Sequence[ThrottleKey]
) -> dict[ThrottleKey, Throttle | None]:
    found = await queries.lock_throttles(tx, [_bucket(key) for key in tried])
    return {key: msgspec.json.decode(found[_bucket(key)], type=Throttle | None) for key in tried}


async def _keep(tx: Transaction, states: dict[ThrottleKey, Throttle]) -> None:
    await queries.set_throttles(
        tx, {_bucket(key): msgspec.json.encode(state).decode() for key, state in states.items()}
    )


def _bucket(key: ThrottleKey) -> bytes:
    return runtime.keys().keyed_hash(f"throttle:{key.kind}", key.subject)
