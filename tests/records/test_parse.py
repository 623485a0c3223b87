"""FHIR JSON is read strictly, kept to the digit, and refused with a reason and a path."""

import inspect
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from api.records import mapping, parse
from api.records.incoming import plan
from api.records.parse import Refused, check, decode, encode, read_moment
from tests.records.shapes import condition, lab, prescription

ROOT = Path(__file__).parents[2]


def _refusal(body: bytes, **limits: int) -> str:
    with pytest.raises(Refused) as refused:
        decode(body, **limits)
    return refused.value.fault.key


def _faults(resource: dict[str, Any]) -> list[tuple[str, str]]:
    return [(fault.reason, fault.path) for fault in check(resource, resource["resourceType"])]


@pytest.mark.parametrize(
    "written",
    ["1.50", "0.00", "-0.0", "-0", "1e2", "1E400", "100", "3.14159265358979323846264338327950288"],
)
def test_a_number_leaves_as_it_was_written(written: str) -> None:
    body = f'{{"resourceType":"Observation","valueQuantity":{{"value":{written}}}}}'
    assert encode(decode(body.encode())) == body


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_no_decimal_loses_a_digit(value: Decimal) -> None:
    body = f'{{"resourceType":"Observation","value":{value}}}'
    assert encode(decode(body.encode())) == body


