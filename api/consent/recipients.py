"""The recipient axis: who is excluded, who is let in, and up to which sensitivity."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeVar
from uuid import UUID

from api.consent.facts import (
    NORMAL,
    TREATMENT,
    Directive,
    Lived,
    NetworkRules,
    Participation,
    Provision,
    Request,
    Requester,
    Ruling,
)
from api.consent.residences import Residences

_Key = TypeVar("_Key")
_Rows = tuple[Provision, ...]
_Wait = Literal["awaits_notice", "asks_first"]

# A region by its code, or, in brackets, when the participant lived there.
_Place = str | tuple[Lived | None] | tuple[()]
_EVERYWHERE: Final = ()

# Shared by all policies, so that what a participant never chose takes no room; never written to.
_NO_ROWS: Final[dict[Any, Any]] = {}

_NARROW, _WIDE, _EVERYONE, _WAITING = range(4)

# A facility that joins comes under an area or everyone only when this has passed: the participant
# was told on the day it joined.
NOTICE: Final = timedelta(days=7)

_ORDER: Final = {"exclusion": 0, "deny": 1, "permit": 2}

NOTHING_MATCHES: Final = Ruling("deny", "nothing_matches")
_BY_NETWORK: Final = Ruling("permit", "network_default")
_BY_HOME_AREA: Final = Ruling("permit", "home_area")


_NOWHERE: Final = Residences(())  # one for all who told no place


class Recipients:
    """The recipient and share rows of one directive, by whom they name.

    Under one key they stand by `rank`: inside a tier the first row that applies decides.
    """

    __slots__ = (
        "_areas",
        "_asks_first_since",
        "_asks_lived",
        "_default",
        "_everyone",
        "_facilities",
        "_joined_at",
        "_members",
        "_persons",
        "_residences",
        "_shares",
        "has_shares",
        "is_living",
    )

    def __init__(
        self, network: NetworkRules, participation: Participation, directive: Directive
    ) -> None:
        rows = sorted((r for r in directive.provisions if r.axis == "recipient"), key=rank)
        areas = [rule for rule in rows if _is_area(rule)]
        self._persons = _by((rule.professional_id, rule) for rule in rows)
        self._facilities = _by((rule.facility_id, rule) for rule in rows)
        members: dict[UUID | None, _Rows] = {}
        for team in directive.teams:
            of_team = tuple(rule for rule in rows if rule.team_id == team.id)
            for member in dict.fromkeys(team.professional_ids) if of_team else ():
                members[member] = members[member] + of_team if member in members else of_team
        self._members = members or _NO_ROWS
        self._areas = _by((_place(rule), rule) for rule in areas)
        self._asks_lived = any(rule.lived is not None for rule in areas)
        self._everyone = tuple(rule for rule in rows if rule.everyone)
        shares = sorted((r for r in directive.provisions if r.axis == "share"), key=rank)
        self._shares = _by((rule.professional_id or rule.facility_id, rule) for rule in shares)
        self.has_shares = bool(shares)
        places = participation.residences
        self._residences = Residences(places) if places else _NOWHERE
        self._asks_first_since = directive.asks_first_since
        self._joined_at = participation.joined_at
        self._default = network.recipient_default
        # Whether something permits whoever joins.
        self.is_living = self._default != "deny" or any(
            rule.kind == "permit" for rule in (*areas, *self._everyone)
        )

    def naming(self, who: Requester) -> tuple[_Rows, _Rows]:
        """The rows for the professional, then those for the facility and the care teams."""
        of_person = _rows(self._persons.get(who.professional_id))
        of_facility = _rows(self._facilities.get(who.facility_id))
        if self._members and who.professional_id in self._members:
            of_teams = self._members[who.professional_id]
            return of_person, tuple(sorted(of_facility + of_teams, key=rank))
        return of_person, of_facility

    def decide(self, request: Request, naming: tuple[_Rows, _Rows]) -> tuple[Ruling, int]:
        """The most specific tier that matches decides; a level above normal needs a name.

        The level is the highest over all permits above the first tier that denies.
        """
        decided: Provision | None = None
        level = NORMAL
        for rows in naming:
            for rule in rows:
                if rule.kind != "exclusion" and rule.applies(request.purpose_of_use, request.now):
                    decided = decided or rule
                    if rule.kind == "deny":
                        return ruling_of(decided), level
                    if rule.level > level:
                        level = rule.level
        return self._wider(request) if decided is None else ruling_of(decided), level

    def shares(self, request: Request) -> _Rows:
        """One-off shares in force for this requester."""
        who = request.requester
        return tuple(
            rule
            for named in (who.professional_id, who.facility_id)
            for rule in _rows(self._shares.get(named))
            if _names(rule, who) and rule.applies(request.purpose_of_use, request.now)
        )

    def _wider(self, request: Request) -> Ruling:
        """Areas, everyone, and the network's default."""
        if not (self._areas or self._everyone):
            return self._by_default(request, None)
        found: list[Provision | None] = [None, None, None, None]
        if self._areas:
            everywhere, places = self._around(request.requester, request.now)
            for rows in places:
                for rule in rows:
                    tier = _WIDE if rule.facility_type is None else _NARROW
                    self._note(found, tier, rule, request)
            for rule in everywhere:
                self._note(found, _WIDE, rule, request)
        for rule in self._everyone:
            self._note(found, _EVERYONE, rule, request)
        decided = found[_NARROW] or found[_WIDE] or found[_EVERYONE]
        if decided is not None:
            return ruling_of(decided)
        return self._by_default(request, found[_WAITING])

    def _note(
        self, found: list[Provision | None], tier: int, rule: Provision, request: Request
    ) -> None:
        """Keep the first by rank of each tier, and of the permits that wait."""
        kind = rule.facility_type
        if kind is not None and kind != request.requester.facility_type:
            return
        if rule.applies(request.purpose_of_use, request.now):
            if rule.kind == "permit" and self._wait(rule.set_at, request):
                tier = _WAITING
            one = found[tier]
            if one is None or rank(rule) < rank(one):
                found[tier] = rule

    def _by_default(self, request: Request, waiting: Provision | None) -> Ruling:
        """A permit chosen on joining, as it were: it waits for later facilities' notice too."""
        wait: _Wait | None = None
        if self._default != "deny" and request.purpose_of_use == TREATMENT:
            is_home = self._default == "home_area"
            if not is_home or self._lived_around(request.requester, request.now) == "now":
                wait = self._wait(self._joined_at, request)
                if wait is None:
                    return _BY_HOME_AREA if is_home else _BY_NETWORK
        if waiting is not None:
            wait = self._wait(waiting.set_at, request)
        return NOTHING_MATCHES if wait is None else Ruling("deny", wait, waiting)

    def _wait(self, set_at: datetime | None, request: Request) -> _Wait | None:
        """Why a facility is too new here to come under what was chosen at `set_at`."""
        joined_at = request.requester.facility_joined_at
        if joined_at is None or set_at is None or joined_at <= set_at:
            return None
        if self._asks_first_since is not None and joined_at >= self._asks_first_since:
            return "asks_first"
        return "awaits_notice" if request.now < joined_at + NOTICE else None

    def _around(self, who: Requester, now: datetime) -> tuple[_Rows, list[_Rows]]:
        """The rows of facility types everywhere, and those of each area the facility is in."""
        areas = self._areas
        places = [_rows(areas[region]) for region in who.regions if region in areas]
        if self._asks_lived:
            places.append(_rows(areas.get((self._lived_around(who, now),))))
        return _rows(areas.get(_EVERYWHERE)), places

    def _lived_around(self, who: Requester, now: datetime) -> Lived | None:
        return self._residences.lived(who.regions, now)


