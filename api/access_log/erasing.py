"""Erasure: the key is destroyed and the bodies with it; hashes, order and everyone's proofs stay.

What the backup of the key store still holds undoes it, so that backup is kept apart from the
database's and for no more than 35 days (docs/how-to/run.md).
"""

from datetime import datetime
from typing import NamedTuple

from api.access_log import appending, keystore, queries
from api.access_log.events import EventName
from api.core.database import Transaction
from api.core.errors import NotFound


class Certificate(NamedTuple):
    """`value` goes into the tree, and says for ever that `events` events were made unreadable."""

    at: datetime
    events: int
    last_commit: bytes
    value: bytes


async def erase_in(tx: Transaction, reason: str) -> Certificate:
    """Of the transaction's subject. Raises `NotFound` for whoever has no log."""
    if tx.subject is None:
        raise NotFound
    row = await queries.erase(tx, reason)
    if row["value"] is None:
        raise NotFound
    found = Certificate(row["at"], row["events"], row["last_commit"], row["value"])
    # No participant stands in it: the certificate is what names one, and its value is the link.
    said = {"certificate": found.value.hex(), "events": found.events, "reason": reason}
    await appending.append_system(tx, EventName.ERASED, "permitted", said)
    keystore.forget([tx.subject])
    return found


async def newest_at(tx: Transaction) -> datetime | None:
    """When the last event of the transaction's subject happened."""
    return await queries.newest_at(tx)
