"""Looks at the whole log once more, from the bodies up to the last signature."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import asyncpg
import msgspec

from api.access_log.keystore import Unwrapper
from api.access_log.sealing import queries, rescan, rescan_queries, rescan_tree
from api.access_log.sealing.findings import Code, Finding, Findings
from api.access_log.sealing.sealer import LogKeys
from api.access_log.transparency import notes
from api.core import clock

Progress = Callable[[int, int], None]


class Report(NamedTuple):
    """`counts` says how much was looked at and how often each fault was found; `findings` are the
    first of them."""

    started_at: datetime
    size: int
    counts: dict[str, int]
    findings: list[Finding]

    @property
    def is_good(self) -> bool:
        return not self.findings


async def check(connection: asyncpg.Connection, keys: LogKeys, progress: Progress) -> Report:
    """The log may grow meanwhile. The result is stored."""
    started_at, found = clock.now(), Findings()
    state = await queries.state(connection)
    events = await rescan_queries.events_in_all(connection)
    total, done = max(1, events + state.size), 0

    def show(more: int) -> None:
        nonlocal done
        done = min(total, done + more)
        progress(done, total)

    unwrapper = Unwrapper(keys.master, await queries.tenant_key(connection))
    seen = {
        1: await rescan.look_at_people(connection, unwrapper, found, show),
        2: await rescan.look_at_system(connection, unwrapper, found),
    }
    for row in await rescan_queries.events_of_later_epochs(connection):
        found.add(Code.COLUMNS_DIFFER, participant=row["participant_id"], number=row["pseq"])
    for _ in range(await rescan_queries.unguarded_tables(connection)):
        found.add(Code.GUARD_MISSING)
    if state.entries > state.size:
        found.add(Code.ROOT_DIFFERS, place=state.entries)
    tree = await rescan_tree.look_at_tree(connection, state.size, found, show)
    await _look_at_sources(connection, state.size, found)
    signed = 0
    if state.origin:
        current = notes.vkey(state.origin, keys.signing.current().private)
        signed = await rescan_tree.look_at_signatures(connection, state.origin, current, found)
    mapped = await rescan_tree.look_at_maps(connection, keys.blind, found)
    progress(total, total)
    counts = {
        "events": seen[1],
        "system_events": seen[2],
        "entries": tree.size,
        "checkpoints": signed,
        "mapped": mapped,
    }
    return await keep(connection, "fsck", Report(started_at, tree.size, counts, []), found)


async def _look_at_sources(connection: asyncpg.Connection, size: int, found: Findings) -> None:
    """Everything in the tree stands for a row, and every row is in the tree."""
    for kind in rescan_queries.SOURCES:
        for place in await rescan_queries.entries_without_source(connection, kind, 0, size):
            found.add(Code.SOURCE_MISSING, place=place)
    for kind in (5, 6, 7):  # of events it was seen already
        for _ in range(await rescan_queries.rows_without_entry(connection, kind)):
            found.add(Code.NOT_SEALED)
    for participant in await rescan_queries.people_without_head(connection):
        found.add(Code.HEAD_MISSING, participant=participant)
    for _ in range(await rescan_queries.tiles_beyond(connection, size)):
        found.add(Code.TILE_DIFFERS)


async def keep(
    connection: asyncpg.Connection, kind: str, report: Report, found: Findings
) -> Report:
    """With what was found; stored for the auditor."""
    report = report._replace(counts=report.counts | found.counts, findings=found.first)
    await rescan_queries.add_run(
        connection,
        kind,
        report.started_at,
        report.size,
        msgspec.json.encode(report.counts).decode(),
        msgspec.json.encode(report.findings).decode(),
    )
    return report
