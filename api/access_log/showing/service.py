"""Checkpoints, tiles and keys for everybody; for a participant the proof of their own log."""

import asyncio
import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import asyncpg

from api.access_log import keystore, verifier
from api.access_log import queries as log_queries
from api.access_log.sealing import head_maps, stored
from api.access_log.sealing.publishing import WITNESSES
from api.access_log.showing import queries
from api.access_log.showing.bundling import Material, Signed, built, is_in
from api.access_log.transparency import bundle as bundles
from api.access_log.transparency import head_map, notes, tiles, tree
from api.access_log.verifier import ZEROS, HeadProof, Malformed, parse_note
from api.access_log.witnessing.listed import Witness, read_witnesses
from api.core import clock, runtime
from api.core.actor import ANONYMOUS, Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.core.logging import log
from api.core.settings import SettingFault

VERIFIER: Final = Path(verifier.__file__)
QUICKLY: Final = 5


class Tile(NamedTuple):
    """`is_whole`: it never changes any more."""

    hashes: bytes
    is_whole: bool


class Keys(NamedTuple):
    """Verifier keys as text; `keys` are the log's, the newest first."""

    origin: str
    keys: list[str]
    key_changes: list[str]
    witnesses: list[Witness]


async def checkpoint() -> str:
    """The newest that was signed, with the lines of witnesses who have seen it.

    Raises `NotFound` before the first.
    """
    async with unit_of_work(ANONYMOUS) as tx:
        return (await _checkpoints(tx))[0].note


async def tile(path: str) -> Tile:
    """`<level>/<index>[.p/<width>]` (c2sp.org/tlog-tiles), of what was signed.

    Raises `NotFound`.
    """
    try:
        level, index, width = tiles.parse_path(path)
    except Malformed as error:
        raise NotFound from error
    async with unit_of_work(ANONYMOUS) as tx:
        size = await queries.signed_size(tx)
        if tiles.width_at(level, index, size) < width:
            raise NotFound
        hashes = await queries.tile(tx, level, index)
    if hashes is None:
        raise NotFound
    return Tile(hashes[: 32 * width], width == tiles.WIDTH)


async def keys() -> Keys:
    """Raises `NotFound` before the log's first start."""
    async with unit_of_work(ANONYMOUS) as tx:
        origin = await queries.origin(tx)
        changes = await queries.key_changes(tx)
    if origin is None:
        raise NotFound
    return Keys(origin, _keys(origin, changes)[::-1], changes, witnesses())


def witnesses() -> list[Witness]:
    """Those the operator has listed; none while the list cannot be read."""
    try:
        return list(read_witnesses(runtime.settings().home / WITNESSES))
    except SettingFault as fault:
        log.error("log:witness:failed", error=type(fault).__name__)
        return []


async def bundle(
    actor: Actor, *, since: int = 0, after: int = 0, accepted: str = ""
) -> tuple[bytes, dict[str, str]]:
    """All a phone needs to verify the actor's own log: `tsunagu-log-bundle/1` as JSON, and the
    headers that go with it; compressed where `accepted` allows.

    With a consistency proof from the size `since`. Events up to the number `after` are left out,
    as far as the head map covers them. Raises `NotFound` before the first checkpoint.
    """
    async with unit_of_work(actor) as tx:
        material = await _material(tx, since, after)
    # Hashing and inflating a thousand events takes a while; others are served meanwhile.
    body = await asyncio.to_thread(built, material)
    headers = {"vary": "accept-encoding"}
    if "gzip" in accepted:
        body = await asyncio.to_thread(gzip.compress, body, QUICKLY)
        headers["content-encoding"] = "gzip"
    return body, headers


