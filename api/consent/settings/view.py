"""Settings as apps are shown them: every section, each row with its end and where it came from."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from api.consent import service
from api.consent.facts import Directive, Origin, ParticipationState, Provision
from api.consent.settings.names import names_in_directive
from api.consent.settings.record_changes import LEVELS, Level
from api.consent.settings.summary import Switch, TeamSwitch
from api.consent.settings.switches import Scheme
from api.consent.settings.telling import label, who_sees_now
from api.consent.stored import Settings
from api.core.actor import Actor
from api.directory import service as directory
from api.directory.profile import Kind


class ParticipationView(Struct):
    """Records before `data_from` stay out of reach; null opens all.

    Taking part lapses at `ends_at` unless the new terms are accepted by then.
    """

    state: ParticipationState
    data_from: date | None
    terms_version: str | None
    ends_at: datetime | None


class Named(Struct):
    id: UUID
    name: str


class Coded(Struct):
    code: str
    label: str


class RowView(Struct, omit_defaults=True):
    """`id` is what `remove` and `extend` name; what a row does not speak of is left out."""

    id: int
    effect: Literal["permit", "deny", "exclusion"]
    origin: Origin
    level: Level = "normal"
    starts: datetime | None = None
    until: datetime | None = None
    chosen_at: datetime | None = None
    facility: Named | None = None
    professional: Named | None = None
    delegated_by: Named | None = None
    team: UUID | None = None
    everyone: bool = False
    facility_type: Coded | None = None
    region: Coded | None = None
    lived: str | None = None
    profession: Coded | None = None
    category: Coded | None = None
    source: Named | None = None
    records: tuple[UUID, ...] = ()
    data_from: date | None = None
    data_to: date | None = None
    purposes: tuple[str, ...] = ()


class GrantView(Struct):
    """Somebody let in by name, by what row. `delegated_by`: who passed their own access on."""

    id: UUID
    name: str
    until: datetime | None
    level: Level
    origin: Origin
    row_id: int
    delegated_by: Named | None


class SwitchView(Struct):
    """`by`: whether the participant's settings or the network decide; `row`: its own row."""

    code: str
    label: str
    on: bool
    by: Literal["settings", "network"]
    row: RowView | None


class TeamView(Struct):
    id: UUID
    name: str
    members: list[Named]
    grant: RowView | None


class MarkView(Struct):
    """The participant's own sensitivity for the record of this id."""

    id: UUID
    level: Level


class SourceView(Struct):
    """A facility no more records are taken from."""

    id: UUID
    name: str


class DisclosureView(Struct):
    """`now` says in one sentence who can see what; nothing else is let in.

    `ending`: grants by name that end within thirty days. `others`: rows overruled by others, or
    for purposes no section is about. `coming`: rows that begin later.
    """

    version: int
    changed_at: datetime | None
    now: str
    participation: ParticipationView
    scheme: Scheme
    everyone: SwitchView
    lived: list[SwitchView]
    regions: list[SwitchView]
    facility_types: list[SwitchView]
    types_in_regions: list[RowView]
    professions: list[SwitchView]
    categories: list[SwitchView]
    cells: list[RowView]
    facilities: list[GrantView]
    facilities_off: list[RowView]
    professionals: list[GrantView]
    professionals_off: list[RowView]
    teams: list[TeamView]
    exclusions: list[RowView]
    shares: list[RowView]
    hidden_records: list[RowView]
    hidden_periods: list[RowView]
    marks: list[MarkView]
    incoming_level: Level
    asks_first_since: datetime | None
    refused_sources: list[SourceView]
    secondary_uses: list[SwitchView]
    ending: list[RowView]
    others: list[RowView]
    coming: list[RowView]


