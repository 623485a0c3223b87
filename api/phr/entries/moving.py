"""A whole book taken out of one participant's entries and put into another's, with its history.

Both happen in one transaction that changes its subject between them; what was sealed under one
key is sealed anew under the other.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from api.access_log import keystore
from api.core.database import Transaction
from api.phr.entries import kinds as pure
from api.phr.entries import queries, sealing
from api.phr.entries.entry import by_of, device_of, kind_of, with_head
from api.phr.entries.kinds import By, Kind
from api.phr.entries.queries import Row
from api.phr.entries.standing import hold_in, subject_of


class Version(NamedTuple):
    """One version of one entry, opened. `kind` is its name; `body` the resource as FHIR text until
    `read_anew` has taken what was typed out of it."""

    record_id: UUID
    version: int
    is_current: bool
    resource_type: str
    category: str
    sensitivity: int
    effective_on: date
    effective_at: datetime | None
    recorded_at: datetime
    kind: str
    title: str
    body: str
    device: str = ""
    by: By = "self"
    values: tuple[tuple[str, str], ...] = ()
    of: Kind | None = None

    def read_anew(self, before: Kind, after: Kind) -> "Version":
        """The same of another kind: with what was typed, by whom and when."""
        resource = pure.decoded(self.body)
        by = by_of(resource)
        names = {each.name for each in after.fields} | set(pure.WHEN)
        typed = pure.values_of(before, resource)
        return self._replace(
            kind=after.name,
            category=after.category,
            resource_type=after.resource_type,
            title=after.title,
            device=device_of(resource),
            # The keeper wrote it, not the participant whose it is from now on.
            by="proxy" if by == "self" else by,
            values=tuple((n, v) for n, v in typed.items() if n in names and v),
            of=after,
        )


async def content_in(tx: Transaction, book: str) -> list[tuple[str, str]]:
    """Kind and title of each entry as it stands."""
    rows = await queries.whole_book(tx, book)
    return [(kind_of(row), row["title"]) for row in rows if row["is_current"]]


async def take_out_in(tx: Transaction, book: str) -> list[Version]:
    """Every version of every entry; they are gone from the subject then."""
    rows = await queries.whole_book(tx, book)
    subject = subject_of(tx)
    cipher = (await keystore.phr_ciphers(tx.connection, [subject])).get(subject)
    found = [
        Version(
            record_id=row["record_id"],
            version=row["version"],
            is_current=row["is_current"],
            resource_type=row["resource_type"],
            category=row["category"],
            sensitivity=row["sensitivity"],
            effective_on=row["effective_on"],
            effective_at=row["effective_at"],
            recorded_at=row["recorded_at"],
            kind=kind_of(row),
            title=row["title"],
            body=sealing.opened(cipher, subject, row["body"]),
        )
        for row in rows
    ]
    await queries.remove_whole_book(tx, book)
    return found


async def put_in(tx: Transaction, versions: Sequence[Version], book: str, level: int) -> None:
    """As the subject's own, of the kinds they were read anew as, no less sensitive than `level`."""
    subject = subject_of(tx)
    cipher = (await keystore.phr_ciphers(tx.connection, [subject], is_writing=True))[subject]
    rows = []
    for each in versions:
        if each.of is None:
            raise LookupError("of no kind")
        resource = pure.resource_of(
            each.of, dict(each.values), each.record_id, book, subject, each.by, each.device
        )
        headed = with_head(resource, each.record_id, each.version, each.recorded_at, each.by)
        row = Row(
            record_id=each.record_id,
            version=each.version,
            resource_type=each.resource_type,
            category=each.category,
            sensitivity=max(each.sensitivity, level),
            effective_on=each.effective_on,
            effective_at=each.effective_at,
            recorded_at=each.recorded_at,
            identifier_value=pure.name_of(each.of, book, each.record_id),
            title=each.title,
            body=sealing.sealed(cipher, subject, headed),
        )
        rows.append((row, each.is_current))
    past = [row for row, is_current in rows if not is_current]
    await queries.add(tx, past, is_current=False)
    await queries.add(tx, [row for row, is_current in rows if is_current])


__all__ = ("Version", "content_in", "hold_in", "put_in", "take_out_in")
