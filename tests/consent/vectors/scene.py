"""The world of the vectors: Dr Satō of the clinic asks for what the hospital wrote."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import structs

from api.consent.facts import (
    Directive,
    NetworkRules,
    Participation,
    Provision,
    RecordFacts,
    Request,
    Requester,
    Residence,
    Team,
)
from tests.consent.vectors.form import Case

SATO, NURSE, OTHER = (UUID(int=number) for number in (1, 2, 3))
CLINIC, HOSPITAL, ELSEWHERE = (UUID(int=number) for number in (11, 12, 13))
TEAM, OTHER_TEAM = UUID(int=21), UUID(int=22)
RECORD, OTHER_RECORD = UUID(int=31), UUID(int=32)
NAMES = {
    SATO: "Dr Satō, physician at the clinic",
    NURSE: "a nurse of the clinic, in the care team",
    OTHER: "another professional",
    CLINIC: "the clinic: it asks",
    HOSPITAL: "the hospital: it wrote the record",
    ELSEWHERE: "another facility",
    TEAM: "the participant's care team",
    OTHER_TEAM: "another team of hers",
    RECORD: "the record asked for",
    OTHER_RECORD: "another record",
}
NOW = datetime(2026, 6, 1, 3, tzinfo=UTC)  # noon in Japan
DAY, TICK = timedelta(days=1), timedelta(milliseconds=1)
JOINED_AT = NOW - 100 * DAY

NETWORK = NetworkRules(
    profile_id="vectors",
    profile_version=1,
    categories=("prescription", "lab", "care"),
    matrix={
        "physician": frozenset({"prescription", "lab"}),
        "nurse": frozenset({"prescription", "lab"}),
        "clerk": frozenset(),
    },
    purposes=frozenset({"TREAT", "ETREAT", "BTG", "HRESCH"}),
)
NETWORKS = {
    "named facilities": NETWORK,
    "all facilities": structs.replace(
        NETWORK, profile_id="vectors-all", recipient_default="permit"
    ),
    "home area": structs.replace(NETWORK, profile_id="vectors-home", recipient_default="home_area"),
}
TAKES_PART = Participation(
    "participating",
    date(2026, 1, 1),
    "2026-01",
    joined_at=JOINED_AT,
    residences=(Residence("aso"),),
)
DR_SATO = Requester(
    kind="professional",
    facility_id=CLINIC,
    professional_id=SATO,
    profession="physician",
    facility_type="clinic",
    regions=("aso", "kumamoto"),
    facility_joined_at=JOINED_AT - 100 * DAY,
    facility_is_active=True,
    professional_is_active=True,
    is_trained=True,
)
PRESCRIPTION = RecordFacts("prescription", date(2026, 3, 1), date(2026, 2, 1), HOSPITAL, 0, RECORD)
CLINIC_ON: dict[str, Any] = {"facility_id": CLINIC}


def permit(**named: Any) -> Provision:
    return Provision(0, "permit", "recipient", **named)


def deny(**named: Any) -> Provision:
    return Provision(0, "deny", "recipient", **named)


def exclude(**named: Any) -> Provision:
    return Provision(0, "exclusion", "recipient", **named)


def show(**named: Any) -> Provision:
    return Provision(0, "permit", "filter", **named)


def hide(**named: Any) -> Provision:
    return Provision(0, "deny", "filter", **named)


def share(**named: Any) -> Provision:
    return Provision(0, "permit", "share", **{"valid_to": NOW + DAY, **named})


def directive(*rules: Provision, **more: Any) -> Directive:
    teams = (Team(TEAM, "Team", (NURSE,)), Team(OTHER_TEAM, "Other team", (OTHER,)))
    rows = tuple(structs.replace(rule, id=number) for number, rule in enumerate(rules, 1))
    return Directive(1, rows, **{"teams": teams, **more})


def case(
    name: str,
    *rules: Provision,
    who: dict[str, Any] | None = None,
    purpose: str = "TREAT",
    record: dict[str, Any] | None = None,
    network: str = "named facilities",
    participation: dict[str, Any] | None = None,
    settings: dict[str, Any] | None = None,
    now: datetime = NOW,
) -> Case:
    """Dr Satō of the clinic asks for the hospital's prescription, but for what is said."""
    return Case(
        name,
        network,
        structs.replace(TAKES_PART, **(participation or {})),
        directive(*rules, **(settings or {})),
        Request(structs.replace(DR_SATO, **(who or {})), purpose, now),
        structs.replace(PRESCRIPTION, **(record or {})),
    )


TEAM_NURSE = {"professional_id": NURSE, "profession": "nurse"}
# Recipient rows that reach the nurse of the team at the clinic, by tier.
TIERS: dict[str, dict[str, Any]] = {
    "person": {"professional_id": NURSE},
    "facility": {"facility_id": CLINIC},
    "team": {"team_id": TEAM},
    "type in region": {"facility_type": "clinic", "region": "aso"},
    "type where she lives": {"facility_type": "clinic", "lived": "now"},
    "region": {"region": "kumamoto"},
    "type": {"facility_type": "clinic"},
    "where she lives": {"lived": "now"},
    "everyone": {"everyone": True},
}
MISSES: dict[str, dict[str, Any]] = {
    "another person": {"professional_id": OTHER},
    "another facility": {"facility_id": ELSEWHERE},
    "another team": {"team_id": OTHER_TEAM},
    "the type in another region": {"facility_type": "clinic", "region": "amakusa"},
    "another type in the region": {"facility_type": "hospital", "region": "aso"},
    "another region": {"region": "amakusa"},
    "another type": {"facility_type": "hospital"},
    "where she lived before": {"lived": "before"},
}
# Filter rows that touch Dr Satō's look at the hospital's prescription.
SIEVES: dict[str, dict[str, Any]] = {
    "profession": {"profession": "physician"},
    "category": {"category": "prescription"},
    "source": {"source_facility_id": HOSPITAL},
    "profession and category": {"profession": "physician", "category": "prescription"},
    "profession and source": {"profession": "physician", "source_facility_id": HOSPITAL},
    "category and source": {"category": "prescription", "source_facility_id": HOSPITAL},
    "profession, category and source": {
        "profession": "physician",
        "category": "prescription",
        "source_facility_id": HOSPITAL,
    },
    "category for the clinic": {"category": "prescription", "facility_id": CLINIC},
    "category for Dr Satō": {"category": "prescription", "professional_id": SATO},
    "source for the clinic": {"source_facility_id": HOSPITAL, "facility_id": CLINIC},
}
PERIODS: dict[str, dict[str, Any]] = {
    "begins now": {"valid_from": NOW},
    "begins a moment later": {"valid_from": NOW + TICK},
    "ends now": {"valid_to": NOW},
    "ends a moment later": {"valid_to": NOW + TICK},
    "began and has not ended": {"valid_from": NOW - DAY, "valid_to": NOW + DAY},
    "began and ended": {"valid_from": NOW - 2 * DAY, "valid_to": NOW - DAY},
}
