"""Once an hour: how many events everybody has, under one root, which then goes into the tree."""

import asyncio
import hmac
from collections.abc import Iterator
from typing import Final
from uuid import UUID

import asyncpg

from api.access_log.sealing import queries
from api.access_log.transparency import head_map
from api.access_log.transparency.head_map import Head, HeadMap
from api.access_log.verifier import head_map_value

_HEAD: Final = 64


def blind(key: bytes, participant: UUID) -> bytes:
    """Told to the participant alone: without it nobody knows whose place is whose."""
    return hmac.digest(key, participant.bytes, "sha256")


async def take(connection: asyncpg.Connection, key: bytes) -> int:
    """Of all heads in one snapshot. Answers how many participants it counts.

    It goes into the tree with the next round, whose snapshot is later than this one: so it stands
    there after every event it counts.
    """
    async with connection.transaction(isolation="repeatable_read"):
        at, heads = await queries.heads(connection)
        built = await asyncio.to_thread(_built, key, heads)
        value = head_map_value(at, built.root)
        number = await queries.add_head_map(connection, at, built.root, built.participants, value)
        await queries.put_head_map_tiles(connection, number, built.tiles)
        await queries.forget_head_map_tiles(connection, number - 2)
    return built.participants


def _built(key: bytes, heads: bytes) -> HeadMap:
    return head_map.build(_heads(key, heads))


def _heads(key: bytes, heads: bytes) -> Iterator[Head]:
    for start in range(0, len(heads), _HEAD):
        each = heads[start : start + _HEAD]
        yield Head(
            int.from_bytes(each[:8]),
            int.from_bytes(each[24:32]),
            each[32:],
            hmac.digest(key, each[8:24], "sha256"),
        )
