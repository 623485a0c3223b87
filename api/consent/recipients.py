"""The recipient axis: who is excluded, who is let in, and up to which sensitivity."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from api.consent.facts import (
    NORMAL,
    Directive,
    Participation,
    Provision,
    Request,
    Requester,
    Ruling,
)
from api.consent.residences import Residences

_Row = tuple[Provision, Ruling]
_Area = tuple[str | None, str | None]

# A facility that joins comes under an area or everyone only when this has passed: the participant
# was told on the day it joined.
NOTICE: Final = timedelta(days=7)


class Recipients:
    """The recipient rows of one directive, by whom they name.

    Within one key, and one tier, denies come first: the first row that applies decides.
    """

    __slots__ = (
        "_areas",
        "_asks_first_since",
        "_everyone",
        "_exclusions",
        "_facilities",
        "_lived",
        "_persons",
        "_residences",
        "_shares",
        "_teams",
        "_teams_of",
        "is_living",
    )

    def __init__(self, participation: Participation, directive: Directive) -> None:
        self._exclusions: dict[tuple[UUID | None, UUID | None], list[_Row]] = {}
        self._persons: dict[UUID | None, list[_Row]] = {}
        self._facilities: dict[UUID | None, list[_Row]] = {}
        self._teams: dict[UUID | None, list[_Row]] = {}
        self._areas: dict[_Area, list[_Row]] = {}
        self._lived: dict[_Area, list[_Row]] = {}
        self._everyone: list[_Row] = []
        self._shares: list[_Row] = []
        self._residences = Residences(participation.residences)
        self._asks_first_since = directive.asks_first_since
        for row in sorted(((rule, _ruling(rule)) for rule in directive.provisions), key=rank):
            if row[0].axis != "filter":
                self._file(row)
        self._teams_of: dict[UUID, list[UUID]] = {}
        for team in directive.teams:
            for member in team.professional_ids if team.id in self._teams else ():
                self._teams_of.setdefault(member, []).append(team.id)
        # A permit that other facilities come under by joining.
        self.is_living = any(
            rule.kind == "permit"
            for rows in (*self._areas.values(), *self._lived.values(), self._everyone)
            for rule, _ in rows
        )

    def _file(self, row: _Row) -> None:
        rule = row[0]
        if rule.axis == "share":
            self._shares.append(row)
        elif rule.kind == "exclusion":
            key = rule.professional_id, rule.facility_id
            self._exclusions.setdefault(key, []).append(row)
        elif rule.professional_id is not None:
            self._persons.setdefault(rule.professional_id, []).append(row)
        elif rule.facility_id is not None:
            self._facilities.setdefault(rule.facility_id, []).append(row)
        elif rule.team_id is not None:
            self._teams.setdefault(rule.team_id, []).append(row)
        elif rule.everyone:
            self._everyone.append(row)
        elif rule.lived is not None:
            self._lived.setdefault((rule.facility_type, rule.lived), []).append(row)
        else:
            self._areas.setdefault((rule.facility_type, rule.region), []).append(row)

    def exclusion(self, request: Request) -> Ruling | None:
        if not self._exclusions:
            return None
        who = request.requester
        for key in ((who.professional_id, None), (None, who.facility_id)):
            for rule, ruling in self._exclusions.get(key, ()):
                if rule.applies(request.purpose_of_use, request.now):
                    return ruling
        return None

    def shares(self, request: Request) -> list[Ruling]:
        """One-off shares in force for this requester."""
        if not self._shares:
            return []
        who = request.requester
        return [
            ruling
            for rule, ruling in self._shares
            if (
                rule.professional_id == who.professional_id
                if rule.professional_id is not None
                else rule.facility_id == who.facility_id
            )
            and rule.applies(request.purpose_of_use, request.now)
        ]

    def decide(self, request: Request) -> tuple[Ruling | None, int]:
        """The most specific tier that matches decides; None if no tier does.

        The level is the highest over all permits above the first tier that denies.
        """
        decided: Ruling | None = None
        level = NORMAL
        for has_levels, rows in self._tiers(request.requester, request.now):
            if decided is not None and not has_levels:
                break
            for rule, ruling in rows:
                if rule.applies(request.purpose_of_use, request.now):
                    if not has_levels and not self._reaches(rule, request):
                        continue
                    decided = decided or ruling
                    if rule.kind == "deny":
                        return decided, level
                    if has_levels and rule.level > level:
                        level = rule.level
        return decided, level

    def is_home(self, request: Request) -> bool:
        """Whether the asking facility stands where the participant lives now."""
        return self._residences.is_home(request.requester.regions, request.now)

    def covers(self, set_at: datetime | None, request: Request) -> bool:
        """Whether a facility is old enough here to come under what was chosen at `set_at`."""
        joined_at = request.requester.facility_joined_at
        if joined_at is None or set_at is None or joined_at <= set_at:
            return True
        if self._asks_first_since is not None and joined_at >= self._asks_first_since:
            return False
        return request.now >= joined_at + NOTICE

    @property
    def is_dated(self) -> bool:
        return self._residences.is_dated

    def _reaches(self, rule: Provision, request: Request) -> bool:
        return rule.kind == "deny" or self.covers(rule.set_at, request)

    def _tiers(self, who: Requester, now: datetime) -> Iterator[tuple[bool, list[_Row]]]:
        """Most specific first; True where a permit carries a level."""
        if self._persons:
            yield True, self._persons.get(who.professional_id, [])
        rows = self._facilities.get(who.facility_id, [])
        if self._teams_of and who.professional_id is not None:
            teams = self._teams_of.get(who.professional_id, ())
            rows = [*rows, *(row for team in teams for row in self._teams.get(team, ()))]
            rows.sort(key=rank)
        yield True, rows
        if self._areas or self._lived:
            lived = self._residences.lived(who.regions, now) if self._lived else ()
            if who.facility_type is not None:
                yield False, self._in(who.facility_type, who.regions, lived)
            wider = self._in(None, who.regions, lived)
            if who.facility_type is not None and (who.facility_type, None) in self._areas:
                wider = sorted([*wider, *self._areas[who.facility_type, None]], key=rank)
            yield False, wider
        if self._everyone:
            yield False, self._everyone

    def _in(
        self, facility_type: str | None, regions: Iterable[str], lived: Iterable[str]
    ) -> list[_Row]:
        rows = [row for region in regions for row in self._areas.get((facility_type, region), ())]
        rows += [row for when in lived for row in self._lived.get((facility_type, when), ())]
        rows.sort(key=rank)
        return rows


def rank(row: _Row) -> tuple[bool, int]:
    """Inside a tier a deny wins; of equal rows the one with the lowest id is named."""
    return row[0].kind == "permit", row[0].id


def _ruling(rule: Provision) -> Ruling:
    return Ruling("permit" if rule.kind == "permit" else "deny", "provision", rule)
