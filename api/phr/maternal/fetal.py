"""Estimated weight before birth, and where it lies on the national curve.

EFW (g) = 1.07 × BPD³ + 0.30 × AC² × FL, lengths in cm (日本超音波医学会, 2003年).
Between two listed weeks the curve is a straight line, day by day; before the first and after the
last there is none.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal, NamedTuple

from api.phr.maternal.dates import Gestation
from api.phr.maternal.fetal_table import TABLE, Grams

FIRST: Final = min(TABLE)
LAST: Final = max(TABLE)
Place = Literal["below", "within", "above"]


class Placed(NamedTuple):
    """A weight beside the curve of its day."""

    grams: int
    curve: Grams
    place: Place


def estimate(bpd_mm: Decimal, ac_mm: Decimal, fl_mm: Decimal) -> int:
    """Whole grams, of lengths in millimetres as they are printed."""
    bpd, ac, fl = (each / 10 for each in (bpd_mm, ac_mm, fl_mm))
    exact = Decimal("1.07") * bpd**3 + Decimal("0.30") * ac**2 * fl
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def curve(at: Gestation) -> Grams | None:
    """In grams, in a straight line between the weeks of the table; None outside it."""
    days = at.weeks * 7 + at.days
    if not FIRST * 7 <= days <= LAST * 7:
        return None
    before = max(week for week in TABLE if week * 7 <= days)
    after = min(week for week in TABLE if week * 7 >= days)
    if before == after:
        return TABLE[before]
    share = Decimal(days - before * 7) / ((after - before) * 7)
    lower, upper = TABLE[before], TABLE[after]
    return Grams(*(_between(low, high, share) for low, high in zip(lower, upper, strict=True)))


def placed(grams: int, at: Gestation) -> Placed | None:
    """Nothing where the table has no figures."""
    here = curve(at)
    if here is None:
        return None
    place: Place = "within"
    if grams < here.low:
        place = "below"
    elif grams > here.high:
        place = "above"
    return Placed(grams, here, place)


def _between(low: int, high: int, share: Decimal) -> int:
    return int((low + (high - low) * share).quantize(Decimal(1), ROUND_HALF_UP))
