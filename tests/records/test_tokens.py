"""What a record is found by, from one walk over its body: just what the query of old gave."""

import json
from importlib import import_module
from typing import Any

import asyncpg
import pytest

from tests.conftest import Deployment

LOINC = {"system": "http://loinc.org", "code": "85354-9", "display": "血圧"}
OURS = {"code": "own"}
BODIES: tuple[dict[str, Any], ...] = (
    {},
    {"code": {"coding": [LOINC, OURS], "text": "blood pressure"}, "status": "final"},
    {"code": {"coding": LOINC}},
    {"code": {"text": "words alone"}},
    {"code": "bare", "type": ["one", "two", "one"]},
    {"code": [{"coding": [LOINC]}, {"coding": [OURS]}, "loose", {"code": "x"}]},
    {"code": [[{"coding": [LOINC]}]], "type": [["nested"]], "class": OURS},
    {"vaccineCode": {"coding": [LOINC]}, "medicationCodeableConcept": {"coding": [OURS]}},
    {"lifecycleStatus": "active", "clinicalStatus": {"coding": [OURS]}},
    {"verificationStatus": {"coding": [{"system": "urn:v", "code": "confirmed"}]}},
    {"category": [{"coding": [{"system": "urn:tsunagu:category", "code": "vitals"}]}]},
    {"category": "vitals", "identifier": [{"system": "urn:i", "value": "7"}, {"value": "8"}]},
    {"identifier": {"system": "urn:i", "value": "7", "code": "first"}, "status": None},
    {"identifier": [{"system": "urn:i"}, {"system": None, "value": 7}, 7, True, None, []]},
    {
        "contained": [
            {"resourceType": "Medication", "code": {"coding": [LOINC]}},
            {"resourceType": "Medication", "code": {"text": "no coding"}},
            {"resourceType": "Patient", "code": {"coding": [OURS]}},
        ]
    },
    {"contained": [{"resourceType": "Medication"}], "code": {"coding": []}, "type": {}},
    {"code": {"coding": [None, {"code": {"deep": 1}}, {"code": 5, "system": 6}]}},
    {"sealed": "…", "subject": {"code": "elsewhere"}, "Code": "case"},
)


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
async def test_a_body_gives_the_tokens_it_always_gave(
    database: Deployment, body: dict[str, Any]
) -> None:
    sql = import_module("migrations.versions.0036_searching_records").SQL
    of_old = sql[sql.index("CREATE FUNCTION app.tokens") : sql.index("GRANT EXECUTE")]
    admin = await asyncpg.connect(database.admin_dsn)
    try:
        await admin.execute(of_old.replace("app.tokens", "pg_temp.of_old"))
        text = json.dumps(body)
        before, now = await admin.fetchrow(
            "SELECT pg_temp.of_old('vitals', $1), app.tokens('vitals', $1)", text
        )
    finally:
        await admin.close()
    assert set(now) == set(before)
