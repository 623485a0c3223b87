"""Facilities that joined lately and would come under the participant's settings by themselves."""

from datetime import datetime
from typing import Final, NamedTuple

from api.consent import service
from api.consent.decide import Policy
from api.consent.facts import TREATMENT, Request, Requester
from api.consent.recipients import NOTICE
from api.core import clock
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.directory import service as directory
from api.directory.service import FacilityLine

MOST: Final = 50


class Waiting(NamedTuple):
    """`sees_from`: from then on unless the participant says no; None: it asks and waits."""

    facility: FacilityLine
    joined_at: datetime
    sees_from: datetime | None


async def waiting_facilities(actor: Actor) -> list[Waiting]:
    """Newest first: those not let in yet whom the settings cover, or would if it were not asked."""
    async with unit_of_work(actor) as tx:
        state = await service.settings_in(tx)
        since = clock.now() - NOTICE
        if state.directive.asks_first_since is not None:
            since = min(since, state.directive.asks_first_since)
        joined = await directory.joined_since(tx, since, limit=MOST)
    compiled = service.compiled(state)
    found = []
    for facility, joined_at in joined:
        if _sees(compiled, facility, clock.now(), None) and not _sees(
            compiled, facility, clock.now(), joined_at
        ):
            sees_from = joined_at + NOTICE
            asks = not _sees(compiled, facility, sees_from, joined_at)
            found.append(Waiting(facility, joined_at, None if asks else sees_from))
    return found


def _sees(policy: Policy, facility: FacilityLine, now: datetime, joined: datetime | None) -> bool:
    """Whether anybody there would be let in; `joined` None asks as if it had always been there."""
    profile = directory.profile()
    asking = Requester(
        kind="system",
        facility_id=facility.facility_id,
        profession=profile.professions[0].code,
        facility_type=facility.facility_type,
        regions=profile.regions_around(facility.region),
        facility_joined_at=joined,
        facility_is_active=True,
        is_trained=True,
    )
    return policy.scope(Request(asking, TREATMENT, now)).outcome == "permit"
