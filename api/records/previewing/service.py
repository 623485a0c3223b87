"""What others would see, told to the participant: never a trace of a record they do not know of."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
from msgspec import structs

from api.consent import policies, stored
from api.consent import service as consent
from api.consent.decide import Policy, Scope
from api.consent.errors import UnknownChoice
from api.consent.explain import sentence
from api.consent.facts import TREATMENT, Basis, Directive, RecordFacts, Request
from api.consent.settings import comparing
from api.consent.settings.comparing import Cuts, Group
from api.consent.settings.switches import Command
from api.consent.wording import spoken
from api.core import clock
from api.core.actor import Actor, ActorKind
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.records.filtering import filter_of
from api.records.previewing import queries

RECORDS_ON_A_PAGE = 20


class Eyes(NamedTuple):
    """Whose: a professional's, or those of a facility's system speaking for one profession."""

    professional_id: UUID | None = None
    facility_id: UUID | None = None
    profession: str | None = None


class Viewer(NamedTuple):
    """`name` is None for a facility's system."""

    name: str | None
    profession: str
    facility: str


class Kind(NamedTuple):
    """One category: how many they would see, how many are kept back, and each reason why."""

    category: str
    shown: int
    kept: int
    reasons: list[str]


class SeenRecord(NamedTuple):
    record_id: UUID
    type: str
    category: str
    title: str
    effective_on: date
    effective_at: datetime | None
    facility: str


class Preview(NamedTuple):
    """`version`: of the settings in force. `sentence`: why they are let in at all, or not.

    `kinds` are those of which there is any record, in the profile's order; `records` one page,
    of `listed` in all.
    """

    version: int
    viewer: Viewer
    is_let_in: bool
    sentence: str
    shown: int
    kept: int
    kinds: list[Kind]
    records: list[SeenRecord]
    listed: int


async def see_as(
    actor: Actor,
    eyes: Eyes,
    locale: str,
    *,
    commands: Sequence[Command] = (),
    category: str | None = None,
    page: int = 1,
) -> Preview:
    """Exactly what these eyes would get now, for treatment; with `commands`, after saving them.

    Raises `UnknownChoice` for somebody, a profession or a category this network does not have.
    """
    async with unit_of_work(actor) as tx:
        now, state = await consent.trial_in(tx, commands)
        asking, standing = await _standing(tx, eyes)
        request = Request(policies.requester(asking, standing), TREATMENT, clock.now())
        policy = policies.compiled(state)
        scope = policy.scope(request)
        facility_id = request.requester.facility_id
        of = (tx, _subject(actor), facility_id, filter_of(scope))
        shown = await queries.seen_by_category(*of)
        if category is not None and category not in stored.network_rules().categories:
            raise UnknownChoice
        rows = await queries.seen(
            *of,
            category=category,
            limit=RECORDS_ON_A_PAGE,
            offset=(page - 1) * RECORDS_ON_A_PAGE,
        )
        cuts = comparing.cuts(state.participation, [state.directive], [facility_id])
        groups = await groups_in(tx, cuts)
        sources = {row["source_facility_id"] for row in rows} | set(cuts.sources)
        names = {
            each.facility_id: each.label(locale)
            for each in await directory.facilities_in(tx, sorted(sources))
        }
    said = _Saying(locale, _names(state.directive, standing, names, locale, eyes))
    kept, reasons = _kept_back(policy, request, groups, said)
    return Preview(
        version=now.directive.version,
        viewer=Viewer(
            standing.professional_name,
            request.requester.profession or "",
            names.get(facility_id, ""),
        ),
        is_let_in=scope.outcome == "permit" or bool(shown),
        sentence=said.why(_overall(scope, bool(shown))),
        shown=sum(shown.values()),
        kept=sum(kept.values()),
        kinds=[
            Kind(each, shown.get(each, 0), kept[each], reasons.get(each, []))
            for each in _in_order({*shown, *kept})
        ],
        records=[_seen(row, names) for row in rows],
        listed=shown.get(category, 0) if category else sum(shown.values()),
    )


async def _standing(tx: Transaction, eyes: Eyes) -> tuple[Actor, directory.Standing]:
    """The asker as the directory knows them now."""
    if eyes.professional_id is not None:
        people = await directory.people_in(tx, [eyes.professional_id])
        if not people:
            raise UnknownChoice
        asking = Actor(
            kind=ActorKind.PROFESSIONAL,
            facility_id=people[0].facility_id,
            professional_id=eyes.professional_id,
            purpose_of_use=TREATMENT,
        )
    else:
        if eyes.facility_id is None or eyes.profession not in stored.network_rules().matrix:
            raise UnknownChoice
        asking = Actor(
            kind=ActorKind.SYSTEM,
            facility_id=eyes.facility_id,
            profession=eyes.profession,
            purpose_of_use=TREATMENT,
        )
    try:
        return asking, await directory.standing_in(tx, asking)
    except NotFound as error:
        raise UnknownChoice from error


async def groups_in(tx: Transaction, cuts: Cuts) -> list[Group]:
    """The subject's told records, counted by all that these settings tell apart."""
    return [
        Group(
            RecordFacts(
                row["category"],
                row["day"],
                row["day"],
                row["source"],
                row["sensitivity"],
                row["named"],
            ),
            row["size"],
        )
        for row in await queries.told_groups(tx, cuts)
    ]


class _Saying(NamedTuple):
    locale: str
    names: dict[str, str]

    def why(self, basis: Basis) -> str:
        return spoken(sentence(basis), self.locale, directory.profile(), self.names)


def _names(
    directive: Directive,
    standing: directory.Standing,
    facilities: dict[UUID, str],
    locale: str,
    eyes: Eyes,
) -> dict[str, str]:
    """Everybody a sentence about these settings may speak of."""
    named = {str(each): label for each, label in facilities.items()}
    named |= {str(team.id): team.name for team in directive.teams}
    return named | {str(eyes.professional_id): standing.professional_name or ""}


def _kept_back(
    policy: Policy, request: Request, groups: Iterable[Group], said: _Saying
) -> tuple[Counter[str], dict[str, list[str]]]:
    """By category: how many, and the reasons, the one for most records first."""
    kept: Counter[str] = Counter()
    reasons: dict[str, Counter[str]] = {}
    for group in groups:
        decision = policy.decide(request, group.facts)
        category = group.facts.category
        if decision.outcome == "deny":
            kept[category] += group.size
            reasons.setdefault(category, Counter())[said.why(decision.basis)] += group.size
    return kept, {
        category: [text for text, _ in counted.most_common()]
        for category, counted in reasons.items()
    }


def _overall(scope: Scope, sees_any: bool) -> Basis:
    """As the log will say it: only their own shown is no refusal."""
    if scope.outcome == "deny" and sees_any:
        return structs.replace(scope.basis, step="own_record")
    return scope.basis


def _in_order(categories: set[str]) -> list[str]:
    known = list(stored.network_rules().categories)
    return sorted(categories, key=lambda each: known.index(each) if each in known else len(known))


def _seen(row: asyncpg.Record, names: dict[UUID, str]) -> SeenRecord:
    return SeenRecord(
        row["record_id"],
        row["resource_type"],
        row["category"],
        row["title"],
        row["effective_on"],
        row["effective_at"],
        names.get(row["source_facility_id"], ""),
    )


def _subject(actor: Actor) -> UUID:
    return actor.participant_id or UUID(int=0)
