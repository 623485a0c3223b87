"""The versions written for one participant in one transaction, and what their log says of it."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core.actor import Actor
from api.core.database import Transaction
from api.core.ids import uuid7
from api.directory.service import FacilityLine
from api.records import sending_queries
from api.records.incoming import versions
from api.records.incoming.content import content, content_of_body
from api.records.mapping import HIDDEN_MARKS, Identifier
from api.records.parse import decode
from api.records.ssmix2 import queries
from api.records.ssmix2.queries import RecordRow
from api.records.ssmix2.reading import Item

PATIENT_KEY: Final = "urn:tsunagu:patient"


class Shelf:
    """What stands of the participant's records, and the rows that are to follow.

    A record is at least as delicate as its version before; a new one at least as `level`.
    """

    def __init__(self, subject: UUID, level: int, now: datetime) -> None:
        self.subject = subject
        self.level = level
        self.now = now
        self.latest: dict[UUID, RecordRow] = {}
        self.rows: list[RecordRow] = []
        self.patient: UUID | None = None
        self._was_current: set[UUID] = set()
        self._shown: dict[UUID, RecordRow] = {}
        self._taken_back: dict[UUID, RecordRow] = {}

    def hold(self, rows: Iterable[RecordRow]) -> None:
        for row in rows:
            self.latest[row.record_id] = row
            if row.is_current:
                self._was_current.add(row.record_id)

    def put(
        self, record_id: UUID | None, item: Item, identifier: Identifier, *, is_shown: bool
    ) -> UUID:
        """A version more, if it says something new. A Patient is one per facility and person."""
        what = item.classified
        is_patient = what.resource_type == "Patient"
        if is_patient:
            record_id = self.patient or record_id
            identifier = Identifier(PATIENT_KEY, "")
        record_id = record_id or uuid7()
        if is_patient:
            self.patient = record_id
        before = self.latest.get(record_id)
        if before is not None and before.is_current == is_shown and _says(before, item):
            return record_id
        number = before.version + 1 if before else 1
        shown_id = self.subject if is_patient else record_id
        row = RecordRow(
            record_id=record_id,
            version=number,
            is_current=is_shown,
            resource_type=what.resource_type,
            category=what.category,
            sensitivity=max(what.sensitivity, before.sensitivity if before else self.level),
            effective_on=item.effective_on,
            effective_at=what.effective_at,
            recorded_at=self.now,
            marks=sorted(what.marks),
            identifier_system=identifier.system,
            identifier_value=identifier.value,
            title=item.title,
            body=versions.body(item.resource, shown_id, number, self.now),
        )
        self._add(row)
        if is_shown:
            self._shown[record_id] = row
            self._taken_back.pop(record_id, None)
        return record_id

    def take_back(self, record_id: UUID) -> None:
        """From here on entered in error: a version that says so is kept, and none is shown."""
        before = self.latest.get(record_id)
        if before is None or not before.is_current:
            return
        number = before.version + 1
        shown_id = self.subject if before.resource_type == "Patient" else record_id
        wrong = versions.in_error(decode(before.body.encode(), max_bytes=len(before.body) * 4))
        row = before._replace(
            version=number,
            is_current=False,
            recorded_at=self.now,
            body=versions.body(wrong, shown_id, number, self.now),
        )
        self._add(row)
        self._shown.pop(record_id, None)
        self._taken_back[record_id] = row

    def _add(self, row: RecordRow) -> None:
        self.latest[row.record_id] = row
        self.rows.append(row)

    async def write_in(self, tx: Transaction) -> None:
        changed = {row.record_id for row in self.rows}
        if not changed:
            return
        if changed & self._was_current:
            await sending_queries.withdraw(tx, list(changed & self._was_current))
        await queries.add_versions(
            tx,
            [
                row if self.latest[row.record_id] is row else row._replace(is_current=False)
                for row in self.rows
            ],
        )

    async def log_in(self, tx: Transaction, actor: Actor, facility: FacilityLine) -> None:
        """One line for what came in and one for what was taken back, as part of the deed."""
        shown = [row for row in self._shown.values() if self.latest[row.record_id].is_current]
        for event, rows in (
            (EventName.RECORD_STORED, shown),
            (EventName.RECORD_WITHDRAWN, list(self._taken_back.values())),
        ):
            if rows:
                await _tell(tx, event, rows, actor, facility)

    @property
    def written(self) -> int:
        return len(self.rows)


def _says(row: RecordRow, item: Item) -> bool:
    return content_of_body(row.body) == content(item.resource)


async def _tell(
    tx: Transaction,
    event: EventName,
    rows: list[RecordRow],
    actor: Actor,
    facility: FacilityLine,
) -> None:
    """Untold records stay untold: alone they are an event of the network's own log."""
    told = [row for row in rows if not HIDDEN_MARKS.intersection(row.marks)]
    hidden = _lines(row for row in rows if HIDDEN_MARKS.intersection(row.marks))
    if not told:
        await access_log.append_system(tx, event, outcome="permitted", detail=hidden)
        return
    sender = {
        "name": actor.name,
        "profession": actor.profession,
        "facility": {"ja": facility.name, "en": facility.name_en},
        "client": actor.client_id,
    }
    await access_log.append(tx, event, detail={"actor": sender, **_lines(told)}, undisclosed=hidden)


def _lines(rows: Iterable[RecordRow]) -> dict[str, Any]:
    several = list(rows)
    counts = Counter((row.resource_type, row.category) for row in several)
    lines = [{"type": t, "category": c, "count": n} for (t, c), n in sorted(counts.items())]
    return {"resources": lines, "ids": [row.record_id for row in several]}
