"""Samples of devices taken in by the server's own door, batch after batch of one phone.

Figures: `vitals_per_s` for samples that are new (validated, sealed, stored, logged and committed),
`vitals_again_per_s` for the same ones sent again, `vitals_together_per_s` for new ones of four
phones at once, `vitals_failed` for what was not answered so.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from api.consent.lifecycle import leaving
from api.core import clock, database, runtime
from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.directory import service as directory
from api.identity import service as identity
from api.identity.card import issue
from api.identity.enrolling import intake
from api.phr.entries.kinds import JAPAN
from benchmarks.server import Place, place, serving

BATCH = 200
BATCHES = 60
WARM = 5
ROUNDS = 3
TOGETHER = 4
ASKED = {"vitals_per_s": 3000.0, "vitals_failed": 0.0}


async def run() -> dict[str, float]:
    return await asyncio.to_thread(measured)


def measured() -> dict[str, float]:
    """The median of the rounds, each with a phone of its own; then four phones at once."""
    new, again, failed = list[float](), list[float](), 0
    bodies = [_body(number) for number in range(WARM + BATCHES)]
    with place() as where:
        tokens = asyncio.run(_tokens(where, ROUNDS + TOGETHER))
        with serving(where):
            for token in tokens[:ROUNDS]:
                _sent(where, token, bodies[:WARM], "created")
                for found, status in ((new, "created"), (again, "unchanged")):
                    seconds, bad = _sent(where, token, bodies[WARM:], status)
                    found.append(BATCH * BATCHES / seconds)
                    failed += bad
            began = time.perf_counter()
            with ThreadPoolExecutor(TOGETHER) as phones:
                ways = [(where, token, bodies, "created") for token in tokens[ROUNDS:]]
                failed += sum(bad for _, bad in phones.map(lambda way: _sent(*way), ways))
            together = TOGETHER * len(bodies) * BATCH / (time.perf_counter() - began)
    return {
        "vitals_together_per_s": round(together),
        "vitals_per_s": round(sorted(new)[ROUNDS // 2]),
        "vitals_again_per_s": round(sorted(again)[ROUNDS // 2]),
        "vitals_failed": failed,
    }


def _sent(where: Place, token: str, bodies: Sequence[bytes], status: str) -> tuple[float, int]:
    """How long it took, one after the other; how many samples were answered otherwise."""
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    answers = []
    with httpx.Client(base_url=where.settings.public_url, headers=headers, timeout=30) as phone:
        began = time.perf_counter()
        for body in bodies:
            answers.append(phone.post("/me/vitals/batches", content=body))
        seconds = time.perf_counter() - began
    bad = 0
    for answer in answers:
        if answer.status_code != 200:
            bad += BATCH
            continue
        bad += sum(each["status"] != status for each in answer.json()["samples"])
    return seconds, bad


def _body(number: int) -> bytes:
    at = datetime.combine(clock.today_in_japan(), datetime.min.time(), JAPAN)
    samples: list[dict[str, Any]] = [
        {
            "id": f"sample-{number}-{place}",
            "kind": "blood-pressure",
            "measured_at": (at - timedelta(minutes=number * BATCH + place)).isoformat(),
            "values": {"systolic": 120 + place % 30, "diastolic": 70 + place % 20, "pulse": 66},
        }
        for place in range(BATCH)
    ]
    return json.dumps({"device": "HEM-7600", "samples": samples}).encode()


async def _tokens(where: Place, people: int) -> list[str]:
    runtime.start(where.settings, where.keys)
    await database.open_database(where.app_dsn, where.keys)
    try:
        await directory.adopt_profile(where.settings.profile)
        return [await _token(number) for number in range(people)]
    finally:
        await database.close_database()


async def _token(number: int) -> str:
    scheme = directory.profile().card_scheme
    card = issue(f"{30_000_000_000_000 + number}"[: 16 - scheme.check_length], scheme)
    paper = intake.Paper("山本 花子", "ヤマモト ハナコ", "female", date(1968, 5, 3 + number))
    participant_id: UUID = await intake.admit(OPERATOR, paper, card)
    account_id = uuid7()
    await intake.open_account(
        OPERATOR, account_id=account_id, kind="participant", person_id=participant_id
    )
    actor = Actor(
        kind=ActorKind.PARTICIPANT,
        account_id=account_id,
        participant_id=participant_id,
        name="山本 花子",
    )
    await leaving.take_part(actor, "participating")
    async with unit_of_work(actor) as tx:
        return (await identity.open_session(tx, actor)).token


if __name__ == "__main__":
    print(json.dumps({"figures": measured()}))
