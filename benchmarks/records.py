"""What a clinician's and a sender's requests cost, decided and logged: four kinds, one run.

Run as `make bench NAME=records`. Each round measures `hello` beside them. `make bench
NAME=records_large` asks what a read costs among 4,000,000 records instead of 50,000.
"""

import asyncio
import json
import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import asyncpg

from api.core import database, runtime
from api.directory import service as directory
from benchmarks.load import Load, drive
from benchmarks.network import Network, fill
from benchmarks.server import Place, place, serving
from benchmarks.tokens import reading_token, writing_token

PARTICIPANTS = 1_000
HEAVY = 200  # with 208 records each, 100 of them of one kind
HEAVY_RECORDS = 208
CONNECTIONS = (1, 16, 64)
ROUNDS = 3
SECONDS = 4
ENTRIES = 100
NUMBERS = "urn:example:benchmark"
APART = 10_000_000  # the numbers of one run of wrk stay below the next one's


class Way(NamedTuple):
    """One kind of request. `bodies` are posted, one for each path."""

    paths: Sequence[str]
    bodies: Sequence[str] = ()
    writes: bool = False


Rows = dict[tuple[str, int], list[Load]]


def main() -> None:
    with place() as where:
        network = asyncio.run(filled(where, PARTICIPANTS, heavy=HEAVY, heavy_records=HEAVY_RECORDS))
        with serving(where) as worker:
            ways = {"hello": Way(["/fhir/bench/hello"]), **_ways(network)}
            before = asyncio.run(_events(where))
            rows, answered = rounds(where, network, ways)
            lost = max(0, answered - (asyncio.run(_events(where)) - before))
            worker_mb = worker.memory_info().rss / 1e6
    _print(rows, ways, worker_mb)
    figures = {
        "read_over_hello": over(rows, "read", 16),
        "search50_over_hello": over(rows, "search50", 16),
        "narrowed_over_hello": over(rows, "narrowed", 16),
        "everything200_ms_p50": round(median(rows["everything200", 1], "p50"), 2),
        "create_over_hello": over(rows, "create", 16),
        "bundle100_ms": round(median(rows["bundle100", 1], "p50"), 2),
        "worker_mb": round(worker_mb, 1),
        "read_p99_ms_16": round(median(rows["read", 16], "p99"), 2),
        "search50_p99_ms_16": round(median(rows["search50", 16], "p99"), 2),
        "failed": sum(load.bad for loads in rows.values() for load in loads),
        "answers_without_log_row": lost,
    }
    print(json.dumps({"figures": figures}))


async def filled(
    where: Place, participants: int, records: int = 50, heavy: int = 0, heavy_records: int = 200
) -> Network:
    runtime.start(where.settings, where.keys)
    await database.open_database(where.app_dsn, where.keys)
    try:
        await directory.adopt_profile(where.settings.profile)
        return await fill(
            where.admin_dsn,
            participants=participants,
            records=records,
            heavy=heavy,
            heavy_records=heavy_records,
        )
    finally:
        await database.close_database()


def reads(network: Network) -> Way:
    """One prescription of each participant by its id."""
    return Way([f"/fhir/R4/MedicationRequest/{each}" for each in network.samples])


def rounds(where: Place, network: Network, ways: Mapping[str, Way]) -> tuple[Rows, int]:
    """Every way at every width, in turn, three times, after a warm-up of each; and how many were
    answered that owe an event."""
    rows: Rows = {}
    answered = turn = 0
    for round_number in range(ROUNDS + 1):
        for connections in CONNECTIONS:
            tokens = {False: reading_token(where, network), True: writing_token(where, network)}
            for name, way in ways.items():
                turn += 1
                load = drive(
                    where.settings.public_url,
                    way.paths,
                    connections=connections,
                    seconds=SECONDS if round_number else 2,
                    headers={
                        "authorization": f"Bearer {tokens[way.writes]}",
                        "content-type": "application/fhir+json",
                    },
                    start=turn * APART,
                    bodies=way.bodies,
                )
                answered += load.requests - load.bad if name != "hello" else 0
                if round_number:
                    rows.setdefault((name, connections), []).append(load)
    return rows, answered


def over(rows: Rows, name: str, connections: int) -> float:
    """Requests per second over those of `hello` in the same rounds."""
    own, hello = rows[name, connections], rows["hello", connections]
    return round(median(own, "per_second") / median(hello, "per_second"), 4)


def median(loads: Sequence[Load], figure: str) -> float:
    return float(statistics.median(getattr(load, figure) for load in loads))


def _ways(network: Network) -> dict[str, Way]:
    heavy, people = network.heavy, network.participants
    return {
        "read": reads(network),
        "search50": Way([f"/fhir/R4/Observation?patient={each}&_count=50" for each in heavy]),
        "narrowed": Way(
            [
                f"/fhir/R4/Observation?patient={each}&code=urn:example%7C0030,0031,0080"
                "&date=ge2026-02-01&_sort=-date"
                for each in heavy
            ]
        ),
        "everything200": Way([f"/fhir/R4/Patient/{each}/$everything?_count=200" for each in heavy]),
        "create": Way(
            ["/fhir/R4/Observation"] * len(people),
            [json.dumps(_observation(each, "@N@")) for each in people],
            writes=True,
        ),
        "bundle100": Way(
            ["/fhir/R4"] * len(people),
            [json.dumps(_bundle(each)) for each in people],
            writes=True,
        ),
    }


def _observation(participant: UUID, number: str) -> dict[str, object]:
    return {
        "resourceType": "Observation",
        "identifier": [{"system": NUMBERS, "value": number}],
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "laboratory",
                    }
                ]
            }
        ],
        "code": {
            "coding": [
                {
                    "system": "http://medis.or.jp/CodeSystem/master-JLAC10-17digits",
                    "code": "3B035000002327201",
                }
            ],
            "text": "AST",
        },
        "subject": {"reference": f"Patient/{participant}"},
        "effectiveDateTime": "2026-10-05T09:30:00+09:00",
        "valueQuantity": {
            "value": 24,
            "unit": "U/L",
            "system": "http://unitsofmeasure.org",
            "code": "U/L",
        },
    }


def _bundle(participant: UUID) -> dict[str, object]:
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "resource": _observation(participant, f"@N@-{place}"),
                "request": {"method": "POST", "url": "Observation"},
            }
            for place in range(ENTRIES)
        ],
    }


async def _events(where: Place) -> int:
    connection = await asyncpg.connect(where.admin_dsn)
    count: int = await connection.fetchval("SELECT count(*) FROM access_event")
    await connection.close()
    return count


def _print(rows: Rows, ways: Mapping[str, Way], worker_mb: float) -> None:
    print(
        f"{PARTICIPANTS} participants x 50 records and {HEAVY} x {HEAVY_RECORDS},"
        f" one worker, medians of {ROUNDS} rounds"
    )
    print(f"{'way':<14}{'conn.':>6}{'per s':>9}{'p50 ms':>9}{'p99 ms':>9}{'/hello':>8}")
    for connections in CONNECTIONS:
        for name in ways:
            loads = rows[name, connections]
            print(
                f"{name:<14}{connections:>6}{median(loads, 'per_second'):>9.0f}"
                f"{median(loads, 'p50'):>9.2f}{median(loads, 'p99'):>9.2f}"
                f"{over(rows, name, connections):>8.3f}"
            )
    print(f"worker: {worker_mb:.0f} MB resident")


if __name__ == "__main__":
    main()
