"""One row per step and per tie: what Hanako set, who asks, what comes out, and by which rule."""

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec import json, structs

from api.consent.decide import compile_policy
from api.consent.facts import (
    Basis,
    Directive,
    NetworkRules,
    Participation,
    Provision,
    RecordFacts,
    Request,
)
from tests.consent.scene import (
    BLANKET,
    CLINIC,
    CLINIC_SYSTEM,
    DR_SATO,
    HOSPITAL,
    IN_THE_TEAM,
    JOINED,
    NETWORK,
    NOW,
    PHARMACIST_ITO,
    PHARMACY,
    SATO,
    TEAM,
    allow,
    answer,
    ask,
    directive,
    exclude,
    hide,
    record,
    refuse,
    show,
)

MINUTE = timedelta(minutes=1)
CLINIC_ON = allow(facility_id=CLINIC)
PHARMACY_ON = allow(facility_id=PHARMACY)
CLINIC_CLOSELY = allow(facility_id=CLINIC, level=1)
ITO = ask(PHARMACIST_ITO)
OWN = record(source_facility_id=CLINIC)

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
    assert decision.outcome == ("permit" if step in ("granted", "own_record") else "deny")


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
