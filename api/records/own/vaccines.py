"""One's own vaccines as a whole: what one wrote, beside the doses facilities recorded."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.phr.entries import service as store
from api.phr.entries.kinds import IDENTIFIER as OURS
from api.phr.entries.service import Entry
from api.phr.immunization import service
from api.phr.immunization.plans import Dose
from api.phr.immunization.service import Vaccinations
from api.phr.immunization.vaccines import CVX, OF_CVX
from api.records import parse
from api.records.own import queries
from api.records.own.service import most_shown
from api.records.parse import as_object, as_objects, as_text


async def mine(actor: Actor) -> Vaccinations:
    return await service.vaccinations(actor, None, await elsewhere(actor))


async def write(
    actor: Actor,
    fields: Mapping[str, str],
    *,
    sure: str = "",
    entry_id: UUID | None = None,
    version: int = 0,
    key: str = "",
) -> Entry:
    """Raises as `service.write`."""
    return await service.write(
        actor,
        None,
        fields,
        sure=sure,
        entry_id=entry_id,
        version=version,
        key=key,
        elsewhere=await elsewhere(actor),
    )


async def remove(actor: Actor, entry_id: UUID, version: int | None = None) -> None:
    """Raises `NotFound`, and as `remove_in`."""
    await service.remove(actor, None, entry_id, await elsewhere(actor), version)


async def elsewhere(actor: Actor) -> list[Dose]:
    """Doses that facilities recorded, here or where one brought them from, of vaccines the rules
    know, on a day. A proxy's look is an event."""
    async with unit_of_work(actor) as tx:
        rows = await queries.of_type(tx, most_shown(actor), "Immunization", None, None, None)
        theirs = await store.opened_rows_in(tx, [row for row in rows if row["record_id"]])
        if actor.is_proxy and theirs:
            line = {"type": "Immunization", "category": "immunization", "count": len(theirs)}
            detail: dict[str, Any] = {
                "resources": [line],
                "ids": [row["record_id"] for row in theirs],
            }
            await access_log.append(tx, EventName.PROXY_LOOKED, detail=detail)
    found = [_dose(str(row["body"])) for row in theirs]
    return [each for each in found if each is not None]


def _dose(body: str) -> Dose | None:
    resource = parse.decode(body.encode(), max_bytes=len(body) * 4)
    names = as_objects(resource.get("identifier"))
    if resource.get("status") != "completed" or any(each.get("system") == OURS for each in names):
        return None
    codings = as_objects(as_object(resource.get("vaccineCode")).get("coding"))
    codes = [as_text(each.get("code")) for each in codings if each.get("system") == CVX]
    known = [OF_CVX[each] for each in codes if each in OF_CVX]
    try:
        on = date.fromisoformat(as_text(resource.get("occurrenceDateTime"))[:10])
    except ValueError:
        return None
    return Dose(known[0], on) if known else None
