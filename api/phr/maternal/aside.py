"""Which pregnancies go on, and which were closed without a birth and stand in no list unless asked
for: to decide something by, nothing is shown."""

from api.core.actor import Actor
from api.core.database import Transaction
from api.phr.entries import service as entries
from api.phr.maternal import dates, kinds


async def closed_in(tx: Transaction, actor: Actor) -> list[str]:
    """Their books, of those the actor may be shown."""
    found = await entries.unshown_in(tx, actor, [kinds.PREGNANCY])
    return [str(each.entry_id) for each in found if each.values.get("is_closed")]


async def open_in(tx: Transaction, actor: Actor) -> frozenset[str]:
    """As `closed_in`: who may not be shown one does not learn of it."""
    found = await entries.unshown_in(tx, actor, [kinds.PREGNANCY, kinds.BIRTH])
    born = {each.book for each in found if each.kind == kinds.BIRTH.name}
    return frozenset(
        str(each.entry_id)
        for each in found
        if each.kind == kinds.PREGNANCY.name
        and not each.values.get("is_closed")
        and dates.due_in(each.values) is not None
        and str(each.entry_id) not in born
    )
