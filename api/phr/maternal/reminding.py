"""The days of a pregnancy's checkups, to be told when they come."""

from api.core import clock
from api.core.database import Transaction
from api.phr.due import service as due
from api.phr.due.rules import Due
from api.phr.maternal import schedule
from api.phr.maternal.book import Book


async def remind_in(tx: Transaction, of: Book) -> None:
    """Of each checkup ahead a notice when its days begin; of a pregnancy that is over none."""
    today = clock.today_in_japan()
    planned = of.visits(today) if of.state == "open" else []
    days = [Due(each.from_on, "opens") for each in planned if each.state in ("now", "ahead")]
    await due.set_in(tx, "visit", days, today, book=str(of.id), rules=schedule.EDITION)
