"""What comes along with what Dr Satō's system finds, and what does not."""

import pytest

from api.consent.settings.switches import HideRecords, SetCategory
from api.core.ids import uuid7
from api.fhir.codes import INDICATION
from tests.records import stored
from tests.records.reading.scene import (
    Emr,
    Json,
    Someone,
    World,
    condition,
    lab,
    prescription,
    report,
    resources,
    someone,
    to,
    visit,
)


def modes(bundle: Json) -> dict[str, list[str]]:
    """The types found and those that came along, in order."""
    found: dict[str, list[str]] = {"match": [], "include": []}
    for entry in bundle.get("entry", []):
        found[entry["search"]["mode"]].append(entry["resource"]["resourceType"])
    return found


def numbers(bundle: Json, mode: str) -> list[str]:
    return [
        entry["resource"]["identifier"][0]["value"]
        for entry in bundle.get("entry", [])
        if entry["search"]["mode"] == mode
    ]


async def told(who: Someone) -> set[tuple[str, int]]:
    """The newest event's records, by type and number."""
    newest = (await stored.log(who.id))[0]
    return {(each["type"], each["count"]) for each in newest.detail["resources"]}


async def test_a_report_comes_with_its_results_and_its_visit_in_one_act(hanako: Someone, emr: Emr):
    (seen,) = await hanako.has(visit("v", "2026-01-10"))
    results = await hanako.has(*(lab(f"{n}", "2026-01-10") for n in range(3)))
    await hanako.has(lab("other", "2026-01-10"))
    (found,) = await hanako.has(report("r", "2026-01-10", results, encounter=to("Encounter", seen)))
    before = len(await stored.log(hanako.id))
    bundle = await emr.bundle(
        "/DiagnosticReport",
        ("patient", hanako.id),
        ("_include", "DiagnosticReport:result"),
        ("_include", "*:encounter:Encounter"),
    )
    assert modes(bundle) == {
        "match": ["DiagnosticReport"],
        "include": ["Encounter", *["Observation"] * 3],
    }
    assert sorted(numbers(bundle, "include")) == ["0", "1", "2", "v"]
    assert bundle["total"] == 1
    assert "_include=%2A:encounter" in bundle["link"][0]["url"]
    log = await stored.log(hanako.id)
    assert len(log) == before + 1
    assert await told(hanako) == {("DiagnosticReport", 1), ("Encounter", 1), ("Observation", 3)}
    assert set(log[0].record_ids) == {found, seen, *results}


@pytest.mark.parametrize(
    ("path", "asked", "expected"),
    [
        ("Observation", "Observation:encounter", ["v"]),
        ("MedicationRequest", "MedicationRequest:encounter", ["v"]),
        ("MedicationRequest", "*:encounter", ["v"]),
        ("MedicationRequest", "*:encounter:Encounter", ["v"]),
        ("Observation", "Observation:has-member", ["member"]),
        ("Encounter", "Encounter:diagnosis", ["dx"]),
        ("DocumentReference", "DocumentReference:encounter", ["v"]),
        ("", "MedicationRequest:encounter", []),
    ],
)
async def test_each_include_reaches_what_it_names(
    hanako: Someone, emr: Emr, path: str, asked: str, expected: list[str]
):
    (ill,) = await hanako.has(condition("dx", "2026-01-01"))
    (seen,) = await hanako.has(
        visit("v", "2026-01-10", diagnosis=[{"condition": to("Condition", ill)}])
    )
    (member,) = await hanako.has(lab("member", "2026-01-10"))
    at = {"encounter": to("Encounter", seen)}
    await hanako.has(
        lab("panel", "2026-02-10", hasMember=[to("Observation", member)], **at),
        prescription("rx", "2026-01-10", **at),
        {
            "resourceType": "DocumentReference",
            "status": "current",
            "identifier": [{"system": "urn:doc", "value": "doc"}],
            "date": "2026-01-10T09:00:00+09:00",
            "content": [{"attachment": {"title": "紹介状"}}],
            "context": {"encounter": [to("Encounter", seen)]},
        },
    )
    narrowed = [("date", "ge2026-02")] if path == "Observation" else []
    bundle = await emr.bundle(
        f"/{path}" if path else "", ("patient", hanako.id), *narrowed, ("_include", asked)
    )
    assert numbers(bundle, "include") == expected
    assert bundle["total"] == len(bundle["entry"]) - len(expected)


async def test_what_was_found_already_does_not_come_along_again(hanako: Someone, emr: Emr):
    results = await hanako.has(lab("0", "2026-01-10"), lab("1", "2026-01-10"))
    await hanako.has(report("r", "2026-01-10", [*results, results[0]]))
    bundle = await emr.bundle(
        "",
        ("patient", hanako.id),
        ("_type", "DiagnosticReport,Observation"),
        ("_include", "DiagnosticReport:result"),
    )
    assert modes(bundle)["include"] == []
    assert await told(hanako) == {("DiagnosticReport", 1), ("Observation", 2)}
    paged = await emr.pages(
        "",
        ("patient", hanako.id),
        ("_type", "DiagnosticReport,Observation"),
        ("_include", "DiagnosticReport:result"),
        ("_count", "1"),
    )
    assert [modes(page)["match"] for page in paged] == [
        ["DiagnosticReport"],
        ["Observation"],
        ["Observation"],
    ]
    assert [len(modes(page)["include"]) for page in paged] == [2, 0, 0]
    assert {page["total"] for page in paged} == {3}


