"""What deciding and logging cost: one search of one patient's prescriptions, four ways, one run.

Run as `make bench NAME=read_path`. hello: a route that does nothing. raw: the same rows through
asyncpg, no HTTP. unaudited: the same rows through HTTP and the token guard, nothing decided or
logged. logged: `GET /fhir/R4/MedicationRequest?patient=…`, decided and logged, each event durable
before its answer.
"""

import asyncio
import json
import statistics
import time
from uuid import UUID

import asyncpg

from api.core import database, runtime
from api.directory import service as directory
from benchmarks.load import Load, drive
from benchmarks.network import Network, fill
from benchmarks.server import UNAUDITED, Place, place, serving
from benchmarks.tokens import reading_token

PARTICIPANTS = 1_000
CONNECTIONS = (1, 16, 64)
ROUNDS = 3
SECONDS = 4
KIND = "MedicationRequest"


def main() -> None:
    with place() as where:
        network = asyncio.run(_fill(where))
        with serving(where) as worker:
            rows, lost = _rounds(where, network)
            worker_mb = worker.memory_info().rss / 1e6
    _print(rows, worker_mb)
    figures = {
        "logged_over_unaudited": round(_rps(rows["logged", 16]) / _rps(rows["unaudited", 16]), 3),
        "p99_ms_16": round(statistics.median(load.p99 for load in rows["logged", 16]), 2),
        "worker_mb": round(worker_mb, 1),
        "logged_over_hello": round(_rps(rows["logged", 16]) / _rps(rows["hello", 16]), 3),
        "logged_per_s_16": round(_rps(rows["logged", 16])),
        "failed": sum(load.bad for loads in rows.values() for load in loads),
        "answers_without_log_row": lost,
    }
    print(json.dumps({"figures": figures}))


async def _fill(where: Place) -> Network:
    runtime.start(where.settings, where.keys)
    await database.open_database(where.app_dsn, where.keys)
    try:
        await directory.adopt_profile(where.settings.profile)
        return await fill(where.admin_dsn, participants=PARTICIPANTS)
    finally:
        await database.close_database()


def _rounds(where: Place, network: Network) -> tuple[dict[tuple[str, int], list[Load]], int]:
    """Every way at every width, in turn, three times, after a warm-up of each."""
    url = where.settings.public_url
    ways = {
        "hello": ["/fhir/bench/hello"],
        "unaudited": [f"/fhir/bench/unaudited/{KIND}/{each}" for each in network.participants],
        "logged": [f"/fhir/R4/{KIND}?patient={each}" for each in network.participants],
    }
    rows: dict[tuple[str, int], list[Load]] = {}
    answered = 0
    for round_number in range(ROUNDS + 1):
        for connections in CONNECTIONS:
            headers = {"authorization": f"Bearer {reading_token(where, network)}"}
            for name, paths in ways.items():
                load = drive(
                    url,
                    paths,
                    connections=connections,
                    seconds=SECONDS if round_number else 2,
                    headers=headers,
                    start=round_number * 331,
                )
                answered += load.requests if name == "logged" else 0
                if round_number:
                    rows.setdefault((name, connections), []).append(load)
            if round_number:
                raw = asyncio.run(_raw(where, network.participants, connections))
                rows.setdefault(("raw", connections), []).append(raw)
    logged = asyncio.run(_events(where))
    return rows, max(0, answered - logged)


async def _raw(where: Place, participants: object, connections: int) -> Load:
    pool = await asyncpg.create_pool(where.admin_dsn, min_size=connections, max_size=connections)
    ids: list[UUID] = list(participants)  # type: ignore[call-overload]
    waits: list[float] = []
    until = time.perf_counter() + SECONDS

    async def one(offset: int) -> None:
        async with pool.acquire() as connection:
            number = offset * 17
            while (before := time.perf_counter()) < until:
                number += 1
                await connection.fetchval(
                    UNAUDITED, ids[number % len(ids)], KIND, "http://localhost"
                )
                waits.append((time.perf_counter() - before) * 1e3)

    await asyncio.gather(*(one(offset) for offset in range(connections)))
    await pool.close()
    waits.sort()
    return Load(len(waits), SECONDS, waits[len(waits) // 2], waits[int(len(waits) * 0.99)], 0)


async def _events(where: Place) -> int:
    connection = await asyncpg.connect(where.admin_dsn)
    count: int = await connection.fetchval(
        "SELECT count(*) FROM access_event WHERE event = 'records:record:read'"
    )
    await connection.close()
    return count


def _rps(loads: list[Load]) -> float:
    return statistics.median(load.per_second for load in loads)


def _print(rows: dict[tuple[str, int], list[Load]], worker_mb: float) -> None:
    print(f"{PARTICIPANTS} participants x 50 records, one worker, medians of {ROUNDS} rounds")
    print(
        f"{'way':<11}{'conn.':>6}{'per s':>9}{'p50 ms':>9}{'p99 ms':>9}{'/hello':>8}{'/unaud.':>9}"
    )
    for connections in CONNECTIONS:
        for name in ("hello", "raw", "unaudited", "logged"):
            loads = rows[name, connections]
            rate = _rps(loads)
            print(
                f"{name:<11}{connections:>6}{rate:>9.0f}"
                f"{statistics.median(load.p50 for load in loads):>9.2f}"
                f"{statistics.median(load.p99 for load in loads):>9.2f}"
                f"{rate / _rps(rows['hello', connections]):>8.2f}"
                f"{rate / _rps(rows['unaudited', connections]):>9.2f}"
            )
    print(f"worker: {worker_mb:.0f} MB resident")


if __name__ == "__main__":
    main()
