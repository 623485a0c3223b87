"""A clinic with many patients, in a database of its own.

python -m tests.records.bulk.crowd HOME APP_DSN ADMIN_DSN HOW_MANY
"""

import asyncio
import json
import sys
from datetime import date
from pathlib import Path

import asyncpg

from api import demo
from api.core import database, runtime
from api.core.actor import OPERATOR
from api.core.crypto import KeyRing
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.core.settings import Settings
from api.directory import service as directory
from api.identity.enrolling import intake

RECORDS = 4
BODY = {
    "resourceType": "MedicationRequest",
    "status": "completed",
    "intent": "order",
    "medicationCodeableConcept": {"text": "アムロジピン錠5mg"},
    "note": [{"text": "あさ、食後に。" * 40}],
}


async def main(home: Path, dsn: str, admin_dsn: str, many: int) -> None:
    keys = KeyRing(home / "keys")
    settings = Settings(home=home, database_url=admin_dsn, is_demo=True)
    runtime.start(settings, keys)
    await database.open_database(dsn, keys)
    try:
        await directory.adopt_profile(settings.profile)
        await demo.seed(home)
        await intake.let_system_export(OPERATOR, f"emr-{demo.CLINIC}", may=True)
        async with unit_of_work(OPERATOR):
            clinic = await directory.facility_of_code(demo.CLINIC)
            pharmacy = await directory.facility_of_code(demo.PHARMACY)
        profile = directory.profile()
    finally:
        await database.close_database()
    ids = [uuid7() for _ in range(many)]
    rule = {"id": 1, "kind": "permit", "axis": "recipient", "facility_id": str(clinic)}
    body = json.dumps(BODY, ensure_ascii=False)
    rows: dict[str, tuple[list[str], list[tuple[object, ...]]]] = {
        "participant": (
            ["participant_id", "name", "name_kana", "sex", "birth_on"],
            [(i, "山本 花子", "ヤマモト ハナコ", "female", date(1968, 5, 3)) for i in ids],
        ),
        "participation": (
            ["participant_id", "version", "state", "terms_version"],
            [(i, 1, "participating", "2026-11") for i in ids],
        ),
        "directive": (
            ["participant_id", "version", "provisions", "change", "profile_id", "profile_version"],
            [(i, 1, json.dumps([rule]), "[]", profile.id, profile.version) for i in ids],
        ),
        "access_log_head": (
            ["participant_id", "last_pseq", "policy_version"],
            [(i, 0, 2) for i in ids],
        ),
        "facility_patient": (
            ["participant_id", "facility_id", "local_id"],
            [(i, clinic, f"C{n:06}") for n, i in enumerate(ids)],
        ),
        "record": (
            [
                "participant_id", "record_id", "version", "resource_type", "category",
                "sensitivity", "source_facility_id", "effective_on", "title", "body",
            ],
            [
                (
                    i, record, 1, "MedicationRequest", "prescription", 0, pharmacy,
                    date(2026, 5, 3), "薬", f'{{"id":"{record}",{body[1:]}',
                )
                for i in ids
                for record in (uuid7() for _ in range(RECORDS))
            ],
        ),
    }  # fmt: skip
    admin = await asyncpg.connect(admin_dsn)
    try:
        # Triggers would ask for a signed context; the heads they keep are written here.
        await admin.execute("SET session_replication_role = replica")
        for table, (columns, values) in rows.items():
            await admin.copy_records_to_table(table, columns=columns, records=values)
    finally:
        await admin.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])))
