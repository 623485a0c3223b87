"""Settings as a careful participant would have them, of any size, and who asks about what."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from api.consent.facts import (
    Directive,
    NetworkRules,
    Participation,
    Provision,
    RecordFacts,
    Request,
    Requester,
    Team,
)

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
REGIONS = tuple(f"region{number}" for number in range(12))
TYPES = ("hospital", "clinic", "pharmacy", "dental_clinic", "visiting_nursing", "care_facility")
PROFESSIONS = ("physician", "pharmacist", "nurse", "dentist", "care_manager")


class World(NamedTuple):
    network: NetworkRules
    participation: Participation
    facilities: Sequence[UUID]
    professionals: Sequence[UUID]


def world(categories: Sequence[str], *, facilities: int = 1339) -> World:
    """A network of so many facilities, three professionals each, and one of its participants."""
    chance = random.Random(7)
    matrix = {
        name: frozenset(chance.sample(list(categories), len(categories) - 4))
        for name in PROFESSIONS
    }
    return World(
        NetworkRules("bench", 1, tuple(categories), matrix),
        Participation("participating", date(2020, 1, 1), "2026-11"),
        [_uuid(1, number) for number in range(facilities)],
        [_uuid(2, number) for number in range(3 * facilities)],
    )


def settings(of: World, rules: int, chance: random.Random) -> Directive:
    """Of 30 rules: 12 facilities, 4 people, 2 blocks, 4 areas, a team, 7 kinds of record."""
    team = Team(_uuid(3, 1), "Team", tuple(chance.sample(list(of.professionals), 4)))
    rows: list[dict[str, Any]] = []
    for number in range(rules):
        turn = number % 30
        if turn < 12:
            kind = "permit" if turn < 10 else "deny"
            until = NOW + timedelta(days=365) if turn < 8 else None
            rows.append(_row(kind, facility_id=chance.choice(of.facilities), valid_to=until))
        elif turn < 16:
            kind = "permit" if turn < 14 else "deny"
            rows.append(_row(kind, professional_id=chance.choice(of.professionals)))
        elif turn < 18:
            rows.append(_row("exclusion", professional_id=chance.choice(of.professionals)))
        elif turn < 20:
            rows.append(_row("permit", region=chance.choice(REGIONS), set_at=NOW))
        elif turn < 22:
            area = {"facility_type": chance.choice(TYPES), "region": chance.choice(REGIONS)}
            rows.append(_row("deny", **area))
        elif turn == 22:
            rows.append(_row("permit", team_id=team.id, level=1))
        else:
            sieve: dict[str, Any] = {"category": chance.choice(of.network.categories)}
            if turn > 25:
                sieve["profession"] = chance.choice(PROFESSIONS)
            if turn > 27:
                sieve["source_facility_id"] = chance.choice(of.facilities)
            rows.append(_row("permit" if turn == 29 else "deny", axis="filter", **sieve))
    provisions = tuple(Provision(id=n, **row) for n, row in enumerate(rows, 1))
    return Directive(1, provisions, (team,))


def questions(
    of: World, directive: Directive, count: int, chance: random.Random
) -> list[tuple[Request, RecordFacts]]:
    """Half of the askers are named in the settings, half come from anywhere."""
    named = [rule.facility_id for rule in directive.provisions if rule.facility_id is not None]
    found = []
    for number in range(count):
        facility = chance.choice(named if number % 2 else list(of.facilities))
        who = Requester(
            "professional",
            facility,
            of.professionals[3 * of.facilities.index(facility)],
            chance.choice(PROFESSIONS),
            chance.choice(TYPES),
            (chance.choice(REGIONS), "prefecture"),
            facility_joined_at=NOW - timedelta(days=900),
            facility_is_active=True,
            professional_is_active=True,
            is_trained=True,
        )
        on = date(2026, chance.randint(1, 11), chance.randint(1, 28))
        record = RecordFacts(
            chance.choice(of.network.categories), on, on, chance.choice(of.facilities), 0
        )
        found.append((Request(who, "TREAT", NOW), record))
    return found


def _row(kind: str, axis: str = "recipient", **named: Any) -> dict[str, Any]:
    return {"kind": kind, "axis": axis, **named}


def _uuid(kind: int, number: int) -> UUID:
    return UUID(int=(kind << 96) + number + 1)
