"""Days on which something of the books comes due, to be told without opening what lies sealed.

A room writes the days of one book anew whenever it writes an entry, in the same transaction.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final, Literal, NamedTuple

from api.core.database import Transaction

DueKind = Literal["immunization", "checkup", "visit"]
NOTICE: Final = timedelta(days=7)


class Due(NamedTuple):
    """`on` is the day of the notice. `opens`: a period begins; `ends`: it ends a week later."""

    on: date
    why: Literal["opens", "ends"]


def of_period(first: date, last: date | None) -> list[Due]:
    """A notice when a period opens, and one a week before it ends unless that is no later."""
    found = [Due(first, "opens")]
    if last is not None and last - NOTICE > first:
        found.append(Due(last - NOTICE, "ends"))
    return found


async def set_in(
    tx: Transaction, kind: DueKind, days: Iterable[Due], today: date, *, book: str = ""
) -> None:
    """All that is due of this kind in this book. Days gone by tell nothing and are left out, but
    for what was told already: it is not told again."""
    wanted = sorted({each for each in days if each.on >= today})
    await tx.execute(
        "DELETE FROM own_due d WHERE participant_id = (SELECT app.subject())"
        " AND kind = $1 AND book = $2 AND told_at IS NULL",
        kind,
        book,
    )
    await tx.execute(
        "INSERT INTO own_due (participant_id, kind, book, due_on, why)"
        " SELECT app.subject(), $1, $2, w.due_on, w.why"
        " FROM unnest($3::date[], $4::text[]) AS w (due_on, why) ON CONFLICT DO NOTHING",
        kind,
        book,
        [each.on for each in wanted],
        [each.why for each in wanted],
    )


async def forget_book_in(tx: Transaction, book: str) -> None:
    """The book is removed, or another keeps it from now on."""
    await tx.execute(
        "DELETE FROM own_due WHERE participant_id = (SELECT app.subject()) AND book = $1", book
    )


async def next_in(tx: Transaction) -> dict[DueKind, Due]:
    """Of each kind what is to be told next, of all books."""
    rows = await tx.fetch(
        "SELECT DISTINCT ON (kind) kind, due_on, why FROM own_due"
        " WHERE participant_id = (SELECT app.subject()) AND told_at IS NULL"
        " ORDER BY kind, due_on, why"
    )
    return {row["kind"]: Due(row["due_on"], row["why"]) for row in rows}


async def listed_in(tx: Transaction, kind: DueKind, *, book: str = "") -> list[Due]:
    """What is still to be told, the next first."""
    rows = await tx.fetch(
        "SELECT due_on, why FROM own_due WHERE participant_id = (SELECT app.subject())"
        " AND kind = $1 AND book = $2 AND told_at IS NULL ORDER BY due_on, why",
        kind,
        book,
    )
    return [Due(*row.values()) for row in rows]
