"""Stored texts sealed and opened, for other rooms that hold records of a participant's own."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from api.access_log import keystore
from api.core.database import Transaction
from api.phr.entries import kinds as pure
from api.phr.entries import sealing
from api.phr.entries.standing import subject_of


async def sealed_in(tx: Transaction, texts: Sequence[str]) -> list[str]:
    """Resources as they are to be stored in the transaction's subject's own name."""
    subject = subject_of(tx)
    cipher = (await keystore.phr_ciphers(tx.connection, [subject], is_writing=True))[subject]
    return [sealing.sealed(cipher, subject, pure.decoded(text)) for text in texts]


async def opened_in(tx: Transaction, text: str) -> str:
    """What is stored of the transaction's subject, as it was written."""
    if not sealing.is_sealed(text):
        return text
    subject = subject_of(tx)
    ciphers = await keystore.phr_ciphers(tx.connection, [subject])
    return sealing.opened(ciphers.get(subject), subject, text)


async def opened_rows_in(
    tx: Transaction, rows: Iterable[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """The same of rows with a `body`, of the transaction's subject all."""
    found = list[Mapping[str, Any]]()
    for row in rows:
        body = row["body"]
        if body and sealing.is_sealed(body):
            found.append(dict(row) | {"body": await opened_in(tx, body)})
        else:
            found.append(row)
    return found
