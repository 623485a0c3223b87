"""The small world the decisions are tried in: Hanako's settings, and who asks."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import structs

from api.consent.decide import decide
from api.consent.facts import (
    Decision,
    Directive,
    NetworkRules,
    Participation,
    Provision,
    RecordFacts,
    Request,
    Requester,
    Team,
)

SATO, ITO, MORI = (UUID(int=number) for number in (1, 2, 3))
CLINIC, PHARMACY, HOSPITAL = (UUID(int=number) for number in (11, 12, 13))
TEAM = UUID(int=21)
ULCER, BIOPSY, COUGH = (UUID(int=number) for number in (31, 32, 33))
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

NETWORK = NetworkRules(
    profile_id="kumamoto_demo",
    profile_version=1,
    categories=("prescription", "lab", "care"),
    matrix={
        "physician": frozenset({"prescription", "lab", "care"}),
        "pharmacist": frozenset({"prescription"}),
        "clerk": frozenset(),
    },
    purposes=frozenset({"TREAT", "ETREAT", "BTG", "HRESCH"}),
)
BLANKET = structs.replace(NETWORK, recipient_default="permit")
HOME_AREA = structs.replace(NETWORK, recipient_default="home_area")
DAY = timedelta(days=1)
JOINED = Participation("participating", date(2026, 1, 1), "2026-11", NOW - 60 * DAY)

DR_SATO = Requester(
    kind="professional",
    facility_id=CLINIC,
    professional_id=SATO,
    profession="physician",
    facility_type="clinic",
    regions=("43", "4301"),
    facility_is_active=True,
    professional_is_active=True,
    is_trained=True,
)
PHARMACIST_ITO = structs.replace(
    DR_SATO,
    facility_id=PHARMACY,
    professional_id=ITO,
    profession="pharmacist",
    facility_type="pharmacy",
    regions=("43", "4302"),
)
IN_THE_TEAM = structs.replace(DR_SATO, professional_id=MORI)
CLINIC_SYSTEM = structs.replace(DR_SATO, kind="system", professional_id=None)

PRESCRIPTION = RecordFacts(
    "prescription", date(2026, 3, 1), date(2026, 2, 1), HOSPITAL, record_id=ULCER
)


def allow(**named: Any) -> Provision:
    return Provision(0, "permit", "recipient", **named)


def refuse(**named: Any) -> Provision:
    return Provision(0, "deny", "recipient", **named)


def exclude(**named: Any) -> Provision:
    return Provision(0, "exclusion", "recipient", **named)


def show(**named: Any) -> Provision:
    return Provision(0, "permit", "filter", **named)


def hide(**named: Any) -> Provision:
    return Provision(0, "deny", "filter", **named)


def share(**named: Any) -> Provision:
    return Provision(0, "permit", "share", **{"valid_to": NOW + DAY, **named})


def directive(*rules: Provision, version: int = 3, **more: Any) -> Directive:
    return Directive(
        version,
        tuple(structs.replace(rule, id=number) for number, rule in enumerate(rules, 1)),
        **{"teams": (Team(TEAM, "Team", (MORI,)),), **more},
    )


def ask(who: Requester = DR_SATO, purpose_of_use: str = "TREAT", **changed: Any) -> Request:
    return Request(structs.replace(who, **changed), purpose_of_use, NOW)


def record(**changed: Any) -> RecordFacts:
    return structs.replace(PRESCRIPTION, **changed)


def answer(
    *rules: Provision,
    request: Request | None = None,
    record: RecordFacts = PRESCRIPTION,
    network: NetworkRules = NETWORK,
    participation: Participation = JOINED,
    **more: Any,
) -> Decision:
    settings = directive(*rules, **more)
    return decide(network, participation, settings, request or ask(), record)
