"""Word to facilities and people a change of settings lets in no longer, in its transaction."""

from msgspec import structs

from api.consent.agreeing import queries
from api.consent.agreeing.revoked import named, shut_out
from api.consent.policies import compiled, requester
from api.consent.stored import Settings, network_rules
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction
from api.directory import service as directory


async def tell_shut_out(tx: Transaction, before: Settings, after: Settings) -> None:
    """Tells facilities and people whom the settings name that they are let in no longer."""
    facilities, professionals = named(before.directive, after.directive)
    if not facilities and not professionals:
        return
    standings = await directory.standings_in(tx, facilities, professionals)
    asked = [requester(_speaking(actor), standing) for actor, standing in standings]
    gone = shut_out(compiled(before), compiled(after), asked, clock.now())
    if gone:
        await queries.tell_facilities(
            tx, [(each.facility_id, each.professional_id) for each in gone], "access_ended"
        )


def _speaking(actor: Actor) -> Actor:
    """A facility's own standing is asked for through some profession the network knows."""
    return structs.replace(actor, profession=next(iter(network_rules().matrix)))
