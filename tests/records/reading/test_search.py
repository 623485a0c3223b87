"""What Dr Satō's system finds of Hanako, by the parameters it may search with."""

from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from tests.conftest import Deployment
from tests.records.reading.scene import (
    CRP,
    DRUG,
    HBA1C,
    LABORATORY,
    Emr,
    Someone,
    condition,
    lab,
    linked,
    numbers,
    prescription,
    resources,
)

JLAC10_OID = "urn:oid:1.2.392.200119.4.504"
JLAC10_URL = "http://medis.or.jp/CodeSystem/master-JLAC10-17digits"


@pytest.fixture
async def known(hanako: Someone) -> Someone:
    """Four results and a prescription; one result has a moment, the others days."""
    await hanako.has(
        lab("a", "2026-01-10"),
        lab("b", "2026-02-10T08:30:00+09:00"),
        lab("c", "2026-02-20", CRP),
        lab("d", "2026-03-01", status="preliminary"),
        prescription("rx", "2026-02-10"),
    )
    return hanako


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ([], "abcd"),
        ([("code", HBA1C)], "abd"),
        ([("code", f"{JLAC10_URL}|{HBA1C}")], "abd"),
        ([("code", f"{JLAC10_OID}|{HBA1C}")], "abd"),
        ([("code", f"http://loinc.org|{HBA1C}")], ""),
        ([("code", f"|{HBA1C}")], ""),
        ([("code", f"{CRP},{HBA1C}")], "abcd"),
        ([("code", DRUG)], ""),
        ([("category", "lab")], "abcd"),
        ([("category", "urn:tsunagu:category|lab")], "abcd"),
        ([("category", "laboratory")], "abcd"),
        ([("category", f"{LABORATORY}|laboratory")], "abcd"),
        ([("category", "vitals")], ""),
        ([("status", "preliminary")], "d"),
        ([("identifier", "urn:lab|b")], "b"),
        ([("identifier", "b")], "b"),
        ([("identifier", "urn:other|b")], ""),
        ([("date", "2026")], "abcd"),
        ([("date", "2026-02")], "bc"),
        ([("date", "2026-02-10")], "b"),
        ([("date", "eq2026-02-20")], "c"),
        ([("date", "ge2026-02-10")], "bcd"),
        ([("date", "gt2026-02-10")], "cd"),
        ([("date", "le2026-02-10")], "ab"),
        ([("date", "lt2026-02-10")], "a"),
        ([("date", "ge2026-02-01"), ("date", "lt2026-03-01")], "bc"),
        ([("date", "ge2026-02"), ("date", "le2026-02"), ("code", CRP)], "c"),
        ([("date", "gt2026-02-10T08:29:59+09:00")], "bcd"),
        ([("date", "gt2026-02-10T08:30:01+09:00")], "cd"),
        ([("date", "lt2026-02-09T23:30:00Z")], "a"),
        ([("date", "lt2026-02-09T23:30:01Z")], "ab"),
        ([("_lastUpdated", "gt2000")], "abcd"),
        ([("_lastUpdated", "lt2000")], ""),
    ],
)
async def test_a_search_finds_what_it_names(
    known: Someone, emr: Emr, asked: list[tuple[str, str]], expected: str
):
    found = await emr.bundle("/Observation", ("patient", known.id), *asked)
    assert sorted(numbers(found)) == list(expected)
    assert found["total"] == len(expected)


async def test_records_are_found_by_several_ids_at_once(hanako: Someone, emr: Emr):
    first, second, _ = await hanako.has(*(lab(n, "2026-01-10") for n in "abc"))
    ids = f"{first},{second},00000000-0000-0000-0000-000000000001,x"
    found = await emr.bundle("/Observation", ("patient", hanako.id), ("_id", ids))
    assert sorted(numbers(found)) == ["a", "b"]


