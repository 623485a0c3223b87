"""What professionals and systems read: decided, read and logged in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from api.access_log import keystore, receipts
from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.service import Appended, Common, Owed, Place, Resources
from api.consent import policies
from api.consent.facts import EMERGENCY, Request
from api.consent.replay import versions_of
from api.core import clock, runtime
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound, Unavailable
from api.core.lane import Answer, Step
from api.directory import service as directory
from api.phr.entries import sealing
from api.phr.entries import service as own_entries
from api.records import queries
from api.records.filtering import Filter, filter_of
from api.records.finding import Person
from api.records.grounds import basis_for, event_detail, log_nobody, own_reason
from api.records.reading.search import Search

MOST_ROWS = 200
BASIC_TOLD = '{"category":"basic","count":1,"type":"Patient"}'
TRIES = 3
KEPT_ANSWERS = 4096
KEPT_PAGES = 2
KEPT_PAIRS = 200_000


class Page(NamedTuple):
    """What one read gave. `entries` is JSON: FHIR entries or timeline lines, comma-joined.

    `total` counts all that may be seen, `before` is where the next page begins, `event` is what
    stands in the log of it: the participant's own, or the network's when there is no such person.
    `after_key` goes with `before` where an order was asked for; `person` is whose records they are,
    where everything about them was asked for and anything of them may be seen.
    """

    entries: bytes
    total: int
    before: UUID | None
    event: Appended
    after_key: Decimal | None = None
    person: "Person | None" = None

    @property
    def number(self) -> int | None:
        """The event's place in the participant's log."""
        return self.event.number


class _Named(msgspec.Struct):
    name: str
    name_kana: str
    sex: str
    birth_on: date


class CopiedRecord(NamedTuple):
    """`body` is its JSON."""

    record_id: UUID
    resource_type: str
    category: str
    is_told: bool
    body: str


class TimelineLine(msgspec.Struct, frozen=True):
    record_id: UUID
    type: str
    category: str
    title: str
    effective_on: date
    effective_at: datetime | None
    facility_id: UUID
    marks: list[str]


async def read(
    actor: Actor,
    subject: UUID,
    types: tuple[str, ...] = (),
    *,
    record_id: UUID | None = None,
    form: str = "bundle",
    before: UUID | None = None,
    count: int = 50,
    search: Search | None = None,
    asked: tuple[str, ...] | None = None,
    only_with_records: bool = False,
) -> Page:
    """Everything of these types (none: all) that this requester may see of this participant now.

    `search` narrows it, orders it and goes on where a page ended; a count of 0 only counts then.
    `asked` is what the event says was asked for, where that is not the types; `only_with_records`
    whose they are is told with records alone. A refusal is an event of the participant's log too,
    and looks like having nothing.
    """
    page_size = min(max(count, 1 if search is None else 0), MOST_ROWS)
    asked = types if asked is None else asked
    if actor.purpose_of_use in EMERGENCY:
        return await _without_session(actor, subject, asked)

    def plan(
        known: policies.CompiledPolicy, standing: directory.Standing
    ) -> tuple[queries.ReadPlan, bytes, _Answer]:
        answer = _answer(subject, known, actor, standing, asked)
        is_first_page = record_id is None and before is None and search is None
        kept = answer.first_pages.get((form, types, page_size)) if is_first_page else None
        if kept is not None:
            return *kept, answer
        wanted = queries.ReadPlan(
            form=form,
            types=types,
            record_id=record_id,
            standing=standing.revision,
            policy_version=known.policy_version,
            **answer.filter._asdict(),
            before=before,
            page_size=page_size,
            base_url=runtime.fhir_base(),
            event=EventName.RECORD_READ,
            search="" if search is None else search.encoded,
        )
        digest = queries.digest(wanted)
        if is_first_page and len(answer.first_pages) < KEPT_PAGES:
            answer.first_pages[form, types, page_size] = (wanted, digest)
        return wanted, digest, answer

    for _ in range(TRIES):
        standing = await directory.standing(actor)
        try:
            known = await policies.policy(actor, subject)
        except NotFound:
            return await nothing(actor)
        wanted, digest, answer = plan(known, standing)
        if only_with_records:
            answer = answer._replace(only_with_records=True)
        try:
            found = await _reading.call(actor, subject, digest, wanted, answer)
        except asyncpg.PostgresError as error:
            if not access_log.forget_if_gone(error, [subject]):
                raise
            continue
        if found is not None:
            row, event = found
            if answer.outcome == "permitted" or (answer.own is not None and row["told"]):
                _committed(subject, answer)
            return _page(subject, answer, row, event, page_size)
        directory.forget_standing(actor)
        policies.forget(subject)
    # The settings change faster than we can follow: hold them still, then read.
    async with unit_of_work(actor, subject=subject) as tx:
        held = await policies.locked_policy_in(tx)
        if held is not None:
            wanted, _, answer = plan(held, await directory.standing_in(tx, actor))
            answer = answer._replace(only_with_records=only_with_records)
            row = await queries.read_in(tx, actor, subject, wanted)
            if row is not None:
                owed = [_owed(subject, answer, row)]
                shown = await opened_row(tx.connection, subject, row)
                (event,) = await access_log.append_owed(tx.connection, owed)
                if first := _maybe_first([(subject, answer, row)], owed):
                    await tx.execute(access_log.first_access_statement(first))
                return _page(subject, answer, shown, event, page_size)
    raise Unavailable


async def _without_session(actor: Actor, subject: UUID, types: tuple[str, ...]) -> Page:
    """For an emergency records are read in a running session alone (`in_emergency`): PostgreSQL
    would refuse it here. Logged as any refusal."""
    event = await log_refused(actor, subject, types)
    return await nothing(actor) if event is None else Page(b"", 0, None, event)


async def log_refused(actor: Actor, subject: UUID, types: tuple[str, ...] = ()) -> Appended | None:
    """That somebody was turned away, and why, in a transaction of its own: what was begun is
    undone. None, and nothing logged, where there is no such participant."""
    async with unit_of_work(actor, subject=subject) as tx:
        known = await policies.locked_policy_in(tx)
        if known is None:
            return None
        standing = await directory.standing_in(tx, actor)
        who = policies.requester(actor, standing)
        request = Request(who, actor.purpose_of_use or "", clock.now())
        basis = basis_for(known.policy.scope(request), types)
        versions = versions_of(known, standing, request.now)
        return await access_log.append(
            tx,
            EventName.RECORD_READ,
            outcome="denied",
            detail=event_detail(actor, standing, basis, types, versions, known.policy.team_names),
        )


async def _log_reads(connection: Any, answers: Sequence[Answer]) -> Step:
    """What was read, each with its event; None where something had changed and nothing was read."""
    owed = [_owed(subject, answer, row) for subject, answer, row in answers if row is not None]
    rows = await _opened(connection, [(subject, row) for subject, _, row in answers])
    statement, appended = await access_log.owed_statement(connection, owed)
    sign = receipts.signing()
    first = _maybe_first(answers, owed)
    if first:
        statement = f"{statement}; {access_log.first_access_statement(first)}"

    def results() -> list[tuple[Mapping[str, Any], Appended] | None]:
        events = map(sign, appended)
        return [None if row is None else (row, next(events)) for row in rows]

    return Step(statement, results)


async def opened_row(connection: Any, subject: UUID, row: asyncpg.Record) -> Mapping[str, Any]:
    (found,) = await _opened(connection, [(subject, row)])
    return row if found is None else found


async def _opened(
    connection: Any, read: Sequence[tuple[UUID, asyncpg.Record | None]]
) -> list[Mapping[str, Any] | None]:
    """With what participants wrote themselves as they wrote it; the event that is owed lets us."""
    sealed = {s for s, row in read if row is not None and sealing.is_sealed(row["entries"] or b"")}
    if not sealed:
        return [row for _, row in read]
    ciphers = await keystore.phr_ciphers(connection, sealed)
    return [
        row
        if row is None or subject not in sealed
        else dict(row)
        | {"entries": sealing.opened_bytes(ciphers.get(subject), subject, row["entries"])}
        for subject, row in read
    ]


_reading = queries.reading(_log_reads)

# Whom this process knows to have been told of which facility: for them PostgreSQL is not asked.
_told_of: set[tuple[UUID, UUID]] = set()


def _maybe_first(answers: Sequence[Any], owed: Sequence[Owed]) -> list[tuple[UUID, UUID]]:
    """Participant and facility of those reads that may be the first. `owed` has one for each answer
    with a row, in their order."""
    read = [answer for _, answer, row in answers if row is not None]
    return [
        pair
        for each, answer in zip(owed, read, strict=True)
        if each.outcome == "permitted"
        and answer.facility_id is not None
        and (pair := (each.participant_id, answer.facility_id)) not in _told_of
    ]


def _committed(subject: UUID, answer: "_Answer") -> None:
    """A permitted read is in the log, and with it the first look was told, if it was one."""
    if answer.facility_id is not None and (subject, answer.facility_id) not in _told_of:
        if len(_told_of) >= KEPT_PAIRS:
            _told_of.clear()
        _told_of.add((subject, answer.facility_id))


def _owed(subject: UUID, answer: "_Answer", row: asyncpg.Record) -> Owed:
    lines = [row["told"]] if row["told"] else []
    if _tells_person(answer, row):
        lines.append(BASIC_TOLD)
    told = Resources(",".join(lines), ids_of(row["told_ids"]))
    untold = Resources(row["untold"] or "", ids_of(row["untold_ids"]))
    outcome, shared = answer.outcome, answer.shared
    # Turned away, but shown what the asking facility wrote itself: that is why, and it is no
    # denial. Untold records alone change nothing: the row must not let anyone infer them.
    if answer.own is not None and told.types:
        outcome, shared = "permitted", answer.own
    place = Place(row["last_pseq"], row["last_commit"], row["at"])
    return Owed(subject, EventName.RECORD_READ, outcome, shared, told, untold, place)


def _tells_person(answer: "_Answer", row: asyncpg.Record) -> bool:
    return row["person"] is not None and bool(row["shown"] or not answer.only_with_records)


def ids_of(joined: bytes | None) -> bytes:
    if joined is None:
        return b""
    return b"".join(sorted([joined[at : at + 16] for at in range(0, len(joined), 16)]))


def page_of(row: Mapping[str, Any], event: Appended, page_size: int) -> Page:
    is_more = row["is_more"]
    if is_more is None:
        is_more = row["shown"] == page_size < row["total"]
    more = row["last_id"] if is_more else None
    return Page(row["entries"] or b"", row["total"] or 0, more, event, row["last_key"])


def _page(
    subject: UUID, answer: "_Answer", row: Mapping[str, Any], event: Appended, page_size: int
) -> Page:
    page = page_of(row, event, page_size)
    if _tells_person(answer, row):
        named = msgspec.json.decode(row["person"], type=_Named)
        return page._replace(person=Person(subject, *msgspec.structs.astuple(named)))
    if answer.outcome == "permitted" or page.entries:
        return page._replace(person=Person(subject, None, None, None, None))
    return page


async def copy_in(tx: Transaction, categories: tuple[str, ...]) -> list[CopiedRecord]:
    """All current records of the transaction's subject of these kinds (none: all), the untold ones
    too. Nothing is decided here: the caller has a ground of its own, and owes the event."""
    rows = await own_entries.opened_rows_in(tx, await queries.copy(tx, categories))
    return [CopiedRecord(*row.values()) for row in rows]


async def nothing(actor: Actor) -> Page:
    """The answer about somebody we do not know: as a refusal looks, and logged like one."""
    return Page(b"", 0, None, await log_nobody(actor, EventName.RECORD_READ))


async def timeline(actor: Actor, subject: UUID) -> list[TimelineLine]:
    page = await read(actor, subject, form="timeline", count=MOST_ROWS)
    return msgspec.json.decode(b"[%b]" % page.entries, type=list[TimelineLine])


class _Answer(NamedTuple):
    """What one requester may read of one participant, ready to send to PostgreSQL.

    `own` is what the event says instead when only the facility's own records were shown. By form,
    types and size, `first_pages` keeps plans and their digests. `only_with_records`: as in `read`.
    """

    filter: Filter
    outcome: str
    shared: Common
    own: Common | None
    holds_until: datetime | None
    first_pages: dict[tuple[str, tuple[str, ...], int], tuple[queries.ReadPlan, bytes]]
    only_with_records: bool = False
    facility_id: UUID | None = None


_answers: dict[tuple[Any, ...], _Answer] = {}


def _answer(
    subject: UUID,
    known: policies.CompiledPolicy,
    actor: Actor,
    standing: directory.Standing,
    types: tuple[str, ...],
) -> _Answer:
    """Decided once for each policy version and standing, until a rule begins or ends.

    An answer kept too long does no harm: PostgreSQL checks both versions before it reads.
    """
    trained = policies.is_trained(standing, clock.today_in_japan())
    key = (subject, known.policy_version, actor, standing.revision, trained, types)
    answer, now = _answers.get(key), clock.now()
    if answer is None or (answer.holds_until is not None and now >= answer.holds_until):
        request = Request(policies.requester(actor, standing), actor.purpose_of_use or "", now)
        scope = known.policy.scope(request)
        versions = versions_of(known, standing, request.now)
        basis = basis_for(scope, types)
        is_granted = basis.step in ("granted", "shared")
        detail = event_detail(actor, standing, basis, types, versions, known.policy.team_names)
        own = None if is_granted else detail | own_reason(actor, standing, basis)
        answer = _Answer(
            filter=filter_of(scope),
            outcome="permitted" if is_granted else "denied",
            shared=access_log.common(actor, detail),
            own=None if own is None else access_log.common(actor, own),
            holds_until=known.policy.holds_until(request),
            first_pages={},
            facility_id=actor.facility_id,
        )
        if len(_answers) >= KEPT_ANSWERS:
            _answers.clear()
        _answers[key] = answer
    return answer
