"""The participant takes their log out, as a table or as FHIR; that they did is in the log too."""

from typing import Any, Final, Literal, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.access_log.service import LogRow
from api.core import clock, runtime
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.identity.keys import stepping_up
from api.support.errors import TooManyToExport
from api.support.reading import asked as asking
from api.support.reading import audit_event
from api.support.reading.asked import Asked
from api.support.reading.audit_event import Server
from api.support.reading.log_csv import as_csv
from api.support.reading.log_lines import LogLine
from api.support.reading.service import Lines, checked, said

Form = Literal["csv", "fhir"]
FORMS: Final[tuple[Form, ...]] = ("csv", "fhir")
MOST_EXPORTED: Final = 10_000


class Export(NamedTuple):
    content: bytes
    media_type: str
    file_name: str


async def export(actor: Actor, locale: str, asked: Asked, form: Form) -> Export:
    """Everything up to now that matches, oldest last; the export itself is the event after it.

    Raises `FilterFaults`, `TooManyToExport`, `StepUpNeeded`, `Frozen`.
    """
    wanted, words = await checked(actor, asked), asking.words(asked)
    async with unit_of_work(actor) as tx:
        await stepping_up.demand(tx, actor)
        if (await access_log.page_in(tx, wanted, count=1)).total > MOST_EXPORTED:
            raise TooManyToExport(most=MOST_EXPORTED)
        done = await access_log.append(
            tx, EventName.LOG_EXPORTED, detail={"format": form, "narrowed": asked.chosen}
        )
    before = done.number
    found: list[tuple[LogRow, LogLine]] = []
    writer = Lines(actor, locale)
    async for rows in access_log.chunks(actor, wanted, before=before):
        pairs = zip(rows, await writer.of(rows), strict=True)
        found += [pair for pair in pairs if words.is_empty or words.are_in(*said(pair[1]))]
    name = f"tsunagu-access-log-{clock.today_in_japan()}"
    if form == "csv":
        return Export(as_csv(found, locale), "text/csv", f"{name}.csv")
    return Export(_bundle(actor, found, locale), "application/fhir+json", f"{name}.fhir.json")


async def audit_page(
    actor: Actor, locale: str, *, before: int | None, count: int
) -> tuple[list[Any], int, int | None]:
    """The participant's own events as AuditEvents, how many there are, and where to go on."""
    page = await access_log.page(actor, before=before, count=count)
    lines = await Lines(actor, locale).of(page.rows)
    events = [_event(actor, row, line, locale) for row, line in zip(page.rows, lines, strict=True)]
    return events, page.total, page.before


async def one_audit_event(actor: Actor, locale: str, event_id: UUID) -> Any:
    """Raises `NotFound`."""
    async with unit_of_work(actor) as tx:
        row = await access_log.event_of_id_in(tx, event_id)
    if row is None:
        raise NotFound
    (line,) = await Lines(actor, locale).of([row])
    return _event(actor, row, line, locale)


def server() -> Server:
    url = runtime.settings().public_url
    return Server(f"{url}/fhir/R4", urlsplit(url).hostname or "localhost")


def _bundle(actor: Actor, found: list[tuple[LogRow, LogLine]], locale: str) -> bytes:
    base = server().base
    entries = [
        {
            "fullUrl": f"{base}/AuditEvent/{row.eid}",
            "resource": _event(actor, row, line, locale),
        }
        for row, line in found
    ]
    wire: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": clock.now().isoformat().replace("+00:00", "Z"),
    }
    return msgspec.json.encode(wire | ({"entry": entries} if entries else {}))


def _event(actor: Actor, row: LogRow, line: LogLine, locale: str) -> dict[str, Any]:
    if actor.participant_id is None:
        raise NotFound
    return audit_event.audit_event(
        row,
        audit_event.patient(actor.participant_id),
        server(),
        said=line.sentence,
        reason=line.reason,
        facility=line.facility,
        locale=locale,
        hides_places=actor.is_safe,
    )
