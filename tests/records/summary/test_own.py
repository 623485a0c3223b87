"""What participants enter themselves: named so, and never speaking for a facility."""

from itertools import permutations
from uuid import UUID

import pytest

from api.phr.entries.kinds import PROVENANCE, SOURCE
from api.records.emergency.carriable import Row, offers_of
from api.records.provenance import OWN_SOURCE
from api.records.summary.sections import Given
from tests.records import shapes
from tests.records.summary.test_rules import (
    CLINIC,
    TODAY,
    Json,
    ago,
    allergy,
    coded,
    drug,
    given,
    shown,
)


def tagged(body: Json, by: str = "self") -> Json:
    return body | {"meta": {"source": SOURCE, "tag": [{"system": PROVENANCE, "code": by}]}}


def own(body: Json, number: int = 9, count: int = 1) -> Given:
    return given(tagged(body), ago(count), number=number, at=OWN_SOURCE)


def of_clinic(body: Json, number: int = 1, count: int = 10) -> Given:
    return given(body, ago(count), number=number, at=CLINIC)


@pytest.mark.parametrize(
    ("body", "section"),
    [(allergy(), "allergies"), (drug(), "medicines"), (shapes.lab(), "results")],
)
def test_what_they_alone_say_is_marked_so(body: Json, section: str):
    (entry,) = shown(own(body))[section]
    assert "own" in entry.marks


def test_a_facility_speaks_for_what_both_wrote_whoever_was_last():
    theirs = allergy(criticality="low")
    for records in permutations([of_clinic(theirs), own(allergy(criticality="high"))]):
        (entry,) = shown(*records)["allergies"]
        assert "own" not in entry.marks
        assert entry.body["criticality"] == "low"
        assert {each.facility_id for each in entry.sources} == {CLINIC, OWN_SOURCE}


def test_what_a_facility_suspects_is_not_confirmed_by_an_entry():
    suspected = allergy(verificationStatus=coded("unconfirmed"))
    (entry,) = shown(of_clinic(suspected), own(allergy()))["allergies"]
    assert "unconfirmed" in entry.marks
    (entry,) = shown(of_clinic(suspected), of_clinic(allergy(), number=2))["allergies"]
    assert "unconfirmed" not in entry.marks


def test_their_newest_value_stands_beside_the_facilitys_not_in_its_place():
    found = shown(of_clinic(shapes.lab()), own(shapes.lab()))["results"]
    assert ["own" in each.marks for each in found] == [True, False]


def test_the_same_vaccination_of_one_day_is_the_facilitys():
    shot = {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": coded("207") | {"text": "インフルエンザ"},
    }
    for records in permutations([of_clinic(shot, 1, 5), own(shot, 9, 5)]):
        (entry,) = shown(*records)["immunizations"]
        assert "own" not in entry.marks
        assert len(entry.sources) == 2


def test_what_they_entered_of_a_child_stands_nowhere():
    of_child = [{"display": "子"}]
    assert shown(own(shapes.lab(focus=of_child))) == {}
    assert offers_of([Row(own(shapes.lab(focus=of_child)), "子", 0)], TODAY).lines == []


def test_the_card_says_of_what_they_entered_that_they_did():
    rows = [
        Row(own(allergy("そば")), "そば", 0),
        Row(own(allergy("えび" * 30, criticality="high"), number=8), "えび", 0),
        Row(of_clinic(allergy("卵")), "卵", 0),
    ]
    lines = {offer.record_id: offer.line for offer in offers_of(rows, TODAY).lines}
    assert (lines[UUID(int=9)].text, lines[UUID(int=9)].mark) == ("そば", "own")
    assert lines[UUID(int=8)].text.endswith("…（本人の記入）")
    assert lines[UUID(int=8)].mark == "high"
    assert (lines[UUID(int=1)].text, lines[UUID(int=1)].mark) == ("卵", "")


def test_a_blood_group_typed_by_hand_is_no_record_of_it():
    typed = shapes.lab(
        code=coded("883-9", system="http://loinc.org") | {"text": "ABO"}, valueString="A"
    )
    assert offers_of([Row(own(typed), "ABO", 0)], TODAY).blood == ""
    assert offers_of([Row(of_clinic(typed), "ABO", 0)], TODAY).blood != ""
