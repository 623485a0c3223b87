"""Which pregnancies were closed without a birth: they stand in no list unless asked for."""

from api.core.actor import Actor
from api.core.database import Transaction
from api.phr.entries import service as entries
from api.phr.maternal import kinds


async def closed_in(tx: Transaction, actor: Actor) -> list[str]:
    """Their books, of those the actor may be shown."""
    found = await entries.unshown_in(tx, actor, [kinds.PREGNANCY])
    return [str(each.entry_id) for each in found if each.values.get("is_closed")]
