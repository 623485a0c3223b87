"""Settings go out as FHIR Consent and come back the same; what does not fit is named by path."""

import copy
import json
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from api.consent.exchange.fhir_consent import consent_of
from api.consent.exchange.fhir_import import ConsentFaults, read_consent
from api.consent.exchange.fhir_rows import Vocabulary
from api.consent.facts import Directive, Mark, Participation, Provision, Team
from api.core.canonical import canonical
from api.fhir import codes
from tests.consent.scene import (
    BLANKET,
    CLINIC,
    HOSPITAL,
    ITO,
    MORI,
    NETWORK,
    NOW,
    PHARMACY,
    SATO,
    TEAM,
)

HANAKO = UUID(int=101)
TARO = UUID(int=102)
RECORDS = tuple(UUID(int=number) for number in range(201, 205))
HOME_AREA = structs.replace(NETWORK, recipient_default="home_area")
JOINED = Participation("participating", date(2026, 1, 1), "2026-11")
KNOWS = Vocabulary(
    professions=frozenset(NETWORK.matrix),
    categories=frozenset(NETWORK.categories),
    facility_types=frozenset({"clinic", "hospital"}),
    regions=frozenset({"43", "4301"}),
    institutions={"4312345678": CLINIC},
)

# ── What goes out comes back ─────────────────────────────────────────────────────────────────────

one_of = st.sampled_from
moments = st.integers(0, 20 * 365 * 86_400 * 10**6).map(
    lambda micros: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
)
days = st.dates(date(1930, 1, 1), date(2040, 1, 1))
people = st.fixed_dictionaries({"professional_id": one_of([SATO, ITO, MORI])})
facilities = st.fixed_dictionaries({"facility_id": one_of([CLINIC, PHARMACY, HOSPITAL])})
areas = st.fixed_dictionaries(
    {},
    optional={"facility_type": one_of(["clinic", "hospital"]), "region": one_of(["43", "4301"])},
).filter(bool) | st.fixed_dictionaries(
    {"lived": one_of(["now", "recent", "before"])}, optional={"facility_type": st.just("clinic")}
)
anyone = st.just({"team_id": TEAM}) | st.just({"everyone": True}) | areas | people | facilities
records = st.lists(one_of(RECORDS), min_size=1, unique=True).map(
    lambda ids: {"record_ids": tuple(ids)}
)
sieves = st.fixed_dictionaries(
    {},
    optional={
        "profession": one_of(["physician", "clerk"]),
        "category": one_of(["lab", "care"]),
        "source_facility_id": one_of([HOSPITAL, CLINIC]),
    },
).filter(bool)
data_periods = st.tuples(days, st.integers(1, 400)).map(
    lambda it: {"data_from": it[0], "data_to": it[0] + timedelta(days=it[1])}
) | days.map(lambda day: {"data_to": day})
periods = st.tuples(moments, st.integers(1, 10**14)).map(
    lambda it: {"valid_from": it[0], "valid_to": it[0] + timedelta(microseconds=it[1])}
) | moments.map(lambda at: {"valid_to": at})
history = st.fixed_dictionaries(
    {},
    optional={
        "set_at": moments,
        "origin": one_of(["participant", "desk_code", "delegation", "paper", "import"]),
        "delegated_by": st.just(SATO),
        "purposes": st.lists(one_of(["TREAT", "HRESCH", "BTG"]), unique=True).map(tuple),
    },
)
kinds = one_of(["permit", "deny"])


def row(axis: str, *parts: st.SearchStrategy[dict[str, Any]], **fixed: Any) -> Any:
    def made(found: tuple[dict[str, Any], ...]) -> Provision:
        said: dict[str, Any] = {"id": 0, "axis": axis} | fixed
        for part in found:
            said |= part
        return Provision(**said)

    return st.tuples(*parts).map(made)


