"""Small resources of our own, in the shapes facilities send."""

from typing import Any

from api.fhir.codes import INSURANCE_MEMBER, YJ, patient_in_facility

Json = dict[str, Any]

FACILITY = "4311234560"
HANAKO = {"identifier": {"system": patient_in_facility(FACILITY), "value": "00012"}}
HANAKO_INSURED = {"identifier": {"system": INSURANCE_MEMBER, "value": "43130011:くま:１２３:01"}}


def condition(**changes: Any) -> Json:
    return {
        "resourceType": "Condition",
        "code": {"text": "本態性高血圧症"},
        "subject": HANAKO,
        "onsetDateTime": "2024-05-07",
        **changes,
    }


def prescription(**changes: Any) -> Json:
    return {
        "resourceType": "MedicationRequest",
        "status": "completed",
        "intent": "order",
        "medicationCodeableConcept": {
            "coding": [{"system": YJ, "code": "3962002F2027", "display": "メトグルコ錠２５０ｍｇ"}]
        },
        "subject": HANAKO,
        "authoredOn": "2024-05-07T08:30:00+09:00",
        **changes,
    }


def lab(**changes: Any) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "HbA1c"},
        "subject": HANAKO,
        "effectiveDateTime": "2024-05-07T08:30:00+09:00",
        **changes,
    }


def patient(**changes: Any) -> Json:
    return {
        "resourceType": "Patient",
        "id": "hanako",
        "identifier": [HANAKO["identifier"]],
        "birthDate": "1967-05-03",
        **changes,
    }


def posted(*resources: Json) -> Json:
    entries = [
        {
            "fullUrl": f"urn:uuid:0000-{n}",
            "resource": each,
            "request": {"method": "POST", "url": each["resourceType"]},
        }
        for n, each in enumerate(resources)
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def document(*resources: Json, **changes: Any) -> Json:
    composition = {
        "resourceType": "Composition",
        "status": "final",
        "type": {"coding": [{"code": "18842-5"}]},
        "subject": {"reference": "urn:uuid:patient"},
        "date": "2024-06-01T12:00:00+09:00",
        "title": "退院時サマリー",
        **changes,
    }
    return {
        "resourceType": "Bundle",
        "type": "document",
        "identifier": {"system": "urn:x", "value": "1"},
        "timestamp": "2024-06-02T12:00:00+09:00",
        "entry": [
            {"fullUrl": "urn:uuid:composition", "resource": composition},
            {"fullUrl": "urn:uuid:patient", "resource": patient()},
            *({"resource": each} for each in resources),
        ],
    }
