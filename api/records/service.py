"""What professionals and systems read: decided, read and logged in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from api.access_log import receipts
from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.service import Appended, Common, Owed, Place, Resources
from api.consent import policies
from api.consent.agreeing import desk_code
from api.consent.decide import Scope
from api.consent.errors import DeskCodeRefused
from api.consent.explain import sentence
from api.consent.facts import EMERGENCY, Basis, Request
from api.consent.replay import Versions, versions_of
from api.consent.wording import spoken
from api.core import clock, i18n, runtime
from api.core.actor import Actor, ActorKind
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound, Unavailable
from api.core.lane import Answer, Step
from api.directory import service as directory
from api.fhir import codes
from api.identity.enrolling.insurance import Insurance, parse_insurance
from api.records import queries
from api.records.filtering import Filter, filter_of
from api.records.mapping import CATEGORIES_OF_TYPE, Identifier
from api.records.reading.search import Search

MOST_ROWS = 200
BASIC_TOLD = '{"category":"basic","count":1,"type":"Patient"}'
NO_TEAMS: Mapping[str, str] = {}
TRIES = 3


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


class Person(NamedTuple):
    """Someone found. The demographics are None unless the settings show basic information."""

    participant_id: UUID
    name: str | None
    name_kana: str | None
    sex: str | None
    birth_on: date | None


class _Named(msgspec.Struct):
    name: str
    name_kana: str
    sex: str
    birth_on: date


class Found(NamedTuple):
    """Who was found, if anybody, and the event of it."""

    person: Person | None
    event: Appended


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
) -> Page:
    """Everything of these types (none: all) that this requester may see of this participant now.

    `search` narrows it, orders it and goes on where a page ended; a count of 0 only counts then.
    `asked` is what the event says was asked for, where that is not the types. A refusal is an event
    of the participant's log too, and looks like having nothing.
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
        try:
            found = await _reading.call(actor, subject, digest, wanted, answer)
        except asyncpg.PostgresError as error:
            if not access_log.forget_if_gone(error, [subject]):
                raise
            continue
        if found is not None:
            row, event = found
            return _page(subject, answer, row, event, page_size)
        directory.forget_standing(actor)
        policies.forget(subject)
    # The settings change faster than we can follow: hold them still, then read.
    async with unit_of_work(actor, subject=subject) as tx:
        held = await policies.locked_policy_in(tx)
        if held is not None:
            wanted, _, answer = plan(held, await directory.standing_in(tx, actor))
            row = await queries.read_in(tx, actor, subject, wanted)
            if row is not None:
                owed = [_owed(subject, answer, row)]
                (event,) = await access_log.append_owed(tx.connection, owed)
                return _page(subject, answer, row, event, page_size)
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
    statement, appended = await access_log.owed_statement(connection, owed)
    sign = receipts.signing()

    def results() -> list[tuple[asyncpg.Record, Appended] | None]:
        events = map(sign, appended)
        return [row and (row, next(events)) for _, _, row in answers]

    return Step(statement, results)


_reading = queries.reading(_log_reads)


def _owed(subject: UUID, answer: "_Answer", row: asyncpg.Record) -> Owed:
    lines = [row["told"]] if row["told"] else []
    if row["person"] is not None:
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


def ids_of(joined: bytes | None) -> bytes:
    if joined is None:
        return b""
    return b"".join(sorted([joined[at : at + 16] for at in range(0, len(joined), 16)]))


def page_of(row: asyncpg.Record, event: Appended, page_size: int) -> Page:
    is_more = row["is_more"]
    if is_more is None:
        is_more = row["shown"] == page_size < row["total"]
    more = row["last_id"] if is_more else None
    return Page(row["entries"] or b"", row["total"] or 0, more, event, row["last_key"])


def _page(
    subject: UUID, answer: "_Answer", row: asyncpg.Record, event: Appended, page_size: int
) -> Page:
    page = page_of(row, event, page_size)
    if row["person"] is not None:
        named = msgspec.json.decode(row["person"], type=_Named)
        return page._replace(person=Person(subject, *msgspec.structs.astuple(named)))
    if answer.outcome == "permitted" or page.entries:
        return page._replace(person=Person(subject, None, None, None, None))
    return page


