"""What each way of reading over FHIR costs, decided and logged, beside a route that does nothing.

Run as `make bench NAME=fhir_reads`. One participant's records are 200. read: one record by its id.
search: 50 of one type. narrowed: by code and date, in order. everything: all 200 and who it is.
"""

import asyncio
import json
import statistics
from collections.abc import Sequence

import asyncpg

from api.core import database, runtime
from api.directory import service as directory
from benchmarks.load import Load, drive
from benchmarks.network import Network, fill
from benchmarks.read_path import token
from benchmarks.server import Place, place, serving

PARTICIPANTS = 300
RECORDS = 200
ROUNDS = 3
SECONDS = 4
WIDTHS = {"hello": 16, "read": 16, "search": 16, "narrowed": 16, "everything": 1}


def main() -> None:
    with place() as where:
        network = asyncio.run(_fill(where))
        ids = asyncio.run(_ids(where))
        with serving(where):
            loads, lost = _rounds(where, network, ids)
    print(f"{PARTICIPANTS} participants x {RECORDS} records, one worker, medians of {ROUNDS}")
    print(f"{'way':<12}{'conn.':>6}{'per s':>9}{'p50 ms':>9}{'p99 ms':>9}{'/hello':>8}")
    for name, width in WIDTHS.items():
        rate = _rps(loads[name])
        p50, p99 = (_median(loads[name], each) for each in ("p50", "p99"))
        share = rate / _rps(loads["hello"])
        print(f"{name:<12}{width:>6}{rate:>9.0f}{p50:>9.2f}{p99:>9.2f}{share:>8.3f}")
    figures = {
        f"{name}_over_hello": round(_rps(loads[name]) / _rps(loads["hello"]), 3)
        for name in ("read", "search", "narrowed")
    } | {
        "everything_ms_p50": round(_median(loads["everything"], "p50"), 2),
        "failed": sum(load.bad for each in loads.values() for load in each),
        "answers_without_log_row": lost,
    }
    print(json.dumps({"figures": figures}))


async def _fill(where: Place) -> Network:
    runtime.start(where.settings, where.keys)
    await database.open_database(where.app_dsn, where.keys)
    try:
        await directory.adopt_profile(where.settings.profile)
        return await fill(where.admin_dsn, participants=PARTICIPANTS, records=RECORDS)
    finally:
        await database.close_database()


async def _ids(where: Place) -> Sequence[str]:
    connection = await asyncpg.connect(where.admin_dsn)
    rows = await connection.fetch(
        "SELECT record_id FROM record WHERE resource_type = 'Observation'"
        " ORDER BY md5(record_id::text) LIMIT 5000"
    )
    await connection.close()
    return [str(row["record_id"]) for row in rows]


def _rounds(
    where: Place, network: Network, ids: Sequence[str]
) -> tuple[dict[str, list[Load]], int]:
    people = network.participants
    ways = {
        "hello": ["/fhir/bench/hello"],
        "read": [f"/fhir/R4/Observation/{each}" for each in ids],
        "search": [f"/fhir/R4/Observation?patient={each}&_count=50" for each in people],
        "narrowed": [
            f"/fhir/R4/Observation?patient={each}&code=urn:example%7C0030,0031,0080"
            "&date=ge2026-01&_sort=-date"
            for each in people
        ],
        "everything": [f"/fhir/R4/Patient/{each}/$everything" for each in people],
    }
    loads: dict[str, list[Load]] = {name: [] for name in ways}
    answered = 0
    for number in range(ROUNDS + 1):
        headers = {"authorization": f"Bearer {token(where, network)}"}
        for name, paths in ways.items():
            load = drive(
                where.settings.public_url,
                paths,
                connections=WIDTHS[name],
                seconds=SECONDS if number else 2,
                headers=headers,
                start=number * 331,
            )
            answered += load.requests if name != "hello" else 0
            if number:
                loads[name].append(load)
    return loads, max(0, answered - asyncio.run(_events(where)))


async def _events(where: Place) -> int:
    connection = await asyncpg.connect(where.admin_dsn)
    count: int = await connection.fetchval(
        "SELECT count(*) FROM access_event WHERE event = 'records:record:read'"
    )
    await connection.close()
    return count


def _rps(loads: Sequence[Load]) -> float:
    return statistics.median(load.per_second for load in loads)


def _median(loads: Sequence[Load], field: str) -> float:
    return statistics.median(getattr(load, field) for load in loads)


if __name__ == "__main__":
    main()
