"""The demo's own records are plausible, storable and the same every time."""

from collections import Counter
from datetime import date

import pytest

from api.records.demo_records import demo_bundles, demo_patient_number
from api.records.incoming.plan import plan
from api.records.incoming.planned import PlannedItem
from api.records.mapping import HIDDEN_MARKS
from api.records.medicines import course_of
from api.records.parse import decode, encode

CAST = [
    ("hanako", date(1967, 5, 3), "female"),
    ("taro", date(1940, 2, 11), "male"),
    ("yumi", date(1994, 9, 1), "female"),
]
FACILITIES = ["4311234560", "4310765435"]
TODAY = date(2026, 4, 1)


def _items(key: str, birth_on: date, sex: str) -> list[PlannedItem]:
    items: list[PlannedItem] = []
    for bundle in demo_bundles(key, birth_on, sex, FACILITIES, TODAY):
        planned = plan(decode(encode(bundle).encode()))
        assert planned.faults == ()
        items += planned.items
    return items


@pytest.mark.parametrize(("key", "birth_on", "sex"), CAST)
def test_every_demo_record_goes_in_and_has_its_facility_date_and_person(
    key: str, birth_on: date, sex: str
) -> None:
    for item in _items(key, birth_on, sex):
        classified = item.classified
        assert classified.institution in FACILITIES
        number = demo_patient_number(key, str(classified.institution))
        assert classified.subject.short_names() == (number,)
        assert classified.effective_on is not None
        assert classified.effective_on <= TODAY
        assert classified.title


@pytest.mark.parametrize(("key", "birth_on", "sex"), CAST)
def test_a_prescription_is_active_while_it_is_one_of_now(
    key: str, birth_on: date, sex: str
) -> None:
    statuses = Counter[str]()
    for bundle in demo_bundles(key, birth_on, sex, FACILITIES, TODAY):
        for entry in decode(encode(bundle).encode())["entry"]:
            resource = entry["resource"]
            if resource["resourceType"] == "MedicationRequest":
                course = course_of(resource, TODAY)
                assert course.is_current(TODAY) == (course.status == "active")
                statuses[course.status] += 1
    assert statuses.keys() == {"active", "completed"}


def test_hanako_has_something_in_every_category_a_diabetic_would() -> None:
    counted = Counter(item.classified.category for item in _items(*CAST[0]))
    assert counted.keys() == {
        "allergy",
        "care",
        "condition",
        "contraindication",
        "document",
        "encounter",
        "imaging",
        "immunization",
        "infection",
        "lab",
        "prescription",
        "vitals",
    }
    assert counted["lab"] >= 30


def test_hanako_has_one_diagnosis_she_has_not_been_told_of() -> None:
    hidden = [item for item in _items(*CAST[0]) if item.classified.marks & HIDDEN_MARKS]
    assert [item.classified.category for item in hidden] == ["condition"]


def test_no_two_demo_records_share_an_identifier() -> None:
    names = [item.classified.identifier for each in CAST for item in _items(*each)]
    assert None not in names
    assert len(names) == len(set(names))


def test_the_same_day_tells_the_same_story() -> None:
    first, second = (demo_bundles(*CAST[0], FACILITIES, TODAY) for _ in range(2))
    assert [encode(each) for each in first] == [encode(each) for each in second]


def test_one_facility_is_enough() -> None:
    bundles = demo_bundles(*CAST[2], FACILITIES[:1], TODAY)
    assert all(plan(bundle).faults == () for bundle in bundles)