async def copy_in(tx: Transaction, categories: tuple[str, ...]) -> list[CopiedRecord]:
    """All current records of the transaction's subject of these kinds (none: all), the untold ones
    too. Nothing is decided here: the caller has a ground of its own, and owes the event."""
    return [CopiedRecord(*row.values()) for row in await queries.copy(tx, categories)]


async def nothing(actor: Actor) -> Page:
    """The answer about somebody we do not know: as a refusal looks, and logged like one."""
    return Page(b"", 0, None, await log_nobody(actor, EventName.RECORD_READ))


async def timeline(actor: Actor, subject: UUID) -> list[TimelineLine]:
    page = await read(actor, subject, form="timeline", count=MOST_ROWS)
    return msgspec.json.decode(b"[%b]" % page.entries, type=list[TimelineLine])


async def find(actor: Actor, identifier: Identifier, born_on: date | None = None) -> Found:
    """The participant of a card, of the facility's own number, or of insurance and birth date, if
    this requester may know them.

    Nobody, and somebody whose settings let this requester see nothing at all, cannot be told apart.
    Both are logged.
    """
    subject = await locate(actor, identifier, born_on)
    if subject is None:
        return Found(None, await log_nobody(actor, EventName.PARTICIPANT_SOUGHT))
    return await show(actor, subject)


async def show(actor: Actor, subject: UUID, *, by_description: bool = False) -> Found:
    """As `find`, for a participant's id. By a description nobody is found who is not shown by
    name."""
    async with unit_of_work(actor, subject=subject) as tx:
        found = await _show(tx, actor, subject, by_description=by_description)
    if found is not None:
        return found
    return Found(None, await log_nobody(actor, EventName.PARTICIPANT_SOUGHT))


async def _show(
    tx: Transaction, actor: Actor, subject: UUID, *, by_description: bool
) -> Found | None:
    known = await policies.locked_policy_in(tx)
    if known is None:
        return None
    standing = await directory.standing_in(tx, actor)
    request = Request(policies.requester(actor, standing), actor.purpose_of_use or "", clock.now())
    scope = known.policy.scope(request)
    versions = versions_of(known, standing, request.now)
    is_known = scope.own_facility and bool(
        await queries.local_ids(tx, actor.facility_id or UUID(int=0))
    )
    is_named = "basic" in scope.categories
    is_permitted = (scope.outcome == "permit" or is_known) and (is_named or not by_description)
    basis = scope.basis
    if by_description and not is_named:
        basis = scope.of("basic").basis
    elif is_known and scope.outcome == "deny":
        basis = msgspec.structs.replace(basis, step="own_record")
    event = await access_log.append(
        tx,
        EventName.PARTICIPANT_FOUND if is_permitted else EventName.PARTICIPANT_SOUGHT,
        outcome="permitted" if is_permitted else "denied",
        detail=event_detail(
            actor, standing, basis, ("Patient",), versions, known.policy.team_names
        ),
    )
    if not is_permitted:
        return Found(None, event)
    if not is_named:
        return Found(Person(subject, None, None, None, None), event)
    row = await queries.person(tx)
    return Found(Person(subject, *row.values()) if row else None, event)


async def locate(actor: Actor, identifier: Identifier, born_on: date | None = None) -> UUID | None:
    """Whose this identifier is: our card's, the asking facility's own patient number, or, with the
    birth date, insurance nobody else born that day has."""
    async with unit_of_work(actor) as tx:
        return await _locate(tx, actor, identifier, born_on)


async def find_by_desk_code(actor: Actor, digits: str) -> Found:
    """Whoever told this code at the desk; it lets the facility in for a day, as typing it does.

    Raises `DeskCodeThrottled`. A code that opens nothing is nobody's.
    """
    # The professional a system signs for is who was told the code; a system alone was told nothing.
    teller = msgspec.structs.replace(actor, kind=ActorKind.PROFESSIONAL)
    try:
        subject = await desk_code.redeem(teller, digits)
    except (DeskCodeRefused, NotFound):
        return Found(None, await log_nobody(actor, EventName.PARTICIPANT_SOUGHT))
    return await show(actor, subject)


