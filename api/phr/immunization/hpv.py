"""The rules of HPV: who has two doses and who three, and who caught up.

As the other rules of `editions.py`, of which these are part.
"""

from datetime import date
from typing import Final

from api.phr.immunization.schedule import (
    Begun,
    Cohort,
    Course,
    Gap,
    Grade,
    Months,
    On,
    Step,
    Target,
)

_MONTH: Final = Gap(months=1)
_MONTHS_3: Final = Gap(months=3)
_MONTHS_6: Final = Gap(months=6)
_AGES: Final = (Grade(6), Grade(10))
_FIRST: Final = Step(*_AGES, usual=(Grade(7), Grade(7)))
OF_NINE: Final = (
    _FIRST,
    Step(*_AGES, gap=_MONTH, usual_gap=(Gap(months=2), Gap(months=2))),
    Step(*_AGES, gap=_MONTHS_3, usual_from_first=(_MONTHS_6, _MONTHS_6)),
)
_TWICE: Final = (
    _FIRST,
    Step(*_AGES, gap=Gap(months=5), usual_gap=(_MONTHS_6, _MONTHS_6)),
)
OF_TWO: Final = (
    _FIRST,
    Step(*_AGES, gap=_MONTH, usual_gap=(_MONTH, _MONTH)),
    Step(
        *_AGES,
        gap=Gap(months=2, days=15),
        from_first=Gap(months=5),
        usual_from_first=(_MONTHS_6, _MONTHS_6),
    ),
)


# キャッチアップ接種: from April 2022; a year more for whoever had begun by March 2025, also for
# those in 高1 then.
CATCH_UP: Final = (
    Cohort(
        "hpv_missed",
        date(1997, 4, 2),
        date(2008, 4, 1),
        On(date(2025, 3, 31)),
        On(date(2022, 4, 1)),
    ),
    Cohort(
        "hpv_missed",
        date(1997, 4, 2),
        date(2009, 4, 1),
        On(date(2026, 3, 31)),
        On(date(2022, 4, 1)),
        Begun(date(2022, 4, 1), date(2025, 3, 31)),
    ),
)


def target(of_two: tuple[Step, ...], cohorts: tuple[Cohort, ...] = ()) -> Target:
    """Who began with 2 or 4 strains needs three in all, the rest of them with 9 if agreed."""
    nine, every = frozenset({"hpv9"}), frozenset({"hpv9", "hpv4", "hpv2"})
    return Target(
        "hpv",
        every,
        (
            Course(nine, _TWICE, first_until=Months(15 * 12), or_else=OF_NINE),
            Course(nine, OF_NINE),
            Course(frozenset({"hpv4"}), OF_NINE, is_proposed=False, also=nine),
            Course(frozenset({"hpv2"}), of_two, is_proposed=False, also=nine),
        ),
        is_for_girls=True,
        cohorts=cohorts,
    )