async def test_she_comes_along_by_name_only_where_basic_information_is_shown(
    hanako: Someone, emr: Emr
):
    await hanako.has(lab("a", "2026-01-10"), lab("b", "2026-01-11"))
    for asked in ("Observation:patient", "Observation:subject:Patient", "*:patient"):
        bundle = await emr.bundle(
            "/Observation", ("patient", hanako.id), ("_include", asked), ("_summary", "true")
        )
        assert modes(bundle) == {"match": ["Observation"] * 2, "include": ["Patient"]}
        person = resources(bundle)[-1]
        assert (person["id"], person["name"][0]["text"]) == (str(hanako.id), "山本 花子")
        assert bundle["total"] == 2
        assert await told(hanako) == {("Observation", 2), ("Patient", 1)}
    whom = ("patient", hanako.id)
    included = ("_include", "Observation:patient")
    for narrowed in (("code", "x"), ("_count", "0"), ("_summary", "count")):
        nothing = await emr.bundle("/Observation", whom, included, narrowed)
        assert "entry" not in nothing
        assert await told(hanako) == set(), narrowed
    first, second = await emr.pages("/Observation", whom, included, ("_count", "1"))
    assert (modes(first)["include"], modes(second)["include"]) == (["Patient"], [])
    await hanako.wants(SetCategory("basic", on=False))
    closed = await emr.bundle("/Observation", whom, included)
    assert modes(closed) == {"match": ["Observation"] * 2, "include": []}
    assert await told(hanako) == {("Observation", 2)}


async def test_hidden_absent_and_another_persons_come_along_alike(
    world: World, hanako: Someone, emr: Emr
):
    other = await someone(world)
    (theirs,) = await other.has(lab("theirs", "2026-01-10"))
    (hidden,) = await hanako.has(lab("hidden", "2026-01-10"))
    (seen,) = await hanako.has(lab("seen", "2026-01-10"))
    await hanako.wants(HideRecords((hidden,), on=True))
    found = []
    for named in (hidden, theirs, uuid7(), seen):
        await hanako.has(report("r", "2026-01-10", [named]))
        bundle = await emr.bundle(
            "/DiagnosticReport", ("patient", hanako.id), ("_include", "DiagnosticReport:result")
        )
        found.append(numbers(bundle, "include"))
        assert await told(hanako) >= {("DiagnosticReport", 1)}
    assert found == [[], [], [], ["seen"]]


async def test_what_she_is_not_told_of_comes_along_and_is_in_no_line_of_hers(
    hanako: Someone, emr: Emr
):
    marked = {"meta": {"tag": [{"system": INDICATION, "code": "UNINFORMED"}]}}
    kept = await hanako.has(lab("kept", "2026-01-10", **marked), lab("open", "2026-01-10"))
    await hanako.has(report("r", "2026-01-10", kept))
    bundle = await emr.bundle(
        "/DiagnosticReport", ("patient", hanako.id), ("_include", "DiagnosticReport:result")
    )
    assert sorted(numbers(bundle, "include")) == ["kept", "open"]
    newest = (await stored.log(hanako.id))[0]
    assert await told(hanako) == {("DiagnosticReport", 1), ("Observation", 1)}
    assert kept[0] not in newest.record_ids
    assert kept[1] in newest.record_ids
    (beside,) = (await stored.undisclosed(hanako.id))[-1]["types"]
    assert (beside["type"], beside["count"]) == ("Observation", 1)


async def test_the_statement_lists_what_comes_along_and_each_of_it_is_served(
    hanako: Someone, emr: Emr
):
    rest = (await emr.get("/metadata")).json()["rest"][0]
    listed = [
        (each["type"], one) for each in rest["resource"] for one in each.get("searchInclude", [])
    ]
    assert ("DiagnosticReport", "DiagnosticReport:result") in listed
    assert len(listed) > 40
    for name, one in listed:
        answer = await emr.get(f"/{name}", ("patient", hanako.id), ("_include", one))
        assert answer.status_code == 200, (one, answer.text)
    every = sorted({one.partition(":")[2] for _, one in listed})
    for each in rest["resource"]:
        if each["versioning"] == "versioned":
            for name in every:
                asked = f"{each['type']}:{name}"
                answer = await emr.get(
                    f"/{each['type']}", ("patient", hanako.id), ("_include", asked)
                )
                is_served = asked in each.get("searchInclude", [])
                assert answer.status_code == (200 if is_served else 400), asked


@pytest.mark.parametrize("pair", [("_elements", "status"), ("_summary", "text")])
async def test_in_parts_that_leave_out_whom_it_names_nothing_comes_along(
    hanako: Someone, emr: Emr, pair: tuple[str, str]
):
    """FHIR R4 §3.1.1.5.8."""
    answer = await emr.get(
        "/Observation", ("patient", hanako.id), ("_include", "Observation:patient"), pair
    )
    assert answer.status_code == 400
    assert answer.json()["resourceType"] == "OperationOutcome"