async def owner_of(record_id: UUID) -> UUID | None:
    """Whose record an id names; of nobody, None. It opens nothing: the reading decides and logs."""
    return await queries.owner_of_record(record_id)


async def _locate(
    tx: Transaction, actor: Actor, identifier: Identifier, born_on: date | None
) -> UUID | None:
    if identifier.system == codes.CARD:
        return await queries.participant_of_card(tx, identifier.value)
    if identifier.system == codes.INSURANCE_MEMBER:
        insurance = parse_insurance(*f"{identifier.value}:::".split(":")[:4])
        if not isinstance(insurance, Insurance) or born_on is None:
            return None
        named = msgspec.structs.astuple(insurance)
        return await queries.participant_of_insurance(tx, named, born_on)
    code = codes.facility_of_patient_system(identifier.system)
    if code is None or actor.facility_id is None:
        return None
    if await directory.facility_of_code(code) != actor.facility_id:
        return None
    return await queries.participant_of_local_id(tx, actor.facility_id, identifier.value)


async def log_nobody(actor: Actor, event: EventName) -> Appended:
    """The event of an act about nobody we know, in the system log."""
    async with unit_of_work(actor) as tx:
        return await access_log.append_system(
            tx, event, outcome="denied", detail={"name": actor.name}
        )


def basis_for(scope: Scope, types: tuple[str, ...]) -> Basis:
    """The answer for the kinds of record asked for: granted if any of their categories is, else
    shared if anything is."""
    asked = [category for name in types for category in CATEGORIES_OF_TYPE.get(name, ())]
    if not asked or any(category in scope.categories for category in asked):
        return scope.basis
    if scope.share is not None:
        return msgspec.structs.replace(scope.basis, step="shared", recipient=scope.share)
    return scope.of(asked[0]).basis


class _Answer(NamedTuple):
    """What one requester may read of one participant, ready to send to PostgreSQL.

    `own` is what the event says instead when only the facility's own records were shown. By form,
    types and size, `first_pages` keeps plans and their digests.
    """

    filter: Filter
    outcome: str
    shared: Common
    own: Common | None
    holds_until: datetime | None
    first_pages: dict[tuple[str, tuple[str, ...], int], tuple[queries.ReadPlan, bytes]]


_answers: dict[tuple[Any, ...], _Answer] = {}
KEPT_ANSWERS = 4096
KEPT_PAGES = 2


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
        own = None if is_granted else detail | _own_reason(actor, standing, basis)
        answer = _Answer(
            filter=filter_of(scope),
            outcome="permitted" if is_granted else "denied",
            shared=access_log.common(actor, detail),
            own=None if own is None else access_log.common(actor, own),
            holds_until=known.policy.holds_until(request),
            first_pages={},
        )
        if len(_answers) >= KEPT_ANSWERS:
            _answers.clear()
        _answers[key] = answer
    return answer


def event_detail(
    actor: Actor,
    standing: directory.Standing,
    basis: Basis,
    types: tuple[str, ...],
    versions: Versions,
    teams: Mapping[str, str] = NO_TEAMS,
) -> dict[str, Any]:
    """The event as the participant will read it; resources are added where they are read."""
    who = {
        "name": standing.professional_name or actor.name,
        "profession": standing.profession or actor.profession,
        "facility": {"ja": standing.facility_name, "en": standing.facility_name_en},
        "client": actor.client_id,
    }
    reason = reason_of(actor, standing, basis, teams)
    return {"actor": who, "asked": types, **reason, "versions": versions}


def _own_reason(actor: Actor, standing: directory.Standing, basis: Basis) -> dict[str, Any]:
    return reason_of(actor, standing, msgspec.structs.replace(basis, step="own_record"))


def reason_of(
    actor: Actor,
    standing: directory.Standing,
    basis: Basis,
    teams: Mapping[str, str] = NO_TEAMS,
) -> dict[str, Any]:
    said = sentence(basis)
    facility = {"ja": standing.facility_name, "en": standing.facility_name_en}
    text = {
        locale: spoken(
            said,
            locale,
            directory.profile(),
            {
                **teams,
                str(actor.facility_id): facility[locale],
                str(actor.professional_id): standing.professional_name or "",
            },
        )
        for locale in i18n.LOCALES
    }
    return {"basis": basis, "text": text}
