"""What the access log costs: appends, the read path, sealing, the phone's proof, the head map.

Run as `make bench NAME=access_log`. Events are whole: ten salted fields, sealed under the
participant's key, chained by PostgreSQL, durable before the answer. Each part prints what it
measured beside what is asked.
"""

import asyncio
import contextlib
import gzip
import json
import random
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
from playwright.async_api import async_playwright

from api.access_log import service as access_log
from api.access_log import verifier
from api.access_log.sealing import head_maps
from api.access_log.sealing import service as sealing
from api.access_log.sealing.sealer import LogKeys, Sealer
from api.access_log.showing import service as showing
from api.core import database, runtime
from api.core.actor import Actor, ActorKind
from api.core.settings import ROOT
from api.directory import service as directory
from api.records import service as records
from benchmarks.load import Load, drive
from benchmarks.network import Network, fill
from benchmarks.read_path import KIND
from benchmarks.server import Place, place, serving
from benchmarks.tokens import reading_token
from tests.checks.browser import find

PARTICIPANTS = 1_000
ROUNDS = 3
SECONDS = 4
TO_SEAL = 300_000
BUNDLE = 1_000
IN_BETWEEN = 19
HEADS = 200_000
NOTHING = "Immunization"  # nobody has any: such a search is decided and logged, and reads no row
TABLES = (
    "access_event", "system_event", "log_entry", "log_tile", "log_root", "log_checkpoint",
)  # fmt: skip

UNSEALED = r"""
SELECT count(*) FROM access_event e
WHERE NOT EXISTS (SELECT FROM log_entry l WHERE l.entry = '\x0101'::bytea || e.commit)
"""

ASKED = {
    "appends_per_s_8": ("≥", 2_000),
    "appends_per_s_64": ("≥", 4_000),
    "read_cost_ms_p50": ("≤", 3),
    "read_cost_ms_p99": ("≤", 10),
    "in_tree_s_p99": ("≤", 5),
    "seal_leaves_per_s": ("≥", 100_000),
    "bundle_1000_bytes": ("≤", 1_000_000),
    "bundle_build_ms": ("≤", 500),
    "bundle_verify_browser_ms": ("≤", 2_000),
    "bytes_per_event": ("≤", 1_300),
    "head_map_200k_s": ("≤", 2),
}


def main() -> None:
    figures: dict[str, float] = {}
    with place() as where:
        network = asyncio.run(_fill(where))
        with _workers(where, network, 1) as reads:
            figures |= reads.costs("")
            figures["in_tree_s_p99"] = asyncio.run(_in_tree(where))
        figures["bytes_per_event"] = asyncio.run(_bytes_per_event(where))
        with _workers(where, network, 2) as reads:
            figures |= reads.costs("_2_workers")
        asyncio.run(_set(where, "commit_delay", "1000", "commit_siblings", "0"))
        with _workers(where, network, 1) as reads:
            figures |= reads.costs("_commit_delay")
        asyncio.run(_set(where, "commit_delay", "0", "commit_siblings", "5"))
        figures |= asyncio.run(_in_one_process(where, network))
        figures |= asyncio.run(_sealing(where, network))
    _print(figures)


class _Reads:
    """Loads of both ways, round by round."""

    def __init__(self) -> None:
        self.unlogged: list[Load] = []
        self.logged: list[Load] = []

    def costs(self, name: str) -> dict[str, float]:
        return {
            f"read_cost_ms_{share}{name}": statistics.median(
                getattr(logged, share) - getattr(unlogged, share)
                for logged, unlogged in zip(self.logged, self.unlogged, strict=True)
            )
            for share in ("p50", "p99")
        } | {f"reads_failed{name}": sum(each.bad for each in self.unlogged + self.logged)}


@contextlib.contextmanager
def _workers(where: Place, network: Network, workers: int) -> Iterator[_Reads]:
    """16 connections to this many workers: the same search unlogged, and decided and logged."""
    reads = _Reads()
    read_from = network.participants[:-1]  # the last one's log is kept for the bundle
    url, headers = where.settings.public_url, {"authorization": ""}
    ways = (
        (reads.unlogged, [f"/fhir/bench/unaudited/{KIND}/{i}" for i in read_from]),
        (reads.logged, [f"/fhir/R4/{KIND}?patient={i}" for i in read_from]),
    )
    with serving(where, workers=workers):
        for number in range(ROUNDS + 1):
            headers["authorization"] = f"Bearer {reading_token(where, network)}"
            for loads, paths in ways:
                load = drive(
                    url, paths, connections=16, seconds=SECONDS, headers=headers, start=number * 331
                )
                if number:  # the first round warms up
                    loads.append(load)
        asyncio.run(_all_sealed(where))
        yield reads


