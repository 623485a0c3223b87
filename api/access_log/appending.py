"""Composing, sealing and appending: the one way an event gets into the log.

Services hold a transaction and append to its subject's log. A read owes its event, and appends it
for several participants at once. Either way PostgreSQL chains it: number, previous commit and time
exist only there.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg

from api.access_log import bodies, commitments, holding, keystore, queries
from api.access_log.commitments import NONE, Common, Composed, Embargo, OnBehalf, Resources, Way
from api.access_log.events import EventName
from api.access_log.queries import Connection, OwedEvent
from api.access_log.verifier import commit_hash
from api.core.actor import Actor
from api.core.database import Transaction
from api.core.errors import Unavailable
from api.core.ids import uuid7

TRIES: Final = 3
AT_ONCE: Final = 500


class Appended(NamedTuple):
    """`number` is None for an event that concerns no participant; `receipt`, once it is signed."""

    number: int | None
    at: datetime
    commit: bytes
    receipt: str | None = None


class Place(NamedTuple):
    """Where in a log an event will stand: after which one, and when, as PostgreSQL fixed it."""

    last_number: int
    last_commit: bytes
    at: datetime


class Owed(NamedTuple):
    """The event of what was done to one participant's data, in the name of who did it.

    PostgreSQL has noted the event's name, its time and its actor when it was done; what is said
    here must agree with that.
    """

    participant_id: UUID
    event: EventName
    outcome: str
    shared: Common
    resources: Resources | None
    other: Resources
    place: Place | None = None


_profile: commitments.Profile | None = None


def under_profile(profile_id: str, version: int) -> None:
    """Events say from now on that they happened under this network profile."""
    global _profile
    _profile = commitments.Profile(profile_id, version)


def profile() -> commitments.Profile:
    """RuntimeError before `under_profile`."""
    if _profile is None:
        raise RuntimeError("no network profile was adopted")
    return _profile


def common(actor: Actor, said: Mapping[str, Any]) -> Common:
    """For reads that will be alike but for what they show; worth keeping."""
    return commitments.common(actor, said, profile())


def common_in_emergency(
    actor: Actor, said: Mapping[str, Any], session: str, embargo: Embargo | None
) -> Common:
    """For one read in an emergency session, which its row names."""
    way = Way(None, None, session, None)
    return commitments.common(actor, said, profile(), way=way, embargo=embargo)


async def append(
    tx: Transaction,
    event: EventName,
    outcome: str,
    detail: Mapping[str, Any],
    undisclosed: Mapping[str, Any] | None,
    *,
    on_behalf: OnBehalf | None,
    way: Way,
    embargo: Embargo | None,
) -> Appended:
    if tx.subject is None:
        raise LookupError("no event without a subject")
    embargo = embargo or await holding.of_emergency_in(tx)
    shared = commitments.common(
        tx.acting, detail, profile(), on_behalf=on_behalf, way=way, embargo=embargo
    )
    resources = _resources(detail) if "resources" in detail else None
    other = NONE if undisclosed is None else _resources(undisclosed)
    shown = event if embargo is None else EventName.WITHHELD
    for _ in range(TRIES):
        key = (await keystore.keys_in_force(tx.connection, [tx.subject]))[tx.subject]
        composed = commitments.compose(uuid7(), event, outcome, shared, resources, other)
        sealed = bodies.seal(key.cipher, tx.subject, key.version, composed.body)
        row = await queries.append(
            tx, shown, outcome, composed.eid, composed.inner, sealed, key.version
        )
        if row["pseq"] is not None:
            return Appended(row["pseq"], row["at"], row["commit"])
        keystore.forget([tx.subject])
    raise Unavailable


async def append_system(
    tx: Transaction, event: EventName, outcome: str, detail: Mapping[str, Any]
) -> Appended:
    shared = commitments.common(tx.acting, detail, profile())
    resources = _resources(detail) if "resources" in detail else None
    composed = commitments.compose(uuid7(), event, outcome, shared, resources, NONE)
    key = await keystore.system_key(tx.connection)
    sealed = bodies.seal(key.cipher, keystore.NOBODY, key.version, composed.body)
    row = await queries.append_system(tx, event, outcome, composed.eid, composed.inner, sealed)
    return Appended(None, row["at"], row["commit"])


async def append_owed(connection: Connection, owed: Sequence[Owed]) -> list[Appended]:
    """In the transaction that owes them; answers those that have a place. Raises `Unavailable`
    where a key was destroyed meanwhile."""
    waves, appended = await _composed(connection, owed)
    for wave in waves:
        try:
            await queries.append_owed(connection, wave)
        except asyncpg.PostgresError as error:
            if not forget_if_gone(error, (each.participant_id for each in owed)):
                raise
            raise Unavailable from error
    return appended


async def owed_statement(
    connection: Connection, owed: Sequence[Owed]
) -> tuple[str, list[Appended]]:
    """What appends them, to be sent with the commit, and what then will have been appended.

    Where a key was destroyed meanwhile it fails, with what `forget_if_gone` is to be told.
    """
    waves, appended = await _composed(connection, owed)
    return "; ".join(map(queries.append_owed_text, waves)) or "SELECT", appended


def first_access_statement(pairs: Sequence[tuple[UUID, UUID]]) -> str:
    """Participant and facility of reads that were appended before it in its transaction: the first
    time a facility sees somebody's records they are told. Asking again does no harm."""
    return queries.first_access_text(pairs)


