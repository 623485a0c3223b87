"""While notices of an emergency are held back, what is logged of it waits with them."""

from datetime import date, datetime
from typing import Final

from api.access_log import queries
from api.access_log.commitments import LONGEST_HOLD, WHILE_HELD, Embargo
from api.access_log.filters import EMERGENCY_PURPOSES
from api.core import clock
from api.core.database import Transaction

HELD_FIELDS: Final = ("about", "actor", "way", "purpose", "basis", "resources", "detail")


async def embargo_in(tx: Transaction) -> Embargo | None:
    """One embargo for the notice and the row: while what is told is held. It ends with the hold;
    the day is the last it could."""
    until_at = await queries.held_until(tx)
    return None if until_at is None else Embargo(HELD_FIELDS, WHILE_HELD, _last_day(until_at))


async def of_emergency_in(tx: Transaction) -> Embargo | None:
    """For whatever somebody does in the name of an emergency, in a session or beside it."""
    if tx.acting.purpose_of_use not in EMERGENCY_PURPOSES:
        return None
    return await embargo_in(tx)


def _last_day(until_at: datetime) -> date:
    """A hold ends at a midnight. A request does not, and may become the longest hold there is."""
    day = clock.day_in_japan(until_at)
    is_hold = until_at == datetime(day.year, day.month, day.day, tzinfo=clock.JAPAN)
    return day if is_hold else clock.day_in_japan(clock.now() + LONGEST_HOLD)