def test_white_space_goes_and_japanese_stays() -> None:
    body = '{ "resourceType" : "Condition",\n "code": {"text": "\\u9ad8血圧"} }'.encode()
    assert encode(decode(body)) == '{"resourceType":"Condition","code":{"text":"高血圧"}}'


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b"", "invalid_json"),
        (b"{", "invalid_json"),
        (b"\xff\xfe", "invalid_json"),
        ('{"resourceType":"患者"}'.encode("shift_jis"), "invalid_json"),
        (b'{"resourceType":"Observation","v":NaN}', "invalid_json"),
        (b'{"resourceType":"Condition"} {}', "invalid_json"),
        (b'{"resourceType":"Condition","id":"a","id":"b"}', "duplicate_key"),
        (b'{"resourceType":"Condition","code":{"text":"a","text":"a"}}', "duplicate_key"),
        (b'{"resourceType":"Condition","note":"\\u0000"}', "bad_character"),
        (b'{"resourceType":"Condition","note":"\\ud800"}', "bad_character"),
        (b'{"resourceType":"Condition","\\ud800":1}', "bad_character"),
        (b'["Condition"]', "not_a_resource"),
        (b'{"id":"a"}', "not_a_resource"),
        (b'{"resourceType":["Condition"]}', "not_a_resource"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(body: bytes, key: str) -> None:
    assert _refusal(body) == f"record.fault.{key}"


@pytest.mark.parametrize("depth", [101, 5_000, 200_000])
def test_deep_nesting_is_refused_not_survived(depth: int) -> None:
    body = b'{"resourceType":"Condition","x":' + b"[" * depth + b"]" * depth + b"}"
    assert _refusal(body) == "record.fault.too_deep"


def test_nesting_up_to_the_limit_is_read() -> None:
    body = '{"resourceType":"Condition","x":' + "[" * 99 + "]" * 99 + "}"
    assert encode(decode(body.encode())) == body


def test_a_body_over_the_limit_is_refused_unread() -> None:
    assert _refusal(b"{" * 2_000_000, max_bytes=1_000_000) == "record.fault.too_large"


def test_a_repeated_key_that_is_no_element_name_is_not_repeated_to_the_log() -> None:
    body = '{"resourceType":"Condition","花子":1,"花子":2}'.encode()
    with pytest.raises(Refused) as refused:
        decode(body)
    assert refused.value.fault.params == {"element": "?"}


@pytest.mark.parametrize(
    ("resource", "faults"),
    [
        (condition(), []),
        ({"resourceType": "Kondition"}, [("unknown_type", "Kondition")]),
        ({"resourceType": "Task"}, [("unsupported_type", "Task")]),
        ({"resourceType": "Practitioner"}, [("not_patient_data", "Practitioner")]),
        (condition(id="a b"), [("bad_id", "Condition.id")]),
        (condition(id=5), [("bad_id", "Condition.id")]),
        (condition(code={}), [("missing_element", "Condition.code")]),
        (condition(code="I10"), [("wrong_shape", "Condition.code")]),
        (condition(onsetDateTime="7 May"), [("bad_date", "Condition.onsetDateTime")]),
        (condition(onsetDateTime="2024-02-30"), [("bad_date", "Condition.onsetDateTime")]),
        (
            lab(effectiveDateTime="2024-05-07T08:30:00"),
            [("bad_date", "Observation.effectiveDateTime")],
        ),
        (lab(status="finished"), [("bad_code", "Observation.status")]),
        (
            prescription(medicationCodeableConcept=None),
            [("missing_element", "MedicationRequest.medicationCodeableConcept")],
        ),
        (
            condition(contained=[{"resourceType": "Bundle"}]),
            [("nested_bundle", "Condition.contained[0]")],
        ),
        (condition(contained={}), [("wrong_shape", "Condition.contained")]),
    ],
)
def test_what_has_no_meaning_is_named_by_its_path(
    resource: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    assert _faults(resource) == faults


@pytest.mark.parametrize("version", ["", "|1", "|1.5.2"])
def test_a_national_prescription_needs_a_standard_drug_code(version: str) -> None:
    profile = f"http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_MedicationRequest_eCS{version}"
    hot9_only = {"coding": [{"system": "http://medis.or.jp/CodeSystem/master-HOT9", "code": "1"}]}
    claimed = prescription(meta={"profile": [profile]})
    assert _faults(claimed) == []
    wrong = claimed | {"medicationCodeableConcept": hot9_only}
    assert _faults(wrong) == [
        ("drug_not_coded", "MedicationRequest.medicationCodeableConcept.coding")
    ]
    assert _faults(wrong | {"meta": {}}) == []


@pytest.mark.parametrize(
    "system",
    [
        "urn:oid:1.2.392.100495.20.2.73",
        "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationGeneralOrderCode",
        "http://jpfhir.jp/fhir/eCS/CodeSystem/MedicationCodeNocoded_CS",
    ],
)
def test_each_way_of_coding_a_national_prescription_is_taken(system: str) -> None:
    profile = "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_MedicationRequest_eCS"
    drug = {"coding": [{"system": system, "code": "1"}]}
    assert _faults(prescription(meta={"profile": [profile]}, medicationCodeableConcept=drug)) == []


@pytest.mark.parametrize(
    ("written", "on", "at"),
    [
        ("2018", date(2018, 1, 1), None),
        ("2018-07", date(2018, 7, 1), None),
        ("2018-07-09", date(2018, 7, 9), None),
        ("2018-07-09T00:30:00+09:00", date(2018, 7, 9), datetime(2018, 7, 8, 15, 30, tzinfo=UTC)),
        ("2018-07-09T00:30:00.123Z", date(2018, 7, 9), None),
    ],
)
def test_a_date_keeps_the_day_it_was_written_in(
    written: str, on: date, at: datetime | None
) -> None:
    read_on, read_at = read_moment(written)
    assert read_on == on
    assert at is None or read_at == at


@pytest.mark.parametrize(
    "written",
    [
        "",
        "2018-7-9",
        "0001-01-01T00:00:00+09:00",
        "9999-12-31T23:59:59Z",
        "2018W01",
        "20180709T003000Z",
        "２０１８",
        7,
    ],
)
def test_what_is_no_date_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_moment(written)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    try:
        read = decode(body)
    except Refused:
        return
    assert json.loads(encode(read)) == json.loads(body.decode("utf-8-sig"))


@pytest.mark.parametrize("locale", ["ja", "en"])
def test_every_reason_has_a_sentence(locale: str) -> None:
    path = ROOT / "web_portal" / "locales" / locale / "LC_MESSAGES" / "records.po"
    with path.open("rb") as file:
        texts = {message.id: message.string for message in read_po(file) if message.id}
    sources = [inspect.getsource(module) for module in (parse, mapping, plan)]
    reasons = {part.split('"')[0] for source in sources for part in source.split('Fault("')[1:]} | {
        "unsupported_type",
        "not_patient_data",
    }
    assert reasons
    assert {f"record.fault.{reason}" for reason in reasons} <= {k for k, v in texts.items() if v}
