"""Gain of weight by the body before: figures of advice, never a verdict.

妊娠中の体重増加指導の目安（日本産科婦人科学会、2021年）.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple


class Advice(NamedTuple):
    """`gain`: kilograms until the birth, from and to; none where it is settled one by one."""

    build: str
    gain: tuple[Decimal, Decimal] | None


EDITION: Final = "jsog-2021"
_ADVICE: Final = (
    (Decimal("18.5"), Advice("slim", (Decimal(12), Decimal(15)))),
    (Decimal(25), Advice("usual", (Decimal(10), Decimal(13)))),
    (Decimal(30), Advice("heavy", (Decimal(7), Decimal(10)))),
)
_EACH: Final = Advice("heavier", None)
TERM_WEEKS: Final = 40


def bmi(kilograms: Decimal, centimetres: Decimal) -> Decimal:
    """To one decimal, for showing; bounds are held to the exact one."""
    return _exact(kilograms, centimetres).quantize(Decimal("0.1"), ROUND_HALF_UP)


def advice(kilograms: Decimal, centimetres: Decimal) -> Advice:
    """By the exact BMI before the pregnancy."""
    exact = _exact(kilograms, centimetres)
    return next((said for below, said in _ADVICE if exact < below), _EACH)


def _exact(kilograms: Decimal, centimetres: Decimal) -> Decimal:
    return kilograms / (centimetres / 100) ** 2
