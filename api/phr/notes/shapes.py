"""How a medicine, an allergy and a doctor stand in FHIR: readable there, and exact on the way back.

- A medicine: MedicationStatement, told by the patient.
- An allergy: AllergyIntolerance, unconfirmed: no professional has looked at it.
- A doctor: CareTeam, the place as the one who acts for whom.
"""

from typing import Final

from api.phr.entries.fields import Json, Values
from api.phr.entries.kinds import Base, Shape, when_of
from api.phr.kept import heard, joined, kept
from api.phr.notes.allergens import OF_CODE

_HL7: Final = "http://terminology.hl7.org/CodeSystem"
_TOLD: Final = {"system": f"{_HL7}/medication-statement-category", "code": "patientspecified"}
# Where no last day is written. It stays unsealed: an emergency reaches what is still taken.
GOES_ON: Final = {"system": "urn:tsunagu:medicine", "code": "goes-on"}
_SORTS: Final = {
    "prescribed": "処方された薬",
    "otc": "市販の薬",
    "supplement": "サプリメント・健康食品",
}
_NOT_SAID: Final = "症状は書かれていません"


def _medication(values: Values, base: Base) -> Json:
    left = joined(values.get("left", ""), values.get("left_why", ""), by="、")
    notes = [
        joined("手に入れたところ:", values["place"]) if values.get("place") else "",
        f"残っている数: {left}" if left else "",
        values.get("remark", ""),
    ]
    period = {"start": values.get("since", ""), "end": values.get("until", "")}
    found: Json = {
        "resourceType": "MedicationStatement",
        "identifier": [base.identifier],
        "status": "active",
        "category": {"coding": [*base.category[0]["coding"], _TOLD], "text": _sort(values)},
        "medicationCodeableConcept": {"text": values["name"]},
        "subject": base.subject,
        "dateAsserted": base.at,
        "informationSource": base.performer,
        "extension": kept(values, ("sort", "dose", "how", "place", "left", "left_why", "remark")),
    }
    if not period["end"]:
        found["meta"] = {"tag": [GOES_ON]}
    if any(period.values()):
        found["effectivePeriod"] = {name: day for name, day in period.items() if day}
    dosage = joined(values.get("dose", ""), values.get("how", ""))
    if dosage:
        found["dosage"] = [{"text": dosage}]
    if any(notes):
        found["note"] = [{"text": joined(*notes, by="\n")}]
    return found


def _sort(values: Values) -> str:
    return _SORTS.get(values.get("sort", ""), "")


def _medication_values(resource: Json) -> dict[str, str]:
    period = resource.get("effectivePeriod", {})
    days = {"since": period.get("start"), "until": period.get("end")}
    return {
        **when_of(resource["dateAsserted"]),
        "name": resource["medicationCodeableConcept"]["text"],
        **{name: day for name, day in days.items() if day},
        **heard(resource),
    }


def _allergy(values: Values, base: Base) -> Json:
    allergen = OF_CODE.get(values.get("allergen", ""))
    coding = [
        {"system": each.system, "code": each.code, "display": each.ja}
        for each in ([allergen] if allergen else [])
    ]
    found: Json = {
        "resourceType": "AllergyIntolerance",
        "identifier": [base.identifier],
        "clinicalStatus": _status("allergyintolerance-clinical", "active"),
        "verificationStatus": _status("allergyintolerance-verification", "unconfirmed"),
        "category": [values["sort"]],
        # Beside a code, which is searched by, stands nothing that was typed.
        "code": {"coding": coding, "text": allergen.ja} if allergen else {"text": values["name"]},
        "patient": base.subject,
        "recordedDate": base.at,
        "asserter": base.performer,
        "extension": kept(
            values, ("name", "allergen", "sort", "reaction", "severity", "since", "remark")
        ),
    }
    if values.get("since"):
        found["onsetString"] = values["since"]
    if values.get("reaction") or values.get("severity"):
        reaction: Json = {"manifestation": [{"text": values.get("reaction") or _NOT_SAID}]}
        if values.get("severity"):
            reaction["severity"] = values["severity"]
        found["reaction"] = [reaction]
    called = values["name"] if allergen and values["name"] != allergen.ja else ""
    if note := joined(called, values.get("remark", ""), by="\n"):
        found["note"] = [{"text": note}]
    return found


def _status(system: str, code: str) -> Json:
    return {"coding": [{"system": f"{_HL7}/{system}", "code": code}]}


def _allergy_values(resource: Json) -> dict[str, str]:
    return {
        **when_of(resource["recordedDate"]),
        "name": resource["code"]["text"],  # of those kept before the name stood beside
        **heard(resource),
    }


def _doctor(values: Values, base: Base) -> Json:
    member = joined(values.get("name", ""), values.get("department", ""), by="、")
    found: Json = {
        "resourceType": "CareTeam",
        "identifier": [base.identifier],
        "status": "active",
        "category": base.category,
        "name": values["place"],
        "subject": base.subject,
        "period": {"start": base.at},
        "participant": [
            {
                "role": [{"text": "かかりつけ" if values.get("is_main") == "yes" else "受診先"}],
                "member": {"display": member or values["place"]},
                "onBehalfOf": {"display": values["place"]},
            }
        ],
        "extension": kept(
            values,
            ("place", "name", "department", "telephone", "reason", "is_main", "remark"),
        ),
    }
    if values.get("telephone"):
        found["telecom"] = [{"system": "phone", "value": values["telephone"]}]
    if values.get("reason"):
        found["reasonCode"] = [{"text": values["reason"]}]
    if values.get("remark"):
        found["note"] = [{"text": values["remark"]}]
    return found


def _doctor_values(resource: Json) -> dict[str, str]:
    return {**when_of(resource["period"]["start"]), **heard(resource)}


MEDICATION: Final = Shape("MedicationStatement", _medication, _medication_values)
ALLERGY: Final = Shape("AllergyIntolerance", _allergy, _allergy_values)
DOCTOR: Final = Shape("CareTeam", _doctor, _doctor_values)
