"""How much is advised by the body before: the figures of 2021, at their bounds."""

from decimal import Decimal

import pytest

from api.phr.maternal import weight

HEIGHT = Decimal(100)


@pytest.mark.parametrize(
    ("kilograms", "build", "gain"),
    [
        ("18.4", "slim", (12, 15)),
        ("18.49", "slim", (12, 15)),
        ("18.5", "usual", (10, 13)),
        ("24.99", "usual", (10, 13)),
        ("25", "heavy", (7, 10)),
        ("29.99", "heavy", (7, 10)),
        ("30", "heavier", None),
    ],
)
def test_the_advice_changes_at_its_bounds(
    kilograms: str, build: str, gain: tuple[int, int] | None
) -> None:
    """At one metre the weight is the index."""
    assert weight.advice(Decimal(kilograms), HEIGHT) == (build, gain)


def test_what_is_shown_is_rounded_and_what_is_compared_is_not() -> None:
    assert weight.bmi(Decimal("24.99"), HEIGHT) == Decimal("25.0")
    assert weight.advice(Decimal("24.99"), HEIGHT).build == "usual"
    assert weight.bmi(Decimal(52), Decimal("158.5")) == Decimal("20.7")
    assert weight.advice(Decimal("47.36"), Decimal(160)).build == "usual", "18.5 exactly"
    assert weight.advice(Decimal("47.3"), Decimal(160)).build == "slim", "18.48, shown as 18.5"
    assert weight.advice(Decimal(64), Decimal(160)).build == "heavy", "25.0 exactly"
    assert weight.advice(Decimal("63.9"), Decimal(160)).build == "usual", "24.96, shown as 25.0"
    assert weight.advice(Decimal("76.8"), Decimal(160)).build == "heavier", "30.0 exactly"
    assert weight.advice(Decimal("76.7"), Decimal(160)).build == "heavy", "29.96, shown as 30.0"


def test_the_advice_is_until_the_due_date() -> None:
    assert (weight.EDITION, weight.TERM_WEEKS) == ("jsog-2021", 40)
