"""Taking in consents on paper: each line a transaction of its own, and safe to run again."""

import asyncio
from collections.abc import Callable
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Final, Literal, NamedTuple
from uuid import UUID

import msgspec

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import queries, service, stored
from api.consent.lifecycle import paper_queries, papers, participating, schemes
from api.consent.lifecycle.papers import Fault, Paper, Reason
from api.consent.lifecycle.scans import Scans
from api.consent.settings.switches import ChooseScheme, Command, SetFacility
from api.core import clock
from api.core.actor import Actor, ActorKind
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound, Problem
from api.core.media import media_type
from api.directory import service as directory
from api.identity import closed
from api.identity.enrolling import intake
from api.proxies import safety as proxy_safety
from notifications import service as notifications

SERVICE_FAILS: Final = 500
STEP: Final = 20
SILENT_FOR: Final = timedelta(minutes=2)


class Import(NamedTuple):
    """One list taken in; `taken + unchanged + refused` of `lines` are done."""

    import_id: UUID
    name: str
    lines: int
    taken: int
    unchanged: int
    refused: int
    started_at: datetime
    touched_at: datetime
    finished_at: datetime | None

    @property
    def done(self) -> int:
        return self.taken + self.unchanged + self.refused

    @property
    def is_stopped(self) -> bool:
        """Cut short: the same list may be handed in again, nothing is taken twice."""
        return self.finished_at is None and clock.now() - self.touched_at > SILENT_FOR


class SignedPaper(NamedTuple):
    """A paper as its participant sees it."""

    paper_id: UUID
    choice: Literal["participate", "refuse"]
    signed_on: date
    imported_at: datetime


class _Refused(Exception):
    def __init__(self, reason: Reason, **params: str | int) -> None:
        super().__init__(reason)
        self.reason, self.params = reason, params


async def begin(actor: Actor, name: str, table: bytes) -> tuple[UUID, list[Paper | list[Fault]]]:
    """Reads the whole list and writes down that it is being taken in. Raises `papers.NotAList`."""
    _check_actor(actor)
    profile = directory.profile()
    lines = await asyncio.to_thread(
        papers.read,
        table,
        scheme=profile.card_scheme,
        schemes=frozenset(each.code.value for each in profile.consent.schemes),
        today=clock.today_in_japan(),
    )
    shown = "".join(filter(str.isprintable, name))[:200]
    async with unit_of_work(actor) as tx:
        return await paper_queries.add_import(tx, shown, len(lines)), lines


