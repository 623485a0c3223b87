"""What is typed on a facility's page becomes FHIR, and FHIR becomes the form again."""

import json
from datetime import date, time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.core import i18n
from api.core.actor import Actor
from api.core.ids import uuid7
from api.records.at_facility import forms, rules
from api.records.at_facility.forms import Writer, read, resources_of, values_of
from api.records.checkup_xml.resources import collection_of
from api.records.incoming import service as ingest
from api.records.mapping import SubjectRef, classify
from api.records.own.plain import facts_of
from api.records.parse import check, decode, encode
from tests.records import stored
from tests.records.conftest import Person

TODAY, NOW = date(2026, 11, 29), time(15, 0)
WRITER = Writer(UUID(int=7), "田中 さくら", "訪問看護ステーションひまわり")
WHEN = {"on": "2026-11-29", "time": "9:30"}
NOTE = WHEN | {"topic": "visit", "text": "血圧は落ち着いている。\n<b>足のむくみ</b> & 少し。"}
LIFE = WHEN | {"care_level": "care2", "moving": "partly", "wishes": "家で過ごしたい"}
VITALS = WHEN | {"systolic": "１２８", "diastolic": "76", "temperature": "36.50", "weight": "48"}
TYPED = {"note": NOTE, "life": LIFE, "vitals": VITALS}


def made(kind: str, fields: dict[str, str]) -> list[dict]:
    typed = read(kind, fields, TODAY, NOW)
    assert (typed.faults, typed.odd) == ({}, {})
    found = resources_of(kind, typed.values, UUID(int=9), "Patient/1", WRITER, is_again=False)
    return [decode(encode(each).encode()) for each in found]


@pytest.mark.parametrize("kind", forms.KINDS)
def test_each_form_becomes_valid_fhir_and_comes_back_as_it_was_typed(kind: str) -> None:
    found = made(kind, TYPED[kind])
    for each in found:
        assert check(each, each["resourceType"]) == []
    wanted = read(kind, TYPED[kind], TODAY, NOW).values
    assert {k: v for k, v in values_of(found).items() if v} == {
        k: v for k, v in wanted.items() if v
    }


def test_vitals_are_vital_signs_with_loinc_and_ucum() -> None:
    panel, temperature, weight = made("vitals", VITALS)
    assert panel["code"]["coding"][0]["code"] == "85354-9"
    assert [part["code"]["coding"][0]["code"] for part in panel["component"]] == [
        "8480-6",
        "8462-4",
    ]
    assert temperature["effectiveDateTime"] == "2026-11-29T09:30:00+09:00"
    assert '"value":36.50,"unit":"℃","system":"http://unitsofmeasure.org","code":"Cel"' in encode(
        temperature
    )
    assert {classify(each, SubjectRef("x")).category for each in (panel, weight)} == {"vitals"}


def test_notes_and_sheets_are_of_the_category_care_and_read_in_plain_words() -> None:
    (note,), (sheet,) = made("note", NOTE), made("life", LIFE)
    assert {classify(each, SubjectRef("x")).category for each in (note, sheet)} == {"care"}
    assert classify(note, SubjectRef("x")).title == "看護・介護の記録（訪問）"
    assert facts_of(note)[0].value == "血圧は落ち着いている。\n<b>足のむくみ</b> & 少し。"
    assert [(fact.label, fact.value) for fact in facts_of(sheet)] == [
        ("要介護度", "要介護2"),
        ("移動", "一部手伝う"),
        ("ご本人の希望", "家で過ごしたい"),
    ]


