"""Reading one participant as a whole for somebody else: decided, read and logged in the caller's
transaction, under one event however much it is."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec import structs

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.service import Appended
from api.consent import policies
from api.consent.decide import Scope
from api.consent.facts import Request
from api.consent.replay import versions_of
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction
from api.directory import service as directory
from api.phr.entries import sealing
from api.phr.entries import service as own_entries
from api.records import queries as record_queries
from api.records.filtering import filter_of
from api.records.grounds import basis_for, event_detail, reason_of
from api.records.whole import queries
from api.records.whole.queries import Permitted, Piece

BASIC = "basic"
NOTHING = Piece([], False)
_GRANTED = ("granted", "shared")


class Allowed(NamedTuple):
    """What a requester may see of the transaction's subject; it holds until the commit.

    `own` says it instead of `detail` where only the facility's own records are shown. The same is
    allowed as long as the policy has this version, and not beyond `holds_until`.
    """

    actor: Actor
    types: tuple[str, ...]
    scope: Scope
    is_granted: bool
    detail: dict[str, Any]
    own: dict[str, Any]
    policy_version: int
    holds_until: datetime | None

    @property
    def filter_hash(self) -> bytes:
        """Of all that decides what is let through."""
        return sha256(msgspec.json.encode(filter_of(self.scope))).digest()


class Named(NamedTuple):
    """The participant as the requester may know them: without basic information by number alone."""

    row: tuple[Any, ...] | None
    local_ids: list[str]


async def allowed_in(tx: Transaction, actor: Actor, types: tuple[str, ...]) -> Allowed | None:
    """Decided now, and held still by the head's lock; None when there is no such participant."""
    known = await policies.locked_policy_in(tx)
    if known is None:
        return None
    standing = await directory.standing_in(tx, actor)
    request = Request(policies.requester(actor, standing), actor.purpose_of_use or "", clock.now())
    scope = known.policy.scope(request)
    basis = basis_for(scope, types)
    teams = known.policy.team_names
    versions = versions_of(known, standing, request.now)
    detail = event_detail(actor, standing, basis, types, versions, teams)
    own = reason_of(actor, standing, structs.replace(basis, step="own_record"), teams)
    return Allowed(
        actor,
        types,
        scope,
        basis.step in _GRANTED,
        detail,
        detail | own,
        known.policy_version,
        known.policy.holds_until(request),
    )


async def newest_in(tx: Transaction, allowed: Allowed, count: int) -> list[Permitted]:
    """At most so many. The caller owes the event of it: `note_in`."""
    scope, asks = allowed.scope, allowed.actor.facility_id
    found = await queries.newest(tx, asks, allowed.types, filter_of(scope), count)
    return await _opened_in(tx, found)


async def piece_in(
    tx: Transaction,
    allowed: Allowed,
    types: tuple[str, ...],
    *,
    since: datetime | None,
    after: UUID | None,
    count: int,
    size: int,
) -> Piece:
    """Of these types those after `after`, in pieces. The caller owes the event of it: `note_in`."""
    found = await queries.piece(
        tx,
        allowed.actor.facility_id,
        types,
        filter_of(allowed.scope),
        since=since,
        after=after,
        count=count,
        size=size,
    )
    return found._replace(records=await _opened_in(tx, found.records))


async def _opened_in(tx: Transaction, found: Sequence[Permitted]) -> list[Permitted]:
    """With what the participant wrote themselves as they wrote it."""
    return [
        each._replace(body=await own_entries.opened_in(tx, each.body))
        if sealing.is_sealed(each.body)
        else each
        for each in found
    ]


async def named_in(tx: Transaction, allowed: Allowed) -> Named | None:
    """None where the requester is shown nothing of who it is."""
    facility_id = allowed.actor.facility_id
    numbers: list[str] = []
    if allowed.scope.own_facility and facility_id is not None:
        numbers = await record_queries.local_ids(tx, facility_id)
    row = None
    if BASIC in allowed.scope.categories:
        found = await record_queries.person(tx)
        row = tuple(found.values()) if found else None
    return Named(row, numbers) if row or numbers else None


async def note_in(
    tx: Transaction,
    allowed: Allowed,
    event: EventName,
    shown: Sequence[Permitted],
    *,
    is_person_shown: bool = False,
) -> Appended:
    """The event of what is shown, in the transaction that read it; `is_person_shown`: who it is,
    too.

    Turned away, but shown what the asking facility wrote itself: that is why, and it is no denial.
    Records not told of change nothing, lest anybody infer them.
    """
    to_tell = [each for each in shown if each.is_told]
    untold = [each for each in shown if not each.is_told]
    is_own = not allowed.is_granted and bool(to_tell)
    detail = allowed.own if is_own else allowed.detail
    resources = resources_of(to_tell, is_person_shown=is_person_shown)
    return await access_log.append(
        tx,
        event,
        outcome="permitted" if allowed.is_granted or is_own else "denied",
        detail=detail | resources,
        undisclosed=resources_of(untold) if untold else None,
    )


def resources_of(shown: Sequence[Permitted], *, is_person_shown: bool = False) -> dict[str, Any]:
    """As an event's detail says what was shown: kinds with their counts, and ids."""
    kinds = Counter((each.resource_type, each.category) for each in shown)
    lines = [
        {"type": name, "category": category, "count": count}
        for (name, category), count in sorted(kinds.items())
    ]
    person = {"type": "Patient", "category": BASIC, "count": 1}
    return {
        "resources": [*lines, person] if is_person_shown else lines,
        "ids": sorted(each.record_id for each in shown),
    }
