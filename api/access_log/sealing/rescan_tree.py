"""The whole tree built anew from its entries, and every signature over it checked again."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import asyncpg

from api.access_log.sealing import head_maps, log_keys, queries, stored
from api.access_log.sealing import rescan_queries as rescan
from api.access_log.sealing.findings import Code, Findings
from api.access_log.sealing.halting import Halted
from api.access_log.transparency import entries, head_map, tiles
from api.access_log.transparency.head_map import Head
from api.access_log.verifier import (
    COSIGNATURE,
    Forged,
    Malformed,
    Vkey,
    cosigned_at,
    head_map_value,
    parse_note,
    parse_vkey,
)
from api.access_log.witnessing.frontier import Frontier

CHUNK: Final = 1 << 16
LEAVES: Final = 256


async def look_at_tree(
    connection: asyncpg.Connection, size: int, found: Findings, show: Callable[[int], None]
) -> Frontier:
    """Entries give the tiles and every root. Answers the tree of what is there."""
    frontier = Frontier()
    known: dict[stored.Place, bytes] = {}
    while frontier.size < size:
        at, until = frontier.size, min(size, frontier.size + CHUNK)
        added = await queries.entries(connection, at, until)
        if len(added) != entries.WIDTH * (until - at):
            found.add(Code.ENTRY_MISSING, place=at)
            return frontier
        for each in range(0, len(added), entries.WIDTH):
            try:
                entries.parse(added[each : each + entries.WIDTH])
            except Malformed:
                found.add(Code.ENTRY_MISSING, place=at + each // entries.WIDTH)
        grown = await asyncio.to_thread(
            tiles.grown, stored.source(known), at, entries.leaves(added)
        )
        there = await stored.fetch_tiles(connection, [(each.level, each.number) for each in grown])
        for tile in grown:
            if not there.get((tile.level, tile.number), b"").startswith(tile.hashes):
                found.add(Code.TILE_DIFFERS, place=tile.number)
        known |= {(tile.level, tile.number): tile.hashes for tile in grown}
        known = {place: known[place] for place in stored.edge(until)}
        for rooted, root in await rescan.roots_between(connection, at, until):
            part = added[: entries.WIDTH * (rooted - frontier.size)]
            added = added[len(part) :]
            frontier = frontier.plus(part)
            if frontier.root != root:
                found.add(Code.ROOT_DIFFERS, place=rooted)
        frontier = frontier.plus(added)
        show(until - at)
    return frontier


async def look_at_signatures(
    connection: asyncpg.Connection, origin: str, current: Vkey, found: Findings
) -> int:
    """Of every checkpoint and every witness. Answers how many checkpoints there are."""
    notes = await queries.key_change_notes(connection)
    try:
        keys = log_keys.chain(origin, current, notes)
    except Halted:
        found.add(Code.KEY_CHANGE_WRONG)
        keys = [current]
    count = 0
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        async for row in rescan.checkpoints(connection):
            count += 1
            if not _is_checkpoint(row, keys):
                found.add(Code.CHECKPOINT_WRONG, place=row["size"])
        async for row in rescan.cosignatures(connection):
            if not _is_cosigned(row):
                found.add(Code.COSIGNATURE_WRONG, place=row["size"])
    return count


def _is_checkpoint(row: asyncpg.Record, keys: Sequence[Vkey]) -> bool:
    try:
        checkpoint = log_keys.checkpoint_of(row["note"], keys)
    except Halted:
        return False
    return (checkpoint.size, checkpoint.root) == (row["size"], row["root"]) and row[
        "committed"
    ] == row["root"]


def _is_cosigned(row: asyncpg.Record) -> bool:
    try:
        note = parse_note(f"{row['note']}{row['line']}")
        return cosigned_at(note, parse_vkey(row["witness"], COSIGNATURE)) is not None
    except (Forged, Malformed):
        return False


async def look_at_maps(connection: asyncpg.Connection, blind: bytes, found: Findings) -> int:
    """Made again out of the events they count. Answers how many people the newest counts."""
    participants = 0
    for each in await rescan.kept_maps(connection):
        participants = await _look_at_map(connection, each, blind, found)
    return participants


async def _look_at_map(
    connection: asyncpg.Connection, made: asyncpg.Record, blind: bytes, found: Findings
) -> int:
    kept = await rescan.map_tiles(connection, made["number"])
    numbers: dict[int, int] = {}
    for row in kept:
        if row["level"] == 0:
            numbers |= _numbers(row)
    heads = await _counted(connection, numbers, blind)
    again = await asyncio.to_thread(head_map.build, heads)
    if again.root != made["root"]:
        found.add(Code.MAP_DIFFERS)
    if made["value"] != head_map_value(made["at"], made["root"]):
        found.add(Code.MAP_DIFFERS)
    if [tuple(tile) for tile in again.tiles] != [tuple(row) for row in kept]:
        found.add(Code.MAP_DIFFERS)
    left_out = await rescan.uncounted(
        connection, made["number"], list(numbers), list(numbers.values())
    )
    for _ in range(left_out):
        found.add(Code.MAP_DIFFERS)
    return again.participants


def _numbers(tile: asyncpg.Record) -> dict[int, int]:
    """How many events a map counts, by position."""
    counts = tile["numbers"]
    found = {
        LEAVES * tile["idx"] + start // 8: int.from_bytes(counts[start : start + 8])
        for start in range(0, len(counts), 8)
    }
    return {position: number for position, number in found.items() if number}


async def _counted(
    connection: asyncpg.Connection, numbers: Mapping[int, int], blind: bytes
) -> list[Head]:
    rows = await rescan.counted_heads(connection, list(numbers), list(numbers.values()))
    return [
        Head(
            row["position"],
            row["number"],
            row["commit"],
            head_maps.blind(blind, row["participant_id"]),
        )
        for row in rows
        if row["commit"] is not None
    ]
