"""Hanako finds her clinic among 1,339 facilities, however she types it, without waiting."""

import asyncio
import math
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest_asyncio

from api.core.crypto import KeyRing
from api.core.provisioning import app_dsn, ensure_database, provision
from tests.pace import slowness
from tests.portal.crowd import FACILITIES
from tests.serving import ANSWER_SECONDS, serving

SEARCHES = (
    "q=れんげ",
    "q=レンゲ",
    "q=れんげないか&type=clinic",
    "q=阿蘇佐藤内科クリニック",
    "q=やっきょく",
    "q=ＦＡＣＩＬＩＴＹ",
    "area=aso",
    "area=kumamoto_prefecture&type=hospital",
    "q=坂本&area=uki",
    "q=ありません",
)
MOST_MS = 100
ROUNDS = 4


@pytest_asyncio.fixture(scope="module")
async def app(home: Path, server_dsn: str) -> AsyncIterator[httpx.AsyncClient]:
    """Hanako's app at a server of this network's own."""
    keys = KeyRing(home / "keys")
    admin_dsn = await ensure_database(server_dsn, "tsunagu_crowd")
    await provision(admin_dsn, keys)
    dsn = app_dsn(admin_dsn, keys)
    crowd = [sys.executable, "-m", "tests.portal.crowd", str(home), dsn]
    made = await asyncio.to_thread(subprocess.run, crowd, capture_output=True, check=True)
    own_home = home / "crowd"  # another log's last checkpoint
    shutil.copytree(home / "keys", own_home / "keys")
    with serving(own_home, dsn) as served:
        headers = {"authorization": f"Bearer {made.stdout.decode()}"}
        async with httpx.AsyncClient(
            base_url=served.url, headers=headers, timeout=ANSWER_SECONDS
        ) as client:
            yield client


async def test_fifty_searches_answer_within_a_tenth_of_a_second(app: httpx.AsyncClient) -> None:
    """The quietest of a few rounds: the machine may have other work."""
    quietest = math.inf
    for _ in range(ROUNDS):
        pace = slowness()
        took = await p95_of_a_round(app)
        quietest = min(quietest, took / max(pace, slowness()))
        if quietest < MOST_MS:
            break
    sys.stdout.write(f"facility search p95 {quietest:.1f} ms\n")
    assert quietest < MOST_MS


async def p95_of_a_round(app: httpx.AsyncClient) -> float:
    took: list[float] = []
    for search in SEARCHES * 5:
        began = time.perf_counter()
        answer = await app.get(f"/me/facilities?{search}")
        took.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, answer.text
    return sorted(took)[int(len(took) * 0.95)]


async def test_kana_area_and_type_find_the_same_houses(app: httpx.AsyncClient) -> None:
    async def total(query: str) -> int:
        answer = (await app.get(f"/me/facilities?{query}")).json()
        assert len(answer["facilities"]) <= 50
        return int(answer["total"])

    assert await total("area=kumamoto_prefecture") == FACILITIES
    assert await total("q=れんげ") == await total("q=レンゲ") == await total("q=ﾚﾝｹﾞ") > 100
    assert 0 < await total("q=れんげ&type=pharmacy") < await total("q=れんげ")
    assert await total("q=ありません") == 0
