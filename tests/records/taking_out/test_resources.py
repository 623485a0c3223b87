"""One canonical way out, and what makes two records the same wherever they are kept."""

import json
from copy import deepcopy
from typing import Any

import pytest

from api.records.taking_out import resources
from api.records.taking_out.resources import (
    CONFIDENTIALITY,
    Filed,
    Source,
    canonical,
    decoded,
    filed_of,
    going_out,
    normal,
    normal_bundle,
    own_name,
    source_of,
)

HOSPITAL = Source("urn:oid:1.2.392.100495.20.3.23", "4312345678", "くまもと病院")
PLAIN = Filed("vitals", "体重", 0)
OLD, NEW = "01900000-0000-7000-8000-000000000001", "01900000-0000-7000-8000-000000000002"
BOOK, BOOK_NOW = "01900000-0000-7000-8000-00000000000a", "01900000-0000-7000-8000-00000000000b"


def weight(entry: str = OLD, book: str = BOOK, value: str = "52.50") -> dict[str, Any]:
    return decoded(
        f'{{"resourceType":"Observation","id":"{entry}","meta":{{"versionId":"3",'
        f'"lastUpdated":"2026-05-01T00:00:00Z","tag":[{{"system":"x","code":"self"}}]}},'
        f'"identifier":[{{"system":"urn:tsunagu:own","value":"weight:{book}:{entry}"}}],'
        f'"subject":{{"reference":"Patient/{OLD}"}},'
        f'"focus":[{{"identifier":{{"system":"urn:tsunagu:own:book","value":"{book}"}}}}],'
        f'"valueQuantity":{{"value":{value},"unit":"kg"}}}}'
    )


def pregnancy(entry: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": entry,
        "identifier": [{"system": "urn:tsunagu:own", "value": f"pregnancy::{entry}"}],
        "valueDateTime": "2026-01-01",
    }


def bundle(*found: dict[str, Any]) -> dict[str, Any]:
    text = resources.head() + b",".join(resources.entry(each) for each in found)
    return decoded(text + resources.tail("2026-06-01T00:00:00.000Z"))


def test_names_stand_in_order_and_decimals_keep_their_digits() -> None:
    out = canonical(decoded('{"b":1,"a":{"d":52.50,"c":[1.0,1e2,"é"]}}'))
    assert out == '{"a":{"c":[1.0,1E+2,"é"],"d":52.50},"b":1}'.encode()
    assert canonical(decoded(out)) == out


def test_the_stream_is_one_canonical_bundle() -> None:
    text = resources.head() + resources.entry(weight()) + resources.tail("2026-06-01T00:00:00.000Z")
    found = json.loads(text)
    assert list(found) == sorted(found)
    assert found["resourceType"] == "Bundle"
    assert found["type"] == "collection"
    assert found["entry"][0]["fullUrl"] == f"urn:uuid:{OLD}"
    assert canonical(decoded(text)) == text


def test_a_facility_s_record_names_its_facility_and_an_own_one_nobody() -> None:
    assert source_of(going_out(weight(), HOSPITAL, PLAIN)) == HOSPITAL
    assert source_of(going_out(weight(), None, PLAIN)) is None


def test_what_was_brought_from_elsewhere_goes_on_naming_who_wrote_it() -> None:
    brought = going_out(weight(), HOSPITAL, PLAIN)
    assert going_out(brought, None, PLAIN) == brought


def test_where_it_stands_and_how_delicate_it_is_goes_with_it_once() -> None:
    hidden = PLAIN._replace(level=2)
    out = going_out(going_out(weight(), None, PLAIN._replace(level=1)), None, hidden)
    labels = [x for x in out["meta"]["security"] if x["system"] == CONFIDENTIALITY]
    assert [each["code"] for each in labels] == ["V"]
    assert filed_of(out) == hidden
    assert filed_of(going_out(weight(), None, PLAIN)) == PLAIN
    assert filed_of(weight()) is None


def test_a_level_raised_elsewhere_makes_no_other_record_of_it() -> None:
    raised = going_out(weight(), None, PLAIN._replace(level=2))
    assert normal(raised, {}) == normal(going_out(weight(), None, PLAIN), {})


def test_a_record_is_the_same_under_other_ids_versions_and_times() -> None:
    there = weight(NEW, BOOK_NOW)
    there["meta"] |= {"versionId": "1", "lastUpdated": "2027-01-01T00:00:00Z"}
    there["subject"] = {"reference": f"Patient/{NEW}"}
    books = {BOOK: b"\1" * 32, BOOK_NOW: b"\1" * 32}
    assert normal(weight(), books) == normal(there, books)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("valueQuantity", {"value": 53, "unit": "kg"}),
        ("status", "entered-in-error"),
        ("subject", {"reference": "Group/1"}),
    ],
)
def test_a_record_that_says_something_else_is_another(name: str, value: object) -> None:
    other = {**weight(), name: value}
    assert normal(weight(), {}) != normal(other, {})


def test_the_same_weight_of_two_children_is_two_records() -> None:
    one = normal(weight(book=BOOK), {BOOK: b"\1" * 32})
    other = normal(weight(book=BOOK_NOW), {BOOK_NOW: b"\2" * 32})
    assert one != other


def test_nothing_is_changed_in_what_is_compared() -> None:
    given = going_out(weight(), HOSPITAL, PLAIN)
    before = deepcopy(given)
    normal(given, {})
    assert given == before


def test_two_bundles_are_equal_whatever_their_order_ids_and_settings() -> None:
    consent = {"resourceType": "Consent", "id": "1"}
    first = bundle(pregnancy(BOOK), weight(OLD, BOOK), consent)
    second = bundle(weight(NEW, BOOK_NOW), pregnancy(BOOK_NOW))
    assert normal_bundle(first) == normal_bundle(second)
    assert normal_bundle(first) != normal_bundle(bundle(pregnancy(BOOK)))
    hangs_on_nothing = bundle(pregnancy(BOOK), weight(OLD, ""))
    assert normal_bundle(first) != normal_bundle(hangs_on_nothing)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("weight::x", ("weight", "", "x")),
        ("weight:b:x", ("weight", "b", "x")),
        ("weight", None),
        ("a:b:c:d", None),
    ],
)
def test_an_entry_s_name_says_kind_book_and_entry(value: str, name: object) -> None:
    assert own_name({"identifier": [{"system": "urn:tsunagu:own", "value": value}]}) == name
