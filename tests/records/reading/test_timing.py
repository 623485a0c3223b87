"""Whether something is kept from whoever asks cannot be told from how long the answer takes.

As tests/attacks/test_timing.py: the area under the curve is the chance that an answer about
whoever keeps records took longer than one about whoever has none; 0.5 tells nothing.
"""

import random
import time

import httpx
import pytest
import pytest_asyncio

from api.records.reading import wire
from tests.attacks.test_timing import auc
from tests.portal import scene
from tests.records.reading.scene import Emr, World
from tests.records.reading.twins import Twin, twins

TRIES = 400
MOST = 0.07
# Asked before each measurement, without evening, to see how long answers take here and now.
BEFORE = 20
LEAST_EVEN_SECONDS = 0.06
AT_ONCE = 1e-6
TURNS = 5

Pair = tuple[Twin, Twin]


@pytest_asyncio.fixture(scope="module")
async def pair(world: World) -> Pair:
    other = await scene.place("ひのき病院", "ヒノキビョウイン", "Hinoki Hospital", "hospital")
    return await twins(world, other, "single record")


def path_of(door: str, twin: Twin) -> str:
    return {
        "search": f"/Observation?patient={twin.who.id}",
        "narrowed": f"/Observation?patient={twin.who.id}&date=ge2025&_sort=-date&_count=2",
        "count": f"/Observation?patient={twin.who.id}&_summary=count&category=lab",
        "included": f"/DiagnosticReport?patient={twin.who.id}&_include=DiagnosticReport:result",
        "everything": f"/Patient/{twin.who.id}/$everything",
        "record": f"/Observation/{twin.kept[0]}",
        "history": f"/Observation/{twin.kept[0]}/_history",
    }[door]


async def long_enough(emr: Emr, path: str) -> float:
    """Seconds in which nearly every answer is ready, whatever else this machine does meanwhile."""
    times = []
    for _ in range(BEFORE):
        began = time.perf_counter()
        await emr.send("GET", path)
        times.append(time.perf_counter() - began)
    return max(LEAST_EVEN_SECONDS, 3 * max(times))


async def told_apart(emr: Emr, door: str, pair: Pair, tries: int, order: random.Random) -> float:
    """How often an answer about whoever keeps records is the slower of two; 0.5 tells nothing. The
    two of a pair are asked one after the other, so that both meet the machine as it is then."""
    times: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(tries // 2):
        for keeps in order.sample((True, False), 2):
            path = path_of(door, pair[0 if keeps else 1])
            began = time.perf_counter()
            await emr.send("GET", path)
            times[keeps].append(time.perf_counter() - began)
    return auc(times[True], times[False])


@pytest.mark.parametrize(
    "door", ["search", "narrowed", "count", "included", "everything", "record", "history"]
)
async def test_an_answer_takes_as_long_about_whoever_keeps_records(
    pair: Pair, http: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch, door: str
):
    emr = Emr(http, await world.emr.token())
    for turn in range(
        TURNS
    ):  # what tells them apart does so every time, the machine's moods do not
        monkeypatch.setattr(wire, "EVEN_SECONDS", AT_ONCE)
        monkeypatch.setattr(wire, "EVEN_SECONDS", await long_enough(emr, path_of(door, pair[0])))
        chance = await told_apart(emr, door, pair, TRIES, random.Random(f"{door} {turn}"))
        if abs(chance - 0.5) <= MOST:
            break
    assert abs(chance - 0.5) <= MOST, chance
