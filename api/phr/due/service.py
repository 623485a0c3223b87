"""Days on which something of the books comes due, to be told without opening what lies sealed.

A room writes the days of one book anew whenever it writes an entry, in the same transaction.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from api.core.database import Transaction
from api.phr.due import queries
from api.phr.due.rules import Due, DueKind


async def set_in(
    tx: Transaction,
    kind: DueKind,
    days: Iterable[Due],
    today: date,
    *,
    book: str = "",
    rules: str = "",
) -> None:
    """All that is due of this kind in this book, and by which edition of the rules. Days gone by
    tell nothing and are left out, but for what was told already: it is not told again."""
    await queries.forget_untold(tx, kind, book)
    await queries.add(tx, kind, book, sorted({each for each in days if each.on >= today}), rules)


async def forget_book_in(tx: Transaction, book: str) -> None:
    """The book is removed, or another keeps it from now on."""
    await queries.forget_book(tx, book)


async def next_in(tx: Transaction) -> dict[DueKind, tuple[Due, str]]:
    """Of each kind what is to be told next, of all books, and of which."""
    rows = await queries.following(tx)
    return {row["kind"]: (Due(row["due_on"], row["why"]), row["book"]) for row in rows}


async def listed_in(tx: Transaction, kind: DueKind, *, book: str = "") -> list[Due]:
    """What is still to be told, the next first."""
    return [Due(*row.values()) for row in await queries.untold(tx, kind, book)]


async def by_other_rules_in(
    tx: Transaction, rules: Mapping[DueKind, str], after: UUID | None, count: int
) -> list[UUID]:
    """For the service's own work: who has a day that other rules gave, beginning after one."""
    return await queries.by_other_rules(tx, rules, after, count)


async def rules_hold_in(tx: Transaction, rules: Mapping[DueKind, str]) -> None:
    """All the subject's days were just worked out by these."""
    for kind, each in rules.items():
        await queries.rules_hold(tx, kind, each)
