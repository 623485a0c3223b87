"""The medication notebook: what one takes, beside what pharmacies gave out."""

from datetime import date
from typing import Final

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from api.core.actor import Actor
from api.directory import service as directory
from api.identity.guards import PORTAL, VIEW, participants_only
from api.phr.entries.service import Entry
from api.phr.notes import service
from api.phr.notes.kinds import MEDICATION
from api.phr.notes.service import Asked
from api.records.own import service as records
from api.records.own.service import Asked as AskedOfRecords
from web_portal.page import PortalRequest, preferences, render
from web_portal.pages.book import saying
from web_portal.pages.book.notes.pages import ON_A_PAGE, After, Shelf, flash_of, pages_of

SHELF: Final = Shelf(MEDICATION, "medication", "/book/medications")
MOST_GIVEN: Final = 20


@get(SHELF.here, guards=[participants_only], opt=PORTAL | VIEW, include_in_schema=False)
async def listed(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    done: FromQuery[str] = "",
    after: After = "",
) -> Response[bytes]:
    found = await service.medicines(actor, Asked(after, ON_A_PAGE))
    given = await records.page(actor, AskedOfRecords(category="dispensing"), count=MOST_GIVEN)
    names = await directory.named(actor, (each.facility_id for each in given.records))
    locale = preferences(request).locale
    return await render(
        request,
        "book/notes/medications.html",
        actor,
        flash=flash_of(request, done),
        path=SHELF.here,
        here=SHELF.here,
        now=[_line(request, each) for each in found.now],
        before=[_line(request, each) for each in found.before],
        next=found.next,
        after=after,
        given=[
            {
                "id": each.record_id,
                "title": each.title,
                "on": each.on,
                "facility": names[each.facility_id].label(locale),
            }
            for each in given.records
        ],
        has_more=given.total > len(given.records),
    )


def _line(request: PortalRequest, entry: Entry) -> dict[str, object]:
    values = entry.values
    shown = {k: v for k, v in values.items() if k not in ("name", "sort", "since", "until")}
    return {
        "id": entry.entry_id,
        "name": values["name"],
        "sort": saying.option_of(request, MEDICATION, "sort", values["sort"]),
        "on": entry.on,
        "since": _day(values.get("since", "")),
        "until": _day(values.get("until", "")),
        "facts": saying.facts_of(request, MEDICATION, shown),
    }


def _day(written: str) -> date | None:
    return date.fromisoformat(written) if written else None


routes: list[ControllerRouterHandler] = [listed, *pages_of(SHELF)]