async def view(actor: Actor, locale: str, state: Settings) -> DisclosureView:
    """The settings as they stand, in the reader's language."""
    seen, now = service.summary_of(state), service.state_now(state.participation)
    show = await _Showing.of(actor, locale, state.directive)
    return DisclosureView(
        version=state.directive.version,
        changed_at=state.changed_at,
        now=who_sees_now(now, seen, locale, directory.profile(), show.names),
        participation=ParticipationView(
            now,
            state.participation.data_from,
            state.participation.terms_version,
            state.participation.ends_at,
        ),
        scheme=seen.scheme,
        everyone=show.switch(None, seen.everyone),
        lived=show.switches(None, seen.lived),
        regions=show.switches("region", seen.regions),
        facility_types=show.switches("facility_type", seen.facility_types),
        types_in_regions=show.rows(seen.types_in_regions),
        professions=show.switches("profession", seen.professions),
        categories=show.switches("category", seen.categories),
        cells=show.rows(seen.cells),
        facilities=[show.grant(row) for row in seen.facilities],
        facilities_off=show.rows(seen.facilities_off),
        professionals=[show.grant(row) for row in seen.professionals],
        professionals_off=show.rows(seen.professionals_off),
        teams=[show.team(each) for each in seen.teams],
        exclusions=show.rows(seen.exclusions),
        shares=show.rows(seen.shares),
        hidden_records=show.rows(seen.hidden_records),
        hidden_periods=show.rows(seen.hidden_periods),
        marks=[MarkView(mark.record_id, LEVELS[mark.level]) for mark in seen.marks],
        incoming_level=LEVELS[seen.incoming_level],
        asks_first_since=seen.asks_first_since,
        refused_sources=[
            SourceView(each, show.names.get(each, "")) for each in seen.refused_sources
        ],
        secondary_uses=show.switches("purpose", seen.secondary_uses),
        ending=show.rows(seen.ending),
        others=show.rows(seen.others),
        coming=show.rows(seen.coming),
    )


class _Showing:
    """Ids and codes become names, in one language."""

    def __init__(self, locale: str, names: dict[UUID, str]) -> None:
        self._locale, self.names = locale, names

    @classmethod
    async def of(cls, actor: Actor, locale: str, directive: Directive) -> "_Showing":
        return cls(locale, await names_in_directive(actor, locale, directive))

    def switches(self, kind: Kind | None, of: tuple[Switch, ...]) -> list[SwitchView]:
        return [self.switch(kind, each) for each in of]

    def switch(self, kind: Kind | None, of: Switch) -> SwitchView:
        row = None if of.row is None else self.row(of.row)
        named = self._coded(kind, of.code).label if kind else of.code
        return SwitchView(of.code, named, of.is_on, of.by, row)

    def grant(self, row: Provision) -> GrantView:
        of = row.professional_id or row.facility_id or UUID(int=0)
        return GrantView(
            of,
            self.names.get(of, ""),
            row.valid_to,
            LEVELS[row.level],
            row.origin,
            row.id,
            self._named(row.delegated_by),
        )

    def team(self, of: TeamSwitch) -> TeamView:
        members = [Named(each, self.names.get(each, "")) for each in of.team.professional_ids]
        grant = None if of.row is None else self.row(of.row)
        return TeamView(of.team.id, of.team.name, members, grant)

    def rows(self, of: tuple[Provision, ...]) -> list[RowView]:
        return [self.row(each) for each in of]

    def row(self, of: Provision) -> RowView:
        return RowView(
            id=of.id,
            effect=of.kind,
            origin=of.origin,
            level=LEVELS[of.level],
            starts=of.valid_from,
            until=of.valid_to,
            chosen_at=of.set_at,
            facility=self._named(of.facility_id),
            professional=self._named(of.professional_id),
            delegated_by=self._named(of.delegated_by),
            team=of.team_id,
            everyone=of.everyone,
            facility_type=self._code("facility_type", of.facility_type),
            region=self._code("region", of.region),
            lived=of.lived,
            profession=self._code("profession", of.profession),
            category=self._code("category", of.category),
            source=self._named(of.source_facility_id),
            records=of.record_ids,
            data_from=of.data_from,
            data_to=of.data_to,
            purposes=of.purposes,
        )

    def _named(self, of: UUID | None) -> Named | None:
        return None if of is None else Named(of, self.names.get(of, ""))

    def _code(self, kind: Kind, code: str | None) -> Coded | None:
        return None if code is None else self._coded(kind, code)

    def _coded(self, kind: Kind, code: str) -> Coded:
        return Coded(code, label(directory.profile(), kind, code, self._locale))
