"""What a file brings, what of it is not taken, and which are refused whole, in which words."""

import json
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from api.core.clock import now
from api.records.bringing_in import planning
from api.records.bringing_in.planning import Here, planned, renamed
from api.records.bringing_in.reading import MAX_BYTES, Left, NotRead, Person, read
from api.records.taking_out import resources
from api.records.taking_out.resources import Filed, Source, decoded, going_out

HANAKO = Person("山本 花子", "ヤマモト ハナコ", date(1940, 4, 9))
CATEGORIES = frozenset({"vitals", "child", "condition", "basic"})
HERS = "01900000-0000-7000-8000-0000000000aa"
THERE = UUID("01900000-0000-7000-8000-0000000000bb")
CHILD, WEIGHT = "01900000-0000-7000-8000-000000000001", "01900000-0000-7000-8000-000000000002"
NOTHING = Here({}, {}, frozenset(), frozenset())
CLINIC = Source("urn:x", "4312345678", "あそ診療所")


def patient(**fields: object) -> dict[str, Any]:
    usual = {
        "resourceType": "Patient",
        "id": HERS,
        "name": [{"text": "山本　花子"}, {"text": "ヤマモトハナコ"}],
        "birthDate": "1940-04-09",
    }
    return usual | fields


def own(entry: str, kind: str, book: str = "", **fields: object) -> dict[str, Any]:
    usual = {
        "resourceType": "Observation",
        "id": entry,
        "meta": {"tag": [{"system": "urn:tsunagu:provenance", "code": "self"}]},
        "identifier": [{"system": "urn:tsunagu:own", "value": f"{kind}:{book}:{entry}"}],
        "status": "final",
        "code": {"coding": [{"system": "urn:tsunagu:own", "code": kind}]},
        "subject": {"reference": f"Patient/{HERS}"},
        "effectiveDateTime": "2026-05-01",
    }
    return going_out(usual | fields, None, Filed("child", "記録", 0))


def illness(**fields: object) -> dict[str, Any]:
    usual = {
        "resourceType": "Condition",
        "id": "01900000-0000-7000-8000-000000000003",
        "code": {"text": "高血圧症"},
        "subject": {"reference": "Patient/4711"},
        "onsetDateTime": "2020-01-02",
        "evidence": [{"detail": [{"reference": f"Observation/{WEIGHT}"}]}],
    }
    return going_out(usual | fields, CLINIC, Filed("condition", "高血圧症", 0))


def bundle(*found: dict[str, Any]) -> bytes:
    head = resources.head() + b",".join(resources.entry(each) for each in found)
    return head + resources.tail("2026-06-01T00:00:00.000Z")


def refusal(body: bytes) -> str:
    with pytest.raises(NotRead) as refused:
        read(body, HANAKO, CATEGORIES)
    return refused.value.fault.key


EVERYTHING = bundle(
    patient(), own(CHILD, "sample-child"), own(WEIGHT, "sample-weight", CHILD), illness()
)


def test_a_whole_file_is_read() -> None:
    found = read(EVERYTHING, HANAKO, CATEGORIES)
    assert [each.category for each in found.items] == ["child", "child", "condition"]
    assert [each.is_facilitys for each in found.items] == [False, False, True]
    assert [each.on for each in found.items][:1] == [date(2026, 5, 1)]
    assert found.left == {}
    assert found.doubles == 0


