"""What would be stored of a body, for whom, or why not; never an exception."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.fhir.codes import INDICATION, YJ
from api.records.incoming.plan import plan
from api.records.incoming.planned import Plan
from api.records.incoming.rewriting import with_references
from api.records.parse import decode, encode
from tests.records.shapes import condition, document, lab, patient, posted, prescription

BY_URN = {"reference": "urn:uuid:0000-0"}
YUMI = {"identifier": {"system": "urn:yumi", "value": "2"}}
NAMED = f"{YJ}|1"
CLINIC = {"resourceType": "Organization", "name": "佐藤医院"}
VISIT = {"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"}}


def _faults(planned: Plan) -> list[tuple[str, str]]:
    return [(fault.reason, fault.path) for fault in planned.faults]


def _refused(resource: dict[str, Any]) -> list[tuple[str, str]]:
    planned = plan(resource)
    assert planned.is_all_or_nothing
    return _faults(planned)


def test_a_transaction_becomes_one_record_per_entry() -> None:
    planned = plan(posted(patient(), condition(subject=BY_URN), lab(subject=BY_URN)))
    assert planned.faults == ()
    assert [item.classified.category for item in planned.items] == ["basic", "condition", "lab"]
    names = planned.items[1].classified.subject.names()
    assert names == ("urn:uuid:0000-0", planned.items[0].classified.subject.names()[0])


def test_one_wrong_entry_is_named_by_its_place() -> None:
    assert _refused(posted(condition(), lab(status="done"), lab(subject=None))) == [
        ("bad_code", "Bundle.entry[1].resource.status"),
        ("no_subject", "Bundle.entry[2].resource.subject"),
    ]


def test_a_batch_keeps_its_good_entries() -> None:
    planned = plan(posted(condition(), lab(status="done")) | {"type": "batch"})
    assert not planned.is_all_or_nothing
    assert [item.position for item in planned.items] == [0]
    assert _faults(planned) == [("bad_code", "Bundle.entry[1].resource.status")]


def test_an_update_names_the_record_it_replaces() -> None:
    bundle = posted(condition(id="c1"))
    bundle["entry"][0]["request"] = {"method": "PUT", "url": "Condition/c1"}
    (item,) = plan(bundle).items
    assert (item.action, item.resource_id) == ("update", "c1")


@pytest.mark.parametrize(
    ("request_", "fault"),
    [
        ({"method": "DELETE", "url": "Condition/c1"}, "unsupported_method"),
        ({"method": "PUT", "url": "Condition/c2"}, "bad_request_url"),
        ({"method": "PUT", "url": "Condition?identifier=1"}, "conditional"),
        ({"method": "POST", "url": "Observation"}, "bad_request_url"),
        ({"method": "POST", "url": "Condition", "ifNoneExist": "identifier=1"}, "conditional"),
        (None, "unsupported_method"),
    ],
)
def test_an_entry_must_ask_for_what_it_carries(request_: object, fault: str) -> None:
    bundle = posted(condition(id="c1"))
    bundle["entry"][0]["request"] = request_
    assert [reason for reason, _ in _refused(bundle)] == [fault]


def test_context_lives_on_inside_the_records_that_refer_to_it() -> None:
    visit = VISIT | {"serviceProvider": {"reference": "urn:uuid:0000-1"}}
    encounter = {"reference": "urn:uuid:0000-0"}
    planned = plan(posted(visit, CLINIC, condition(encounter=encounter)))
    assert planned.faults == ()
    assert planned.folded == (0, 1)
    (item,) = planned.items
    assert item.resource["encounter"] == {"reference": "#folded-1"}
    folded_visit, folded_clinic = item.resource["contained"]
    assert folded_visit["serviceProvider"] == {"reference": "#folded-2"}
    assert folded_clinic == CLINIC | {"id": "folded-2"}


def test_an_untold_visit_folded_into_a_record_makes_it_untold() -> None:
    tag = {"system": INDICATION, "code": "UNINFORMED"}
    visit = VISIT | {"meta": {"tag": [tag]}}
    planned = plan(posted(visit, condition(encounter={"reference": "urn:uuid:0000-0"})))
    assert planned.items[0].classified.marks == {"UNINFORMED"}


def test_context_nobody_refers_to_is_not_dropped_in_silence() -> None:
    assert _refused(posted(condition(), CLINIC)) == [
        ("not_patient_data", "Bundle.entry[1].resource")
    ]


def test_a_small_bundle_cannot_become_a_large_store() -> None:
    clinic = CLINIC | {"alias": ["医" * 100_000]}
    visits = [condition(recorder={"reference": "urn:uuid:0000-0"}) for _ in range(40)]
    assert _refused(posted(clinic, *visits)) == [("too_large", "Bundle")]


def test_a_national_collection_holds_one_person_and_their_records() -> None:
    entries = [
        {"fullUrl": "urn:uuid:p", "resource": patient()},
        {"resource": condition(subject={"reference": "urn:uuid:p"})},
        {"resource": condition()},
    ]
    planned = plan({"resourceType": "Bundle", "type": "collection", "entry": entries})
    assert planned.faults == ()
    assert len(planned.items) == 3


@pytest.mark.parametrize(
    "stranger", [condition(subject=YUMI), patient(identifier=[{"value": "2"}])]
)
def test_a_collection_or_document_mixing_two_people_is_refused(stranger: dict[str, Any]) -> None:
    entries = [{"fullUrl": "urn:uuid:p", "resource": patient()}, {"resource": stranger}]
    collection = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    assert "mixed_subjects" in [reason for reason, _ in _refused(collection)]
    assert _refused(document(stranger | {"id": "other"})) == [
        ("mixed_subjects", "Bundle.entry[2].resource")
    ]


def test_a_document_is_kept_whole_and_taken_apart() -> None:
    whole = document(condition(), VISIT, CLINIC, lab(status="invented"))
    planned = plan(whole)
    assert planned.faults == ()
    item, part = planned.items
    assert item.text == encode(whole)
    assert item.classified.title == "退院時サマリー"
    assert item.classified.subject.names()[0] == "urn:uuid:patient"
    assert (part.classified.category, part.is_part, part.position) == ("condition", True, 2)
    assert part.classified.subject == item.classified.subject
    assert planned.people == ("urn:uuid:patient", "Patient/hanako")


def test_a_part_is_as_untold_as_its_document_and_has_its_day() -> None:
    undated = condition()
    del undated["onsetDateTime"]
    untold = {"meta": {"tag": [{"system": INDICATION, "code": "UNINFORMED"}]}}
    for whole in (document(undated) | untold, document(undated, **untold)):
        _, part = plan(whole).items
        assert part.classified.marks == {"UNINFORMED"}
        assert str(part.classified.effective_on) == "2024-06-01"
    _, open_part, _ = plan(document(undated, lab(**untold))).items
    assert open_part.classified.marks == frozenset()


def test_a_document_entered_in_error_has_no_parts() -> None:
    assert len(plan(document(condition(), status="entered-in-error")).items) == 1


@pytest.mark.parametrize(
    ("request_", "faults"),
    [
        ({"method": "POST", "url": "Observation", "ifNoneExist": f"identifier={NAMED}"}, []),
        ({"method": "PUT", "url": f"Observation?identifier={NAMED}"}, []),
        ({"method": "PUT", "url": f"Observation?identifier={NAMED}", "ifMatch": 'W/"2"'}, []),
        (
            {"method": "POST", "url": "Observation", "ifNoneExist": "code=1"},
            [("conditional", "Bundle.entry[0].request.ifNoneExist")],
        ),
        (
            {"method": "PUT", "url": f"Observation?identifier={NAMED}&code=1"},
            [("conditional", "Bundle.entry[0].request.url")],
        ),
        (
            {"method": "PUT", "url": "Observation?identifier=urn:x|2"},
            [("identifier_differs", "Bundle.entry[0].resource.identifier")],
        ),
        (
            {"method": "PUT", "url": f"Observation?identifier={NAMED}", "ifMatch": "2"},
            [("conditional", "Bundle.entry[0].request.ifMatch")],
        ),
        (
            {"method": "POST", "url": "Observation", "ifMatch": 'W/"2"'},
            [("conditional", "Bundle.entry[0].request.ifMatch")],
        ),
    ],
)
def test_a_condition_is_one_identifier_the_resource_has(
    request_: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    bundle = posted(lab(identifier=[{"system": "urn:oid:1.2.392.100495.20.2.73", "value": "1"}]))
    bundle["entry"][0]["request"] = request_
    assert _refused(bundle) == faults


def test_two_entries_of_one_id_are_refused() -> None:
    assert ("duplicate_entry", "Bundle.entry[1].resource.id") in _refused(
        posted(lab(id="a"), lab(id="a", valueString="2"))
    )


def test_what_has_no_name_is_known_by_its_content_however_the_sender_numbers_its_entries() -> None:
    first = posted(patient(), condition(subject=BY_URN))
    text = encode(first).replace("urn:uuid:0000-0", "urn:uuid:9999-0")
    again = plan(decode(text.encode())).items
    assert plan(first).items[1].content_name == again[1].content_name
    one, other = condition(note=[{"text": "1"}]), condition(note=[{"text": "2"}])
    names = [item.content_name for item in plan(posted(one, other, one)).items]
    assert names[0] == names[2] != names[1]


@pytest.mark.parametrize(
    ("bundle", "fault"),
    [
        ({"type": "searchset"}, ("unsupported_bundle", "Bundle.type")),
        ({"type": "transaction"}, ("empty_bundle", "Bundle.entry")),
        ({"type": "batch", "entry": []}, ("empty_bundle", "Bundle.entry")),
        (
            {"type": "transaction", "entry": [1]},
            ("not_a_resource", "Bundle.entry[0].resource"),
        ),
    ],
)
def test_a_bundle_without_a_use_is_refused(bundle: dict[str, Any], fault: tuple[str, str]) -> None:
    assert fault in _faults(plan({"resourceType": "Bundle"} | bundle))


def test_a_bundle_inside_a_bundle_is_refused() -> None:
    assert ("nested_bundle", "Bundle") in _refused(document(document()))
    assert "nested_bundle" in [
        reason for reason, _ in _refused(posted(condition(contained=[posted(lab())])))
    ]


def test_two_entries_under_one_name_are_refused() -> None:
    bundle = posted(condition(), lab())
    bundle["entry"][1]["fullUrl"] = bundle["entry"][0]["fullUrl"]
    assert _refused(bundle) == [("duplicate_entry", "Bundle.entry[1].fullUrl")]


@pytest.mark.parametrize(
    ("subject", "fault"),
    [
        (None, "no_subject"),
        ({}, "no_subject"),
        ({"display": "花子"}, "no_subject"),
        ({"reference": "Group/1"}, "subject_not_patient"),
        ({"reference": "#gone"}, "unknown_subject"),
        ({"reference": "urn:uuid:gone"}, "unknown_subject"),
    ],
)
def test_a_record_must_be_somebodys(subject: object, fault: str) -> None:
    assert _refused(condition(subject=subject)) == [(fault, "Condition.subject")]


def test_an_oid_comes_in_and_its_url_goes_out() -> None:
    drug = {"coding": [{"system": "urn:oid:1.2.392.100495.20.2.73", "code": "3962002F2027"}]}
    (item,) = plan(prescription(medicationCodeableConcept=drug)).items
    assert item.resource["medicationCodeableConcept"]["coding"][0]["system"] == YJ


def test_references_between_entries_follow_the_records_to_their_new_names() -> None:
    resource = prescription(reasonReference=[{"reference": "urn:uuid:0000-1"}])
    linked = with_references(resource, {"urn:uuid:0000-1": "Condition/c1"})
    assert linked["reasonReference"] == [{"reference": "Condition/c1"}]
    assert linked["subject"] == resource["subject"]


NAMES = """
resourceType Bundle Patient Condition Observation Encounter Composition Organization
MedicationRequest type document transaction collection batch entry resource request method POST
url fullUrl subject reference identifier system value code coding contained id #a urn:uuid:a
Patient/a meta tag profile status period start category medicationCodeableConcept
"""
WORDS = st.sampled_from(NAMES.split())
LEAVES = st.none() | st.booleans() | st.integers() | WORDS | st.text(max_size=5)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(WORDS, TREES, max_size=8), WORDS)
def test_no_shape_of_json_breaks_the_planner(tree: dict[str, Any], name: str) -> None:
    planned = plan(tree | {"resourceType": name})
    assert planned.items or planned.faults


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_no_twist_of_a_good_bundle_breaks_the_planner(data: st.DataObject) -> None:
    good = data.draw(
        st.sampled_from(
            [
                posted(patient(), condition(subject=BY_URN), CLINIC),
                document(condition(), VISIT),
                {**document(condition()), "type": "collection"},
                prescription(contained=[patient()]),
            ]
        )
    )
    twisted = _twist(good, data)
    if isinstance(twisted, dict):
        planned = plan({**twisted, "resourceType": good["resourceType"]})
        for item in planned.items:
            encode(item.resource)


def _twist(node: Any, data: st.DataObject) -> Any:
    """Replace some branch of a tree by something else."""
    if not isinstance(node, (dict, list)) or not node or data.draw(st.integers(0, 4)) == 0:
        return data.draw(TREES)
    if isinstance(node, dict):
        chosen = data.draw(st.sampled_from(sorted(node)))
        return {**node, chosen: _twist(node[chosen], data)}
    index = data.draw(st.integers(0, len(node) - 1))
    return [*node[:index], _twist(node[index], data), *node[index + 1 :]]