@pytest.mark.parametrize(
    ("kind", "change", "field", "key"),
    [
        ("vitals", {"temperature": "abc"}, "temperature", "error.entry.number"),
        ("vitals", {"temperature": "365"}, "temperature", "error.entry.bounds"),
        ("vitals", {"weight": "-3"}, "weight", "error.entry.number"),
        ("vitals", {"weight": "1e3"}, "weight", "error.entry.number"),
        ("vitals", {"diastolic": ""}, "diastolic", "error.entry.pair"),
        ("vitals", {"systolic": "70"}, "systolic", "error.entry.pressure"),
        ("vitals", dict.fromkeys(("systolic", "diastolic", "temperature", "weight"), ""),
         "systolic", "error.entry.empty"),
        ("note", {"text": ""}, "text", "error.entry.text"),
        ("note", {"text": "あ" * 4001}, "text", "error.entry.too_long"),
        ("note", {"text": "番号は 1234 5678 9018 です"}, "text", "error.entry.my_number"),
        ("note", {"topic": "gossip"}, "topic", "error.entry.choice"),
        ("note", {"on": "2026-11-30"}, "on", "error.entry.on"),
        ("note", {"on": "2026-02-30"}, "on", "error.entry.on"),
        ("note", {"on": ""}, "on", "error.entry.on"),
        ("note", {"time": "15:01"}, "time", "error.entry.time"),
        ("note", {"time": "25:00"}, "time", "error.entry.time"),
        ("life", {"moving": "flying"}, "moving", "error.entry.choice"),
        ("life", {"care_level": "", "moving": "", "wishes": ""}, "care_level",
         "error.entry.empty"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_field(
    kind: str, change: dict[str, str], field: str, key: str
) -> None:
    typed = read(kind, TYPED[kind] | change, TODAY, NOW)
    assert typed.faults == {field: key}
    least = {"least": "1", "most": "2", "unit": "kg"} if key.endswith("bounds") else {}
    assert all(i18n.text(locale, key, **least) for locale in i18n.LOCALES)


def test_of_an_individual_number_nothing_is_handed_back() -> None:
    typed = read("note", NOTE | {"text": "123456789018"}, TODAY, NOW)
    assert "123456789018" not in json.dumps(typed.values)


def test_odd_values_ask_for_a_yes_to_exactly_them() -> None:
    one = read("vitals", VITALS | {"temperature": "40.2"}, TODAY, NOW)
    other = read("vitals", VITALS | {"temperature": "41.2"}, TODAY, NOW)
    assert (one.faults, one.odd) == ({}, {"temperature": "entry.odd"})
    assert one.sure != other.sure
    assert read("vitals", VITALS, TODAY, NOW).sure == ""


@given(st.dictionaries(st.sampled_from((*forms.WHEN, *forms.FIELDS["vitals"])), st.text()))
def test_whatever_is_typed_is_read_or_refused(fields: dict[str, str]) -> None:
    typed = read("vitals", fields, TODAY, NOW)
    if not typed.faults:
        found = resources_of(
            "vitals", typed.values, UUID(int=9), "Patient/1", WRITER, is_again=True
        )
        assert all(check(each, "Observation") == [] for each in found)


@given(st.text())
def test_a_note_keeps_its_words(text: str) -> None:
    typed = read("note", NOTE | {"text": text}, TODAY, NOW)
    if not typed.faults:
        (note,) = resources_of("note", typed.values, UUID(int=9), "P", WRITER, is_again=False)
        lines = [line for line in typed.values["text"].splitlines() if line]
        assert values_of([note])["text"] == "\n".join(lines)


@pytest.mark.parametrize(
    ("profession", "may"),
    [("nurse", True), ("care_manager", True), ("clerk", False), (None, False)],
)
def test_who_cares_for_people_writes(profession: str | None, may: bool) -> None:
    assert rules.may_write(profession, is_at_work=True, facility_is_active=True) is may
    assert not rules.may_write(profession, is_at_work=False, facility_is_active=True)
    assert not rules.may_write(profession, is_at_work=True, facility_is_active=False)


@pytest.mark.parametrize("kind", forms.KINDS)
async def test_the_same_shapes_are_taken_from_a_system_at_the_fhir_door(
    kind: str, clinic: Actor, hanako: Person
) -> None:
    entry_id = uuid7()
    typed = read(kind, TYPED[kind], TODAY, NOW)
    found = resources_of(kind, typed.values, entry_id, "x", WRITER, is_again=False)
    sent = [{**each, "subject": hanako.as_patient} for each in found]
    for _ in range(2):
        await ingest.store(clinic, encode(collection_of(sent)).encode())
    rows = await stored.records(hanako.id)
    assert len(rows) == len(found), "the same entry again is no new one"
    assert {row["category"] for row in rows} == ({"vitals"} if kind == "vitals" else {"care"})
    withdrawn = [forms.withdrawn(each, WRITER) for each in sent]
    await ingest.store(clinic, encode(collection_of(withdrawn)).encode())
    rows = [row for row in await stored.records(hanako.id) if row["is_current"]]
    assert all(row["title"].endswith("（取り消し済み）") for row in rows)
    assert {row["version"] for row in rows} == {2}