async def test_a_drug_named_inside_is_found(hanako: Someone, emr: Emr):
    drug = prescription("rx", "2026-02-10")
    concept = drug.pop("medicationCodeableConcept")
    inside = {"resourceType": "Medication", "id": "m", "code": concept}
    named = {"contained": [inside], "medicationReference": {"reference": "#m"}}
    await hanako.has(drug | named)
    found = await emr.bundle("/MedicationRequest", ("patient", hanako.id), ("code", DRUG))
    assert numbers(found) == ["rx"]


async def test_a_search_looks_through_one_persons_records_alone(deployment: Deployment):
    admin = await asyncpg.connect(deployment.admin_dsn)
    await admin.execute("SET enable_seqscan = off")
    plan = await admin.fetch(
        f"EXPLAIN SELECT record_id FROM app.matching('{UUID(int=1)}', NULL, '{{Observation}}',"
        " NULL, '{lab}', '{}', '{}', 0, NULL, false, NULL, jsonb_populate_record("
        """NULL::app.search, '{"every": [{"tokens": ["code=x"]}]}'))"""
    )
    await admin.close()
    text = "\n".join(row[0] for row in plan)
    assert "Index Scan" in text
    assert "(participant_id = '00000000-" in text.partition("Filter")[0]
    assert "Function Scan on matching" not in text, "the filter is not inlined"


async def test_each_type_is_searched_by_fhirs_own_names(hanako: Someone, emr: Emr):
    await hanako.has(prescription("rx", "2026-02-10"), condition("dx", "2025-12-01"))
    whom = ("patient", hanako.id)
    for path, pair, expected in (
        ("/MedicationRequest", ("code", DRUG), ["rx"]),
        ("/MedicationRequest", ("authoredon", "ge2026-02-10"), ["rx"]),
        ("/MedicationRequest", ("authoredon", "gt2026-02-10"), []),
        ("/Condition", ("clinical-status", "active"), ["dx"]),
        ("/Condition", ("clinical-status", "resolved"), []),
        ("/Condition", ("onset-date", "2025"), ["dx"]),
    ):
        assert numbers(await emr.bundle(path, whom, pair)) == expected, (path, pair)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("date", ["a", "b", "c", "d"]),
        ("-date", ["d", "c", "b", "a"]),
        ("_lastUpdated", ["a", "b", "c", "d"]),
        ("-_lastUpdated", ["d", "c", "b", "a"]),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 4, 50])
