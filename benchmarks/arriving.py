"""What a record coming in costs: one create, and a transaction of 100, beside hello, in one run.

Run as `make bench NAME=arriving`. Each is whole: read, checked, matched to its person, stored and
logged, durable before its answer. hello: a route that does nothing. Before the rounds one record of
everybody is sent, which is what a facility's first record of somebody costs.
"""

import asyncio
import json
import statistics
import time

import asyncpg
import httpx
import jwt

from api.core import database, runtime
from api.directory import service as directory
from api.fhir.codes import CARD
from benchmarks.load import Load, drive
from benchmarks.network import Network, fill
from benchmarks.server import Place, place, serving

PARTICIPANTS = 1_000
ROUNDS = 3
SECONDS = 4
BUNDLES = 60
ENTRIES = 100


def main() -> None:
    with place() as where:
        network = asyncio.run(_fill(where))
        with serving(where) as worker:
            first = asyncio.run(_first_of_everybody(where, network))
            loads, waits, answered = _rounds(where, network)
            worker_mb = worker.memory_info().rss / 1e6
        lost = PARTICIPANTS + answered - asyncio.run(_events(where))
    hello, create = (_rps(loads[name]) for name in ("hello", "create"))
    figures = {
        "create_over_hello": round(create / hello, 4),
        "create_per_s_16": round(create),
        "first_create_over_hello": round(first / hello, 4),
        "create_p99_ms_16": round(statistics.median(load.p99 for load in loads["create"]), 2),
        "transaction_100_ms_p50": round(statistics.median(waits), 2),
        "transaction_100_over_hello": round(1e3 / statistics.median(waits) / hello, 5),
        "worker_mb": round(worker_mb, 1),
        "failed": sum(load.bad for each in loads.values() for load in each),
        "answers_without_log_row": max(0, lost),
    }
    print(f"{PARTICIPANTS} participants, one worker, medians of {ROUNDS} rounds")
    for name, each in loads.items():
        print(f"{name:<8}{_rps(each):>8.0f} per s, 16 connections")
    print(f"a transaction of {ENTRIES}: {statistics.median(waits):.1f} ms, one connection")
    print(json.dumps({"figures": figures}))


async def _fill(where: Place) -> Network:
    runtime.start(where.settings, where.keys)
    await database.open_database(where.app_dsn, where.keys)
    try:
        await directory.adopt_profile(where.settings.profile)
        return await fill(where.admin_dsn, participants=PARTICIPANTS)
    finally:
        await database.close_database()


async def _first_of_everybody(where: Place, network: Network) -> float:
    """How many a second, 16 at a time."""
    cards = iter(await _cards(where))
    headers = {
        "authorization": f"Bearer {_token(where, network)}",
        "content-type": "application/fhir+json",
    }
    async with httpx.AsyncClient(
        base_url=where.settings.public_url, headers=headers, timeout=60
    ) as client:

        async def some() -> None:
            for card in cards:
                body = json.dumps(_lab(card, f"first-{card}", 0), ensure_ascii=False)
                answer = await client.post("/fhir/R4/Observation", content=body.encode())
                answer.raise_for_status()

        began = time.perf_counter()
        await asyncio.gather(*(some() for _ in range(16)))
    return PARTICIPANTS / (time.perf_counter() - began)


def _rounds(where: Place, network: Network) -> tuple[dict[str, list[Load]], list[float], int]:
    url = where.settings.public_url
    cards = asyncio.run(_cards(where))
    loads: dict[str, list[Load]] = {"hello": [], "create": []}
    waits: list[float] = []
    answered = 0
    for number in range(ROUNDS + 1):
        headers = {"authorization": f"Bearer {_token(where, network)}"}
        seconds = SECONDS if number else 2
        hello = drive(url, ["/fhir/bench/hello"], connections=16, seconds=seconds, headers=headers)
        create = drive(
            url,
            ["/fhir/R4/Observation"],
            connections=16,
            seconds=seconds,
            headers=headers | {"content-type": "application/fhir+json"},
            bodies=[json.dumps(_lab(card, "@N@", number), ensure_ascii=False) for card in cards],
        )
        answered += create.requests - create.bad
        took, good = _transactions(url, headers, cards, number)
        answered += good
        if number:
            loads["hello"].append(hello)
            loads["create"].append(create)
            waits += took
    return loads, waits, answered


