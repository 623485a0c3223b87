"""Which version of an order stands: flags, times, and what is to be done about it. Pure."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from api.records.ssmix2.path import DELETED, LIVE, SUPERSEDED

# A name left behind by a copy says less than the one it was renamed to.
_FURTHEST: Final = (DELETED, SUPERSEDED, LIVE)


class Standing(NamedTuple):
    """What was applied last of one order."""

    stamp: str
    flag: str
    digest: bytes


class Offered(NamedTuple):
    """One version as it lies in the storage now; `place` is its index among those offered."""

    stamp: str
    flag: str
    digest: bytes
    place: int


class Step(NamedTuple):
    """`newest` decides. `show`: it is to be current; `withdraw`: nothing is to be shown any more;
    `nothing`: all stays. `history` came before it and is kept, never shown."""

    deed: Literal["show", "withdraw", "nothing"]
    newest: Offered | None = None
    history: tuple[Offered, ...] = ()


def effective_flag(flags: str) -> str:
    """Of the flags one version lies under, the one that counts: it goes from 1 to 2 to 0."""
    return next(flag for flag in _FURTHEST if flag in flags)


def next_step(standing: Standing | None, offered: Sequence[Offered]) -> Step:
    """A version older than what stands changes nothing; of one time, a live one goes first."""
    if not offered:
        return Step("nothing")
    in_order = sorted(offered, key=lambda each: (each.stamp, each.flag == LIVE, each.place))
    newest = in_order[-1]
    if standing is not None:
        if newest.stamp < standing.stamp:
            return Step("nothing")
        if (newest.stamp, newest.flag, newest.digest) == standing:
            return Step("nothing")
    if newest.flag != LIVE:
        return Step("withdraw", newest)
    since = standing.stamp if standing is not None else ""
    return Step("show", newest, tuple(each for each in in_order[:-1] if each.stamp > since))
