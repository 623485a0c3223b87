"""How the settings stand, section by section."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from api.consent.facts import (
    EMERGENCY,
    TREATMENT,
    Directive,
    Lived,
    Mark,
    NetworkRules,
    Provision,
    Team,
)
from api.consent.settings import areas, sieves
from api.consent.settings.grants import is_grant
from api.consent.settings.rows import RENEWAL, is_over, serves
from api.consent.settings.switches import Scheme

Rows = tuple[Provision, ...]
LIVED: tuple[Lived, ...] = ("now", "recent", "before")


class Switch(Struct, frozen=True):
    """`by`: whether a row of the participant's settings or the network decides.

    `row` is the switch's own row, where it has one.
    """

    code: str
    is_on: bool
    by: Literal["settings", "network"]
    row: Provision | None = None


class TeamSwitch(Struct, frozen=True):
    """`row` is its grant; a team without one is let in by nothing of its own."""

    team: Team
    row: Provision | None


class Summary(Struct, frozen=True):
    """What the settings say now, for treatment where nothing else is said.

    Every row in force or to come stands in exactly one place. `facilities` and `professionals`
    are let in by name, `facilities_off` and `professionals_off` kept out by name; `others` are
    rows overruled by these, or for purposes no section is about; `coming` begin later.
    `professions`, `categories`, `regions`, `facility_types` and `secondary_uses` are in the
    profile's order, rows in the order of ids. Each row carries its own end and origin.
    """

    scheme: Scheme
    everyone: Switch
    lived: tuple[Switch, ...]
    regions: tuple[Switch, ...]
    facility_types: tuple[Switch, ...]
    types_in_regions: Rows
    professions: tuple[Switch, ...]
    categories: tuple[Switch, ...]
    cells: Rows
    facilities: Rows
    facilities_off: Rows
    professionals: Rows
    professionals_off: Rows
    teams: tuple[TeamSwitch, ...]
    exclusions: Rows
    shares: Rows
    hidden_records: Rows
    hidden_periods: Rows
    marks: tuple[Mark, ...]
    incoming_level: int
    asks_first_since: datetime | None
    refused_sources: tuple[UUID, ...]
    secondary_uses: tuple[Switch, ...]
    ending: Rows
    others: Rows
    coming: Rows

    @property
    def facility_ids(self) -> tuple[UUID, ...]:
        """Those let in by name."""
        return tuple(row.facility_id for row in self.facilities if row.facility_id is not None)

    @property
    def professional_ids(self) -> tuple[UUID, ...]:
        return tuple(r.professional_id for r in self.professionals if r.professional_id)


def ending(directive: Directive, now: datetime) -> Rows:
    """Grants by name that end within thirty days, the first to end first; a code of a day not."""
    soon = [
        rule
        for rule in directive.provisions
        if is_grant(rule)
        and rule.axis == "recipient"
        and rule.origin != "desk_code"
        and rule.valid_to is not None
        and now < rule.valid_to <= now + RENEWAL
    ]
    return tuple(sorted(soon, key=lambda rule: (rule.valid_to or now, rule.id)))


def summary(
    directive: Directive,
    network: NetworkRules,
    now: datetime,
    *,
    regions: Iterable[str] = (),
    facility_types: Iterable[str] = (),
) -> Summary:
    """`regions` and `facility_types` are the codes the network has a switch for."""
    sorting = _Sorting(directive, network, now)
    take, turned = sorting.take, sorting.turned
    everyone = turned(areas.row(everyone=True), "everyone")
    lived = tuple(turned(areas.row(lived=each), each) for each in LIVED)
    by_region = tuple(turned(areas.row(region=code), code) for code in regions)
    by_type = tuple(turned(areas.row(facility_type=code), code) for code in facility_types)
    seen_by_someone = frozenset[str]().union(*network.matrix.values())
    professions = tuple(
        sorting.sieve(code, bool(seen), profession=code) for code, seen in network.matrix.items()
    )
    categories = tuple(
        sorting.sieve(code, code in seen_by_someone, category=code) for code in network.categories
    )
    exclusions = take(lambda rule: rule.kind == "exclusion")
    facilities_off = take(lambda r: _names(r, "facility_id") and r.kind == "deny" and serves(r))
    professionals_off = take(
        lambda r: _names(r, "professional_id") and r.kind == "deny" and serves(r)
    )
    shut = {(r.professional_id, r.facility_id) for r in facilities_off + professionals_off}
    shut |= {(rule.professional_id, rule.facility_id) for rule in exclusions}

    def let_in(name: str) -> Rows:
        return take(
            lambda r: (
                _names(r, name)
                and r.kind == "permit"
                and serves(r)
                and (r.professional_id, r.facility_id) not in shut
            )
        )

    return Summary(
        scheme=_scheme(everyone, lived[0]),
        everyone=everyone,
        lived=lived,
        regions=by_region,
        facility_types=by_type,
        types_in_regions=take(lambda r: areas.rank(r) == areas.TYPE_IN_REGION and serves(r)),
        professions=professions,
        categories=categories,
        cells=take(lambda rule: rule.axis == "filter" and not _hides(rule) and serves(rule)),
        facilities=let_in("facility_id"),
        facilities_off=facilities_off,
        professionals=let_in("professional_id"),
        professionals_off=professionals_off,
        teams=tuple(TeamSwitch(team, sorting.grant(team)) for team in directive.teams),
        exclusions=exclusions,
        shares=take(lambda rule: rule.axis == "share"),
        hidden_records=take(lambda rule: rule.axis == "filter" and bool(rule.record_ids)),
        hidden_periods=take(_hides),
        marks=directive.marks,
        incoming_level=directive.incoming_level,
        asks_first_since=directive.asks_first_since,
        refused_sources=directive.refused_sources,
        secondary_uses=tuple(
            sorting.secondary_use(purpose)
            for purpose in sorted(network.purposes - EMERGENCY - {TREATMENT})
        ),
        ending=ending(directive, now),
        others=take(lambda rule: True),
        coming=sorting.coming,
    )


class _Sorting:
    """Deals the rows of one directive out, each to the first section that takes it."""

    def __init__(self, directive: Directive, network: NetworkRules, now: datetime) -> None:
        rules = directive.provisions
        self._network, self._now = network, now
        self.coming = tuple(r for r in rules if r.valid_from is not None and r.valid_from > now)
        self._live = tuple(
            rule for rule in rules if rule not in self.coming and not is_over(rule, now)
        )
        self._left = list(self._live)

    def take(self, belongs: Callable[[Provision], bool]) -> Rows:
        taken = tuple(rule for rule in self._left if belongs(rule))
        self._left = [rule for rule in self._left if rule not in taken]
        return taken

    def own(self, belongs: Callable[[Provision], bool]) -> Provision | None:
        """The deny among the switch's rows, or else the permit."""
        rows = [rule for rule in self._left if belongs(rule)]
        row = next((rule for rule in rows if rule.kind == "deny"), rows[0] if rows else None)
        self._left = [rule for rule in self._left if rule is not row]
        return row

    def grant(self, team: Team) -> Provision | None:
        return self.own(lambda r: r.team_id == team.id and r.kind == "permit" and serves(r))

    def turned(self, named: Provision, code: str) -> Switch:
        key = areas.area(named)
        row = self.own(lambda rule: areas.area(rule) == key and serves(rule))
        if row is not None:
            return Switch(code, row.kind == "permit", "settings", row)
        is_on = areas.is_covered(named, self._live, self._network, self._now)
        is_by_row = is_on and self._network.recipient_default == "deny"
        return Switch(code, is_on, "settings" if is_by_row else "network")

    def sieve(
        self,
        code: str,
        by_network: bool,
        profession: str | None = None,
        category: str | None = None,
    ) -> Switch:
        off = Provision(0, "deny", "filter", profession=profession, category=category)
        row = self.own(lambda rule: sieves.is_like(rule, off) and serves(rule))
        return Switch(code, row is None and by_network, "settings" if row else "network", row)

    def secondary_use(self, purpose: str) -> Switch:
        row = self.own(lambda rule: rule.everyone and rule.applies(purpose, self._now))
        return Switch(purpose, row is not None and row.kind == "permit", "settings", row)


def _scheme(everyone: Switch, home: Switch) -> Scheme:
    if everyone.is_on:
        return "all_facilities"
    return "home_area" if home.is_on else "named"


def _names(rule: Provision, name: str) -> bool:
    return rule.axis == "recipient" and getattr(rule, name) is not None


def _hides(rule: Provision) -> bool:
    return bool(rule.record_ids) or rule.data_from is not None or rule.data_to is not None
