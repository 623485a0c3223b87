"""Who has seen one record: the events whose told records hold it."""

from typing import Final, NamedTuple
from uuid import UUID

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.filters import EVERYTHING
from api.access_log.service import LogRow
from api.core.actor import Actor
from api.records.own import service as own_records
from api.support.reading.log_lines import LogLine
from api.support.reading.service import MOST_SEARCHED, Lines

# That it came in, or was taken back, is no access to it.
_OTHERWISE: Final = (EventName.RECORD_STORED, EventName.RECORD_WITHDRAWN)


class Accesses(NamedTuple):
    """Newest first. `before` is where to look on, None at the end of the log; there may be nothing
    more. `is_partial`: some event does not say yet which records were seen."""

    lines: list[LogLine]
    before: int | None
    is_partial: bool


async def of_record(
    actor: Actor, locale: str, record_id: UUID, *, before: int | None = None, count: int = 20
) -> Accesses:
    """Looks through the newest 2,000 events below number `before`.

    Raises `NotFound` for a record that is not the actor's to know of.
    """
    await own_records.one(actor, record_id)
    found: list[LogRow] = []
    looked, is_partial, last = 0, False, None
    async for rows in access_log.chunks(actor, EVERYTHING, before=before, most=MOST_SEARCHED):
        looked, last = looked + len(rows), rows[-1].number
        is_partial = is_partial or any(_is_unsaid(row) for row in rows)
        found += [row for row in rows if _has(row, record_id)]
        if len(found) > count:
            break
    lines = await Lines(actor, locale).of(found[:count])
    if len(found) > count:
        return Accesses(lines, found[count - 1].number, is_partial)
    is_at_end = looked < MOST_SEARCHED or last == 1
    return Accesses(lines, None if is_at_end else last, is_partial)


def _has(row: LogRow, record_id: UUID) -> bool:
    return record_id in row.record_ids and row.event not in _OTHERWISE


def _is_unsaid(row: LogRow) -> bool:
    return any(each.name == "resources" for each in row.withheld)
