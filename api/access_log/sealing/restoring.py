"""After a restore: what is missing, what came back that must not, and whether signing may go on.

Runs while nothing else uses the database. Three memories lie outside of it: the copy of the newest
checkpoint, the witnesses, and a mirror's entries.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import asyncpg

from api.access_log.sealing import key_changes, last_checkpoint, log_keys, queries, stored
from api.access_log.sealing import rescan_queries as rescan
from api.access_log.sealing.findings import Code, Findings
from api.access_log.sealing.fsck import Report, keep
from api.access_log.sealing.halting import Halted, Reason
from api.access_log.sealing.publishing import WITNESSES
from api.access_log.sealing.rescan_tree import look_at_tree
from api.access_log.sealing.sealer import LogKeys
from api.access_log.transparency import entries, notes, tiles
from api.access_log.verifier import Checkpoint, Malformed, Note, Vkey, is_consistent, parse_note
from api.access_log.witnessing import client
from api.access_log.witnessing.door import WitnessFault
from api.access_log.witnessing.frontier import Frontier
from api.access_log.witnessing.listed import Witness, read_witnesses
from api.core import clock
from api.core.settings import SettingFault


class Remembered(NamedTuple):
    """A checkpoint of ours, as somebody outside of the database has it."""

    checkpoint: Checkpoint
    note: Note
    where: str


class Restored(NamedTuple):
    """`newest` is the largest checkpoint anybody remembers, `missing` the leaves the database
    lacks of it, `gaps` those that were recovered without their events (first, last)."""

    report: Report
    newest: Remembered | None
    missing: int
    gaps: list[tuple[int, int]]
    keys_destroyed: int
    bodies_emptied: int
    unreachable: list[str]


async def check(
    connection: asyncpg.Connection, keys: LogKeys, home: Path, mirror: str | None
) -> Restored:
    """Signing may go on afterwards, in a new epoch, if and only if there are no findings.

    `mirror` is the address of a listed witness that keeps our entries.
    """
    if not await queries.try_lock(connection) or await queries.others_are_connected(connection):
        raise SettingFault("Something still uses this database: stop Tsunagu first.")
    started_at, found = clock.now(), Findings()
    witnesses = read_witnesses(home / WITNESSES)
    listed = {each.url: each for each in witnesses}
    if mirror is not None and mirror.rstrip("/") not in listed:
        raise SettingFault(f"{mirror} is not among the witnesses in {home / WITNESSES}.")
    await key_changes.bring_back(connection, home)
    state = await queries.state(connection)
    if state.entries != state.size:
        found.add(Code.ROOT_DIFFERS, place=state.entries)
    frontier = await look_at_tree(connection, state.size, found, lambda _: None)
    remembered: list[Remembered] = []
    unreachable: list[str] = []
    try:
        remembered, unreachable = await _remembered(connection, keys, home, state.origin, witnesses)
    except Halted as error:
        found.add(Code.FORKED if error.reason is Reason.NOT_A_PREFIX else Code.KEY_CHANGE_WRONG)
    await _compare(connection, remembered, state, found)
    newest = max(remembered, key=lambda each: each.checkpoint.size, default=None)
    missing, gaps = 0, []
    if newest is not None and newest.checkpoint.size > state.size:
        missing = newest.checkpoint.size - state.size
        if mirror is None:
            found.add(Code.ROLLED_BACK, place=newest.checkpoint.size)
        elif not found.first:
            gaps = await _recover(
                connection, listed[mirror.rstrip("/")], frontier, remembered, newest, found
            )
    destroyed, emptied = await queries.erase_again(connection)
    for participant in await rescan.people_without_keys(connection):
        found.add(Code.ERASURE_LOST, participant=participant)
    if found.first:
        await queries.halt(connection, Reason.ROLLED_BACK if missing else Reason.RESTORED)
    else:
        await queries.begin_epoch(connection)
    report = Report(started_at, frontier.size, {"entries": frontier.size, "missing": missing}, [])
    report = await keep(connection, "restore-check", report, found)
    return Restored(report, newest, missing, gaps, destroyed, emptied, unreachable)


async def _remembered(
    connection: asyncpg.Connection,
    keys: LogKeys,
    home: Path,
    origin: str,
    witnesses: Sequence[Witness],
) -> tuple[list[Remembered], list[str]]:
    """And the addresses of the witnesses that did not answer."""
    current = notes.vkey(origin, keys.signing.current().private)
    chain = log_keys.chain(origin, current, await queries.key_change_notes(connection))
    found = [
        Remembered(log_keys.checkpoint_of(note, chain), parse_note(note), "log")
        for note in await queries.notes_to_keep(connection)
    ]
    kept = last_checkpoint.read(home)
    if kept is not None:
        checkpoint = log_keys.checkpoint_of(kept, chain)
        found.append(Remembered(checkpoint, parse_note(kept), str(home / last_checkpoint.PLACE)))
    silent = []
    for witness in witnesses:
        try:
            note = await client.seen(witness, origin, chain)
        except WitnessFault:
            silent.append(witness.url)
            continue
        if note is not None:
            checkpoint = log_keys.checkpoint_of(str(note), chain)
            found.append(Remembered(checkpoint, _ours(note, chain), witness.url))
    return found, silent


def _ours(note: Note, chain: Sequence[Vkey]) -> Note:
    """Without the lines of witnesses."""
    own = {(key.name, key.key_id) for key in chain}
    return Note(note.text, tuple(each for each in note.lines if (each.name, each.key_id) in own))


async def _compare(
    connection: asyncpg.Connection,
    remembered: Sequence[Remembered],
    state: queries.State,
    found: Findings,
) -> None:
    for size, root in {each.checkpoint[1:] for each in remembered}:
        if size > state.size:
            continue
        try:
            proof = await stored.consistency(connection, size, state.size)
        except (Malformed, IndexError):
            found.add(Code.TILE_DIFFERS, place=size)
            continue
        if not is_consistent(size, root, state.size, state.root, proof):
            found.add(Code.FORKED, place=size)


async def _recover(
    connection: asyncpg.Connection,
    mirror: Witness,
    frontier: Frontier,
    remembered: Sequence[Remembered],
    newest: Remembered,
    found: Findings,
) -> list[tuple[int, int]]:
    """Reads the missing entries back, and puts them into the tree if all that was signed is in it.

    Answers the places that have no event any more.
    """
    first, last = frontier.size, newest.checkpoint.size
    roots = {each.checkpoint.size: each.checkpoint.root for each in remembered}
    parts = []
    try:
        async for raw in client.recovered(mirror, newest.checkpoint.origin, first, last):
            parts.append(raw)
    except WitnessFault:
        found.add(Code.ROLLED_BACK, place=last)
        return []
    held, grown = b"".join(parts), frontier
    for size in sorted(size for size in roots if size > first):
        grown = grown.plus(
            held[entries.WIDTH * (grown.size - first) :][: entries.WIDTH * (size - grown.size)]
        )
        if grown.root != roots[size]:
            found.add(Code.FORKED, place=size)
            return []
    async with connection.transaction():
        await queries.add_entries(connection, first, entries.divided(held))
        known = await stored.fetch_tiles(connection, stored.edge(first))
        await queries.put_tiles(
            connection, tiles.grown(stored.source(known), first, entries.leaves(held))
        )
        await queries.add_root(connection, last, grown.root)
        await queries.add_checkpoint(connection, last, grown.root, str(newest.note))
        gaps = _ranges(await rescan.all_without_source(connection, first, last))
        await queries.add_gaps(connection, gaps)
    return gaps


def _ranges(places: Sequence[int]) -> list[tuple[int, int]]:
    """Of ascending places, those that stand together."""
    found: list[tuple[int, int]] = []
    for place in places:
        if found and found[-1][1] == place - 1:
            found[-1] = (found[-1][0], place)
        else:
            found.append((place, place))
    return found
