"""How far an export is, and its manifest, as values."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from msgspec.structs import replace

from api.records.bulk.rules import (
    OUTCOME,
    TYPES,
    File,
    Job,
    Wish,
    counts_of,
    manifest,
    outcome,
    unknown_types,
)

AT = datetime(2026, 5, 3, 5, 5, tzinfo=UTC)
JOB = Job(
    export_id=UUID(int=1),
    client_id="emr",
    started_by="system",
    by_name="佐藤 健一",
    profession="physician",
    types=(),
    since=None,
    request_url="https://phr.example/fhir/R4/Group/own-patients/$export",
    requested_at=AT,
    state="running",
    started_at=AT,
    patients=0,
    done=0,
    files=(),
    counts={},
    finished_at=None,
    expires_at=None,
)
FILES = (
    File("a", "Patient", 2, 300),
    File("b", "Observation", 5, 900),
    File("c", "Observation", 1, 90),
    File("d", OUTCOME, 1, 80),
    File("e", "Condition", 0, 0),
)


@pytest.mark.parametrize(
    ("state", "done", "patients", "percent"),
    [
        ("waiting", 0, 0, 0),
        ("running", 0, 200, 0),
        ("running", 1, 200, 0),
        ("running", 199, 200, 99),
        ("running", 200, 200, 99),
        ("running", 201, 200, 99),
        ("done", 200, 200, 100),
        ("done", 0, 0, 100),
    ],
)
def test_a_hundred_percent_is_said_only_of_what_is_finished(state, done, patients, percent):
    assert replace(JOB, state=state, done=done, patients=patients).percent == percent


def test_the_manifest_names_each_file_with_its_count_and_failures_apart():
    made = manifest(replace(JOB, files=FILES), "https://phr.example/x")
    assert made["transactionTime"] == "2026-05-03T05:05:00.000Z"
    assert made["request"] == JOB.request_url
    assert made["requiresAccessToken"] is True
    assert made["output"] == [
        {"type": "Patient", "url": "https://phr.example/x/a", "count": 2},
        {"type": "Observation", "url": "https://phr.example/x/b", "count": 5},
        {"type": "Observation", "url": "https://phr.example/x/c", "count": 1},
    ]
    assert made["error"] == [{"type": OUTCOME, "url": "https://phr.example/x/d", "count": 1}]


def test_counts_are_by_type_and_without_failures():
    assert counts_of(FILES) == {"Condition": 0, "Observation": 6, "Patient": 2}


def test_patients_are_made_and_never_looked_for_among_the_records():
    assert Wish().has_patients
    assert "Patient" not in Wish().record_types
    assert len(Wish().record_types) == len(TYPES) - 1
    assert Wish(("Patient",)).record_types == ()
    assert not Wish(("Condition",)).has_patients
    assert unknown_types(["Condition", "Invented", "AuditEvent"]) == ["Invented", "AuditEvent"]


def test_a_failure_does_not_say_whose():
    said = outcome({"ja": "書き出せませんでした。", "en": "Not exported."})
    assert said["issue"][0]["diagnostics"] == "書き出せませんでした。 / Not exported."
