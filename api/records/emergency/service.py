"""Reading in a running break-glass session: granted, read and logged in one transaction."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple
from uuid import UUID

import msgspec
from msgspec import structs

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.service import Owed, Place, Resources
from api.consent import policies
from api.consent.facts import PRESCRIPTION, Request
from api.consent.policies import CompiledPolicy
from api.consent.replay import versions_of
from api.core import clock, runtime
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound, Unavailable
from api.directory import service as directory
from api.emergency import service as emergency
from api.emergency.errors import SessionOver
from api.emergency.service import Grant
from api.records import parse, queries
from api.records.filtering import filter_of
from api.records.finding import Person
from api.records.grounds import basis_for, event_detail
from api.records.parse import Json, as_text
from api.records.provenance import OWN_SOURCE, title_of
from api.records.service import MOST_ROWS, Page, TimelineLine, ids_of, opened_row, page_of

Part = Literal["warnings", "drugs", "conditions", "said", "rest"]
# What can kill at once comes first; then what they have, what they want done, and whom to call.
PARTS: Final[Mapping[Part, tuple[str, ...]]] = {
    "warnings": ("allergy", "contraindication"),
    "drugs": ("prescription", "dispensing", "injection"),
    "conditions": ("condition", "infection", "maternal"),
    "said": ("directive", "basic"),
}


class _Entry(msgspec.Struct):
    """One entry of a searchset."""

    resource: msgspec.Raw


class Summary(NamedTuple):
    """`person` is None where the session does not reach basic information."""

    person: Person | None
    lines: list[TimelineLine]


async def read(
    actor: Actor,
    session_id: UUID,
    types: tuple[str, ...] = (),
    *,
    form: str = "bundle",
    before: UUID | None = None,
    count: int = 50,
) -> Page:
    """All of these types that the session reaches. Raises `NotFound` for another's session, and
    `SessionOver` once its end, or the refusal, is in the log."""
    return (await _granted(actor, session_id, types, form, before, count))[0]


async def one(actor: Actor, session_id: UUID, record_id: UUID) -> Json:
    """One record the session reaches, as it came, opened by a look of its own. Raises `NotFound`
    for one it does not reach, as for none, and `SessionOver`."""
    page, _ = await _granted(actor, session_id, (), "bundle", None, 1, record_id)
    if not page.entries:
        raise NotFound
    resource = bytes(msgspec.json.decode(page.entries, type=_Entry).resource)
    return parse.decode(resource, max_bytes=len(resource))


async def summary(actor: Actor, session_id: UUID) -> Summary:
    """For one screen: allergies, drugs and conditions first, then what they said and whom to call,
    then by day, the newest first."""
    page, person = await _granted(actor, session_id, (), "timeline", None, MOST_ROWS)
    lines = msgspec.json.decode(b"[%b]" % page.entries, type=list[TimelineLine])
    lines = await _named(actor, session_id, lines)
    order = {kind: place for place, kind in enumerate(k for each in PARTS.values() for k in each)}
    return Summary(person, sorted(lines, key=lambda line: order.get(line.category, len(order))))


async def _named(actor: Actor, session_id: UUID, lines: list[TimelineLine]) -> list[TimelineLine]:
    """What the participant wrote of what harms them and what they take, by its name: a look of its
    own, where there is any, for that is told by no title."""
    urgent = {*PARTS["warnings"], *PARTS["drugs"]}
    types = {e.type for e in lines if e.facility_id == OWN_SOURCE and e.category in urgent}
    if not types:
        return lines
    page, _ = await _granted(
        actor, session_id, tuple(sorted(types)), "bundle", None, MOST_ROWS, None
    )
    found = msgspec.json.decode(b"[%b]" % page.entries, type=list[_Entry])
    bodies = [parse.decode(bytes(e.resource), max_bytes=len(e.resource)) for e in found]
    by_id = {as_text(body.get("id")): body for body in bodies}
    return [
        structs.replace(e, title=title_of(e.facility_id, by_id.get(str(e.record_id), {}), e.title))
        for e in lines
    ]


def part_of(category: str) -> Part:
    """Where it stands on the screen, the first part first."""
    return next((part for part, kinds in PARTS.items() if category in kinds), "rest")


async def _granted(
    actor: Actor,
    session_id: UUID,
    types: tuple[str, ...],
    form: str,
    before: UUID | None,
    count: int,
    record_id: UUID | None = None,
) -> tuple[Page, Person | None]:
    acting = emergency.in_emergency(actor)
    subject = await emergency.subject_of(actor, session_id)
    async with unit_of_work(acting, subject=subject) as tx:
        known = await policies.locked_policy_in(tx)
        if known is None:
            raise NotFound
        standing = await directory.standing_in(tx, acting)
        grant = await emergency.grant_in(tx, acting, session_id, known, standing)
        if grant is None:
            await _log_refused(tx, acting, session_id, known, standing, types)
        else:
            page_size = min(max(count, 1), MOST_ROWS)
            page = await _read(
                tx,
                acting,
                subject,
                grant,
                known,
                standing,
                types,
                form,
                before,
                page_size,
                record_id,
            )
            named = await queries.person(tx) if "basic" in grant.reach.categories else None
    if grant is None:
        raise SessionOver
    return page, Person(subject, *named.values()) if named else None


async def _read(
    tx: Transaction,
    acting: Actor,
    subject: UUID,
    grant: Grant,
    known: CompiledPolicy,
    standing: directory.Standing,
    types: tuple[str, ...],
    form: str,
    before: UUID | None,
    page_size: int,
    record_id: UUID | None,
) -> Page:
    reach = grant.reach
    if grant.operations_since is not None:
        ids = await queries.operations(tx, grant.operations_since)
        reach = structs.replace(reach, operations=tuple(ids))
    if PRESCRIPTION in reach.categories:
        reach = structs.replace(reach, ongoing=tuple(await queries.ongoing(tx)))
    request = Request(
        policies.requester(acting, standing), acting.purpose_of_use or "", clock.now(), reach
    )
    scope = known.policy.scope(request)
    detail = event_detail(
        acting,
        standing,
        basis_for(scope, types),
        types,
        versions_of(known, standing, request.now),
        known.policy.team_names,
    )
    shared = access_log.common_in_emergency(acting, detail, str(grant.session_id), grant.embargo)
    plan = queries.ReadPlan(
        form=form,
        types=types,
        record_id=record_id,
        standing=standing.revision,
        policy_version=known.policy_version,
        **filter_of(scope)._asdict(),
        before=before,
        page_size=page_size,
        base_url=runtime.fhir_base(),
        event=EventName.RECORD_READ if grant.embargo is None else EventName.WITHHELD,
    )
    row = await queries.read_in(tx, acting, subject, plan)
    if row is None:
        raise Unavailable
    owed = Owed(
        subject,
        EventName.RECORD_READ,
        "permitted",
        shared,
        Resources(row["told"] or "", ids_of(row["told_ids"])),
        Resources(row["untold"] or "", ids_of(row["untold_ids"])),
        Place(row["last_pseq"], row["last_commit"], row["at"]),
    )
    shown = await opened_row(tx.connection, subject, row)
    (event,) = await access_log.append_owed(tx.connection, [owed])
    return page_of(shown, event, page_size)


async def _log_refused(
    tx: Transaction,
    acting: Actor,
    session_id: UUID,
    known: CompiledPolicy,
    standing: directory.Standing,
    types: tuple[str, ...],
) -> None:
    request = Request(
        policies.requester(acting, standing), acting.purpose_of_use or "", clock.now()
    )
    basis = basis_for(known.policy.scope(request), types)
    versions = versions_of(known, standing, request.now)
    detail = event_detail(acting, standing, basis, types, versions, known.policy.team_names)
    await access_log.append(
        tx,
        EventName.RECORD_READ,
        outcome="denied",
        detail=detail,
        emergency=str(session_id),
        embargo=await emergency.embargo_in(tx),
    )