async def take_in(
    actor: Actor,
    import_id: UUID,
    lines: list[Paper | list[Fault]],
    scans: Scans,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Good lines are taken though others are bad; `progress` is told (done, total) after each."""
    _check_actor(actor)
    counts = {"taken": 0, "unchanged": 0, "refused": 0}
    waiting: list[Fault] = []
    for done, line in enumerate(lines, 1):
        if isinstance(line, Paper):
            try:
                counts["taken" if await _take(actor, line, scans) else "unchanged"] += 1
            except _Refused as refusal:
                counts["refused"] += 1
                waiting.append(Fault(line.line, refusal.reason, refusal.params))
            except Problem as problem:
                if problem.status >= SERVICE_FAILS:
                    raise
                # This person's settings cannot take it up; those of the next line may.
                counts["refused"] += 1
                waiting.append(Fault(line.line, "settings"))
        else:
            counts["refused"] += 1
            waiting += line
        is_last = done == len(lines)
        if done % STEP == 0 or is_last:
            await _keep_count(actor, import_id, counts, waiting, is_last=is_last)
            waiting.clear()
        progress(done, len(lines))
    if not lines:
        await _keep_count(actor, import_id, counts, waiting, is_last=True)


async def imports(actor: Actor, *, page: int, count: int) -> tuple[list[Import], int]:
    """Newest first, and how many there are."""
    _check_actor(actor)
    async with unit_of_work(actor) as tx:
        rows = await paper_queries.imports(tx, count, (page - 1) * count)
        return [Import(*row.values()) for row in rows], await paper_queries.import_total(tx)


async def one_import(actor: Actor, import_id: UUID) -> tuple[Import, list[Fault]]:
    """How far it is, and the lines not taken so far. Raises `NotFound`."""
    _check_actor(actor)
    async with unit_of_work(actor) as tx:
        row = await paper_queries.one_import(tx, import_id)
        if row is None:
            raise NotFound
        faults = [
            Fault(each["line"], each["reason"], msgspec.json.decode(each["params"]))
            for each in await paper_queries.faults(tx, import_id)
        ]
        return Import(*row.values()), faults


async def own_papers(actor: Actor) -> list[SignedPaper]:
    """What the actor signed on paper, newest first."""
    async with unit_of_work(actor) as tx:
        return [SignedPaper(*row.values()) for row in await paper_queries.papers(tx)]


async def own_scan(actor: Actor, paper_id: UUID) -> tuple[str, bytes]:
    """Media type and content of the actor's own paper. Raises `NotFound`, `NoFileInSafeMode`."""
    proxy_safety.refuse_file(actor)
    async with unit_of_work(actor) as tx:
        row = await paper_queries.scan(tx, paper_id)
    if row is None:
        raise NotFound
    return row["media_type"], row["content"]


def _check_actor(actor: Actor) -> None:
    if actor.kind not in (ActorKind.SUPPORT, ActorKind.OPERATOR):
        raise NotFound


async def _keep_count(
    actor: Actor,
    import_id: UUID,
    counts: dict[str, int],
    faults: list[Fault],
    *,
    is_last: bool,
) -> None:
    said = [(each.line, each.reason, msgspec.json.encode(each.params).decode()) for each in faults]
    numbers = counts["taken"], counts["unchanged"], counts["refused"]
    async with unit_of_work(actor) as tx:
        await paper_queries.add_faults(tx, import_id, said)
        await paper_queries.count(tx, import_id, numbers, clock.now() if is_last else None)


async def _take(actor: Actor, paper: Paper, scans: Scans) -> bool:
    """False where this very paper was taken before."""
    scan = await asyncio.to_thread(scans, paper.scan)
    if scan is None:
        raise _Refused("scan_missing")
    kind = media_type(scan)
    if kind is None:
        raise _Refused("scan_format")
    person = await intake.person_of(actor, paper.card, paper.birth_on)
    if person is None:
        raise _Refused("unknown_person")
    row_hash = paper.hash(scan)
    async with unit_of_work(actor, subject=person) as tx:
        await queries.lock(tx)
        if await paper_queries.is_taken(tx, row_hash):
            return False
        if await closed.is_closed_in(tx):
            raise _Refused("closed")
        await _check_is_newest(tx, paper)
        versions = await _apply(tx, actor, paper)
        paper_id = await paper_queries.add_paper(
            tx, row_hash, paper.choice, paper.signed_on, versions, actor.account_id
        )
        digest = sha256(scan).digest()
        await paper_queries.add_scan(tx, paper_id, digest, kind, scan)
        said = {"choice": paper.choice, "signed_on": str(paper.signed_on), "scan": digest.hex()}
        await access_log.append(
            tx, EventName.PAPER_TAKEN, detail=said | {"actor": {"name": actor.name}}
        )
        await notifications.enqueue(tx, f"paper_{paper.choice}", day=str(paper.signed_on))
    return True


async def _check_is_newest(tx: Transaction, paper: Paper) -> None:
    """What people chose themselves since they signed stands, and so does a later paper."""
    last = await paper_queries.chosen_until_now(tx)
    if last is None:
        return
    own_at, paper_on = last
    is_older = own_at is not None and own_at.astimezone(clock.JAPAN).date() >= paper.signed_on
    if is_older or (paper_on is not None and paper_on > paper.signed_on):
        raise _Refused("newer_choice")


async def _apply(tx: Transaction, actor: Actor, paper: Paper) -> tuple[int | None, int | None]:
    """The versions of participation and settings this paper made."""
    commands = await _commands(tx, paper)
    state = await stored.settings_in(tx)
    wished = "participating" if paper.choice == "participate" else "refused"
    participation: int | None = None
    if state.participation.state != wished or await _answers_new_terms(tx, paper):
        participation = await participating.join_in(
            tx, actor, state=wished, signed_on=paper.signed_on
        )
    if paper.choice == "refuse":
        return participation, None
    await schemes.begin_in(tx, actor, None)
    following = await service.change_in(tx, actor, commands, origin="paper")
    is_new = following.version > state.directive.version
    return participation, following.version if is_new else None


async def _answers_new_terms(tx: Transaction, paper: Paper) -> bool:
    """A paper signed since the terms were put to everybody agrees to them."""
    asked_at = await paper_queries.asked_at(tx)
    return asked_at is not None and asked_at.astimezone(clock.JAPAN).date() <= paper.signed_on


async def _commands(tx: Transaction, paper: Paper) -> list[Command]:
    known = await directory.facilities_of_codes_in(tx, paper.facility_codes, only_active=True)
    for code in paper.facility_codes:
        if code not in known:
            raise _Refused("unknown_facility", code=code[:20])
    if paper.scheme is not None:
        return [ChooseScheme(code=paper.scheme)]  # type: ignore[arg-type]
    until = None
    if paper.until is not None:
        after = paper.until + timedelta(days=1)
        until = datetime(after.year, after.month, after.day, tzinfo=clock.JAPAN)
    return [
        SetFacility(facility_id=known[code], on=True, until=until) for code in paper.facility_codes
    ]
