"""Every summary is an IPS document, whatever the records were; and nothing in it is markup."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as always
from hypothesis import strategies as st

from api import demo
from api.records import parse
from api.records.demo_records import demo_bundles
from api.records.mapping import SubjectRef, classify
from api.records.summary.document import Issuer, Person, document
from api.records.summary.rules import TYPES, summary_of
from api.records.summary.sections import Given
from tests.records import shapes
from tests.records.summary import ips
from tests.records.summary.test_rules import CLINIC, PHARMACY, allergy, drug, given

NOW = datetime(2026, 5, 3, 5, 5, tzinfo=UTC)
TODAY = NOW.date()
HANAKO = Person(UUID(int=9), "山本 花子", "ヤマモト ハナコ", "female", date(1967, 5, 3))
ISSUER = Issuer(("urn:tsunagu:network", "kumamoto"), "くまもとネットワーク", "Kumamoto Network")
NAMES = {
    CLINIC: {"ja": "れんげ内科", "en": "Renge Clinic"},
    PHARMACY: {"ja": "すみれ薬局", "en": "Sumire Pharmacy"},
}
Json = dict[str, Any]


def made(*records: Given, person: Person = HANAKO) -> Json:
    return document(summary_of(records, TODAY), person, ISSUER, NAMES, NOW)


def demo_records(key: str) -> list[Given]:
    """As the demo's facilities send them."""
    found = []
    facilities = [demo.CLINIC, demo.HOSPITAL, demo.PHARMACY]
    for bundle in demo_bundles(key, date(1967, 5, 3), "female", facilities, TODAY):
        for entry in bundle.get("entry", ()) if bundle["type"] != "document" else ():
            resource = entry["resource"]
            kind = classify(resource, SubjectRef())
            if kind.resource_type in TYPES and kind.effective_on:
                is_told = not kind.marks & {"UNINFORMED", "UNDELIVERED"}
                number = UUID(int=len(found) + 1)
                place = (number, kind.resource_type, kind.category, CLINIC)
                found.append(Given(*place, is_told, kind.effective_on, resource))
    return found


@pytest.mark.parametrize("key", ["hanako", "taro", "yumi"])
def test_the_demos_people_have_a_summary_that_keeps_every_rule(key: str):
    bundle = made(*demo_records(key))
    assert ips.faults(bundle) == []
    assert ips.held(bundle, "11450-4")
    assert ips.held(bundle, "48765-2") or key == "yumi"


def test_a_summary_of_nothing_keeps_them_too_and_does_not_say_why_it_is_empty():
    bundle = made(person=Person(UUID(int=9)))
    assert ips.faults(bundle) == []
    sections = ips.composition(bundle)["section"]
    reasons = {each["emptyReason"]["coding"][0]["code"] for each in sections}
    assert reasons == {"unavailable"}
    assert "表示できる情報はありません" in sections[0]["text"]["div"]
    assert "There is no information to show" in sections[0]["text"]["div"]


def test_a_broken_document_is_found_out():
    bundle = made(given(allergy()))
    ips.section(bundle, "48765-2")["entry"][0]["reference"] = "Patient/1"
    bundle["entry"][1]["resource"].pop("birthDate")
    del ips.composition(bundle)["section"][1]
    found = " ".join(ips.faults(bundle))
    for said in ("references_stay_inside: Patient/1", "birthDate", "no 10160-0"):
        assert said in found


def test_a_drug_from_two_pharmacies_names_both_and_both_ways_to_take_it():
    bundle = made(
        given(drug(dosageInstruction=[{"text": "朝食後"}]), number=1, at=CLINIC),
        given(drug(dosageInstruction=[{"text": "夕食後"}]), number=2, at=PHARMACY),
    )
    (statement,) = ips.held(bundle, "10160-0")
    assert [each["display"] for each in statement["derivedFrom"]] == ["すみれ薬局", "れんげ内科"]
    assert [each["text"] for each in statement["dosage"]] == ["夕食後", "朝食後"]
    text = ips.section(bundle, "10160-0")["text"]["div"]
    for said in ("すみれ薬局", "Renge Clinic", "アムロジピン錠5mg", "いまのくすり"):
        assert said in text


def test_what_records_point_to_stays_out():
    body = shapes.lab(
        performer=[{"reference": "Practitioner/7"}],
        note=[{"text": "家族のみに説明"}],
        code={
            "text": "HbA1c",
            "extension": [{"url": "urn:x", "valueReference": {"reference": "Patient/7"}}],
        },
    )
    bundle = made(given(body))
    assert ips.faults(bundle) == []
    for said in ("Practitioner/7", "Patient/7", "家族のみに説明"):
        assert said not in str(bundle)


def test_a_record_that_is_not_told_keeps_its_mark_in_the_document():
    tag = {"tag": [{"system": "urn:any", "code": "UNINFORMED"}]}
    bundle = made(given(shapes.condition(meta=tag), is_told=False))
    (condition,) = ips.held(bundle, "11450-4")
    assert condition["meta"]["tag"][0]["code"] == "UNINFORMED"
    assert "ご本人にはまだ伝えられていません" in condition["text"]["div"]


def test_a_number_keeps_every_digit():
    text = (
        '{"resourceType":"Observation","status":"final","code":{"text":"K"},'
        '"valueQuantity":{"value":4.10,"unit":"mEq/L"}}'
    )
    bundle = made(given(parse.decode(text.encode())))
    assert '"value":4.10' in parse.encode(bundle)


UGLY = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        "]]>",
        "&amp;<b>",
        '"><img src=x onerror=y>',
        "\x00\x0b",
        "{name}",
    ]
)


@always(UGLY, UGLY, UGLY)
def test_nothing_a_record_says_becomes_markup(title: str, usage: str, value: str):
    bundle = made(
        given(drug(title or "x", dosageInstruction=[{"text": usage}]), number=1),
        given(allergy(title, reaction=[{"manifestation": [{"text": value}]}]), number=2),
        given(shapes.lab(code={"text": title}, valueString=value), number=3),
        person=HANAKO._replace(name=title or "x"),
    )
    assert ips.faults(bundle) == []
