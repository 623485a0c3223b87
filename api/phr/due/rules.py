"""The days on which something of the books comes due."""

from datetime import date, timedelta
from typing import Final, Literal, NamedTuple

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
