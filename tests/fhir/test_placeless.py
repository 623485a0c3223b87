"""An answer in safe mode names no institution, be it known to the directory or not."""

from typing import Any

import pytest

from api.directory.hiding import placeless
from api.fhir.codes import INSTITUTION, INSTITUTION_EXTENSION, patient_in_facility
from api.fhir.placeless import Instead, without_places

INSTEAD = Instead("（施設）", "（添付）", "（文章）")
OUTSIDE = "となり町記念病院"


def shown(resource: dict[str, Any]) -> Any:
    found, _ = without_places(resource, INSTEAD)
    return found


def record(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", **elements}


NAMING: dict[str, dict[str, Any]] = {
    "a display alone": record(performer=[{"display": OUTSIDE}]),
    "an Organization": record(performer=[{"reference": "Organization/1", "display": OUTSIDE}]),
    "a Practitioner": record(
        performer=[{"reference": "Practitioner/1", "display": f"{OUTSIDE} 佐藤"}]
    ),
    "a type nobody knows": record(subject={"type": "Region", "display": OUTSIDE}),
    "an address elsewhere": record(focus=[{"reference": f"https://{OUTSIDE}.jp/fhir/Patient/1"}]),
    "an extension": record(extension=[{"url": "x", "valueReference": {"display": OUTSIDE}}]),
    "a contained Organization": record(
        contained=[
            {"resourceType": "Organization", "id": "o", "name": OUTSIDE, "alias": [OUTSIDE]}
        ],
        performer=[{"reference": "#o", "display": OUTSIDE}],
    ),
    "a Location": {
        "resourceType": "Location",
        "name": OUTSIDE,
        "address": {"text": OUTSIDE},
        "telecom": [{"value": OUTSIDE}],
    },
    "a narrative": record(text={"status": "generated", "div": f"<div>{OUTSIDE}</div>"}),
    "whoever gave an identifier": record(
        identifier=[{"value": "7", "assigner": {"display": OUTSIDE}}]
    ),
    "its sender's address": record(meta={"source": f"https://{OUTSIDE}.jp"}),
    "an entry of a Bundle": {
        "resourceType": "Bundle",
        "entry": [{"resource": {"resourceType": "Organization", "id": "o", "name": OUTSIDE}}],
    },
    "where its author keeps an entry": {
        "resourceType": "Bundle",
        "type": "document",
        "entry": [{"fullUrl": f"https://{OUTSIDE}.jp/Observation/1", "resource": record()}],
    },
    "an answer of our own around a resource": {
        "records": [{"body": record(performer=[{"display": OUTSIDE}])}]
    },
}


@pytest.mark.parametrize("name", NAMING)
def test_it_is_not_named_by(name: str) -> None:
    assert OUTSIDE not in str(shown(NAMING[name]))


def test_an_attachment_is_withheld_with_its_reason() -> None:
    attachment = {"contentType": "application/pdf", "data": "JVBERi0=", "url": "https://a.jp/b"}
    document = {
        "resourceType": "DocumentReference",
        "content": [{"attachment": attachment | {"title": "退院時要約"}}],
    }
    ((content,),) = (shown(document)["content"],)
    assert content["attachment"].keys() == {"contentType", "title", "_data", "_url"}
    masked, said = content["attachment"]["_data"]["extension"]
    assert (masked["valueCode"], said["valueString"]) == ("masked", "（添付）")
    binary = shown({"resourceType": "Binary", "contentType": "text/plain", "data": "5bGx"})
    assert "data" not in binary
    media = record(extension=[{"url": "x", "valueAttachment": {"data": "5bGx"}}])
    assert "5bGx" not in str(shown(media))


def test_no_number_of_an_institution_is_given_out() -> None:
    code = "4311234560"
    numbers = record(
        subject={"identifier": {"system": patient_in_facility(code), "value": "7"}},
        identifier=[{"system": INSTITUTION, "value": code}, {"system": "urn:x", "value": "8"}],
        extension=[{"url": INSTITUTION_EXTENSION, "valueIdentifier": {"value": code}}],
    )
    found = shown(numbers)
    assert code not in str(found)
    assert found["identifier"][1] == {"system": "urn:x", "value": "8"}


def test_what_is_hers_and_what_is_clinical_stays() -> None:
    kept = record(
        subject={"reference": "Patient/1", "display": "山本 花子"},
        code={"coding": [{"display": "HbA1c"}, {"system": "s", "code": "c", "display": "d"}]},
        hasMember=[{"reference": "Observation/2", "display": "血糖"}],
        contained=[{"resourceType": "Medication", "id": "m", "code": {"text": "アムロジピン"}}],
        derivedFrom=[{"reference": "#m", "display": "アムロジピン"}],
        valueSampledData={"origin": {"value": 0}, "period": 10, "data": "1 2 3"},
    )
    assert shown(kept) == kept


def test_a_name_found_is_for_the_caller_to_take_out_of_words_but_no_code_is() -> None:
    text = '{"resourceType":"Observation","status":"final","valueDecimal":7.40,"performer":['
    text += f'{{"display":"{OUTSIDE}"}},{{"display":"status"}},{{"display":"外来"}}]}}'
    found, names = placeless(text, INSTEAD)
    assert names == {OUTSIDE}
    assert '"valueDecimal":7.40' in found
    assert placeless("no JSON", INSTEAD) == ("no JSON", frozenset())
