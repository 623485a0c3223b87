"""Builds a bundle out of what was read in one transaction: hashing and inflating, no database."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.access_log import opening
from api.access_log.appending import microseconds
from api.access_log.sealing import stored
from api.access_log.transparency import bundle as bundles
from api.access_log.transparency import notes, tiles, tree
from api.access_log.transparency.bundle import ShownEvent, Withheld
from api.access_log.verifier import Consistency, HeadProof, Receipt, field_digest, salt
from api.core import runtime
from api.core.errors import Problem


class LogUnreadable(Problem):
    """A body does not open: it was altered, or its key was. Never a log that looks whole."""

    status = 500
    key = "error.log.unreadable"


class Signed(NamedTuple):
    size: int
    root: bytes
    note: str


class Material(NamedTuple):
    """What was read in one transaction."""

    origin: str
    keys: list[str]
    key_changes: list[str]
    signed: Signed
    before: tuple[int, bytes]
    rows: list[asyncpg.Record]
    ciphers: Mapping[int, AESGCM]
    head: HeadProof | None
    since: int
    found: dict[stored.Place, bytes]
    participant: UUID
    today: date
    held_since: datetime | None


def built(material: Material) -> bytes:
    size, hash_at = material.signed.size, tiles.hashes_in(stored.source(material.found))
    consistency = None
    if 0 < material.since <= size:
        root = tree.root(hash_at, material.since)
        proof = tree.consistency(hash_at, material.since, size)
        consistency = Consistency(material.since, root, proof)
    try:
        events = [_shown(row, material) for row in material.rows]
    except (InvalidTag, ValueError, KeyError) as error:
        raise LogUnreadable from error
    made = bundles.build(
        log_key=material.keys[0],
        origin=material.origin,
        size=size,
        checkpoint=material.signed.note,
        key_changes=material.key_changes,
        participant=material.participant,
        events=events,
        hash_at=hash_at,
        head_map=material.head,
        consistency=consistency,
        before=material.before,
    )
    return msgspec.json.encode(made)


def _shown(row: asyncpg.Record, material: Material) -> ShownEvent:
    event = opening.opened(row, material.ciphers)
    if event is None:
        raise LogUnreadable
    is_signed = is_in(row, material.signed)
    since = material.held_since
    is_held = since is not None and row["at"] >= microseconds(since)
    embargoed = event.withheld(material.today, is_held)
    hidden = {each.name for each in embargoed}
    withheld = [
        Withheld("other", _digest(event.ek_other, "other", event.texts)),
        *(
            Withheld(
                each.name,
                _digest(event.ek, each.name, event.texts),
                each.reason,
                each.until.isoformat(),
            )
            for each in embargoed
        ),
    ]
    fields = [
        (name, text) for name, text in event.texts.items() if name != "other" and name not in hidden
    ]
    salts = {name: salt(event.ek, name) for name, _ in fields} if hidden else None
    return ShownEvent(
        row["pseq"],
        row["at"],
        row["commit"],
        row["leaf"] if is_signed else None,
        fields,
        withheld,
        None if hidden else event.ek,
        salts,
        None if is_signed else _receipt(row, material.origin),
    )


def is_in(row: asyncpg.Record, signed: Signed) -> bool:
    return row["leaf"] is not None and row["leaf"] < signed.size


def _digest(key: bytes, name: str, texts: Mapping[str, str]) -> bytes:
    return field_digest(salt(key, name), name, texts[name])


def _receipt(row: asyncpg.Record, origin: str) -> Receipt:
    signing = runtime.keys().log.current().private
    return notes.receipt(row["commit"], row["at"], origin, signing)
