"""How fast a body changes at most, as far as a typed number is not asked about.

No published table says it: these are the house's own, wide enough for what happens to people, and
narrow enough for a wrong digit among the tens. Beyond them a form asks once whether the number is
right; nothing is refused, and nothing is said of anybody's health.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Final

from api.phr.entries.leaps import NOTHING, IsFar, Leaps, Point, Slack, is_far

# Other scales, clothes, a meal and water in the body: some four kilograms, more in who is heavier.
# Then half a kilogram a week, up or down: as much as a strict diet or a pregnancy makes of it.
WEIGHT: Final = Slack(
    share=Decimal("0.08"), least=Decimal(4), rise=Decimal("0.07"), fall=Decimal("0.07")
)
# The child, what it lived in, and the water of the first days after.
BIRTH: Final = Decimal(8)

# A newborn loses up to a tenth, and a nappy and clothes are some hundred grams. After the first
# year no child gains a kilogram a month; one who grows thinner does it slowly.
CHILD_WEIGHT: Final = Slack(
    share=Decimal("0.1"), least=Decimal("0.4"), rise=Decimal("0.03"), fall=Decimal("0.005")
)
# Nobody shrinks. Lying or standing, at home or by a nurse, makes two centimetres; growing up
# makes at most some fourteen a year.
CHILD_HEIGHT: Final = Slack(share=NOTHING, least=Decimal(2), rise=Decimal("0.04"), fall=NOTHING)
# How the tape lies, and how a head is moulded at birth, makes a centimetre and a half.
CHILD_HEAD: Final = Slack(share=NOTHING, least=Decimal("1.5"), rise=Decimal("0.01"), fall=NOTHING)
# What a day of the first year adds at most, besides: fifty grams, four and a half centimetres a
# month, of the head more than two.
FIRST_YEAR: Final = timedelta(days=366)
_YOUNG: Final[Mapping[str, tuple[Slack, Decimal]]] = {
    "weight": (CHILD_WEIGHT, Decimal("0.02")),
    "height": (CHILD_HEIGHT, Decimal("0.11")),
    "head": (CHILD_HEAD, Decimal("0.07")),
}


def adult(
    births: Sequence[date] = (), before: Point | None = None, *, is_of_book: bool = False
) -> Leaps:
    """Of a grown person's weight. `births`: of their children; `before`: of before a pregnancy."""
    known = {"weight": before} if before else {}
    return Leaps({"weight": partial(_weight_is_far, births=births)}, known, is_of_book)


def child(
    birth_on: date, at_birth: Mapping[str, str], names: Sequence[str] = tuple(_YOUNG)
) -> Leaps:
    """Of a child in their book; `at_birth` was measured on the day of birth."""
    known = {each: Point(birth_on, Decimal(at_birth[each])) for each in names if at_birth.get(each)}
    return Leaps({each: _of_child(each, birth_on) for each in names}, known, is_of_book=True)


def pupil() -> Leaps:
    """Of a child at school."""
    return Leaps({each: _of_child(each, None) for each in ("weight", "height")}, is_of_book=True)


def _weight_is_far(earlier: Point, later: Point, births: Sequence[date]) -> bool:
    is_born = any(earlier.on <= each <= later.on for each in births)
    return is_far(earlier, later, slack=WEIGHT, fall=BIRTH if is_born else NOTHING)


def _of_child(name: str, birth_on: date | None) -> IsFar:
    slack, young = _YOUNG[name]
    return partial(_child_is_far, slack=slack, young=young, birth_on=birth_on)


def _child_is_far(
    earlier: Point, later: Point, slack: Slack, young: Decimal, birth_on: date | None
) -> bool:
    rise = NOTHING
    if birth_on is not None:
        days = min(later.on, birth_on + FIRST_YEAR) - earlier.on
        rise = young * max(days.days, 0)
    return is_far(earlier, later, slack=slack, rise=rise)