def _transactions(
    url: str, headers: dict[str, str], cards: list[str], turn: int
) -> tuple[list[float], int]:
    took = []
    with httpx.Client(base_url=url, headers=headers, timeout=30) as client:
        for number in range(BUNDLES):
            card = cards[(turn * BUNDLES + number) % len(cards)]
            labs = [_lab(card, f"b{turn}-{number}-{n}", turn) for n in range(ENTRIES)]
            request = {"method": "POST", "url": "Observation"}
            entries = [{"resource": lab, "request": request} for lab in labs]
            body = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
            text = json.dumps(body, ensure_ascii=False).encode()
            before = time.perf_counter()
            answer = client.post(
                "/fhir/R4", content=text, headers={"content-type": "application/fhir+json"}
            )
            took.append((time.perf_counter() - before) * 1e3)
            answer.raise_for_status()
    return took, len(took)


def _lab(card: str, name: str, turn: int) -> dict[str, object]:
    """A laboratory result as JP-CLINS has it, some 1.2 kB."""
    jlac10 = "http://medis.or.jp/CodeSystem/master-JLAC10-17digits"
    return {
        "resourceType": "Observation",
        "meta": {
            "profile": ["http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Observation_LabResult_eCS"]
        },
        "identifier": [{"system": "urn:bench", "value": f"{turn}-{name}"}],
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://jpfhir.jp/fhir/core/CodeSystem/"
                        "JP_SimpleObservationCategory_CS",
                        "code": "laboratory",
                    }
                ]
            }
        ],
        "code": {
            "coding": [
                {"system": jlac10, "code": "3D045000001906202", "display": "ＨｂＡ１ｃ（ＮＧＳＰ）"}
            ],
            "text": "HbA1c（NGSP）",
        },
        "subject": {"identifier": {"system": CARD, "value": card}},
        "effectiveDateTime": "2026-11-20T09:00:00+09:00",
        "issued": "2026-11-20T11:00:00+09:00",
        "performer": [{"display": "さくら内科クリニック 検査室"}],
        "valueQuantity": {
            "value": 6.8, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"
        },
        "referenceRange": [
            {"low": {"value": 4.6, "unit": "%"}, "high": {"value": 6.2, "unit": "%"}}
        ],
        "note": [{"text": "前回より上昇しています。" * 8}],
    }  # fmt: skip


def _token(where: Place, network: Network) -> str:
    now = int(time.time())
    return jwt.encode(
        {
            "iss": where.settings.public_url,
            "aud": f"{where.settings.public_url}/fhir/R4",
            "sub": "bench",
            "iat": now,
            "exp": now + 300,
            "jti": str(now),
            "scope": "system/*.read system/*.write",
            "facility": str(network.reader),
            "person": {"purpose_of_use": "TREAT"},
        },
        where.keys.token_signing,
        algorithm="EdDSA",
    )


async def _cards(where: Place) -> list[str]:
    connection = await asyncpg.connect(where.admin_dsn)
    rows = await connection.fetch("SELECT number FROM card ORDER BY number")
    await connection.close()
    return [row["number"] for row in rows]


async def _events(where: Place) -> int:
    connection = await asyncpg.connect(where.admin_dsn)
    count: int = await connection.fetchval(
        "SELECT count(*) FROM access_event WHERE event = 'records:record:stored'"
    )
    await connection.close()
    return count


def _rps(loads: list[Load]) -> float:
    return statistics.median(load.per_second for load in loads)


if __name__ == "__main__":
    main()
