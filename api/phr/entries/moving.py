"""A whole book taken out of one participant's entries and put into another's, with its history.

Both happen in one transaction that changes its subject between them; what was sealed under one
key is sealed anew under the other.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from api.access_log import keystore
from api.consent import stored
from api.core.database import Transaction
from api.core.errors import NotFound
from api.phr.entries import kinds as pure
from api.phr.entries import moving_queries, queries, sealing
from api.phr.entries.errors import NotTakingPart
from api.phr.entries.kinds import PROVENANCE, By, Kind
from api.phr.entries.queries import Row
from api.phr.entries.service import with_head


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
        tags = resource["meta"]["tag"]
        by = next(tag["code"] for tag in tags if tag["system"] == PROVENANCE)
        names = {each.name for each in after.fields} | set(pure.WHEN)
        typed = pure.values_of(before, resource)
        device = str(resource.get("device", {}).get("display", "")) if by == "device" else ""
        return self._replace(
            kind=after.name,
            category=after.category,
            resource_type=after.resource_type,
            title=after.title,
            device=device,
            # The keeper wrote it, not the participant whose it is from now on.
            by="proxy" if by == "self" else cast(By, by),
            values=tuple((n, v) for n, v in typed.items() if n in names and v),
            of=after,
        )


async def hold_in(tx: Transaction) -> int:
    """Holds the subject still; the least sensitivity they chose for new records. Raises
    `NotTakingPart`."""
    state = await stored.locked_settings_in(tx)
    if state is None or state.participation.state in ("refused", "withdrawn"):
        raise NotTakingPart
    return state.directive.incoming_level


async def content_in(tx: Transaction, book: str) -> list[tuple[str, str]]:
    """Kind and title of each entry as it stands."""
    rows = await moving_queries.whole_book(tx, book)
    return [(_kind_of(row), row["title"]) for row in rows if row["is_current"]]


async def take_out_in(tx: Transaction, book: str) -> list[Version]:
    """Every version of every entry; they are gone from the subject then."""
    rows = await moving_queries.whole_book(tx, book)
    subject = _subject(tx)
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
            kind=_kind_of(row),
            title=row["title"],
            body=sealing.opened(cipher, subject, row["body"]),
        )
        for row in rows
    ]
    await moving_queries.remove_whole_book(tx, book)
    return found


async def put_in(tx: Transaction, versions: Sequence[Version], book: str, level: int) -> None:
    """As the subject's own, of the kinds they were read anew as, no less sensitive than `level`."""
    subject = _subject(tx)
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
    await moving_queries.add_past(tx, past)
    await queries.add(tx, [row for row, is_current in rows if is_current])


def _kind_of(row: Mapping[str, Any]) -> str:
    return str(row["identifier_value"].split(":")[0])


def _subject(tx: Transaction) -> UUID:
    if tx.subject is None:
        raise NotFound
    return tx.subject
