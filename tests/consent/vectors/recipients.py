"""Who is let in, and how far."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import product

from api.consent.facts import Residence
from tests.consent.vectors.form import Case
from tests.consent.vectors.scene import (
    CLINIC_ON,
    DAY,
    MISSES,
    NETWORKS,
    NOW,
    NURSE,
    TEAM,
    TEAM_NURSE,
    TICK,
    TIERS,
    case,
    deny,
    permit,
)


def recipient_tiers() -> Iterator[Case]:
    for tier, named in TIERS.items():
        yield case(f"{tier} permitted", permit(**named), who=TEAM_NURSE)
        for network in NETWORKS:
            yield case(
                f"{tier} denied; network: {network}", deny(**named), who=TEAM_NURSE, network=network
            )
    for (upper, opened), (lower, shut) in product(TIERS.items(), TIERS.items()):
        yield case(
            f"{upper} permitted, {lower} denied", permit(**opened), deny(**shut), who=TEAM_NURSE
        )
    for name, named in MISSES.items():
        yield case(f"{name} permitted", permit(**named), who=TEAM_NURSE)
        yield case(
            f"{name} denied, the facility permitted",
            deny(**named),
            permit(**CLINIC_ON),
            who=TEAM_NURSE,
        )
    yield case(
        "the ministry's order: region off, my clinic on",
        deny(region="kumamoto"),
        permit(**CLINIC_ON),
        who=TEAM_NURSE,
    )
    yield case(
        "a team's permit does not reach a system without a person",
        permit(team_id=TEAM),
        who={"kind": "system", "professional_id": None, "profession": "nurse"},
    )
    yield case(
        "two permits of one tier: the one of the lowest id is named",
        permit(region="kumamoto"),
        permit(facility_type="clinic"),
        who=TEAM_NURSE,
    )


def areas_lived_in() -> Iterator[Case]:
    today = date(2026, 6, 1)
    places: dict[str, tuple[Residence, ...]] = {
        "lives in another region": (Residence("amakusa"),),
        "told nothing": (),
        "lives in the wider region": (Residence("kumamoto"),),
        "moved here today": (Residence("aso", today),),
        "moves here tomorrow": (Residence("aso", today + DAY),),
        "moves away tomorrow": (Residence("aso", None, today + DAY),),
        "moved away today": (Residence("aso", None, today),),
        "moved away two years ago less a day": (Residence("aso", None, date(2024, 6, 2)),),
        "moved away two years ago": (Residence("aso", None, date(2024, 6, 1)),),
        "moved away long ago": (Residence("aso", None, date(2000, 1, 1)),),
        "moved away and came back": (
            Residence("aso", None, date(2000, 1, 1)),
            Residence("aso", date(2020, 1, 1)),
        ),
    }
    for name, residences in places.items():
        given = {"residences": residences}
        yield case(f"{name}; network: home area", network="home area", participation=given)
        for lived in ("now", "recent", "before"):
            yield case(f"{name}; {lived} permitted", permit(lived=lived), participation=given)
        yield case(
            f"{name}; now denied, the wider region permitted",
            deny(lived="now"),
            permit(region="kumamoto"),
            participation=given,
        )
    # Noon in Japan, on the days at which a year of 366 days matters.
    leap_days = {
        "moved away on a leap day, asked on 28 February": ((2024, 2, 29), (2026, 2, 28)),
        "moved away on a leap day, asked on 1 March": ((2024, 2, 29), (2026, 3, 1)),
        "moved away on 28 February, asked on a leap day": ((2026, 2, 28), (2028, 2, 29)),
        "moved away on 1 March, asked on a leap day": ((2026, 3, 1), (2028, 2, 29)),
    }
    for name, (until_on, asked_on) in leap_days.items():
        given = {"residences": (Residence("aso", None, date(*until_on)),)}
        noon = datetime(*asked_on, 3, tzinfo=UTC)
        for lived in ("recent", "before"):
            rule = permit(lived=lived)
            yield case(f"{name}; {lived} permitted", rule, participation=given, now=noon)
    for name, hour in (("tomorrow already", 15), ("today still", 14)):
        given = {"residences": (Residence("aso", None, today + DAY),)}
        evening = datetime(2026, 6, 1, hour, 30, tzinfo=UTC)
        yield case(
            f"moves away tomorrow, in Japan it is {name}; now permitted",
            permit(lived="now"),
            participation=given,
            now=evening,
        )


def living_grants() -> Iterator[Case]:
    chosen = NOW - 30 * DAY
    joined = {
        "before the choice": chosen - DAY,
        "at the moment of the choice": chosen,
        "after the choice, its notice over": NOW - 10 * DAY,
        "seven days ago": NOW - 7 * DAY,
        "seven days ago less a moment": NOW - 7 * DAY + TICK,
        "today": NOW,
        "at a time not known": None,
    }
    for (name, joined_at), (tier, named) in product(
        joined.items(),
        {
            "everyone": {"everyone": True},
            "region": {"region": "aso"},
            "facility": CLINIC_ON,
        }.items(),
    ):
        who = {"facility_joined_at": joined_at}
        yield case(f"{tier} permitted; joined {name}", permit(**named, set_at=chosen), who=who)
        yield case(
            f"{tier} permitted; joined {name}; ask me first",
            permit(**named, set_at=chosen),
            who=who,
            settings={"asks_first_since": NOW - 20 * DAY},
        )
    for name, joined_at in joined.items():
        who = {"facility_joined_at": joined_at}
        part = {"joined_at": chosen}
        yield case(
            f"network: all facilities; joined {name}",
            who=who,
            network="all facilities",
            participation=part,
        )
        yield case(
            f"network: all facilities; joined {name}; ask me first",
            who=who,
            network="all facilities",
            participation=part,
            settings={"asks_first_since": NOW - 20 * DAY},
        )
        yield case(
            f"everyone denied; joined {name}",
            deny(everyone=True, set_at=chosen),
            who=who,
            network="all facilities",
            participation=part,
        )


def sensitivity() -> Iterator[Case]:
    for (tier, named), level, asked in product(TIERS.items(), (0, 1, 2), (0, 1)):
        yield case(
            f"{tier} permitted to level {level}, record of {asked}",
            permit(**named, level=level),
            who=TEAM_NURSE,
            record={"sensitivity": asked},
        )
    restricted = {"sensitivity": 1}
    for name, rules in {
        "person without a level, facility with": (
            permit(professional_id=NURSE),
            permit(**CLINIC_ON, level=1),
        ),
        "person with a level, facility without": (
            permit(professional_id=NURSE, level=1),
            permit(**CLINIC_ON),
        ),
        "person without a level; facility denied, with a level beside": (
            permit(professional_id=NURSE),
            deny(**CLINIC_ON),
            permit(**CLINIC_ON, level=1),
        ),
        "person without a level; team with one, facility denied": (
            permit(professional_id=NURSE),
            permit(team_id=TEAM, level=1),
            deny(**CLINIC_ON),
        ),
        "region permitted to a level: areas carry none": (permit(region="aso", level=1),),
        "two facility permits, the higher counts": (
            permit(**CLINIC_ON),
            permit(**CLINIC_ON, level=1),
        ),
        "the higher one has ended": (
            permit(**CLINIC_ON),
            permit(**CLINIC_ON, level=1, valid_to=NOW),
        ),
    }.items():
        yield case(name, *rules, who=TEAM_NURSE, record=restricted)
    yield case(
        "network: all facilities, a restricted record", network="all facilities", record=restricted
    )
