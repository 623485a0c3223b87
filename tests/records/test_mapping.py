"""Each record gets its category, date, delicacy, marks and owner."""

from datetime import date
from typing import Any

import pytest

from api.fhir.codes import ICD10, INDICATION, JLAC10, RESOURCE_INSTANCE
from api.records.incoming.plan import plan
from api.records.mapping import Classified, Identifier
from tests.records.shapes import (
    FACILITY,
    HANAKO,
    HANAKO_INSURED,
    condition,
    document,
    lab,
    patient,
    prescription,
)

HL7 = "http://terminology.hl7.org/CodeSystem"


def _classified(resource: dict[str, Any]) -> Classified:
    planned = plan(resource)
    assert planned.faults == ()
    item, *_ = planned.items
    return item.classified


def _allergy(**changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "AllergyIntolerance",
        "code": {"text": "ペニシリン"},
        "patient": HANAKO,
        **changes,
    }


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _category(code: str) -> list[dict[str, Any]]:
    return [_coded(f"{HL7}/observation-category", code)]


@pytest.mark.parametrize(
    ("resource", "category"),
    [
        (_allergy(), "allergy"),
        (_allergy(category=["medication"]), "allergy"),
        (_allergy(category=["food"], criticality="high"), "allergy"),
        (_allergy(category=["medication"], criticality="high"), "contraindication"),
        (condition(), "condition"),
        (patient(), "basic"),
        (prescription(), "prescription"),
        (
            prescription(meta={"profile": ["http://x/JP_MedicationRequest_Injection|1"]}),
            "injection",
        ),
        (prescription(resourceType="MedicationDispense"), "dispensing"),
        (lab(), "lab"),
        (lab(category=_category("laboratory")), "lab"),
        (lab(category=_category("vital-signs")), "vitals"),
        (lab(category=_category("exam")), "encounter"),
        (lab(category=_category("social-history")), "care"),
        (lab(code=_coded(JLAC10, "5F016141002399831")), "infection"),
        (lab(code=_coded("urn:oid:1.2.392.200119.4.504", "5F360148702305231")), "infection"),
        (lab(code=_coded(JLAC10, "3D046000001906202")), "lab"),
        (lab(code=_coded("http://local", "5F016141002399831")), "lab"),
        (lab(resourceType="DiagnosticReport"), "lab"),
        (
            lab(resourceType="DiagnosticReport", category=[_coded("http://x", "RAD")]),
            "imaging",
        ),
        (
            {
                "resourceType": "DocumentReference",
                "status": "current",
                "content": [{}],
                "type": _coded("http://loinc.org", "53576-5"),
                "subject": HANAKO,
            },
            "checkup",
        ),
        (
            {
                "resourceType": "DocumentReference",
                "status": "current",
                "content": [{}],
                "type": _coded("http://loinc.org", "42348-3"),
                "subject": HANAKO,
            },
            "directive",
        ),
        (document(type=_coded("http://loinc.org", "81334-5")), "directive"),
        (document(type=_coded("http://local", "81334-5")), "document"),
        (lab(code=_coded("http://loinc.org", "82810-3")), "maternal"),
        (lab(code=_coded("http://local", "82810-3")), "lab"),
        (
            {
                "resourceType": "DeviceUseStatement",
                "status": "active",
                "device": {"display": "人工股関節"},
                "subject": HANAKO,
            },
            "condition",
        ),
        (document(), "document"),
        (document(type={"coding": [{"code": "53576-5"}]}), "checkup"),
    ],
)
def test_each_resource_has_its_category(resource: dict[str, Any], category: str) -> None:
    assert _classified(resource).category == category


@pytest.mark.parametrize(
    ("resource", "level"),
    [
        (condition(), 0),
        (condition(code=_coded(ICD10, "F20.0")), 1),
        (condition(code=_coded(ICD10, "F102")), 1),
        (condition(code=_coded(ICD10, "F17.2")), 0),
        (condition(code=_coded(ICD10, "B20")), 1),
        (condition(code=_coded(ICD10, "A53")), 1),
        (condition(code=_coded(ICD10, "O80")), 0),
        (condition(code=_coded(ICD10, "O03")), 1),
        (condition(code=_coded("http://local", "F20")), 0),
        (condition(code={"text": "ＨＩＶ感染症"}), 1),
        (condition(code={"coding": [{"display": "遷延性うつ病"}]}), 1),
        (lab(code=_coded(JLAC10, "5F016141002399831")), 0),
        (lab(code=_coded(JLAC10, "5E075135202305131")), 1),
        (lab(code=_coded(JLAC10, "5F560143002305131")), 1),
        (lab(code={"text": "HIV抗体(院内)"}), 1),
        (document(condition(code=_coded(ICD10, "F20"))), 1),
        (
            prescription(contained=[{"resourceType": "Condition", "code": {"text": "梅毒"}}]),
            1,
        ),
    ],
)
def test_what_is_delicate_is_restricted(resource: dict[str, Any], level: int) -> None:
    assert _classified(resource).sensitivity == level


