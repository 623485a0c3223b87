"""Composing, sealing and appending: the one way an event gets into the log.

Services hold a transaction and append to its subject's log. A read owes its event, and appends it
for several participants at once. Either way PostgreSQL chains it: number, previous commit and time
exist only there.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from api.access_log import bodies, commitments, keystore, queries
from api.access_log.commitments import NONE, Common, Composed, Embargo, OnBehalf, Resources, Way
from api.access_log.events import EventName
from api.access_log.queries import Connection
from api.core.actor import Actor
from api.core.database import Transaction
from api.core.errors import Unavailable
from api.core.ids import uuid7

TRIES: Final = 3
AT_ONCE: Final = 500


class Appended(NamedTuple):
    """`number` is None for an event that concerns no participant."""

    number: int | None
    at: datetime
    commit: bytes


class Owed(NamedTuple):
    """The event of what was done to one participant's data, in the name of who did it.

    PostgreSQL has noted the event's name and its actor when it was done; what is said here must
    agree with that.
    """

    participant_id: UUID
    event: EventName
    outcome: str
    shared: Common
    resources: Resources | None
    other: Resources


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
    """In the transaction that owes them, in this order for each participant."""
    appended: dict[int, Appended] = {}
    waiting = list(range(len(owed)))
    missed = 0
    while waiting and missed < TRIES:
        # One statement takes each participant once: who is owed twice is in the next one again.
        at = {owed[n].participant_id: n for n in reversed(waiting)}
        keys = await keystore.keys_in_force(connection, at)
        rows = await queries.append_owed(
            connection, [_entry(owed[n], keys[participant]) for participant, n in at.items()]
        )
        for participant, row in rows.items():
            appended[at[participant]] = Appended(row["pseq"], row["at"], row["commit"])
        if len(rows) < len(at):
            missed += 1
            keystore.forget(at.keys() - rows.keys())
        waiting = [n for n in waiting if n not in appended]
    if waiting:
        raise Unavailable
    return [appended[n] for n in range(len(owed))]


async def append_owed_alike(
    tx: Transaction, participants: Sequence[UUID], event: EventName, detail: Mapping[str, Any]
) -> None:
    """The same event for each of many, whom one statement concerned."""
    shared = common(tx.acting, detail)
    for at in range(0, len(participants), AT_ONCE):
        chunk = participants[at : at + AT_ONCE]
        owed = [Owed(each, event, "permitted", shared, None, NONE) for each in chunk]
        await append_owed(tx.connection, owed)


def _entry(owed: Owed, key: keystore.Key) -> queries.OwedEvent:
    participant_id, event, outcome, shared, resources, other = owed
    composed: Composed = commitments.compose(uuid7(), event, outcome, shared, resources, other)
    sealed = bodies.seal(key.cipher, participant_id, key.version, composed.body)
    return participant_id, outcome, composed.eid, composed.inner, sealed, key.version


def _resources(said: Mapping[str, Any]) -> Resources:
    return commitments.resources_of(said.get("resources") or (), said.get("ids") or ())
