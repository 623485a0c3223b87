"""What happens in a log, and how it is looked at through both doors."""

import re
from typing import Any

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core.actor import Actor
from api.core.database import unit_of_work
from tests.portal.scene import Place, Visitor

READ, DENIED = EventName.RECORD_READ, "denied"


def named(actor: Actor, place: Place, profession: str) -> dict[str, Any]:
    """As the log names somebody who looked."""
    return {
        "name": actor.name,
        "profession": profession,
        "facility": {"ja": place.name, "en": place.name_en},
    }


async def happened(
    who: Actor, about: Visitor, event: EventName, outcome: str = "permitted", **detail: Any
) -> int:
    async with unit_of_work(who, subject=about.actor.participant_id) as tx:
        appended = await access_log.append(tx, event, outcome=outcome, detail=detail)
    assert appended.number is not None
    return appended.number


async def numbers(who: Visitor, query: str, *, language: str = "ja") -> list[int]:
    """What the app is answered, after the page has shown just the same."""
    answer = await who.ask(f"/me/access-log?count=100&{query}", language=language)
    assert answer.status_code == 200, answer.text
    log = answer.json()
    found = [each["number"] for each in log["events"]]
    assert log["total"] == len(found)
    page = await who.get(f"/access-log?{query}", locale=language)
    assert page.status_code == 200
    assert [int(n) for n in re.findall(r'id="access-(\d+)"', page.text)] == found[:20]
    return found