@pytest.mark.parametrize("system", [INDICATION, "http://misspelt", None])
def test_an_untold_diagnosis_is_marked_however_its_mark_is_spelt(system: str | None) -> None:
    tag = {"system": system, "code": "UNINFORMED"}
    assert _classified(condition(meta={"tag": [tag]})).marks == {"UNINFORMED"}


def test_a_document_holding_an_untold_diagnosis_is_untold_as_a_whole() -> None:
    tag = {"system": INDICATION, "code": "UNDELIVERED"}
    assert _classified(document(condition(meta={"tag": [tag]}))).marks == {"UNDELIVERED"}


def test_long_storage_counts_only_under_the_national_system() -> None:
    national = {"system": INDICATION, "code": "LTS"}
    assert _classified(condition(meta={"tag": [national]})).marks == {"LTS"}
    assert _classified(condition(meta={"tag": [{"code": "LTS"}]})).marks == frozenset()


@pytest.mark.parametrize(
    ("resource", "on"),
    [
        (condition(), date(2024, 5, 7)),
        (condition(onsetDateTime="2018"), date(2018, 1, 1)),
        (
            condition(onsetDateTime=None, onsetPeriod={"start": "2020-01-02"}),
            date(2020, 1, 2),
        ),
        (
            condition(onsetDateTime=None, meta={"lastUpdated": "2021-03-04T00:00:00Z"}),
            date(2021, 3, 4),
        ),
        (condition(onsetDateTime=None), None),
        (document(), date(2024, 6, 1)),
    ],
)
def test_a_record_is_dated_by_what_it_tells(resource: dict[str, Any], on: date | None) -> None:
    assert _classified(resource).effective_on == on


def test_an_instant_is_kept_in_utc() -> None:
    at = _classified(prescription()).effective_at
    assert at is not None
    assert at.isoformat() == "2024-05-06T23:30:00+00:00"


def test_a_suspected_disease_is_not_titled_as_a_certain_one() -> None:
    suspected = _coded(f"{HL7}/condition-ver-status", "provisional")
    assert _classified(condition()).title == "本態性高血圧症"
    assert _classified(condition(verificationStatus=suspected)).title == "本態性高血圧症（疑い）"


def test_a_drug_is_titled_by_its_name_and_a_person_is_not_titled() -> None:
    assert _classified(prescription()).title == "メトグルコ錠２５０ｍｇ"
    assert _classified(patient(name=[{"text": "花子"}])).title == ""


def test_a_drug_kept_inside_the_prescription_gives_the_title() -> None:
    inner = {"resourceType": "Medication", "id": "m", "code": {"text": "軟膏"}}
    resource = prescription(
        medicationCodeableConcept=None, medicationReference={"reference": "#m"}, contained=[inner]
    )
    assert _classified(resource).title == "軟膏"


def test_the_instance_identifier_joins_interim_and_final_and_nothing_else_is_guessed() -> None:
    instance = {"system": RESOURCE_INSTANCE, "value": "9"}
    group = {"system": "http://rp-group", "value": "1"}
    order = {"system": "http://order", "value": "1"}
    assert _classified(lab(identifier=[group, instance])).identifier == Identifier(
        RESOURCE_INSTANCE, "9"
    )
    assert _classified(lab(identifier=[group, order])).identifier is None


def test_a_condition_entered_in_error_says_so() -> None:
    wrong = _coded(f"{HL7}/condition-ver-status", "entered-in-error")
    assert _classified(condition(verificationStatus=wrong)).status == "entered-in-error"


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        (HANAKO, f"urn:oid:1.2.392.100495.20.3.51.1{FACILITY}|00012"),
        (
            HANAKO_INSURED,
            "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID|43130011:くま:１２３:01",
        ),
        ({"reference": "Patient/hanako"}, "Patient/hanako"),
        ({"reference": "https://emr.example/fhir/Patient/7"}, "https://emr.example/fhir/Patient/7"),
    ],
)
def test_the_person_is_named_as_the_sender_names_her(subject: dict[str, Any], name: str) -> None:
    assert _classified(condition(subject=subject)).subject.names() == (name,)


def test_a_patient_inside_the_record_names_her_by_its_identifiers() -> None:
    inside = condition(subject={"reference": "#hanako"}, contained=[patient()])
    subject = _classified(inside).subject
    assert subject.short_names() == ("00012",)
    assert subject.reference == ""
    assert subject.birth_on == date(1967, 5, 3)
