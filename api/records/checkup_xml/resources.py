"""A checkup as FHIR R4: the file whole as a DocumentReference, each finding as an Observation.

The item codes are JLAC10 (17 digits), as the ministry's form uses them; answers keep the form's own
code tables. Numbers keep their digits, units the spelling beside the UCUM code.
"""

import re
from base64 import b64encode
from collections import Counter
from hashlib import sha256
from typing import Final

from msgspec import Raw

from api.fhir import codes
from api.records import sensitivity
from api.records.checkup_xml import items
from api.records.checkup_xml.reading import Checkup, Coded, Item
from api.records.mapping import CHECKUP_SECTION
from api.records.parse import Json

IDENTIFIER: Final = "urn:tsunagu:checkup"
UCUM: Final = "http://unitsofmeasure.org"
DOCUMENT_TYPE: Final = "53576-5"

_CODE: Final = re.compile("[0-9A-Za-z]{1,20}")
_ABSENT: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_INTERPRETATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
# Null flavours of the form, as FHIR says why something is not there.
_REASONS: Final = {
    "not-performed": ("not-performed", "実施していません"),
    "NA": ("not-applicable", "該当しません"),
    "ASKU": ("asked-unknown", "聞きましたが、わかりません"),
    "NASK": ("not-asked", "聞いていません"),
    "MSK": ("masked", "伏せられています"),
    "NINF": ("unknown", "測れる範囲より低い"),
    "PINF": ("unknown", "測れる範囲より高い"),
}
_UNKNOWN: Final = ("unknown", "値がありません")
_LEVELS: Final = {"H": "高い", "HH": "とても高い", "L": "低い", "LL": "とても低い", "N": "基準の中"}


def key_of(checkup: Checkup, body: bytes) -> str:
    """The same for every sending of the same checkup, so that a corrected file is a new version.

    Without an institution's number only the same bytes are the same checkup.
    """
    program = checkup.program or checkup.report
    if not (_CODE.fullmatch(checkup.institution) and _CODE.fullmatch(program)):
        return sha256(body).hexdigest()
    return f"{checkup.institution}:{checkup.on.isoformat()}:{program}"


def resources_of(checkup: Checkup, body: bytes, subject: str) -> list[Json]:
    """The document first. `subject` is the reference to the person, `Patient/<id>`."""
    key = key_of(checkup, body)
    performer = _performer(checkup)
    seen: Counter[str] = Counter()
    found = [_document(checkup, body, subject, key, performer)]
    for item in checkup.items:
        seen[item.code] += 1
        found.append(_observation(item, f"{key}:{item.code}:{seen[item.code]}"))
        found[-1] |= {
            "subject": {"reference": subject},
            "effectiveDateTime": checkup.on.isoformat(),
            "performer": [performer],
        }
    return found


def collection_of(resources: list[Json]) -> Json:
    """As one sending: all or nothing."""
    entries = [
        {
            "resource": each,
            "request": {"method": "POST", "url": each["resourceType"]},
        }
        for each in resources
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def _document(checkup: Checkup, body: bytes, subject: str, key: str, performer: Json) -> Json:
    """The file as it came. It is as delicate as the most delicate test in it: those are named."""
    delicate = sorted({i.code for i in checkup.items if _is_delicate(i)})
    contained: list[Json] = [
        {
            "resourceType": "Observation",
            "id": f"test-{number}",
            "status": "final",
            "code": {"coding": [{"system": codes.JLAC10, "code": code}]},
        }
        for number, code in enumerate(delicate, start=1)
    ]
    context: Json = {"period": {"start": checkup.on.isoformat(), "end": checkup.on.isoformat()}}
    if contained:
        context["related"] = [{"reference": f"#{each['id']}"} for each in contained]
    document: Json = {
        "resourceType": "DocumentReference",
        "identifier": [{"system": IDENTIFIER, "value": key}],
        "status": "current",
        "type": {
            "coding": [{"system": codes.LOINC, "code": DOCUMENT_TYPE}],
            "text": "健診結果報告書",
        },
        "subject": {"reference": subject},
        "date": f"{checkup.on.isoformat()}T00:00:00+09:00",
        "author": [performer],
        "description": "健診の結果のもとのファイル",
        "content": [
            {
                "attachment": {
                    "contentType": "application/xml",
                    "language": "ja",
                    "data": b64encode(body).decode(),
                    "size": len(body),
                }
            }
        ],
        "context": context,
    }
    return document | ({"contained": contained} if contained else {})


def _is_delicate(item: Item) -> bool:
    return bool(sensitivity.of_test(item.code))


def _observation(item: Item, value: str) -> Json:
    coding: list[Json] = [{"system": f"urn:oid:{item.system}", "code": item.code}]
    if item.system == items.ITEM_SYSTEM:
        coding = [{"system": codes.JLAC10, "code": item.code, "display": item.name}, *coding]
    found: Json = {
        "resourceType": "Observation",
        "identifier": [{"system": IDENTIFIER, "value": value}],
        "status": "final",
        "category": [{"coding": [{"system": CHECKUP_SECTION, "code": item.section or "01010"}]}],
        "code": {"coding": coding, "text": item.name},
        **_value(item),
    }
    if item.level:
        said: Json = {"coding": [{"system": _INTERPRETATION, "code": item.level}]}
        if item.level in _LEVELS:
            said["text"] = _LEVELS[item.level]
        found["interpretation"] = [said]
    if item.method is not None:
        found["method"] = _concept(item.method)
    span = {
        end: _quantity(number, item.unit)
        for end, number in (("low", item.low), ("high", item.high))
        if number
    }
    if span:
        found["referenceRange"] = [span]
    return found


def _value(item: Item) -> Json:
    if item.form == "quantity":
        return {"valueQuantity": _quantity(item.number, item.unit)}
    if item.choice is not None:
        return {"valueCodeableConcept": _concept(item.choice)}
    if item.form == "text":
        return {"valueString": item.text}
    code, text = _REASONS.get(item.absent, _UNKNOWN)
    return {"dataAbsentReason": {"coding": [{"system": _ABSENT, "code": code}], "text": text}}


def _quantity(number: str, unit: str) -> Json:
    """A unit nobody knows stays a word: it gets no code."""
    code = items.unit_code(unit)
    quantity: Json = {"value": Raw(number.encode())}
    if unit:
        quantity["unit"] = unit
    return quantity | ({"system": UCUM, "code": code} if code is not None else {})


def _concept(coded: Coded) -> Json:
    coding: Json = {"code": coded.code, "display": coded.text}
    if coded.system:
        coding["system"] = f"urn:oid:{coded.system}"
    return {"coding": [coding], "text": coded.text}


def _performer(checkup: Checkup) -> Json:
    who: Json = {"display": checkup.institution_name or checkup.institution or "健診機関"}
    if checkup.institution:
        who["identifier"] = {"system": codes.INSTITUTION, "value": checkup.institution}
    return who
