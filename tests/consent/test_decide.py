"""One row per step and per tie: what Hanako set, who asks, what comes out, and by which rule."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec import json, structs

from api.consent.decide import Exceptions, HiddenPeriod, compile_policy
from api.consent.facts import (
    Basis,
    Directive,
    Mark,
    NetworkRules,
    Participation,
    Provision,
    RecordFacts,
    Request,
    Residence,
    Ruling,
    Team,
)
from tests.consent.scene import (
    BIOPSY,
    BLANKET,
    CLINIC,
    CLINIC_SYSTEM,
    COUGH,
    DAY,
    DR_SATO,
    HOME_AREA,
    HOSPITAL,
    IN_THE_TEAM,
    JOINED,
    NETWORK,
    NOW,
    PHARMACIST_ITO,
    PHARMACY,
    SATO,
    TEAM,
    ULCER,
    allow,
    answer,
    ask,
    directive,
    exclude,
    hide,
    record,
    refuse,
    share,
    show,
)
from tests.consent.scene import ITO as ITO_ID

MINUTE = timedelta(minutes=1)
CLINIC_ON = allow(facility_id=CLINIC)
PHARMACY_ON = allow(facility_id=PHARMACY)
CLINIC_CLOSELY = allow(facility_id=CLINIC, level=1)
ITO = ask(PHARMACIST_ITO)
OPEN = ("granted", "own_record", "shared")
OWN = record(source_facility_id=CLINIC)

MIDNIGHT = datetime(2026, 6, 1, 15, tzinfo=UTC)  # of the second of June in Japan


def lived(from_on: date | None = None, until_on: date | None = None) -> Participation:
    return structs.replace(JOINED, residences=(Residence("4301", from_on, until_on),))


STEPS: dict[str, tuple[str, dict[str, Any], list[Provision]]] = {
    # 1 law, credential, network
    "clinic suspended": ("facility_standing", {"request": ask(facility_is_active=False)}, []),
    "doctor left": ("professional", {"request": ask(professional_is_active=False)}, []),
    "doctor not trained": ("professional", {"request": ask(is_trained=False)}, []),
    "nobody behind the professional": (
        "professional",
        {"request": ask(professional_id=None)},
        [CLINIC_ON],
    ),
    "system without a person": ("granted", {"request": ask(CLINIC_SYSTEM)}, [CLINIC_ON]),
    "system for a profession it does not name": (
        "profession_unknown",
        {"request": ask(CLINIC_SYSTEM, profession=None)},
        [CLINIC_ON],
    ),
    "profession unknown": (
        "profession_unknown",
        {"request": ask(profession="dentist")},
        [CLINIC_ON],
    ),
    "purpose not allowed": ("purpose", {"request": ask(purpose_of_use="HOPERAT")}, [CLINIC_ON]),
    "unanswered": ("participation", {"participation": Participation()}, [CLINIC_ON]),
    "refused": ("participation", {"participation": Participation("refused")}, [CLINIC_ON]),
    "withdrawn": ("participation", {"participation": Participation("withdrawn")}, [CLINIC_ON]),
    "withdrawn, own record": (
        "participation",
        {"participation": Participation("withdrawn"), "record": OWN},
        [CLINIC_ON],
    ),
    # 2 exclusions, then own records
    "person excluded": ("excluded", {}, [CLINIC_ON, exclude(professional_id=SATO)]),
    "facility excluded": (
        "excluded",
        {},
        [allow(professional_id=SATO), exclude(facility_id=CLINIC)],
    ),
    "excluded from own record": (
        "excluded",
        {"record": OWN},
        [exclude(facility_id=CLINIC)],
    ),
    "excluded in an emergency": (
        "excluded",
        {"request": ask(purpose_of_use="BTG")},
        [exclude(professional_id=SATO)],
    ),
    "exclusion over": (
        "granted",
        {},
        [CLINIC_ON, exclude(facility_id=CLINIC, valid_to=NOW)],
    ),
    "another's exclusion": ("granted", {}, [CLINIC_ON, exclude(facility_id=PHARMACY)]),
    "own record without a grant": ("own_record", {"record": OWN}, []),
    "own secret record": ("own_record", {"record": structs.replace(OWN, sensitivity=2)}, []),
    "own record, facility refused": ("own_record", {"record": OWN}, [refuse(facility_id=CLINIC)]),
    "own record in an emergency": (
        "own_record",
        {"record": OWN, "request": ask(purpose_of_use="ETREAT")},
        [],
    ),
    # 3 secret, 4 emergency
    "secret": ("secret", {"record": record(sensitivity=2)}, [CLINIC_CLOSELY]),
    "secret, permit of the highest level": (
        "secret",
        {"record": record(sensitivity=2)},
        [allow(professional_id=SATO, level=2)],
    ),
    "emergency without a session": (
        "emergency_closed",
        {"request": ask(purpose_of_use="ETREAT")},
        [CLINIC_ON],
    ),
    # 5 one-off share
    "shared record, doctor off": (
        "shared",
        {"record": record(sensitivity=1)},
        [refuse(professional_id=SATO), share(professional_id=SATO, record_ids=(ULCER,))],
    ),
    "shared with the clinic": ("shared", {}, [share(facility_id=CLINIC, record_ids=(ULCER,))]),
    "shared category, hidden from all": (
        "shared",
        {},
        [hide(category="prescription"), share(facility_id=CLINIC, category="prescription")],
    ),
    "another record shared": (
        "recipient",
        {},
        [share(facility_id=CLINIC, record_ids=(BIOPSY,))],
    ),
    "a record without an id is no shared one": (
        "recipient",
        {"record": record(record_id=None)},
        [share(facility_id=CLINIC, record_ids=(ULCER,))],
    ),
    "shared with another": ("recipient", {}, [share(professional_id=ITO_ID, category="lab")]),
    "share over": (
        "recipient",
        {},
        [share(facility_id=CLINIC, record_ids=(ULCER,), valid_to=NOW)],
    ),
    "shared, but the clinic is blocked": (
        "excluded",
        {},
        [share(facility_id=CLINIC, record_ids=(ULCER,)), exclude(facility_id=CLINIC)],
    ),
    "shared, but secret": (
        "secret",
        {"record": record(sensitivity=2)},
        [share(facility_id=CLINIC, record_ids=(ULCER,))],
    ),
    "shared, but of before": (
        "data_from",
        {"record": record(effective_on=date(2025, 12, 31))},
        [share(facility_id=CLINIC, record_ids=(ULCER,))],
    ),
    "shared for treatment, asked for research": (
        "recipient",
        {"request": ask(purpose_of_use="HRESCH")},
        [share(facility_id=CLINIC, record_ids=(ULCER,))],
    ),
    # the participant's own sensitivity of one record
    "marked secret": ("secret", {"marks": (Mark(ULCER, 2),)}, [CLINIC_CLOSELY]),
    "marked restricted": ("sensitivity", {"marks": (Mark(ULCER, 1),)}, [CLINIC_ON]),
    "marked normal": (
        "granted",
        {"marks": (Mark(ULCER, 0),), "record": record(sensitivity=2)},
        [CLINIC_ON],
    ),
    "another record marked": ("granted", {"marks": (Mark(BIOPSY, 2),)}, [CLINIC_ON]),
    # 1 new terms
    "terms run out this instant": (
        "participation",
        {"participation": structs.replace(JOINED, ends_at=NOW)},
        [CLINIC_ON],
    ),
    "terms for a minute more": (
        "granted",
        {"participation": structs.replace(JOINED, ends_at=NOW + MINUTE)},
        [CLINIC_ON],
    ),
    # 6 everyone, areas lived in, home area
    "everyone on": ("granted", {}, [allow(everyone=True)]),
    "everyone off, region on": ("granted", {}, [refuse(everyone=True), allow(region="43")]),
    "everyone on, region off": ("recipient", {}, [allow(everyone=True), refuse(region="43")]),
    "everyone on and off": ("recipient", {}, [allow(everyone=True), refuse(everyone=True)]),
    "everyone off, blanket network": (
        "recipient",
        {"network": BLANKET},
        [refuse(everyone=True)],
    ),
    "restricted, everyone carries no level": (
        "sensitivity",
        {"record": record(sensitivity=1)},
        [allow(everyone=True, level=1)],
    ),
    "lived here now": ("granted", {"participation": lived()}, [allow(lived="now")]),
    "moves here tomorrow": (
        "recipient",
        {"participation": lived(date(2026, 6, 2))},
        [allow(lived="now")],
    ),
    "moved here today": (
        "granted",
        {"participation": lived(date(2026, 6, 1))},
        [allow(lived="now")],
    ),
    "moved away today": (
        "recipient",
        {"participation": lived(None, date(2026, 6, 1))},
        [allow(lived="now")],
    ),
    "moved away today, is recent": (
        "granted",
        {"participation": lived(None, date(2026, 6, 1))},
        [allow(lived="recent")],
    ),
    "moved away two years ago less a day": (
        "granted",
        {"participation": lived(None, date(2024, 6, 2))},
        [allow(lived="recent")],
    ),
    "moved away two years ago": (
        "granted",
        {"participation": lived(None, date(2024, 6, 1))},
        [allow(lived="before")],
    ),
    "in Japan it is tomorrow already": (
        "recipient",
        {
            "participation": lived(None, date(2026, 6, 2)),
            "request": structs.replace(ask(), now=NOW.replace(hour=15)),
        },
        [allow(lived="now")],
    ),
    "in Japan it is today still": (
        "granted",
        {
            "participation": lived(None, date(2026, 6, 2)),
            "request": structs.replace(ask(), now=NOW.replace(hour=14, minute=59)),
        },
        [allow(lived="now")],
    ),
    "on a leap day": (
        "granted",
        {
            "participation": lived(None, date(2026, 2, 28)),
            "request": structs.replace(ask(), now=NOW.replace(year=2028, month=2, day=29)),
        },
        [allow(lived="before")],
    ),
    "lived here before and again": (
        "granted",
        {
            "participation": structs.replace(
                JOINED,
                residences=(Residence("43", None, date(2020, 4, 1)), Residence("4301")),
            )
        },
        [allow(lived="now"), refuse(lived="before")],
    ),
    "lives elsewhere": (
        "recipient",
        {"participation": structs.replace(JOINED, residences=(Residence("13"),))},
        [allow(lived="now")],
    ),
    "clinics where she lives on, region off": (
        "granted",
        {"participation": lived()},
        [allow(facility_type="clinic", lived="now"), refuse(region="43")],
    ),
    "pharmacies where she lives": (
        "recipient",
        {"participation": lived()},
        [allow(facility_type="pharmacy", lived="now")],
    ),
    "home area, lives here": (
        "granted",
        {"network": HOME_AREA, "participation": lived()},
        [],
    ),
    "home area, lived here": (
        "recipient",
        {"network": HOME_AREA, "participation": lived(None, date(2026, 6, 1))},
        [],
    ),
    "home area, for research": (
        "recipient",
        {
            "network": HOME_AREA,
            "participation": lived(),
            "request": ask(purpose_of_use="HRESCH"),
        },
        [],
    ),
    # 6 facilities that joined later
    "joined as the region was chosen": (
        "granted",
        {"request": ask(facility_joined_at=NOW - DAY)},
        [allow(region="43", set_at=NOW - DAY)],
    ),
    "joined yesterday, region on": (
        "recipient",
        {"request": ask(facility_joined_at=NOW - DAY)},
        [allow(region="43", set_at=NOW - 2 * DAY)],
    ),
    "joined a week ago, region on": (
        "granted",
        {"request": ask(facility_joined_at=NOW - 7 * DAY)},
        [allow(region="43", set_at=NOW - 8 * DAY)],
    ),
    "joined a week ago less a minute, everyone on": (
        "recipient",
        {"request": ask(facility_joined_at=NOW - 7 * DAY + MINUTE)},
        [allow(everyone=True, set_at=NOW - 8 * DAY)],
    ),
    "joined yesterday, region off": (
        "recipient",
        {"request": ask(facility_joined_at=NOW - DAY), "network": BLANKET},
        [refuse(region="43", set_at=NOW - 2 * DAY)],
    ),
    "joined yesterday, clinic on": (
        "granted",
        {"request": ask(facility_joined_at=NOW - DAY)},
        [allow(facility_id=CLINIC, set_at=NOW - 2 * DAY)],
    ),
    "joined long ago, to be asked first": (
        "recipient",
        {
            "request": ask(facility_joined_at=NOW - 20 * DAY),
            "asks_first_since": NOW - 20 * DAY,
        },
        [allow(region="43", set_at=NOW - 30 * DAY)],
    ),
    "joined before she asked to be asked": (
        "granted",
        {
            "request": ask(facility_joined_at=NOW - 20 * DAY),
            "asks_first_since": NOW - 19 * DAY,
        },
        [allow(region="43", set_at=NOW - 30 * DAY)],
    ),
    "joined before the region was chosen, to be asked first": (
        "granted",
        {
            "request": ask(facility_joined_at=NOW - 20 * DAY),
            "asks_first_since": NOW - 30 * DAY,
        },
        [allow(region="43", set_at=NOW - 10 * DAY)],
    ),
    "joined yesterday, blanket network": (
        "recipient",
        {"request": ask(facility_joined_at=NOW - DAY), "network": BLANKET},
        [],
    ),
    "joined before her, blanket network": (
        "granted",
        {"request": ask(facility_joined_at=NOW - 60 * DAY), "network": BLANKET},
        [],
    ),
    "region waits, but the default lets in": (
        "granted",
        {
            "request": ask(facility_joined_at=NOW - DAY),
            "network": BLANKET,
            "participation": structs.replace(JOINED, joined_at=NOW),
        },
        [allow(region="43", set_at=NOW - 2 * DAY)],
    ),
    # 6 recipient
    "nothing matches": ("recipient", {}, [PHARMACY_ON]),
    "never chosen": ("recipient", {}, []),
    "blanket network": ("granted", {"network": BLANKET}, []),
    "blanket network, clinic off": (
        "recipient",
        {"network": BLANKET},
        [refuse(facility_id=CLINIC)],
    ),
    "clinic on": ("granted", {}, [CLINIC_ON]),
    "clinic on and off": ("recipient", {}, [CLINIC_ON, refuse(facility_id=CLINIC)]),
    "region off, clinic on": ("granted", {}, [CLINIC_ON, refuse(region="43")]),
    "clinic off, doctor on": (
        "granted",
        {},
        [refuse(facility_id=CLINIC), allow(professional_id=SATO)],
    ),
    "clinic on, doctor off": ("recipient", {}, [CLINIC_ON, refuse(professional_id=SATO)]),
    "team on, clinic off: one tier": (
        "recipient",
        {"request": ask(IN_THE_TEAM)},
        [allow(team_id=TEAM), refuse(facility_id=CLINIC)],
    ),
    "team on": ("granted", {"request": ask(IN_THE_TEAM)}, [allow(team_id=TEAM)]),
    "another team": ("recipient", {}, [allow(team_id=TEAM)]),
    "clinics here on, clinics off": (
        "granted",
        {},
        [allow(facility_type="clinic", region="4301"), refuse(facility_type="clinic")],
    ),
    "clinics here off, region on": (
        "recipient",
        {},
        [refuse(facility_type="clinic", region="43"), allow(region="4301")],
    ),
    "clinics on, region off: one tier": (
        "recipient",
        {},
        [allow(facility_type="clinic"), refuse(region="4301")],
    ),
    "a type of no facility": (
        "recipient",
        {"request": ask(facility_type=None)},
        [allow(facility_type="clinic", region="43")],
    ),
    "region without a type": (
        "granted",
        {"request": ask(facility_type=None)},
        [allow(region="43")],
    ),
    # 6 filter
    "prescriptions off": ("filter", {}, [CLINIC_ON, hide(category="prescription")]),
    "doctors off": ("filter", {}, [CLINIC_ON, hide(profession="physician")]),
    "pharmacists off": ("granted", {}, [CLINIC_ON, hide(profession="pharmacist")]),
    "hospital's records off": ("filter", {}, [CLINIC_ON, hide(source_facility_id=HOSPITAL)]),
    "doctors see prescriptions though prescriptions are off": (
        "granted",
        {},
        [
            CLINIC_ON,
            hide(category="prescription"),
            show(category="prescription", profession="physician"),
        ],
    ),
    "on and off alike: a tie": (
        "filter",
        {},
        [CLINIC_ON, hide(category="prescription"), show(category="prescription")],
    ),
    "neither covers the other: a tie": (
        "filter",
        {},
        [
            CLINIC_ON,
            hide(category="prescription"),
            show(profession="physician", source_facility_id=HOSPITAL),
        ],
    ),
    "matrix hides lab from pharmacists": (
        "filter",
        {"request": ITO, "record": record(category="lab")},
        [PHARMACY_ON],
    ),
    "lab shown to pharmacists": (
        "granted",
        {"request": ITO, "record": record(category="lab")},
        [PHARMACY_ON, show(profession="pharmacist", category="lab")],
    ),
    "lab shown, to nobody by name": (
        "filter",
        {"request": ITO, "record": record(category="lab")},
        [PHARMACY_ON, show(category="lab")],
    ),
    "category the network does not know": (
        "filter",
        {"record": record(category="dental")},
        [CLINIC_ON, show(profession="physician", category="dental")],
    ),
    "lab shown to pharmacists for treatment, asked for research": (
        "filter",
        {
            "request": ask(PHARMACIST_ITO, purpose_of_use="HRESCH"),
            "record": record(category="lab"),
        },
        [
            allow(facility_id=PHARMACY, purposes=("HRESCH",)),
            show(profession="pharmacist", category="lab"),
        ],
    ),
    "prescriptions were off": (
        "granted",
        {},
        [CLINIC_ON, hide(category="prescription", valid_to=NOW)],
    ),
    "prescriptions off for research": (
        "granted",
        {},
        [CLINIC_ON, hide(category="prescription", purposes=("HRESCH",))],
    ),
    "one record hidden for research": (
        "granted",
        {},
        [CLINIC_ON, hide(record_ids=(ULCER,), purposes=("HRESCH",))],
    ),
    "one record hidden for treatment": (
        "filter",
        {},
        [CLINIC_ON, hide(record_ids=(ULCER,), purposes=("TREAT",))],
    ),
    "one record hidden from the clinic": (
        "filter",
        {},
        [CLINIC_ON, hide(record_ids=(ULCER,), facility_id=CLINIC)],
    ),
    "a period hidden from doctors": (
        "filter",
        {},
        [CLINIC_ON, hide(data_to=date(2027, 1, 1), profession="physician")],
    ),
    "prescriptions off for Dr Satō": (
        "filter",
        {},
        [CLINIC_ON, hide(category="prescription", professional_id=SATO)],
    ),
    "prescriptions off for another doctor": (
        "granted",
        {"request": ask(IN_THE_TEAM)},
        [CLINIC_ON, hide(category="prescription", professional_id=SATO)],
    ),
    "prescriptions off for another facility": (
        "granted",
        {},
        [CLINIC_ON, hide(category="prescription", facility_id=PHARMACY)],
    ),
    "prescriptions off, on for the clinic": (
        "granted",
        {},
        [
            CLINIC_ON,
            hide(category="prescription"),
            show(category="prescription", facility_id=CLINIC),
        ],
    ),
    "doctors see no prescriptions, Dr Satō does": (
        "granted",
        {},
        [
            CLINIC_ON,
            hide(category="prescription", profession="physician"),
            show(category="prescription", professional_id=SATO),
        ],
    ),
    "lab shown to pharmacist Itō by name": (
        "granted",
        {"request": ITO, "record": record(category="lab")},
        [PHARMACY_ON, show(professional_id=ITO_ID, category="lab")],
    ),
    "lab shown to a facility, no profession named": (
        "filter",
        {"request": ITO, "record": record(category="lab")},
        [PHARMACY_ON, show(facility_id=PHARMACY, category="lab")],
    ),
    "one record hidden": ("filter", {}, [CLINIC_ON, hide(record_ids=(BIOPSY, ULCER))]),
    "one record hidden, whatever is shown": (
        "filter",
        {},
        [
            CLINIC_ON,
            hide(record_ids=(ULCER,)),
            show(profession="physician", category="prescription", source_facility_id=HOSPITAL),
        ],
    ),
    "another record hidden": ("granted", {}, [CLINIC_ON, hide(record_ids=(BIOPSY,))]),
    "one record hidden from another": (
        "granted",
        {},
        [CLINIC_ON, hide(record_ids=(ULCER,), professional_id=ITO_ID)],
    ),
    "hidden from the day on": ("filter", {}, [CLINIC_ON, hide(data_from=date(2026, 2, 1))]),
    "hidden from the day after": ("granted", {}, [CLINIC_ON, hide(data_from=date(2026, 2, 2))]),
    "hidden up to the day": ("granted", {}, [CLINIC_ON, hide(data_to=date(2026, 2, 1))]),
    "hidden up to the day after": ("filter", {}, [CLINIC_ON, hide(data_to=date(2026, 2, 2))]),
    "a period of another source hidden": (
        "granted",
        {},
        [CLINIC_ON, hide(data_to=date(2027, 1, 1), source_facility_id=PHARMACY)],
    ),
    "a period of another category hidden": (
        "granted",
        {},
        [CLINIC_ON, hide(data_to=date(2027, 1, 1), category="lab")],
    ),
    "hiding over": ("granted", {}, [CLINIC_ON, hide(record_ids=(ULCER,), valid_to=NOW)]),
    "hidden, but shared": (
        "shared",
        {},
        [hide(record_ids=(ULCER,)), share(facility_id=CLINIC, record_ids=(ULCER,))],
    ),
    # 6 sensitivity
    "restricted, ordinary permit": ("sensitivity", {"record": record(sensitivity=1)}, [CLINIC_ON]),
    "restricted, close permit": ("granted", {"record": record(sensitivity=1)}, [CLINIC_CLOSELY]),
    "restricted, region permits carry no level": (
        "sensitivity",
        {"record": record(sensitivity=1)},
        [allow(region="43", level=1)],
    ),
    "restricted, level of the wider permit": (
        "granted",
        {"record": record(sensitivity=1)},
        [allow(professional_id=SATO), CLINIC_CLOSELY],
    ),
    "restricted, level under a deny": (
        "sensitivity",
        {"record": record(sensitivity=1)},
        [allow(professional_id=SATO), CLINIC_CLOSELY, refuse(facility_id=CLINIC)],
    ),
    # 6 validity
    "permit from this instant": ("granted", {}, [allow(facility_id=CLINIC, valid_from=NOW)]),
    "permit up to this instant": ("recipient", {}, [allow(facility_id=CLINIC, valid_to=NOW)]),
    "permit for a minute more": (
        "granted",
        {},
        [allow(facility_id=CLINIC, valid_to=NOW + MINUTE)],
    ),
    "permit in a minute": (
        "recipient",
        {},
        [allow(facility_id=CLINIC, valid_from=NOW + MINUTE)],
    ),
    "deny over": (
        "granted",
        {},
        [allow(region="43"), refuse(facility_id=CLINIC, valid_to=NOW)],
    ),
    "record of the first day": (
        "granted",
        {"record": record(effective_on=date(2026, 1, 1))},
        [CLINIC_ON],
    ),
    "record of the day before": (
        "data_from",
        {"record": record(effective_on=date(2025, 12, 31))},
        [CLINIC_ON],
    ),
    "undated record, recorded in time": (
        "granted",
        {"record": record(effective_on=None)},
        [CLINIC_ON],
    ),
    "undated record, recorded before": (
        "data_from",
        {"record": record(effective_on=None, recorded_on=date(2025, 12, 31))},
        [CLINIC_ON],
    ),
    "earlier data opted in": (
        "granted",
        {
            "record": record(effective_on=date(1990, 1, 1)),
            "participation": Participation("participating", None),
        },
        [CLINIC_ON],
    ),
    # 6 purpose
    "research needs its own permit": (
        "recipient",
        {"request": ask(purpose_of_use="HRESCH")},
        [CLINIC_ON],
    ),
    "research, blanket network": (
        "recipient",
        {"request": ask(purpose_of_use="HRESCH"), "network": BLANKET},
        [],
    ),
    "research chosen": (
        "granted",
        {"request": ask(purpose_of_use="HRESCH")},
        [allow(facility_id=CLINIC, purposes=("HRESCH",))],
    ),
    "research chosen, treatment not": (
        "recipient",
        {},
        [allow(facility_id=CLINIC, purposes=("HRESCH",))],
    ),
    "a deny binds for research too": (
        "filter",
        {"request": ask(purpose_of_use="HRESCH")},
        [allow(facility_id=CLINIC, purposes=("HRESCH",)), hide(category="prescription")],
    ),
}


@pytest.mark.parametrize("name", STEPS)
def test_the_first_stop_decides(name: str) -> None:
    step, facts, rules = STEPS[name]
    decision = answer(*rules, **facts)
    assert decision.basis.step == step
    assert decision.outcome == ("permit" if step in OPEN else "deny")


def test_the_basis_names_the_rule_of_each_axis_and_the_versions() -> None:
    basis = answer(refuse(region="43"), CLINIC_ON, hide(profession="pharmacist")).basis
    assert (basis.settings_version, basis.profile_id, basis.profile_version) == (
        3,
        "kumamoto_demo",
        1,
    )
    assert basis.recipient is not None
    assert basis.recipient.provision is not None
    assert basis.recipient.provision.id == 2
    assert basis.filter is not None
    assert (basis.filter.outcome, basis.filter.by) == ("permit", "network_default")


def test_a_refusal_on_one_axis_still_names_the_rule_of_the_other() -> None:
    basis = answer(hide(category="prescription")).basis
    assert basis.recipient is not None
    assert basis.recipient.by == "nothing_matches"
    assert basis.filter is not None
    assert basis.filter.provision is not None
    assert basis.filter.provision.id == 1


def test_a_basis_survives_the_log() -> None:
    basis = answer(CLINIC_CLOSELY, hide(category="lab")).basis
    assert json.decode(json.encode(basis), type=Basis) == basis


def test_hanako_lets_one_clinic_see_prescriptions_only() -> None:
    policy = compile_policy(
        NETWORK, JOINED, directive(CLINIC_ON, hide(category="lab"), hide(category="care"))
    )
    scope = policy.scope(ask(CLINIC_SYSTEM))
    assert (scope.outcome, scope.categories, scope.level) == ("permit", ("prescription",), 0)
    assert (scope.own_facility, scope.data_from) == (True, date(2026, 1, 1))
    assert scope.of("prescription").basis.step == "granted"
    assert scope.of("lab").basis.step == "filter"
    assert policy.scope(ITO).categories == ()
    assert policy.scope(ITO).basis.step == "recipient"


def test_a_scope_lists_the_sources_that_differ() -> None:
    policy = compile_policy(
        NETWORK,
        JOINED,
        directive(
            CLINIC_ON,
            hide(category="lab"),
            hide(source_facility_id=HOSPITAL),
            show(source_facility_id=PHARMACY, category="lab"),
        ),
    )
    scope = policy.scope(ask())
    assert scope.categories == ("prescription", "care")
    assert scope.source_denied == ((HOSPITAL, "care"), (HOSPITAL, "prescription"))
    assert scope.source_permitted == ((PHARMACY, "lab"),)


def test_the_excluded_get_no_scope_at_all() -> None:
    policy = compile_policy(NETWORK, JOINED, directive(CLINIC_ON, exclude(facility_id=CLINIC)))
    scope = policy.scope(ask())
    assert (scope.outcome, scope.own_facility, scope.categories) == ("deny", False, ())
    assert scope.basis.recipient is not None
    assert scope.of("lab").basis.recipient == scope.basis.recipient


def test_a_waiting_facility_is_told_apart_from_one_not_chosen() -> None:
    new = ask(facility_joined_at=NOW - DAY)
    region = allow(region="43", set_at=NOW - 2 * DAY)
    everyone = allow(everyone=True, set_at=NOW - 2 * DAY)

    def of(*rules: Provision, **more: Any) -> Ruling | None:
        return answer(*rules, request=new, **more).basis.recipient

    def by(*rules: Provision, **more: Any) -> tuple[str, int | None]:
        ruling = of(*rules, **more)
        assert ruling is not None
        assert ruling.outcome == "deny"
        return ruling.by, ruling.provision and ruling.provision.id

    assert by(region) == ("awaits_notice", 1)
    assert by(everyone, region) == by(region, everyone) == ("awaits_notice", 1)
    assert by(everyone) == ("awaits_notice", 1)
    assert by(region, asks_first_since=NOW - DAY) == ("asks_first", 1)
    assert by(region, network=BLANKET) == ("awaits_notice", 1)
    assert by(network=BLANKET) == ("awaits_notice", None)
    assert by(network=BLANKET, asks_first_since=NOW - DAY) == ("asks_first", None)
    assert by(structs.replace(region, valid_to=NOW)) == ("nothing_matches", None)
    assert by(allow(region="44", set_at=NOW - 2 * DAY)) == ("nothing_matches", None)


def test_the_default_says_whether_it_is_of_the_home_area() -> None:
    def ruling(network: NetworkRules) -> Ruling | None:
        return answer(network=network, participation=lived()).basis.recipient

    assert ruling(BLANKET) == Ruling("permit", "network_default")
    assert ruling(HOME_AREA) == Ruling("permit", "home_area")


def test_of_equal_rows_the_first_by_id_is_named() -> None:
    elsewhere = allow(region="43", valid_to=NOW + DAY)
    basis = answer(allow(region="4301"), elsewhere, allow(facility_type="clinic")).basis
    assert basis.recipient is not None
    assert basis.recipient.provision is not None
    assert basis.recipient.provision.id == 1


def test_a_scope_carries_what_was_said_of_single_records() -> None:
    rules = (
        CLINIC_CLOSELY,
        hide(record_ids=(COUGH, ULCER)),
        hide(data_to=date(2026, 2, 1), category="lab", source_facility_id=HOSPITAL),
        share(facility_id=CLINIC, record_ids=(BIOPSY,)),
        share(professional_id=SATO, category="lab"),
        share(professional_id=ITO_ID, category="care"),
    )
    marks = (Mark(ULCER, 0), Mark(BIOPSY, 1), Mark(COUGH, 2))
    scope = compile_policy(NETWORK, JOINED, directive(*rules, marks=marks)).scope(ask())
    assert scope.exceptions == Exceptions(
        hidden=(ULCER, COUGH),
        hidden_periods=(HiddenPeriod(HOSPITAL, "lab", None, date(2026, 2, 1)),),
        lowered=(ULCER, BIOPSY),
        raised=(COUGH,),
        shared=(BIOPSY,),
        shared_categories=("lab",),
        unsealed=(ULCER, BIOPSY),
        sealed=(COUGH,),
    )


def test_a_scope_carries_hidden_periods_though_nothing_else_was_said() -> None:
    hidden = hide(data_from=date(2026, 2, 1), data_to=date(2026, 3, 1))
    scope = compile_policy(NETWORK, JOINED, directive(CLINIC_ON, hidden)).scope(ask())
    period = HiddenPeriod(None, None, date(2026, 2, 1), date(2026, 3, 1))
    assert scope.exceptions == Exceptions(hidden_periods=(period,))
    assert scope.share is None


def test_who_is_not_let_in_gets_a_closed_scope_and_the_reason_of_each_category() -> None:
    scope = compile_policy(NETWORK, JOINED, directive(hide(category="lab"))).scope(ask())
    assert (scope.outcome, scope.own_facility, scope.categories) == ("deny", True, ())
    lab = scope.of("lab").basis
    assert (lab.step, lab.filter and lab.filter.by) == ("recipient", "provision")


def test_the_widest_of_several_permits_is_named() -> None:
    cell = {"profession": "physician", "category": "prescription"}
    basis = answer(CLINIC_ON, show(**cell), show(**cell, source_facility_id=HOSPITAL)).basis
    assert basis.filter is not None
    assert basis.filter.provision is not None
    assert basis.filter.provision.id == 3


def test_the_basis_says_from_which_day_records_are_shown() -> None:
    assert answer(CLINIC_ON).basis.data_from == JOINED.data_from == date(2026, 1, 1)


def test_a_scope_of_shares_alone_opens_nothing_else_and_says_so() -> None:
    rules = (refuse(facility_id=CLINIC), share(facility_id=CLINIC, category="lab"))
    scope = compile_policy(NETWORK, JOINED, directive(*rules)).scope(ask())
    assert (scope.outcome, scope.categories, scope.basis.step) == ("permit", (), "shared")
    assert scope.share is not None
    assert scope.share.provision is not None
    assert scope.share.provision.id == 2
    assert scope.of("lab").outcome == "permit"
    prescriptions = scope.of("prescription")
    assert (prescriptions.outcome, prescriptions.basis.step) == ("deny", "recipient")
    assert prescriptions.basis.recipient is not None
    assert prescriptions.basis.recipient.provision is not None
    assert prescriptions.basis.recipient.provision.id == 1


@pytest.mark.parametrize(
    ("rules", "facts", "until"),
    [
        ([CLINIC_ON], {}, None),
        ([allow(facility_id=PHARMACY, valid_to=NOW + DAY)], {}, NOW + DAY),
        (
            [
                allow(facility_id=PHARMACY, valid_to=NOW + 2 * DAY),
                hide(category="lab", valid_from=NOW + DAY),
            ],
            {},
            NOW + DAY,
        ),
        ([allow(facility_id=PHARMACY, valid_from=NOW)], {}, None),
        ([], {"participation": structs.replace(JOINED, ends_at=NOW + DAY)}, NOW + DAY),
        ([], {"participation": lived()}, None),
        ([], {"participation": lived(date(2026, 6, 2))}, MIDNIGHT),
        ([], {"participation": lived(None, date(2026, 6, 2))}, MIDNIGHT),
        ([], {"participation": lived(None, date(2024, 6, 2))}, MIDNIGHT),
        (
            [],
            {
                "participation": lived(None, date(2024, 2, 29)),
                "request": structs.replace(ask(), now=datetime(2026, 2, 28, 3, tzinfo=UTC)),
            },
            datetime(2026, 2, 28, 15, tzinfo=UTC),
        ),
        ([], {"request": ask(facility_joined_at=NOW - DAY)}, None),
        ([allow(everyone=True)], {"request": ask(facility_joined_at=NOW - DAY)}, NOW + 6 * DAY),
        ([allow(region="43")], {"request": ask(facility_joined_at=NOW - DAY)}, NOW + 6 * DAY),
        ([refuse(region="43")], {"request": ask(facility_joined_at=NOW - DAY)}, None),
        ([allow(everyone=True)], {"request": ask(facility_joined_at=NOW - 7 * DAY)}, None),
        (
            [],
            {"request": ask(facility_joined_at=NOW - DAY), "network": BLANKET},
            NOW + 6 * DAY,
        ),
        (
            [],
            {"request": ask(facility_joined_at=NOW - DAY), "network": HOME_AREA},
            NOW + 6 * DAY,
        ),
    ],
)
def test_an_answer_says_until_when_time_cannot_change_it(
    rules: list[Provision], facts: dict[str, Any], until: datetime | None
) -> None:
    policy = compile_policy(
        facts.get("network", NETWORK), facts.get("participation", JOINED), directive(*rules)
    )
    assert policy.holds_until(facts.get("request", ask())) == until


def test_the_care_teams_of_a_policy_have_their_names() -> None:
    policy = compile_policy(NETWORK, JOINED, directive())
    assert policy.team_names == {str(TEAM): "Team"}


@pytest.mark.parametrize(
    "row",
    [
        {"axis": "recipient"},
        {"axis": "recipient", "facility_id": CLINIC, "professional_id": SATO},
        {"axis": "recipient", "facility_id": CLINIC, "region": "43"},
        {"axis": "recipient", "facility_id": CLINIC, "category": "lab"},
        {"axis": "filter"},
        {"axis": "filter", "category": "lab", "team_id": TEAM},
        {"axis": "filter", "category": "lab", "facility_id": CLINIC, "professional_id": SATO},
        {"axis": "filter", "data_from": date(2026, 1, 1)},
        {"axis": "recipient", "facility_id": CLINIC, "everyone": True},
        {"axis": "recipient", "region": "43", "lived": "now"},
        {"axis": "share", "facility_id": CLINIC, "category": "lab"},
        {"axis": "share", "category": "lab", "valid_to": NOW},
        {"axis": "share", "facility_id": CLINIC, "valid_to": NOW},
        {"axis": "filter", "category": "lab", "kind": "exclusion"},
        {"axis": "recipient", "region": "43", "kind": "exclusion"},
        {"axis": "recipient", "facility_id": CLINIC, "record_ids": (ULCER,)},
        {"axis": "recipient", "facility_id": CLINIC, "profession": "physician"},
        {"axis": "recipient", "facility_id": CLINIC, "source_facility_id": CLINIC},
        {"axis": "recipient", "facility_id": CLINIC, "data_from": date(2026, 1, 1)},
        {"axis": "recipient", "facility_id": CLINIC, "data_to": date(2026, 1, 1)},
        {"axis": "recipient", "team_id": TEAM, "lived": "now"},
        {"axis": "filter", "category": "lab", "everyone": True},
        {"axis": "filter", "category": "lab", "region": "43"},
        {"axis": "filter", "professional_id": SATO},
        {"axis": "filter", "record_ids": (ULCER,)},
        {"axis": "filter", "data_to": date(2026, 1, 1)},
        {"axis": "filter", "kind": "deny", "record_ids": (ULCER,), "category": "lab"},
        {"axis": "filter", "kind": "deny", "record_ids": (ULCER,), "data_to": date(2026, 1, 1)},
        {"axis": "share", "kind": "deny", "facility_id": CLINIC, "category": "lab"},
        {"axis": "share", "region": "43", "category": "lab", "valid_to": NOW},
        {"axis": "share", "everyone": True, "category": "lab", "valid_to": NOW},
        {
            "axis": "share",
            "facility_id": CLINIC,
            "professional_id": SATO,
            "category": "lab",
            "valid_to": NOW,
        },
        {
            "axis": "share",
            "facility_id": CLINIC,
            "category": "lab",
            "record_ids": (ULCER,),
            "valid_to": NOW,
        },
        {
            "axis": "share",
            "facility_id": CLINIC,
            "category": "lab",
            "profession": "physician",
            "valid_to": NOW,
        },
        {
            "axis": "share",
            "facility_id": CLINIC,
            "category": "lab",
            "data_from": date(2026, 1, 1),
            "valid_to": NOW,
        },
        {
            "axis": "share",
            "facility_id": CLINIC,
            "category": "lab",
            "data_to": date(2026, 1, 1),
            "valid_to": NOW,
        },
        {"axis": "recipient", "kind": "exclusion", "team_id": TEAM},
        {
            "axis": "recipient",
            "facility_id": CLINIC,
            "kind": "exclusion",
            "purposes": ("TREAT",),
        },
    ],
    ids=lambda row: "-".join(row),
)
def test_a_row_with_two_readings_cannot_be_written(row: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"row|exclusion|share|hidden"):
        Provision(**{"id": 1, "kind": "permit", **row})


@pytest.mark.parametrize(
    "row",
    [
        {"level": -1},
        {"level": 3},
        {"valid_from": NOW, "valid_to": NOW},
        {"valid_from": NOW, "valid_to": NOW - MINUTE},
    ],
)
def test_a_row_keeps_to_its_levels_and_ends_after_it_begins(row: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"level|ends"):
        allow(facility_id=CLINIC, **row)
    assert allow(facility_id=CLINIC, level=2, valid_from=NOW, valid_to=NOW + MINUTE).level == 2


def test_a_period_of_data_and_a_residence_end_after_they_begin() -> None:
    first = date(2026, 1, 1)
    with pytest.raises(ValueError, match="ends after"):
        hide(data_from=first, data_to=first)
    with pytest.raises(ValueError, match="ends after"):
        Residence("43", first, first)
    assert hide(data_from=first, data_to=date(2026, 1, 2)).data_from == first
    assert Residence("43", first, date(2026, 1, 2)).from_on == first


@pytest.mark.parametrize("level", [-1, 3])
def test_marks_and_incoming_records_have_a_level_there_is(level: int) -> None:
    with pytest.raises(ValueError, match="level"):
        Mark(ULCER, level)
    with pytest.raises(ValueError, match="level"):
        Directive(1, incoming_level=level)
    assert Mark(ULCER, 2).level == Directive(1, incoming_level=2).incoming_level == 2


def test_one_version_names_a_team_and_a_record_once() -> None:
    with pytest.raises(ValueError, match="teams"):
        Directive(1, teams=(Team(TEAM, "Team", ()), Team(TEAM, "Other", ())))
    with pytest.raises(ValueError, match="marks"):
        Directive(1, marks=(Mark(ULCER, 0), Mark(ULCER, 1)))


def test_two_rows_of_one_version_cannot_share_an_id() -> None:
    with pytest.raises(ValueError, match="share an id"):
        Directive(1, (CLINIC_ON, PHARMACY_ON))


def test_a_matrix_cannot_name_an_unknown_category() -> None:
    with pytest.raises(ValueError, match="category"):
        NetworkRules("demo", 1, ("lab",), {"physician": frozenset({"dental"})})


def test_the_newest_question_is_answered_by_the_clock_it_carries() -> None:
    policy = compile_policy(
        NETWORK, JOINED, directive(allow(facility_id=CLINIC, valid_to=NOW + MINUTE))
    )
    record = RecordFacts("lab", date(2026, 3, 1))
    outcomes = [
        policy.decide(Request(DR_SATO, "TREAT", NOW + MINUTE * minutes), record).outcome
        for minutes in (0, 1)
    ]
    assert outcomes == ["permit", "deny"]