def forget_if_gone(error: Exception, participants: Iterable[UUID]) -> bool:
    """Whether it is worth trying again: their keys will be asked for anew."""
    if not queries.is_not_owed(error):
        return False
    keystore.forget(participants)
    return True


async def append_owed_alike(
    tx: Transaction, participants: Sequence[UUID], event: EventName, detail: Mapping[str, Any]
) -> None:
    """The same event for each of many, whom one statement concerned."""
    shared = common(tx.acting, detail)
    for at in range(0, len(participants), AT_ONCE):
        chunk = participants[at : at + AT_ONCE]
        owed = [Owed(each, event, "permitted", shared, None, NONE) for each in chunk]
        await append_owed(tx.connection, owed)


async def _composed(
    connection: Connection, owed: Sequence[Owed]
) -> tuple[list[list[OwedEvent]], list[Appended]]:
    """In waves: a statement names each participant once, so who is owed twice is in the next."""
    keys = await keystore.keys_in_force(connection, {each.participant_id for each in owed})
    waves: list[list[OwedEvent]] = []
    appended: list[Appended] = []
    turns: dict[UUID, tuple[int, Appended | None]] = {}
    for each in owed:
        turn, before = turns.get(each.participant_id, (0, None))
        event, found = _entry(each, keys[each.participant_id], before)
        if turn == len(waves):
            waves.append([])
        waves[turn].append(event)
        turns[each.participant_id] = (turn + 1, found)
        if found is not None:
            appended.append(found)
    return waves, appended


def _entry(
    owed: Owed, key: keystore.Key, before: Appended | None
) -> tuple[OwedEvent, Appended | None]:
    participant_id, event, outcome, shared, resources, other, place = owed
    composed: Composed = commitments.compose(uuid7(), event, outcome, shared, resources, other)
    sealed = bodies.seal(key.cipher, participant_id, key.version, composed.body)
    found = None if place is None else _placed(participant_id, composed.inner, place, before)
    commit = None if found is None else found.commit
    entry = OwedEvent(
        participant_id, outcome, composed.eid, composed.inner, sealed, key.version, commit
    )
    return entry, found


def _placed(participant_id: UUID, inner: bytes, place: Place, before: Appended | None) -> Appended:
    """PostgreSQL computes it too, and appends nothing where the two are not the same."""
    number, last_commit = place.last_number, place.last_commit
    if before is not None and before.number is not None:
        number, last_commit = before.number, before.commit
    at = microseconds(place.at)
    commit = commit_hash(inner, participant_id.bytes, number + 1, last_commit, at)
    return Appended(number + 1, place.at, commit)


def microseconds(moment: datetime) -> int:
    """Since 1970 UTC, without the rounding of `timestamp()`."""
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def _resources(said: Mapping[str, Any]) -> Resources:
    return commitments.resources_of(said.get("resources") or (), said.get("ids") or ())