def of(name: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return values.map(lambda value: {name: value})


timed = periods | st.just({})
rows = st.one_of(
    row("recipient", anyone, timed, history, of("kind", kinds), of("level", one_of([0, 1, 2]))),
    row("recipient", people | facilities, timed, kind="exclusion"),
    row("filter", sieves, people | facilities | st.just({}), timed, history, of("kind", kinds)),
    row("filter", sieves | st.just({}), data_periods, history, kind="deny"),
    row("filter", records, people | st.just({}), history, timed, kind="deny"),
    row(
        "share", people | facilities, records | st.just({"category": "lab"}), periods, kind="permit"
    ),
)
teams = st.builds(
    Team, st.just(TEAM), st.text("やまもと Team", max_size=8), st.just((MORI, SATO))
) | st.builds(Team, st.just(UUID(int=22)), st.just("x"), st.just(()))
marks = st.builds(Mark, one_of(RECORDS), one_of([0, 1, 2]))
directives = st.builds(
    lambda found, groups, marked, level, since: Directive(
        7,
        tuple(structs.replace(rule, id=at * 3 + 1) for at, rule in enumerate(found)),
        tuple(groups),
        tuple(marked),
        level,
        since,
    ),
    st.lists(rows, max_size=8),
    st.lists(teams, max_size=2, unique_by=lambda team: team.id),
    st.lists(marks, max_size=3, unique_by=lambda mark: mark.record_id),
    one_of([0, 1]),
    st.none() | moments,
)
networks = one_of([NETWORK, BLANKET, HOME_AREA])


@settings(max_examples=400, deadline=None)
@given(directives, networks)
def test_every_setting_comes_back_from_fhir_as_it_went(directive: Directive, network: Any):
    wire = consent_of(directive, HANAKO, JOINED, network, NOW)
    text = canonical(wire)
    assert text == rfc8785.dumps(wire)
    back = read_consent(json.loads(text), HANAKO, network, KNOWS).directive
    assert structs.replace(back, version=7) == directive


@settings(max_examples=100, deadline=None)
@given(directives)
def test_what_goes_out_keeps_to_fhir_r4(directive: Directive):
    wire = consent_of(directive, HANAKO, JOINED, NETWORK, NOW)
    assert wire["status"] in {
        "draft", "proposed", "active", "rejected", "inactive", "entered-in-error"
    }  # fmt: skip
    assert wire["scope"] == {"coding": [{"system": codes.CONSENT_SCOPE, "code": "patient-privacy"}]}
    assert wire["category"][0]["coding"][0] == {"system": "http://loinc.org", "code": "59284-0"}
    assert wire["patient"]["identifier"]["value"] == str(HANAKO)  # ppc-2: privacy has a patient
    assert wire["policy"]  # ppc-1: either policy or policyRule
    for each in wire["provision"].get("provision", []):
        assert each["type"] in ("permit", "deny")
        assert "provision" not in each  # one level, as PCF allows
        for actor in each.get("actor", []):
            assert actor["role"]["coding"][0]["code"] == "IRCP"
            assert actor["reference"]
        assert {d["meaning"] for d in each.get("data", [])} <= {"instance", "authoredby"}
    ids = {each["id"] for each in wire.get("contained", [])}
    named = {each.get("valueReference", {}).get("reference") for each in wire.get("extension", [])}
    assert {f"#{each}" for each in ids} <= named  # dom-3: what is contained is referred to
    _no_hollow(wire)


def test_the_ends_of_the_calendar_can_be_signed_too():
    """A save must not fail for an end nobody will live to see."""
    last = datetime.max.replace(tzinfo=timezone(timedelta(hours=-9)))
    rules = (
        Provision(1, "permit", "recipient", facility_id=CLINIC, valid_to=last),
        Provision(2, "deny", "filter", category="lab", data_to=date.min),
    )
    wire = consent_of(Directive(1, rules), HANAKO, JOINED, NETWORK, NOW)
    first, second = wire["provision"]["provision"]
    assert first["period"] == {"end": "9999-12-31T23:59:59.999999-09:00"}
    assert second["dataPeriod"] == {"end": "0001-01-01"}


def _no_hollow(value: Any) -> None:
    """FHIR JSON has no empty objects, arrays or strings, and no nulls."""
    assert value not in ({}, [], "", None)
    for each in value.values() if isinstance(value, dict) else value if _is_list(value) else ():
        _no_hollow(each)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


# ── What others send ─────────────────────────────────────────────────────────────────────────────


def foreign(root: str = "deny", **provision: Any) -> dict[str, Any]:
    """As IHE PCF's examples are written."""
    return {
        "resourceType": "Consent",
        "status": "active",
        "scope": {"coding": [{"system": codes.CONSENT_SCOPE, "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": f"Patient/{HANAKO}"},
        "dateTime": "2026-05-13",
        "performer": [{"reference": f"Patient/{HANAKO}"}],
        "organization": [{"reference": "Organization/ex-organization"}],
        "sourceReference": {"reference": "DocumentReference/ex-documentreference"},
        "policy": [{"uri": "http://example.org/policies/basePrivacyConsentPolicy.txt"}],
        "provision": {"type": root} | provision,
    }


def actor(reference: Any) -> dict[str, Any]:
    role = {"coding": [{"system": codes.PARTICIPATION_TYPE, "code": "IRCP"}]}
    return {"role": role, "reference": reference}


DR_SATO = actor({"reference": f"Practitioner/{SATO}"})
THE_CLINIC = actor({"identifier": {"system": codes.INSTITUTION, "value": "4312345678"}})
LAB = [{"system": codes.CATEGORY, "code": "lab"}]
TREAT = [{"system": codes.ACT_REASON, "code": "TREAT"}]


def taken(wire: Any, network: Any = NETWORK) -> list[Provision]:
    found = read_consent(wire, HANAKO, network, KNOWS).directive.provisions
    return [structs.replace(rule, id=0) for rule in found]


def imported(kind: Any, axis: Any, **said: Any) -> Provision:
    return Provision(0, kind, axis, origin="import", **said)


@pytest.mark.parametrize(
    ("wire", "network", "expected"),
    [
        pytest.param(foreign("deny"), NETWORK, [], id="deny-is-the-default-here"),
        pytest.param(
            foreign("permit", purpose=TREAT),
            NETWORK,
            [imported("permit", "recipient", everyone=True, purposes=("TREAT",))],
            id="pcf-basic-treat",
        ),
        pytest.param(
            foreign("deny"),
            BLANKET,
            [imported("deny", "recipient", everyone=True)],
            id="deny-where-all-are-let-in",
        ),
        pytest.param(
            foreign("deny", provision=[{"type": "permit", "actor": [DR_SATO]}]),
            NETWORK,
            [imported("permit", "recipient", professional_id=SATO)],
            id="pcf-named-doctor",
        ),
        pytest.param(
            foreign("permit", actor=[THE_CLINIC], period={"end": "2026-12-31"}),
            NETWORK,
            [
                imported(
                    "permit",
                    "recipient",
                    facility_id=CLINIC,
                    valid_to=datetime(2026, 12, 31, 15, tzinfo=UTC),
                )
            ],
            id="a-facility-by-its-number-until-the-end-of-a-day-in-japan",
        ),
        pytest.param(
            foreign(
                "permit",
                provision=[{"type": "deny", "dataPeriod": {"start": "2020", "end": "2021-06"}}],
            ),
            BLANKET,
            [imported("deny", "filter", data_from=date(2020, 1, 1), data_to=date(2021, 7, 1))],
            id="pcf-not-in-a-timeframe",
        ),
        pytest.param(
            foreign(
                "permit",
                provision=[
                    {
                        "type": "deny",
                        "data": [
                            {
                                "meaning": "authoredby",
                                "reference": {"reference": f"Organization/{HOSPITAL}"},
                            },
                        ],
                    }
                ],
            ),
            BLANKET,
            [imported("deny", "filter", source_facility_id=HOSPITAL)],
            id="pcf-not-authored-by",
        ),
        pytest.param(
            foreign(
                "deny",
                period={"end": "2027-01-01T00:00:00Z"},
                provision=[{"type": "permit", "actor": [DR_SATO], "class": LAB}],
            ),
            NETWORK,
            [
                imported(
                    "deny", "recipient", everyone=True, valid_to=datetime(2027, 1, 1, tzinfo=UTC)
                ),
                imported(
                    "permit",
                    "share",
                    professional_id=SATO,
                    category="lab",
                    valid_to=datetime(2027, 1, 1, tzinfo=UTC),
                ),
            ],
            id="the-whole-ends-and-its-exceptions-with-it",
        ),
    ],
)
def test_another_systems_consent_is_taken_where_it_fits(wire: Any, network: Any, expected: Any):
    assert taken(wire, network) == expected


def changed(**parts: Any) -> dict[str, Any]:
    return {k: v for k, v in (foreign() | parts).items() if v is not None}


def nested(**said: Any) -> dict[str, Any]:
    return foreign("deny", provision=[{"type": "deny"}, {"type": "permit", **said}])


AT = "Consent.provision.provision[1]"


@pytest.mark.parametrize(
    ("wire", "reason", "path"),
    [
        ([], "bad_value", "Consent"),
        (changed(resourceType="Patient"), "bad_value", "Consent.resourceType"),
        (changed(status="inactive"), "not_in_force", "Consent.status"),
        (changed(status=None), "missing", "Consent.status"),
        (changed(scope={"coding": [{"code": "adr"}]}), "unknown_code", "Consent.scope"),
        (changed(category=[{"text": "?"}]), "unknown_code", "Consent.category"),
        (changed(patient={"reference": f"Patient/{TARO}"}), "someone_else", "Consent.patient"),
        (changed(patient={"display": "花子"}), "unknown_reference", "Consent.patient"),
        (changed(dateTime="yesterday"), "bad_value", "Consent.dateTime"),
        (changed(policy=None), "missing", "Consent.policy"),
        (
            changed(policy=[{"uri": "urn:tsunagu:network:elsewhere:1"}]),
            "unknown_code",
            "Consent.policy[0].uri",
        ),
        (changed(provision=None), "missing", "Consent.provision"),
        (changed(implicitRules="http://x"), "not_supported", "Consent.implicitRules"),
        (changed(modifierExtension=[{"url": "x"}]), "not_supported", "Consent.modifierExtension"),
        (foreign("maybe"), "unknown_code", "Consent.provision.type"),
        (nested(provision=[{"type": "deny"}]), "too_deep", f"{AT}.provision"),
        (nested(type=None), "missing", f"{AT}.type"),
        (nested(action=[{}]), "not_supported", f"{AT}.action"),
        (nested(code=[{}]), "not_supported", f"{AT}.code"),
        (
            nested(actor=[DR_SATO], period={"start": "2026-02-01", "end": "2026-01-01"}),
            "ends_before_start",
            f"{AT}.period",
        ),
        (
            nested(actor=[DR_SATO], dataPeriod={"start": "2026-02-01", "end": "2026-01-01"}),
            "ends_before_start",
            f"{AT}.dataPeriod",
        ),
        (
            nested(actor=[DR_SATO], purpose=[{"system": codes.ACT_REASON, "code": "HPAYMT"}]),
            "unknown_code",
            f"{AT}.purpose[0]",
        ),
        (
            nested(actor=[DR_SATO], **{"class": [{"system": codes.CATEGORY, "code": "gossip"}]}),
            "unknown_code",
            f"{AT}.class[0]",
        ),
        (
            nested(actor=[DR_SATO], securityLabel=[{"system": "urn:x", "code": "PSY"}]),
            "unknown_code",
            f"{AT}.securityLabel[0]",
        ),
        (
            nested(actor=[actor({"reference": "Practitioner/ex-practitioner"})]),
            "unknown_reference",
            f"{AT}.actor[0].reference",
        ),
        (
            nested(actor=[actor({"reference": f"https://elsewhere.jp/Practitioner/{SATO}"})]),
            "unknown_reference",
            f"{AT}.actor[0].reference",
        ),
        (
            nested(actor=[DR_SATO | {"role": {"coding": [{"system": "x", "code": "CST"}]}}]),
            "unknown_code",
            f"{AT}.actor[0].role",
        ),
        (nested(**{"class": LAB}), "missing", f"{AT}.actor"),
        (nested(actor=[DR_SATO], **{"class": LAB}), "missing", f"{AT}.period.end"),
        (
            nested(actor=[DR_SATO], modifierExtension=[{"url": "http://x", "valueBoolean": True}]),
            "not_supported",
            f"{AT}.modifierExtension[0]",
        ),
        (
            nested(
                actor=[
                    DR_SATO
                    | {
                        "modifierExtension": [
                            {
                                "url": f"{codes.CONSENT_EXTENSION}region",
                                "valueCoding": {"system": codes.REGION, "code": "99"},
                            }
                        ]
                    }
                ]
            ),
            "unknown_code",
            f"{AT}.actor[0].modifierExtension[0]",
        ),
        (
            nested(actor=[DR_SATO], data=[{"meaning": "related", "reference": {}}]),
            "not_supported",
            f"{AT}.data[0].meaning",
        ),
        (nested(actor=[DR_SATO], dataPeriod={"start": "2020"}), "missing", f"{AT}.period.end"),
        (
            nested(actor=[DR_SATO], dataPeriod={"start": "2020"}, period={"end": "2027"}),
            "contradictory",
            AT,
        ),
        (
            foreign(
                "deny",
                provision=[
                    {"type": "deny", "actor": [DR_SATO]},
                    {"type": "permit", "actor": [DR_SATO]},
                ],
            ),
            "contradictory",
            AT,
        ),
        (
            foreign("permit", purpose=TREAT, provision=[
                {"type": "permit", "actor": [THE_CLINIC]},
                {"type": "deny", "purpose": [{"system": codes.ACT_REASON, "code": "HRESCH"}]},
            ]),
            "contradictory",
            f"{AT}.purpose",
        ),
        (
            foreign("deny", period={"end": "2026"}, provision=[
                {"type": "deny"}, {"type": "permit", "period": {"start": "2028"}},
            ]),
            "ends_before_start",
            f"{AT}.period",
        ),
        (nested(actor=[THE_CLINIC] * 501), "too_many", "Consent.provision"),
        (nested(actor=[]), "bad_value", f"{AT}.actor"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_its_path(wire: Any, reason: str, path: str):
    if isinstance(wire, dict):
        wire = copy.deepcopy(wire)
        for each in (wire.get("provision") or {}).get("provision") or []:
            if each.get("type", "") is None:
                del each["type"]
    with pytest.raises(ConsentFaults) as refused:
        read_consent(wire, HANAKO, NETWORK, KNOWS)
    assert (reason, path) in refused.value.faults


def test_our_own_export_to_another_default_is_refused_and_every_fault_is_named():
    wire = consent_of(Directive(1), HANAKO, JOINED, BLANKET, NOW)
    wire["status"] = "draft"
    with pytest.raises(ConsentFaults) as refused:
        read_consent(wire, HANAKO, NETWORK, KNOWS)
    assert set(refused.value.faults) == {
        ("not_in_force", "Consent.status"),
        ("contradictory", "Consent.provision.extension[0]"),
    }


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | one_of(["permit", "active"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(one_of(["type", "actor", "coding", "code", "system", "reference", "url",
                              "extension", "identifier", "value", "provision", "period", "end"]),
                      inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(one_of(list(foreign())), anything, st.lists(anything, max_size=2))
def test_nonsense_anywhere_is_refused_or_read_but_never_breaks(name: str, value: Any, rows: Any):
    for wire in (foreign() | {name: value}, foreign("deny", provision=rows), foreign(actor=rows)):
        with suppress(ConsentFaults):
            read_consent(wire, HANAKO, NETWORK, KNOWS)
