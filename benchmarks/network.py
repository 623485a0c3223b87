"""A generated network for benchmarks: participants, settings and records, written in bulk."""

import json
import random
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

import asyncpg

from api.core.actor import OPERATOR
from api.core.ids import uuid7
from api.directory import registry
from api.directory import service as directory
from api.identity.card import issue

# One person's 50 records: what a plain internist's patient brings along.
KINDS = (
    ("MedicationRequest", "prescription", 12),
    ("Observation", "lab", 24),
    ("Condition", "condition", 6),
    ("AllergyIntolerance", "allergy", 3),
    ("Encounter", "encounter", 5),
)


RECORD_COLUMNS = [
    "participant_id", "record_id", "version", "resource_type", "category",
    "sensitivity", "source_facility_id", "effective_on", "title", "body",
]  # fmt: skip

# So many participants' records are held in memory at once while they are written.
CHUNK = 500


class Network(NamedTuple):
    """`heavy` are the participants with `heavy_records` records each; `samples` has the id of one
    prescription of each participant who has any, in their order."""

    reader: UUID
    writer: UUID
    professional: UUID
    participants: Sequence[UUID]
    heavy: Sequence[UUID]
    samples: Sequence[UUID]


async def fill(
    admin_dsn: str,
    *,
    participants: int,
    records: int = 50,
    heavy: int = 0,
    heavy_records: int = 200,
) -> Network:
    """Every participant joined and lets one clinic in; records come from another facility.

    The rows are the product's own tables, written with COPY as the database's administrator.
    """
    reader = await registry.add_facility(
        OPERATOR,
        registry.NewFacility(
            "4311234566", "読む診療所", "ヨムシンリョウジョ", "Reader Clinic", "clinic", "aso"
        ),
    )
    writer = await registry.add_facility(
        OPERATOR,
        registry.NewFacility(
            "4312345676", "書く病院", "カクビョウイン", "Writer Hospital", "hospital", "aso"
        ),
    )
    professional = await registry.add_professional(
        OPERATOR,
        reader,
        name="佐藤 健一",
        name_kana="サトウ ケンイチ",
        profession="physician",
        trained_on=date(2026, 4, 1),
    )
    profile = directory.profile()
    chance = random.Random(20261121)
    ids = [uuid7() for _ in range(participants + heavy)]
    samples: list[UUID] = []
    admin = await asyncpg.connect(admin_dsn)
    try:
        # Triggers would ask for a signed context; the heads they keep are written below.
        await admin.execute("SET session_replication_role = replica")
        await _copy(
            admin,
            "participant",
            ["participant_id", "name", "name_kana", "sex", "birth_on"],
            [(i, "山本 花子", "ヤマモト ハナコ", "female", date(1968, 5, 3)) for i in ids],
        )
        await _copy(
            admin,
            "card",
            ["participant_id", "number"],
            [
                (i, issue(f"{20_000_000_000_000 + n}", profile.card_scheme).digits)
                for n, i in enumerate(ids)
            ],
        )
        await _copy(
            admin,
            "participation",
            ["participant_id", "version", "state", "terms_version", "data_from"],
            [(i, 1, "participating", "2026-11", date(2020, 1, 1)) for i in ids],
        )
        provision = {"id": 1, "kind": "permit", "axis": "recipient", "facility_id": str(reader)}
        await _copy(
            admin,
            "directive",
            ["participant_id", "version", "provisions", "change", "profile_id", "profile_version"],
            [(i, 1, json.dumps([provision]), "[]", profile.id, profile.version) for i in ids],
        )
        await _copy(
            admin,
            "access_log_head",
            ["participant_id", "last_pseq", "policy_version"],
            [(i, 0, 2) for i in ids],
        )
        for start in range(0, len(ids), CHUNK):
            rows: list[tuple[object, ...]] = []
            for number, each in enumerate(ids[start : start + CHUNK], start):
                count = records if number < participants else heavy_records
                made = _records(each, writer, count, chance)
                samples += [UUID(str(row[1])) for row in made[:1]]
                rows += made
            await _copy(admin, "record", RECORD_COLUMNS, rows)
        await admin.execute("VACUUM ANALYZE")
        await _recycle_wal(admin)
    finally:
        await admin.close()
    return Network(reader, writer, professional, ids[:participants], ids[participants:], samples)


def _records(
    participant: UUID, facility: UUID, count: int, chance: random.Random
) -> list[tuple[object, ...]]:
    kinds = [kind for kind in KINDS for _ in range(kind[2])]
    rows: list[tuple[object, ...]] = []
    for number in range(count):
        name, category, _ = kinds[number % len(kinds)]
        record_id = uuid7()
        on = date(2026, 1 + chance.randrange(11), 1 + chance.randrange(28))
        body = json.dumps(
            {
                "resourceType": name,
                "id": str(record_id),
                "meta": {"versionId": "1", "lastUpdated": f"{on}T01:02:03Z"},
                "status": "active",
                "subject": {"reference": f"Patient/{participant}"},
                "code": {"coding": [{"system": "urn:example", "code": f"{number:04}"}]},
                "authoredOn": str(on),
                "note": [{"text": "食後に服用してください。" * 12}],
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )
        rows.append(
            (participant, record_id, 1, name, category, 0, facility, on, f"記録 {number}", body)
        )
    return rows


async def _recycle_wal(admin: asyncpg.Connection) -> None:
    """A server that has run for a while writes into recycled WAL files.

    A new one makes each file as it is needed, 16 MB of zeros at a time, and every such moment is
    a pause of tens of milliseconds. `min_wal_size` keeps the files of the filling for the run.
    """
    await admin.execute("ALTER SYSTEM SET min_wal_size = '1GB'")
    await admin.execute("SELECT pg_reload_conf()")
    for _ in range(40):
        await admin.execute("SELECT pg_logical_emit_message(false, 'bench', 'x')")
        await admin.execute("SELECT pg_switch_wal()")
    await admin.execute("CHECKPOINT")


async def _copy(
    admin: asyncpg.Connection, table: str, columns: list[str], rows: list[tuple[object, ...]]
) -> None:
    await admin.copy_records_to_table(table, records=rows, columns=columns)