AMENDED = own(CHILD, "sample-child", status="amended")
TWICE = bundle(patient(), own(CHILD, "sample-child"), AMENDED)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "broken"),
        (b"not json", "other_file"),
        (EVERYTHING[:-40], "broken"),
        (b'{"resourceType":"Bundle","type":"collection","type":"collection"}', "broken"),
        (b'{"resourceType":"Bundle","entry":"\\ud800"}', "broken"),
        (b"[" * 100_000, "deep"),
        (b'{"resourceType":"Bundle","type":"collection","x":' + b"[" * 200 + b"]" * 200 + b"}",
         "deep"),
        (b"[]", "other_file"),
        (b"{}", "other_file"),
        (json.dumps(patient()).encode(), "other_file"),
        (b'{"resourceType":"Bundle","type":"document","entry":[]}', "other_file"),
        (b'{"resourceType":"Bundle","type":"collection","entry":[1]}', "other_file"),
        (b'{"resourceType":"Bundle","type":"collection","entry":[{"resource":[]}]}', "other_file"),
        (b'{"resourceType":"Bundle","type":"collection","entry":[]}', "nobody"),
        (bundle(own(CHILD, "sample-child")), "nobody"),
        (bundle(patient(), patient(id="x")), "several"),
        (bundle(patient(name=[{"text": "山本 ユミ"}])), "other_person"),
        (bundle(patient(birthDate="1940-04-10")), "other_person"),
        (bundle(patient(name="x")), "other_person"),
        (bundle(patient(), own(CHILD, "sample-child", subject={"reference": "Patient/other"})),
         "other_person"),
        (TWICE, "twice"),
        (b" " * (MAX_BYTES + 1), "large"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_hers_is_refused_whole(body: bytes, reason: str) -> None:
    assert refusal(body) == f"record.fault.bring_in_{reason}"


def test_a_file_with_a_mark_of_its_encoding_is_read() -> None:
    assert len(read(b"\xef\xbb\xbf" + EVERYTHING, HANAKO, CATEGORIES).items) == 3


def test_what_is_not_taken_is_counted_with_its_reason() -> None:
    body = bundle(
        patient(),
        {"resourceType": "Consent", "id": "1"},
        {"resourceType": "Horoscope"},
        {"resourceType": "Practitioner", "id": "2"},
        illness(code=None),
        {**illness(), "meta": {}, "subject": {}},
        own(WEIGHT, "sample-weight", note=[{"text": "番号は 123456789018 です"}]),
        {**own(CHILD, "sample-child"), "meta": {"tag": [{"system": "urn:tsunagu:filed-under"}]}},
    )
    found = read(body, HANAKO, CATEGORIES)
    assert found.items == []
    assert dict(found.left) == {
        Left("settings", "Consent"): 1,
        Left("unknown", ""): 1,
        Left("unknown", "Practitioner"): 1,
        Left("faulty", "Condition"): 2,
        Left("my_number", "Observation"): 1,
        Left("faulty", "Observation"): 1,
    }


def test_what_a_facility_must_not_tell_yet_is_not_brought_in_either() -> None:
    mark = {"system": "http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication"}
    untold = illness()
    untold["meta"]["tag"].append(mark | {"code": "UNINFORMED"})
    found = read(bundle(patient(), untold), HANAKO, CATEGORIES)
    assert found.items == []


def test_the_same_record_twice_in_a_file_is_one() -> None:
    found = read(bundle(patient(), illness(), illness()), HANAKO, CATEGORIES)
    assert len(found.items) == 1
    assert found.doubles == 1


def test_new_ids_are_given_and_everything_that_names_them_follows() -> None:
    found = read(EVERYTHING, HANAKO, CATEGORIES)
    plan = planned(found, THERE, NOTHING)
    assert plan.counts.new == {"child": 2, "condition": 1}
    assert plan.counts.facilitys == 1
    child, weight, sick = [renamed(each, plan.renaming, now()) for each in plan.taking]
    assert child["subject"] == {"reference": f"Patient/{THERE}"}
    assert weight["identifier"][0]["value"] == f"sample-weight:{child['id']}:{weight['id']}"
    assert sick["evidence"][0]["detail"][0]["reference"] == f"Observation/{weight['id']}"
    assert sick["subject"] == {"reference": "Patient/4711"}, "as the facility wrote it"
    assert resources.source_of(sick) == CLINIC
    assert child["id"] != CHILD
    before = decoded(EVERYTHING)
    there = {"entry": [{"resource": patient(id=str(THERE))}]}
    there["entry"] += [{"resource": each} for each in (child, weight, sick)]
    assert resources.normal_bundle(before) == resources.normal_bundle(there)


def test_the_same_file_again_brings_nothing_new() -> None:
    found = read(EVERYTHING, HANAKO, CATEGORIES)
    taking = planned(found, THERE, NOTHING).taking
    here = Here(
        {each.item.digest: 1 for each in taking},
        {each.item.digest: str(each.record_id) for each in taking},
        {str(each.record_id) for each in taking},
        {(each.item.resource_type, each.system, each.value) for each in taking},
    )
    again = planned(found, THERE, here)
    assert again.taking == []
    assert again.counts.held == 3


def test_what_was_changed_here_since_stays_as_it_is_here() -> None:
    found = read(EVERYTHING, HANAKO, CATEGORIES)
    taking = planned(found, THERE, NOTHING).taking
    here = NOTHING._replace(ids={str(taking[1].record_id)})
    again = planned(found, THERE, here)
    assert again.counts.changed == 1
    assert len(again.taking) == 2
    at_home = planned(found, THERE, NOTHING._replace(ids={WEIGHT}))
    assert at_home.counts.changed == 1


def test_two_that_say_the_same_are_two_and_one_that_is_missing_comes_back() -> None:
    twins = bundle(patient(), own(CHILD, "sample-child"), own(WEIGHT, "sample-child"))
    found = read(twins, HANAKO, CATEGORIES)
    assert found.items[0].digest == found.items[1].digest
    digest = found.items[0].digest
    plan = planned(found, THERE, Here({digest: 1}, {digest: CHILD}, {CHILD}, frozenset()))
    assert plan.counts.held == 1
    assert plan.counts.new == {"child": 1}


def test_what_hangs_on_a_book_that_is_here_already_hangs_on_it_again() -> None:
    found = read(EVERYTHING, HANAKO, CATEGORIES)
    child = found.items[0].digest
    here = Here({child: 1}, {child: "01900000-0000-7000-8000-0000000000cc"}, frozenset(),
                frozenset())  # fmt: skip
    plan = planned(found, THERE, here)
    weight = next(each for each in plan.taking if each.item.own is not None)
    assert weight.value.split(":")[1] == "01900000-0000-7000-8000-0000000000cc"
    assert plan.taking[1].system == planning.BROUGHT
