"""The days of a child's checkups, to be told when they come."""

from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction
from api.phr.child import checkups, kinds
from api.phr.child.kinds import CHECKED
from api.phr.child.reading import Child
from api.phr.due import service as due
from api.phr.due.rules import Due, of_period
from api.phr.entries import service as store


async def remind_in(tx: Transaction, actor: Actor, of: Child) -> None:
    """Writes the days of one book anew."""
    days, today = await days_in(tx, actor, of), clock.today_in_japan()
    await due.set_in(tx, "checkup", days, today, book=str(of.book_id), rules=checkups.EDITION)


async def days_in(tx: Transaction, actor: Actor, of: Child) -> list[Due]:
    """Of each checkup that was not had yet a notice when its days begin, and before they end; of a
    quiet book none."""
    if of.is_quiet:
        return []
    kind = kinds.at_birth(CHECKED, is_self=of.is_self)
    had = await store.entries_in(tx, actor, [kind], book=str(of.book_id))
    today = clock.today_in_japan()
    planned = checkups.due(of.birth_on, {each.values["which"] for each in had}, today)
    return [
        day
        for each in planned
        if each.state in ("later", "due")
        for day in of_period(each.first, each.last)
    ]