async def test_pages_follow_each_other_in_the_order_asked_for(
    known: Someone, emr: Emr, order: str, expected: list[str], size: int
):
    pages = await emr.pages(
        "/Observation", ("patient", known.id), ("_sort", order), ("_count", size)
    )
    assert numbers(*pages) == expected
    assert [page["total"] for page in pages] == [4] * len(pages)
    assert len(pages) == -(-4 // size)


async def test_several_types_are_searched_at_once(known: Someone, emr: Emr):
    whom = ("patient", known.id)
    assert sorted(numbers(await emr.bundle("", whom))) == ["a", "b", "c", "d", "rx"]
    types = ("_type", "MedicationRequest,Observation")
    found = await emr.pages("", whom, types, ("date", "2026-02"), ("_count", 2))
    assert sorted(numbers(*found)) == ["b", "c", "rx"]
    self_link = linked(found[0], "self")
    assert self_link
    assert self_link.startswith(f"http://localhost:8000/fhir/R4?patient={known.id}")


async def test_a_search_may_be_posted_so_that_no_number_stands_in_an_address(
    known: Someone, emr: Emr
):
    form = {"patient.identifier": f"urn:tsunagu:card|{known.card.digits}", "code": CRP}
    for path in ("/Observation/_search", "/_search"):
        answer = await emr.send("POST", path, data=form)
        assert answer.status_code == 200, answer.text
        assert numbers(answer.json()) == ["c"]
        assert known.card.digits not in str(answer.json()["link"])
    wrong = await emr.send("POST", "/Observation/_search", json=form)
    assert wrong.status_code == 415


async def test_counting_tells_no_record_and_is_logged(known: Someone, emr: Emr):
    for pair in (("_summary", "count"), ("_count", 0)):
        answer = await emr.get("/Observation", ("patient", known.id), ("code", HBA1C), pair)
        found = answer.json()
        assert (found["total"], "entry" in found) == (3, False)
        assert len(found["link"]) == 1
        assert answer.headers["tsunagu-receipt"]
    silent = await emr.bundle("/Observation", ("patient", known.id), ("_total", "none"))
    assert "total" not in silent
    assert len(silent["entry"]) == 4


TAG = "SUBSETTED"


@pytest.mark.parametrize(
    ("pair", "has", "lacks"),
    [
        (("_summary", "true"), {"code", "status", "valueQuantity", "subject"}, {"text"}),
        (("_summary", "data"), {"code", "category", "valueQuantity"}, {"text"}),
        (("_summary", "text"), {"code", "status", "text"}, {"valueQuantity", "category"}),
        (("_elements", "value"), {"code", "status", "valueQuantity"}, {"text", "category"}),
        (("_elements", "Observation.category"), {"category"}, {"valueQuantity", "text"}),
    ],
)
async def test_a_resource_told_in_part_says_so(
    known: Someone, emr: Emr, pair: tuple[str, str], has: set[str], lacks: set[str]
):
    found = await emr.bundle("/Observation", ("patient", known.id), ("code", CRP), pair)
    (resource,) = resources(found)
    assert has | {"resourceType", "id", "meta"} <= resource.keys()
    assert not lacks & resource.keys()
    assert TAG in [tag["code"] for tag in resource["meta"]["tag"]]
    if "valueQuantity" in has:
        whole = (await emr.get(f"/Observation/{resource['id']}")).text
        assert '"value":6.1' in whole
        assert TAG not in whole


@pytest.mark.parametrize(
    "pair",
    [
        ("code:not", "x"), ("_text", "x"), ("subject", "x"), ("code", ""), ("code", "urn:x|"),
        ("date", "yesterday"), ("date", "ne2026"), ("date", "2026-13"), ("date", "2026-02-30"),
        ("date", "2026-02-10T08:30:00+99:99"), ("_sort", "code"), ("_sort", "date,code"),
        ("_summary", "some"), ("_total", "estimate"), ("_count", "-1"), ("_count", "ten"),
        ("_elements", "a b"), ("_page", "x"), ("_type", "Observation"), ("_before", "x"),
        ("vaccine-code", "x"), ("_pretty", "true"),
        ("_has:Observation:patient:code", "x"), ("_has", "x"), ("_include", "*"),
        ("_include", "*:*"), ("_include", "Observation"), ("_include", "Observation:result"),
        ("_include", "Observation:performer"), ("_include", "Observation:encounter:Patient"),
        ("_include", "Condition:encounter"), ("_include", "x"), ("_include", ""),
        ("_include:iterate", "Observation:encounter"), ("_revinclude", "x"),
        ("_filter", "x"), ("_contained", "true"), ("_query", "x"), ("_list", "x"),
    ],
)  # fmt: skip
async def test_what_is_not_offered_is_refused_with_its_reason(
    known: Someone, emr: Emr, pair: tuple[str, str]
):
    answer = await emr.get("/Observation", ("patient", known.id), pair)
    assert answer.status_code == 400, answer.text
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert outcome["issue"][0]["diagnostics"]


def said(answer: httpx.Response) -> str:
    assert answer.status_code == 400
    return str(answer.json()["issue"][0]["diagnostics"])


async def test_a_refusal_names_the_parameter_and_never_what_it_held(known: Someone, emr: Emr):
    who = ("patient", known.id)
    assert "(foo)" in said(await emr.get("/Observation", who, ("foo", "花子")))
    assert "(bar, foo)" in said(await emr.get("/Patient", ("bar", "1"), ("foo", "2")))
    assert "(status)" in said(await emr.get("/Observation", who, ("status", "1"), ("status", "1")))
    for odd in ("花子", "x" * 65, "a b", "123456789012", "x123456789012", "<b>"):
        text = said(await emr.get("/Observation", who, (odd, "secret")))
        assert odd not in text
        assert "secret" not in text


async def test_a_refused_include_is_named_with_those_that_are_offered(known: Someone, emr: Emr):
    who = ("patient", known.id)
    for asked in ("Observation:*", "*", "Observation:performer"):
        text = said(await emr.get("/Observation", who, ("_include", asked)))
        assert f"({asked})" in text
        assert "Observation:encounter, Observation:has-member, Observation:patient" in text
    assert "(*:performer)" in (text := said(await emr.get("", who, ("_include", "*:performer"))))
    assert "*:encounter" in text
    for odd in ("花子", "Hanako 1967", "123456789012"):
        assert odd not in said(await emr.get("/Observation", who, ("_include", odd)))


async def test_the_operations_there_are_stand_in_the_statement(emr: Emr):
    rest = (await emr.get("/metadata")).json()["rest"][0]
    operations = {
        (each["type"], one["name"]): one["definition"]
        for each in rest["resource"]
        for one in each.get("operation", ())
    }
    names = {("Patient", name) for name in ("everything", "match", "summary", "ihe-pix")}
    assert operations.keys() == names | {("Group", "export")}
    assert operations["Patient", "summary"].startswith("http://hl7.org/fhir/uv/ips/")
    assert operations["Group", "export"].startswith("http://hl7.org/fhir/uv/bulkdata/")


async def test_a_wish_is_read_by_its_name_alone(known: Someone, emr: Emr):
    pairs = ("patient", known.id), ("foo", "1")
    for prefer, status in (
        ("respond-async, Handling=lenient", 200),
        ('handling="lenient"', 200),
        ("handling=lenient-not", 400),
        ("x-handling=lenient", 400),
        ('note="handling=lenient"', 400),
        ("handling=strict, handling=lenient", 400),
    ):
        answer = await emr.get("/Observation", *pairs, prefer=prefer)
        assert answer.status_code == status, prefer


@pytest.mark.parametrize("name", ["code", "_id", "_count", "status", "identifier", "_sort"])
async def test_a_parameter_given_twice_is_refused(known: Someone, emr: Emr, name: str):
    answer = await emr.get("/Observation", ("patient", known.id), (name, "1"), (name, "1"))
    assert answer.status_code == 400


async def test_on_the_clients_wish_an_unknown_parameter_is_left_out_and_named(
    known: Someone, emr: Emr
):
    whom, odd = ("patient", known.id), ("probably", "x")
    answer = await emr.get("/Observation", whom, ("code", CRP), odd, prefer="handling=lenient")
    *found, outcome = answer.json()["entry"]
    assert [each["resource"]["identifier"][0]["value"] for each in found] == ["c"]
    assert outcome["search"]["mode"] == "outcome"
    (issue,) = outcome["resource"]["issue"]
    assert (issue["severity"], issue["expression"]) == ("warning", ["probably"])
    assert "probably" not in str(linked(answer.json(), "self"))
    reaching = await emr.get("/Observation", whom, ("_has", "x"), prefer="handling=lenient")
    assert reaching.status_code == 400


async def test_a_search_needs_a_patient(emr: Emr):
    for path in ("", "/Observation"):
        assert (await emr.get(path, ("code", CRP))).status_code == 400


async def test_what_the_statement_lists_is_served_and_nothing_else(known: Someone, emr: Emr):
    """Each listed parameter is taken for its type, each that another type has is refused."""
    rest = (await emr.get("/metadata")).json()["rest"][0]
    of_records = [each for each in rest["resource"] if each["versioning"] == "versioned"]
    assert len(of_records) > 15
    every = {param["name"] for each in of_records for param in each["searchParam"]}
    values: dict[str, Any] = {"patient": known.id, "date": "2026", "_lastUpdated": "2026"}
    for each in of_records:
        listed = {param["name"]: param["type"] for param in each["searchParam"]}
        for name in sorted(every):
            value = values.get(name, "2026" if listed.get(name) == "date" else "urn:x|1")
            pairs = {"patient": str(known.id)} if not name.startswith("patient") else {}
            answer = await emr.get(f"/{each['type']}", *pairs.items(), (name, value))
            expected = 200 if name in listed else 400
            assert answer.status_code == expected, (each["type"], name, answer.text)