def exclusion(request: Request, naming: tuple[_Rows, _Rows]) -> Provision | None:
    """The first row in force that blocks the professional, else the facility."""
    for rows in naming:
        for rule in rows:
            if rule.kind != "exclusion":
                break
            if rule.applies(request.purpose_of_use, request.now):
                return rule
    return None


def rank(rule: Provision) -> tuple[int, int]:
    """Inside a tier a deny wins; of equal rows the one with the lowest id is named."""
    return _ORDER[rule.kind], rule.id


def ruling_of(rule: Provision) -> Ruling:
    return Ruling("permit" if rule.kind == "permit" else "deny", "provision", rule)


def _place(rule: Provision) -> _Place:
    if rule.region is not None:
        return rule.region
    return _EVERYWHERE if rule.lived is None else (rule.lived,)


def _is_area(rule: Provision) -> bool:
    return rule.facility_type is not None or rule.region is not None or rule.lived is not None


def _names(rule: Provision, who: Requester) -> bool:
    if rule.professional_id is not None:
        return rule.professional_id == who.professional_id
    return rule.facility_id == who.facility_id


def _by(pairs: Iterable[tuple[_Key | None, Provision]]) -> dict[_Key | None, Provision | _Rows]:
    """Rows by key, in the order given; None is no key. A row alone stands without a tuple."""
    found: dict[_Key | None, Provision | _Rows] = {}
    for key, rule in pairs:
        if key is not None:
            found[key] = (*_rows(found[key]), rule) if key in found else rule
    return found or _NO_ROWS


def _rows(found: Provision | _Rows | None) -> _Rows:
    if found is None:
        return ()
    return found if isinstance(found, tuple) else (found,)
