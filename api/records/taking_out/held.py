"""What a participant has here already, as far as telling whether something is the same needs it."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

import asyncpg

from api.core.actor import Actor
from api.core.database import Transaction
from api.records.own.service import most_shown
from api.records.taking_out import queries, reading, resources
from api.records.taking_out.queries import Place
from api.records.taking_out.reading import Reader

AT_ONCE: Final = 500


class Held(NamedTuple):
    """How often each thing is said, where it is, and what is named how."""

    digests: Counter[bytes]
    where: dict[bytes, str]
    ids: set[str]
    names: set[tuple[str, str, str]]


async def held_in(tx: Transaction, actor: Actor) -> Held:
    most = most_shown(actor)
    reader = await reading.reader_in(tx, actor, "ja", is_safe=False)
    books = await _books(tx, reader, most)
    found = Held(Counter(), {}, set(), set())
    categories = {row["category"] for row in await queries.counts(tx, most)}
    for category in sorted(categories):
        after = queries.START
        while rows := await queries.piece(tx, most, category, after, AT_ONCE):
            digests = await asyncio.to_thread(_digests, reader, rows, books)
            found.digests.update(digests)
            for row, digest in zip(rows, digests, strict=True):
                found.ids.add(str(row["record_id"]))
                found.where.setdefault(digest, str(row["record_id"]))
            after = Place(rows[-1]["effective_on"], rows[-1]["record_id"])
    for row in await queries.names(tx):
        found.names.add(tuple(row.values()))
    return found


async def _books(tx: Transaction, reader: Reader, most: int) -> dict[str, bytes]:
    rows = await queries.books(tx, most)
    digests = _digests(reader, rows, {})
    return {str(row["record_id"]): each for row, each in zip(rows, digests, strict=True)}


def _digests(
    reader: Reader, rows: Sequence[asyncpg.Record], books: dict[str, bytes]
) -> list[bytes]:
    bodies = (resources.decoded(reader.opened(row["body"])) for row in rows)
    out = (
        reader.going_out(row, body, row["title"]) for row, body in zip(rows, bodies, strict=True)
    )
    return [resources.digest(each, books) for each in out]
