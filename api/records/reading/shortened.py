"""Resources told in part: `_summary` and `_elements` (FHIR R4 §3.1.1.5.8 and §3.1.1.5.9)."""

from typing import Any, Final

import msgspec

from api.records.parse import Json, as_object, as_objects, decode, encode
from api.records.shapes import SHAPES

_TAG: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}
_ALWAYS: Final = frozenset({"resourceType", "id", "meta", "implicitRules"})
# What FHIR R4 marks as part of the summary (Σ). A name with a star stands for all of its types.
_SUMMARY: Final = {
    "AllergyIntolerance": "identifier clinicalStatus verificationStatus type category criticality"
    " code patient asserter",
    "CarePlan": "identifier basedOn replaces partOf status intent category title description"
    " subject encounter period created author addresses",
    "CareTeam": "identifier status category name subject encounter period participant"
    " managingOrganization",
    "Composition": "identifier status type category subject encounter date author title"
    " confidentiality custodian event",
    "Condition": "identifier clinicalStatus verificationStatus code bodySite subject encounter"
    " onset* recordedDate recorder asserter evidence",
    "Coverage": "identifier status type policyHolder subscriber subscriberId beneficiary dependent"
    " period payor order network",
    "DeviceUseStatement": "status subject derivedFrom timing* recordedOn device",
    "DiagnosticReport": "identifier status category code subject encounter effective* issued"
    " performer resultsInterpreter",
    "DocumentReference": "masterIdentifier identifier status docStatus type category subject date"
    " author relatesTo description securityLabel content",
    "Encounter": "identifier status class type serviceType subject episodeOfCare participant"
    " appointment reasonCode reasonReference diagnosis period",
    "FamilyMemberHistory": "identifier status dataAbsentReason patient date name relationship sex"
    " age* estimatedAge deceased* reasonCode reasonReference",
    "Goal": "identifier lifecycleStatus category priority description subject start* statusDate"
    " expressedBy",
    "ImagingStudy": "identifier status modality subject encounter started basedOn referrer"
    " interpreter endpoint numberOfSeries numberOfInstances reasonCode reasonReference description"
    " series",
    "Immunization": "identifier status vaccineCode patient occurrence* primarySource isSubpotent",
    "MedicationAdministration": "identifier partOf status medication* subject effective*",
    "MedicationDispense": "identifier status medication* subject",
    "MedicationRequest": "identifier status intent priority doNotPerform reported* medication*"
    " subject authoredOn requester performerType groupIdentifier basedOn",
    "MedicationStatement": "identifier status category medication* subject effective*"
    " informationSource",
    "Observation": "identifier basedOn partOf status code subject focus encounter effective* issued"
    " performer value* hasMember derivedFrom component",
    "Patient": "identifier active name telecom gender birthDate deceased* address"
    " managingOrganization link",
    "Procedure": "identifier basedOn partOf status statusReason category code subject encounter"
    " performed* recorder asserter performer location reasonCode reasonReference bodySite outcome",
    "QuestionnaireResponse": "identifier basedOn partOf questionnaire status subject encounter"
    " authored author source",
    "Specimen": "identifier accessionIdentifier status type subject receivedTime",
}
# Elements of several types, named by what all their names begin with.
_CHOICES: Final = frozenset(
    {
        "abatement", "age", "born", "deceased", "effective", "medication", "occurrence", "onset",
        "performed", "reported", "start", "value",
    }
)  # fmt: skip
SHOWS_ALL: Final = "Bundle"  # each element of a document is part of its summary


def shortened_entries(entries: bytes, summary: str, elements: tuple[str, ...]) -> bytes:
    """The same entries, each resource in part. `entries` are joined by commas."""
    if summary in ("false", "count") and not elements:
        return entries
    found = msgspec.json.decode(b"[%b]" % entries, type=list[dict[str, msgspec.Raw]])
    for entry in found:
        whole = bytes(entry["resource"])
        short = shortened(decode(whole, max_bytes=len(whole)), summary, elements)
        entry["resource"] = msgspec.Raw(encode(short).encode())
    return msgspec.json.encode(found)[1:-1]


def shortened(resource: Json, summary: str, elements: tuple[str, ...]) -> Json:
    name = resource["resourceType"]
    if name == SHOWS_ALL and not elements:
        return resource
    if summary == "data":
        kept = {key: value for key, value in resource.items() if key != "text"}
        return _tagged(kept)
    wanted = _wanted(name, summary, elements)
    starts = tuple(each[:-1] for each in wanted if each.endswith("*"))
    kept = {
        key: value
        for key, value in resource.items()
        if key in wanted or (starts and key.startswith(starts)) or key.lstrip("_") in wanted
    }
    return _tagged(kept)


def _wanted(name: str, summary: str, elements: tuple[str, ...]) -> frozenset[str]:
    shape = SHAPES.get(name)
    required = [shape.subject, *shape.required] if shape else []
    must = frozenset(part for each in required for part in each.split("|")) | _ALWAYS
    if elements:
        chosen = frozenset(elements)
        return must | chosen | {f"{each}*" for each in chosen & _CHOICES}
    if summary == "text":
        return must | {"text"}
    return must | frozenset(_SUMMARY.get(name, "").split())


def _tagged(resource: dict[str, Any]) -> Json:
    meta = as_object(resource.get("meta"))
    return resource | {"meta": {**meta, "tag": [*as_objects(meta.get("tag")), _TAG]}}