async def _fill(where: Place) -> Network:
    async with _open(where):
        return await fill(where.admin_dsn, participants=PARTICIPANTS)


@contextlib.asynccontextmanager
async def _open(where: Place) -> AsyncIterator[None]:
    runtime.start(where.settings, where.keys)
    await database.open_database(where.app_dsn, where.keys)
    try:
        await directory.adopt_profile(where.settings.profile)
        await access_log.prepare()
        yield
    finally:
        await database.close_database()


@contextlib.asynccontextmanager
async def _admin(where: Place) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(where.admin_dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def _set(where: Place, *pairs: str) -> None:
    async with _admin(where) as admin:
        for name, value in zip(pairs[::2], pairs[1::2], strict=True):
            await admin.execute(f"ALTER SYSTEM SET {name} = {value}")
        await admin.execute("SELECT pg_reload_conf()")


async def _all_sealed(where: Place) -> None:
    """What was logged last is in the tree too. Raises `TimeoutError` after a minute."""
    async with asyncio.timeout(60), _admin(where) as admin:
        while await admin.fetchval(UNSEALED):  # noqa: ASYNC110 - another process seals
            await asyncio.sleep(0.5)


async def _in_tree(where: Place) -> float:
    """From an event's time to the root that has it, under the load of the read path."""
    async with _admin(where) as admin:
        seconds: float = await admin.fetchval(
            r"SELECT percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM r.at - e.at))"
            r" FROM access_event e JOIN log_entry l ON l.entry = '\x0101'::bytea || e.commit"
            r" CROSS JOIN LATERAL (SELECT at FROM log_root WHERE size > l.idx"
            r"   ORDER BY size LIMIT 1) r"
        )
        missing = await admin.fetchval(UNSEALED)
        assert missing == 0, f"{missing} events are in no tree"
        return float(seconds)


async def _bytes_per_event(where: Place) -> float:
    """All tables of the log with their indexes, over the reads it holds."""
    async with _admin(where) as admin:
        size, events = await admin.fetchrow(
            "SELECT sum(pg_total_relation_size(coalesce(i.inhrelid, c.oid))),"
            " (SELECT count(*) FROM access_event)"
            " FROM pg_class c LEFT JOIN pg_inherits i ON i.inhparent = c.oid"
            " WHERE c.oid = ANY ($1::regclass[]::oid[])",
            list(TABLES),
        )
        return float(size) / float(events)


async def _in_one_process(where: Place, network: Network) -> dict[str, float]:
    """Appends alone: 8 and 64 clients of one worker, no HTTP, nothing read."""
    figures: dict[str, float] = {}
    system = Actor(
        kind=ActorKind.SYSTEM,
        facility_id=network.reader,
        professional_id=network.professional,
        purpose_of_use="TREAT",
        client_id="bench",
    )
    async with _open(where), _admin(where) as admin:
        for clients in (8, 64):
            rates = []
            for number in range(ROUNDS + 1):
                before = await admin.fetchval("SELECT sum(last_pseq) FROM access_log_head")
                asked, seconds = await _appending(system, network.participants[:-1], clients)
                after = await admin.fetchval("SELECT sum(last_pseq) FROM access_log_head")
                assert after - before == asked
                if number:
                    rates.append(asked / seconds)
            figures[f"appends_per_s_{clients}"] = statistics.median(rates)
        owner, chance = network.participants[-1], random.Random(1)
        for _ in range(BUNDLE):  # as in life, others are read from in between
            others = chance.sample(network.participants[:-1], IN_BETWEEN)
            await asyncio.gather(*(records.read(system, i, (KIND,)) for i in [owner, *others]))
    return figures


async def _appending(actor: Actor, participants: list[UUID], clients: int) -> tuple[int, float]:
    began = time.perf_counter()
    until, count = began + SECONDS, 0

    async def one(client: int) -> None:
        nonlocal count
        chance = random.Random(client)
        while time.perf_counter() < until:
            await records.read(actor, chance.choice(participants), (NOTHING,))
            count += 1

    await asyncio.gather(*(one(client) for client in range(clients)))
    return count, time.perf_counter() - began


async def _sealing(where: Place, network: Network) -> dict[str, float]:
    figures: dict[str, float] = {}
    keys = LogKeys(where.keys.log, where.keys.log_blind, where.keys.log_master)
    connection = await sealing.connect(where.app_dsn, where.keys)
    try:
        sealer = Sealer(connection, keys, where.settings.home)
        await sealer.round()
        async with _admin(where) as admin:
            await head_maps.take(connection, where.keys.log_blind)
            await sealer.round()
            figures |= await _bundle(where, network.participants[-1])
            await _synthetic_events(admin)
            began = time.perf_counter()
            before = await admin.fetchval("SELECT count(*) FROM log_entry")
            await sealer.round()
            seconds = time.perf_counter() - began
            sealed = await admin.fetchval("SELECT count(*) FROM log_entry") - before
            assert sealed >= TO_SEAL
            figures["seal_leaves_per_s"] = sealed / seconds
            await _synthetic_heads(admin)
            began = time.perf_counter()
            assert await head_maps.take(connection, where.keys.log_blind) >= HEADS
            figures["head_map_200k_s"] = time.perf_counter() - began
    finally:
        await connection.close()
    return figures


async def _bundle(where: Place, subject: UUID) -> dict[str, float]:
    """Of the participant with as many events as were asked for, scattered over the tree."""
    actor = Actor(kind=ActorKind.PARTICIPANT, participant_id=subject)
    builds = []
    async with _open(where):
        for _ in range(5):
            began = time.perf_counter()
            body, _ = await showing.bundle(actor, accepted="gzip")
            builds.append((time.perf_counter() - began) * 1e3)
        key = (await showing.keys()).keys[-1]
    text = gzip.decompress(body).decode()
    events = len(json.loads(text)["events"])
    assert events == BUNDLE, events
    now = int(datetime.now(UTC).timestamp() * 1e6)
    checks = []
    for _ in range(5):
        began = time.perf_counter()
        verdict = verifier.verify_bundle(text, [verifier.parse_vkey(key)], [], None, now)
        checks.append((time.perf_counter() - began) * 1e3)
        assert verdict.outcome == "verified", verdict.findings[:3]
    return {
        "bundle_1000_bytes": len(body),
        "bundle_build_ms": statistics.median(builds),
        "bundle_verify_python_ms": statistics.median(checks),
        "bundle_verify_browser_ms": await _in_chromium(text, key, now),
    }


async def _in_chromium(bundle: str, key: str, now: int) -> float:
    script = (ROOT / "web_portal" / "static" / "access-log-verifier.js").read_text()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = await browser.new_page()
        await page.route(
            "http://localhost/**",
            lambda route: route.fulfill(
                body=script if route.request.url.endswith(".js") else "<!doctype html>",
                content_type="text/javascript"
                if route.request.url.endswith(".js")
                else "text/html",
            ),
        )
        await page.goto("http://localhost/")
        times = []
        for _ in range(5):
            outcome, ms = await page.evaluate(
                "async ([bundle, key, now]) => {"
                " const { verify } = await import('/verifier.js');"
                " const began = performance.now();"
                " const found = await verify(bundle, { trustedKeys: [key], now });"
                " return [found.outcome, performance.now() - began]; }",
                [bundle, key, now],
            )
            assert outcome == "verified", outcome
            times.append(ms)
        await browser.close()
    return statistics.median(times)


async def _synthetic_events(admin: asyncpg.Connection) -> None:
    """Rows to be sealed: what the sealer reads of them is random, as commits are."""
    await admin.execute("SET session_replication_role = replica")
    await admin.execute(
        "INSERT INTO access_event SELECT uuidv7(), 1, clock_timestamp(), uuidv7(),"
        " 'records:record:read', 'permitted', 'system', NULL, NULL, 'TREAT',"
        " sha256(n::text::bytea), sha256(n::text::bytea), sha256(('c' || n)::bytea), NULL, 1,"
        " s.epoch"
        " FROM generate_series(1, $1::integer) n, log_state s",
        TO_SEAL,
    )
    await admin.execute("ANALYZE")


async def _synthetic_heads(admin: asyncpg.Connection) -> None:
    await admin.execute(
        "INSERT INTO access_log_head (participant_id, last_pseq, last_commit)"
        " SELECT uuidv7(), 1, sha256(n::text::bytea) FROM generate_series(1, $1::integer) n",
        HEADS,
    )
    await admin.execute("ANALYZE access_log_head")


def _print(figures: dict[str, float]) -> None:
    print(f"{'figure':<34}{'asked':>12}{'reached':>14}")
    for name, value in figures.items():
        sign, goal = ASKED.get(name, ("", ""))
        print(f"{name:<34}{f'{sign} {goal}':>12}{value:>14,.2f}")
    print(json.dumps({"figures": {name: round(value, 3) for name, value in figures.items()}}))


if __name__ == "__main__":
    main()
