"""Who says so: never what a sender claims of itself."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from api.fhir.codes import LOINC
from api.phr.entries.kinds import PROVENANCE, SOURCE
from api.records import parse
from api.records.incoming.content import without_server_parts
from api.records.provenance import OWN_SOURCE, by_of, is_of_somebody_else
from api.records.viewing.series import Source, series_of

CLINIC = UUID(int=1)


def tagged(code: str, system: str = PROVENANCE) -> dict[str, Any]:
    return {"meta": {"source": SOURCE, "tag": [{"system": system, "code": code}]}}


@pytest.mark.parametrize(
    ("facility_id", "body", "by"),
    [
        (OWN_SOURCE, tagged("self"), "self"),
        (OWN_SOURCE, tagged("proxy"), "proxy"),
        (OWN_SOURCE, tagged("device"), "device"),
        (OWN_SOURCE, tagged("clinic"), "self"),
        (OWN_SOURCE, {}, "self"),
        (OWN_SOURCE, tagged("self", "urn:x"), "brought"),
        (OWN_SOURCE, {"meta": {"source": SOURCE}}, "brought"),
        (CLINIC, tagged("self"), ""),
        (CLINIC, {}, ""),
    ],
    ids=str,
)
def test_the_source_of_the_record_says_whose_it_is(
    facility_id: UUID, body: dict[str, Any], by: str
) -> None:
    assert by_of(facility_id, body) == by


def test_a_sender_cannot_say_that_the_participant_says_so() -> None:
    other = {"system": "urn:x", "code": "y"}
    body = {
        "resourceType": "Observation",
        "meta": {"source": SOURCE, "tag": [*tagged("self")["meta"]["tag"], other]},
    }
    assert without_server_parts(body) == {"resourceType": "Observation", "meta": {"tag": [other]}}
    assert without_server_parts(tagged("device")) == {}


def weight(value: str, at: UUID, by: str = "", month: int = 1, **more: Any) -> Source:
    body = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "29463-7"}], "text": "体重"},
        "valueQuantity": {"value": Decimal(value), "unit": "kg"},
        **(tagged(by) if by else {}),
        **more,
    }
    read = parse.decode(parse.encode(body).encode())
    return Source(UUID(int=month), at, date(2026, month, 5), None, (), read)


def test_ones_own_values_and_a_devices_have_marks_of_their_own_after_the_facilities() -> None:
    (found,) = series_of(
        [
            weight("61.0", CLINIC),
            *(weight("60.5", OWN_SOURCE, "self", month) for month in (2, 3)),
            weight("60.1", OWN_SOURCE, "device", 4),
        ]
    )
    assert found.origins == [(CLINIC, ""), (OWN_SOURCE, "self"), (OWN_SOURCE, "device")]
    assert len(found.values) == 4


def test_a_childs_value_is_in_no_series_of_the_participants_own() -> None:
    child = weight("8.4", OWN_SOURCE, "self", focus=[{"display": "子"}])
    assert is_of_somebody_else(child.body)
    (found,) = series_of([weight("61.0", CLINIC), child])
    assert [each.text for each in found.values] == ["61.0"]
    assert series_of([child]) == []
