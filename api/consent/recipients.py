"""The recipient axis: who is excluded, who is let in, and up to which sensitivity."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from api.consent.facts import NORMAL, Provision, Request, Requester, Ruling

_Row = tuple[Provision, Ruling]
_Area = tuple[str | None, str | None]


class Recipients:
    """The recipient rows of one directive, by whom they name.

    Within one key, and one tier, denies come first: the first row that applies decides.
    """

    __slots__ = ("_areas", "_exclusions", "_facilities", "_persons", "_teams")

    def __init__(self, rules: Iterable[Provision]) -> None:
        self._exclusions: dict[tuple[UUID | None, UUID | None], list[_Row]] = {}
        self._persons: dict[UUID | None, list[_Row]] = {}
        self._facilities: dict[UUID | None, list[_Row]] = {}
        self._teams: dict[UUID | None, list[_Row]] = {}
        self._areas: dict[_Area, list[_Row]] = {}
        for row in sorted(((rule, _ruling(rule)) for rule in rules), key=rank):
            self._file(row)

    def _file(self, row: _Row) -> None:
        rule = row[0]
        if rule.kind == "exclusion":
            key = rule.professional_id, rule.facility_id
            self._exclusions.setdefault(key, []).append(row)
        elif rule.professional_id is not None:
            self._persons.setdefault(rule.professional_id, []).append(row)
        elif rule.facility_id is not None:
            self._facilities.setdefault(rule.facility_id, []).append(row)
        elif rule.team_id is not None:
            self._teams.setdefault(rule.team_id, []).append(row)
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

    def decide(self, request: Request) -> tuple[Ruling | None, int]:
        """The most specific tier that matches decides; None if no tier does.

        The level is the highest over all permits above the first tier that denies.
        """
        decided: Ruling | None = None
        level = NORMAL
        for has_levels, rows in self._tiers(request.requester):
            if decided is not None and not has_levels:
                break
            for rule, ruling in rows:
                if rule.applies(request.purpose_of_use, request.now):
                    decided = decided or ruling
                    if rule.kind == "deny":
                        return decided, level
                    if has_levels and rule.level > level:
                        level = rule.level
        return decided, level

    def _tiers(self, who: Requester) -> Iterator[tuple[bool, list[_Row]]]:
        """Most specific first; True where a permit carries a level."""
        if self._persons:
            yield True, self._persons.get(who.professional_id, [])
        rows = self._facilities.get(who.facility_id, [])
        if self._teams:
            rows = [*rows, *(row for team in who.team_ids for row in self._teams.get(team, ()))]
            rows.sort(key=rank)
        yield True, rows
        if self._areas:
            here: list[_Area] = [(None, region) for region in who.regions]
            if who.facility_type is not None:
                yield False, self._in([(who.facility_type, region) for region in who.regions])
                here.append((who.facility_type, None))
            yield False, self._in(here)

    def _in(self, areas: list[_Area]) -> list[_Row]:
        return sorted((row for area in areas for row in self._areas.get(area, ())), key=rank)


def rank(row: _Row) -> tuple[bool, int]:
    """Inside a tier a deny wins; of equal rows the one with the lowest id is named."""
    return row[0].kind == "permit", row[0].id


def _ruling(rule: Provision) -> Ruling:
    return Ruling("permit" if rule.kind == "permit" else "deny", "provision", rule)