async def proof(actor: Actor, number: int) -> str:
    """Of one event, as C2SP's tlog-proof. Raises `NotFound` for one not in the tree yet, too."""
    async with unit_of_work(actor) as tx:
        signed = await _checkpoints(tx)
        row = await queries.event(tx, number)
        if row is None or row["leaf"] is None or row["leaf"] >= signed[0].size:
            raise NotFound
        chosen = next(each for each in reversed(signed) if row["leaf"] < each.size)
        nodes = list(tree.siblings(0, row["leaf"], chosen.size))
        found = await stored.fetch_tiles(tx, stored.holding(nodes, chosen.size))
    return bundles.tlog_proof(
        inner=row["inner_hash"],
        participant=row["participant_id"],
        number=row["pseq"],
        previous=row["prev"],
        at=row["at"],
        leaf=row["leaf"],
        size=chosen.size,
        hash_at=tiles.hashes_in(stored.source(found)),
        checkpoint=chosen.note,
    )


async def _material(tx: Transaction, since: int, after: int) -> Material:
    if tx.subject is None:
        raise LookupError("no log without a subject")
    origin = await queries.origin(tx) or ""
    head = await queries.head(tx)
    signed = await _chosen(tx, head, since)
    proof = await _head_proof(tx, head, signed.size)
    # What the map does not count must be shown, and what was erased cannot be.
    after = max(min(after, proof.number if proof else 0), await queries.erased_upto(tx))
    before = (after, await queries.commit_of(tx, after)) if after else (0, ZEROS)
    rows = await queries.events_after(tx, after)
    leaves = {row["leaf"] for row in rows if is_in(row, signed)}
    if proof is not None:
        leaves.add(proof.leaf)
    nodes = bundles.needed_nodes(leaves, signed.size)
    nodes += stored.consistency_nodes(since, signed.size)
    places = stored.holding(nodes, signed.size) | set(stored.edge(min(since, signed.size)))
    changes = await queries.key_changes(tx)
    return Material(
        origin,
        _keys(origin, changes),
        changes,
        signed,
        before,
        rows,
        await keystore.keys_of_subject(tx.connection),
        proof,
        since,
        await stored.fetch_tiles(tx, places),
        tx.subject,
        clock.today_in_japan(),
        await log_queries.kept_back_since(tx),
    )


async def _chosen(tx: Transaction, head: asyncpg.Record | None, since: int) -> Signed:
    """The newest that a witness has seen, if all of the subject's events are in it; else the
    newest: a phone that remembers more than the witness must not meet less."""
    newest, *cosigned = await _checkpoints(tx)
    for each in cosigned:
        last = None if head is None else await queries.leaf_of(tx, head["last_commit"])
        if since <= each.size and (head is None or (last is not None and last < each.size)):
            return each
    return newest


async def _checkpoints(tx: Transaction) -> list[Signed]:
    rows = await queries.checkpoints(tx)
    if not rows:
        raise NotFound
    return [Signed(row["size"], row["root"], row["note"] + row["lines"]) for row in rows]


async def _head_proof(tx: Transaction, head: asyncpg.Record | None, size: int) -> HeadProof | None:
    newest = await queries.newest_map(tx, size)
    if newest is None or head is None:
        return None
    position = head["position"]
    kept = {
        (row["level"], row["idx"]): row
        for row in await queries.map_tiles(tx, newest["number"], position)
    }
    leaves = kept.get((0, position // 256))
    start = 8 * (position % 256)
    number = int.from_bytes(leaves["numbers"][start : start + 8]) if leaves else 0
    if number == 0:
        return None
    return HeadProof(
        newest["leaf"],
        newest["at"],
        newest["root"],
        position,
        head_maps.blind(runtime.keys().log_blind, head["participant_id"]),
        number,
        head_map.proof(
            lambda level, idx: kept[level, idx]["hashes"] if (level, idx) in kept else b"", position
        ),
    )


def _keys(origin: str, changes: Sequence[str]) -> list[str]:
    """Verifier keys of the log, oldest first."""
    if not changes:
        return [str(notes.vkey(origin, runtime.keys().log.current().private))]
    named = [parse_note(change).text.split("\n") for change in changes]
    return [lines[2] for lines in named] + [named[-1][3]]
